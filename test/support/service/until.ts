import { setTimeout as sleep } from 'node:timers/promises';

const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 50;

/**
 * Looks again and again until there is something. `seen` is what a failure shows besides.
 * @throws Error that says what it waited for, once the time is over.
 */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | null>,
  { limitMs = LIMIT_MS, seen = (): unknown => undefined } = {},
): Promise<Found> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() > deadline)
      throw new Error(`It did not come to this within ${limitMs} ms: ${what}. ${JSON.stringify(seen()) ?? ''}`);
    await sleep(LOOK_EVERY_MS);
  }
}
