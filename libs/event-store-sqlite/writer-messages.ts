/**
 * What travels between the calling thread and the writer's thread. Flat lists of strings and numbers: handing over
 * objects would cost the calling thread more than the append itself.
 */
export type Question =
  | { readonly kind: 'open'; readonly file: string }
  | { readonly kind: 'write'; readonly batch: readonly BatchValue[] }
  | { readonly kind: 'erase-sealed'; readonly key: string }
  | { readonly kind: 'close' };

/** Each question gets one answer, in order. */
export type Answer =
  | { readonly ok: true; readonly values: readonly number[] }
  /** `fatal`: the writer cannot know any more what the disk holds, and writes nothing from here on. */
  | { readonly ok: false; readonly reason: string; readonly fatal: boolean };

/* To 'open' the last position, to 'erase-sealed' the number of events and 1 when nothing is left (else 0), to 'close' nothing. */

export type BatchValue = string | number | null;

/**
 * A batch is, for each append: stream, first revision, number of events; then for each event the nine values of
 * `EVENT_VALUES`: id, type, version, data, metadata, and alg, key, hash and bytes of the sealed part (or four nulls).
 */
export const APPEND_VALUES = 3;
export const EVENT_VALUES = 9;

/** An answer to 'write' is, for each append: one of these, and two numbers. */
export const OUTCOME_VALUES = 3;
/** Written now: last revision, last position. */
export const WRITTEN = 0;
/** Written by an earlier append with the same ids: last revision, last position. */
export const REPEATED = 1;
/** Other events stand there: the stream's last revision or -1, and 0. */
export const CONFLICT = 2;
