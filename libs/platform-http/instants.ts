const MILLISECONDS_PER_SECOND = 1_000;

/** An instant in whole seconds, rounded down: a lifetime is never thought longer than it is. */
export function wholeSecond(instant: Date): string {
  return instantOfUnix(Math.floor(instant.getTime() / MILLISECONDS_PER_SECOND));
}

/** The instant so many seconds after another, in whole seconds. */
export function secondsAfter(instant: Date, seconds: number): string {
  return instantOfUnix(Math.floor(instant.getTime() / MILLISECONDS_PER_SECOND + seconds));
}

/** The instant of a Unix time in seconds. */
export function instantOfUnix(unixSeconds: number): string {
  return new Date(unixSeconds * MILLISECONDS_PER_SECOND).toISOString();
}

/** The earlier of two instants, where null is no known end. */
export function earlierInstant(one: string | null, other: string | null): string | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
