import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { Expectation } from '../writing/decide-append.js';
import type { WriteOutcome } from '../writing/log-writer.js';
import { expectationOf, type ExpectationOptions, streamNameOf } from './expectation.js';
import { messages } from './protocol.js';
import { type CallRefusal, handlerFailed, streamDeleted, wrongExpectedVersion } from './refusals.js';
import { refusedAtTheDoor, type ServerContext } from './server-context.js';

interface DeletionOptions extends ExpectationOptions {
  getRevision(): string;
  getStreamIdentifier(): { getStreamName_asU8(): Uint8Array } | undefined;
}

type Write = (stream: string, expected: Expectation) => Promise<WriteOutcome>;

/** Serves soft deletions. */
export function deleteCall(context: ServerContext): IStreamsServer['delete'] {
  return (call, callback) => {
    const write: Write = (stream, expected) => context.writer.deleteStream(stream, expected);
    void perform(context, call.request.getOptions(), write).then((result) => {
      if (typeof result === 'object') return callback(result);
      const response = new messages.DeleteResp();
      response.setPosition(new messages.DeleteResp.Position().setCommitPosition(result).setPreparePosition(result));
      return callback(null, response);
    });
  };
}

/** Serves tombstones. */
export function tombstoneCall(context: ServerContext): IStreamsServer['tombstone'] {
  return (call, callback) => {
    const write: Write = (stream, expected) => context.writer.tombstone(stream, expected);
    void perform(context, call.request.getOptions(), write).then((result) => {
      if (typeof result === 'object') return callback(result);
      const response = new messages.TombstoneResp();
      response.setPosition(new messages.TombstoneResp.Position().setCommitPosition(result).setPreparePosition(result));
      return callback(null, response);
    });
  };
}

/** Answers the position of the record, as the protocol writes it, or why nothing was written. */
async function perform(
  context: ServerContext,
  options: DeletionOptions | undefined,
  write: Write,
): Promise<string | CallRefusal> {
  await context.faults.pause();
  if (options === undefined || context.stopping.aborted) return handlerFailed();
  const refusal = refusedAtTheDoor(context);
  if (refusal !== undefined) return refusal;
  const stream = streamNameOf(options);
  const expected = expectationOf(options, () => options.getRevision());
  const outcome = await write(stream, expected);
  await context.faults.beforeAnswer();
  if (outcome.kind === 'stream-deleted') return streamDeleted(stream);
  if (outcome.kind === 'wrong-expected-version') return wrongExpectedVersion(stream, expected, outcome.lastRevision);
  return String(outcome.position);
}
