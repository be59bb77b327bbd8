import { setTimeout as sleep } from 'node:timers/promises';
import { NoAnswer } from './failures.js';

/**
 * Calls when the time is up, after what has arrived by then was looked at: in a process that was kept from working, timers
 * come before the answers that have been waiting all along. Answers how to call it off.
 */
export function whenTimeIsUp(ms: number, onUp: () => void): () => void {
  let turn: NodeJS.Immediate | undefined;
  const timer = setTimeout(() => (turn = setImmediate(onUp)), ms);
  return () => {
    clearTimeout(timer);
    clearImmediate(turn);
  };
}

/** Rejects with NoAnswer when there is none in time; the client itself would wait for ever. A later answer is passed over. */
export function within<Answer>(answer: Promise<Answer>, limitMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const callOff = whenTimeIsUp(limitMs, () => reject(new NoAnswer(`There was no answer in ${limitMs} ms.`)));
    const settle = (tell: () => void): void => {
      callOff();
      tell();
    };
    answer.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}

/** A pause of half the time to all of it, so that those who failed together do not come back together. */
export async function pauseWithJitter(ms: number, signal?: AbortSignal): Promise<void> {
  await sleep(ms * (0.5 + Math.random() / 2), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
