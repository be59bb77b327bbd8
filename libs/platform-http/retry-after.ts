/** A platform that asks for more is understood as this much. */
const LONGEST_RETRY_AFTER_SECONDS = 86_400;

/** The seconds of a `Retry-After` header, in either of its forms; null when there is none that can be read. */
export function retryAfterSeconds(header: string | null): number | null {
  if (header === null) return null;
  const text = header.trim();
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : Math.ceil((Date.parse(text) - Date.now()) / 1_000);
  if (!Number.isFinite(seconds)) return null;
  return Math.min(Math.max(0, seconds), LONGEST_RETRY_AFTER_SECONDS);
}
