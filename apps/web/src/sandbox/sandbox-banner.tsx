import { useEffect, useState } from 'react';
import type { ApiClient, Problem } from '#contract';
import { browserZone, formatClock } from '../design/dates.js';
import { ClockIcon } from '../design/icons.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { counted } from '../design/words.js';
import { useLoaded } from '../session/use-loaded.js';
import { CLOCK_MOVES_DAYS, moveClock } from './clock-moves.js';
import './sandbox-banner.css';

const CLOCK_READ_INTERVAL_MS = 60_000;

interface SandboxBannerProps {
  readonly client: ApiClient;
  readonly generation: number;
  /** Called when time has moved: everything that depends on it is to be read again. */
  readonly onMoved: () => void;
}

/** Says that this is the sandbox, and moves its clock. It stays in sight on every screen. */
export function SandboxBanner({ client, generation, onMoved }: SandboxBannerProps) {
  const [minutes, setMinutes] = useState(0);
  const [moving, setMoving] = useState<number | null>(null);
  const [outcome, setOutcome] = useState('');
  const [problem, setProblem] = useState<Problem | null>(null);
  const { loaded } = useLoaded('clock', generation + minutes, (signal) => client.sandboxClock({ signal }));
  const now = loaded.state === 'ready' ? loaded.value.now : null;

  useEffect(() => {
    const timer = setInterval(() => setMinutes((before) => before + 1), CLOCK_READ_INTERVAL_MS);
    return () => clearInterval(timer);
  }, []);

  const move = async (days: number, from: string): Promise<void> => {
    setMoving(days);
    setOutcome('');
    setProblem(null);
    const result = await moveClock(client, from, days);
    setMoving(null);
    if (result.ok) {
      setOutcome(`The clock moved ${counted(days, 'day')} forward.`);
    } else {
      setProblem(result.problem);
    }
    onMoved();
  };

  return (
    <section className="sandbox" aria-label="Sandbox">
      <div className="sandbox__row">
        <p className="sandbox__words">
          <strong>Sandbox</strong> <span>Nothing here reaches a real platform.</span>
        </p>
        <div className="sandbox__progress" role="status">
          {moving === null ? (
            outcome
          ) : (
            <>
              Moving the clock {counted(moving, 'day')} forward, and doing all that falls due…
              <progress aria-label="Moving the clock" />
            </>
          )}
        </div>
        <div className="sandbox__clock">
          <ClockIcon />
          <span>{now === null ? 'Reading the clock…' : formatClock(now, browserZone())}</span>
          <div className="sandbox__moves" role="group" aria-label="Move the sandbox clock">
            {CLOCK_MOVES_DAYS.map((days) => (
              <button
                key={days}
                type="button"
                disabled={moving !== null || now === null}
                onClick={() => now !== null && void move(days, now)}
                aria-label={`Move the clock ${counted(days, 'day')} forward`}
              >
                +{counted(days, 'day')}
              </button>
            ))}
          </div>
        </div>
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
    </section>
  );
}
