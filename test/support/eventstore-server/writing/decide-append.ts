/** What the writer of an append expects of the stream: a revision, or one of the three words. */
export type Expectation = number | 'any' | 'no_stream' | 'stream_exists';

/** What a decision needs to know of a stream. Revisions count from 0; -1 stands for no event. */
export interface StreamFacts {
  readonly lastRevision: number;
  readonly tombstoned: boolean;
  readonly softDeleted: boolean;
  readonly hasMetadata: boolean;
  /** The id of the event at a revision up to `lastRevision`. */
  idAt(revision: number): string;
  /** The revision at which an id was written last, as far as it is remembered. */
  revisionOf(id: string): number | undefined;
}

export type AppendDecision =
  | { readonly kind: 'write'; readonly firstRevision: number }
  | { readonly kind: 'already-written'; readonly lastRevision: number }
  | { readonly kind: 'wrong-expected-version'; readonly lastRevision: number }
  | { readonly kind: 'stream-deleted' };

/**
 * Decides on an append as a real server does. Appending again is recognised by the ids alone, and only among the events
 * that follow the expectation: the same id at a later expectation is written a second time, a leading part of what was
 * written at once counts as written, and known ids mixed with new ones are refused.
 */
export function decideAppend(stream: StreamFacts, expectation: Expectation, ids: readonly string[]): AppendDecision {
  if (stream.tombstoned) return { kind: 'stream-deleted' };
  if (expectation === 'stream_exists') {
    if (stream.softDeleted) return { kind: 'stream-deleted' };
    if (stream.lastRevision < 0 && !stream.hasMetadata) return refused(stream);
  }
  if (expectation === 'any' || expectation === 'stream_exists') return decideByIds(stream, ids);
  return decideByRevision(stream, expectation === 'no_stream' ? -1 : expectation, ids);
}

function decideByIds(stream: StreamFacts, ids: readonly string[]): AppendDecision {
  let lastRevision: number | undefined;
  for (const id of ids) {
    const revision = stream.revisionOf(id);
    if (revision === undefined) return lastRevision === undefined ? written(stream) : refused(stream);
    lastRevision = revision;
  }
  return lastRevision === undefined ? written(stream) : { kind: 'already-written', lastRevision };
}

function decideByRevision(stream: StreamFacts, expected: number, ids: readonly string[]): AppendDecision {
  if (expected === stream.lastRevision) return written(stream);
  if (expected > stream.lastRevision || ids.length === 0) return refused(stream);
  const known = ids.findIndex(
    (id, n) => expected + 1 + n > stream.lastRevision || stream.idAt(expected + 1 + n) !== id,
  );
  if (known === -1) return { kind: 'already-written', lastRevision: expected + ids.length };
  // A softly deleted stream counts as none, and its numbers go on where they stood.
  if (known === 0 && expected === -1 && stream.softDeleted) return written(stream);
  return refused(stream);
}

function written(stream: StreamFacts): AppendDecision {
  return { kind: 'write', firstRevision: stream.lastRevision + 1 };
}

function refused(stream: StreamFacts): AppendDecision {
  return { kind: 'wrong-expected-version', lastRevision: stream.lastRevision };
}
