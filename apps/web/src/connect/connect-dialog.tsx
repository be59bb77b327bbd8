import { useState } from 'react';
import type { Platform, PlatformId } from '#contract';
import { Dialog } from '../design/dialog.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { PLATFORM_NAMES } from '../design/platform-mark.js';
import { useSession } from '../session/session.js';
import { useLoaded } from '../session/use-loaded.js';
import './connect.css';
import { ConnectOptions } from './connect-options.js';
import { PlatformChoice } from './platform-choice.js';

interface ConnectDialogProps {
  /** Goes straight to this platform: for trying again. */
  readonly platform: PlatformId | null;
  readonly onClose: () => void;
}

/** The way to a new connection: first the platform, then how to connect there, then off to the platform. */
export function ConnectDialog({ platform, onClose }: ConnectDialogProps) {
  const { client } = useSession();
  const [chosenId, setChosenId] = useState(platform);
  const { loaded, retry } = useLoaded('platforms', 0, (signal) => client.platforms({ signal }));
  const chosen = loaded.state === 'ready' ? offered(loaded.value, chosenId) : null;
  return (
    <Dialog
      title={chosen === null ? 'Connect an account' : `Connect ${PLATFORM_NAMES[chosen.id]}`}
      step={chosen?.id ?? ''}
      onClose={onClose}
    >
      {loaded.state === 'loading' ? <PlatformsSkeleton /> : null}
      {loaded.state === 'failed' ? <ProblemNotice problem={loaded.problem} retry={retry} /> : null}
      {loaded.state === 'ready' && chosen === null ? (
        <PlatformChoice platforms={loaded.value} onChoose={setChosenId} />
      ) : null}
      {chosen === null ? null : <ConnectOptions platform={chosen} onBack={() => setChosenId(null)} onDone={onClose} />}
    </Dialog>
  );
}

function offered(platforms: readonly Platform[], id: PlatformId | null): Platform | null {
  return platforms.find((platform) => platform.id === id && platform.configured) ?? null;
}

function PlatformsSkeleton() {
  return (
    <div className="platforms" role="status" aria-label="Loading the platforms">
      {Array.from({ length: 6 }, (_, index) => (
        <span key={index} className="skeleton platforms__skeleton" />
      ))}
    </div>
  );
}
