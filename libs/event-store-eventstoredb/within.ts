import { setTimeout as sleep } from 'node:timers/promises';
import { NoAnswer } from './failures.js';

/** Rejects with NoAnswer when there is none in time; the client itself would wait for ever. A later answer is passed over. */
export function within<Answer>(answer: Promise<Answer>, limitMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NoAnswer(`There was no answer in ${limitMs} ms.`)), limitMs);
    const settle = (tell: () => void): void => {
      clearTimeout(timer);
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
