import type { Expectation } from '../writing/decide-append.js';

/** The oneof of an expected revision, as each of the requests has it. */
export interface ExpectationOptions {
  hasAny(): boolean;
  hasNoStream(): boolean;
  hasStreamExists(): boolean;
}

/** Reads what a request expects of its stream; `revision` gives the number when none of the words is set. */
export function expectationOf(options: ExpectationOptions, revision: () => string): Expectation {
  if (options.hasAny()) return 'any';
  if (options.hasNoStream()) return 'no_stream';
  if (options.hasStreamExists()) return 'stream_exists';
  return Number(revision());
}

/** The name of a stream as a request carries it. */
export function streamNameOf(options: {
  getStreamIdentifier(): { getStreamName_asU8(): Uint8Array } | undefined;
}): string {
  return Buffer.from(options.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array()).toString('utf8');
}
