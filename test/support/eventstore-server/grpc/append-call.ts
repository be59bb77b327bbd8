import type { AppendReq, AppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { Expectation } from '../writing/decide-append.js';
import type { ProposedEvent, WriteOutcome } from '../writing/log-writer.js';
import { parseProposed, sizeOf } from './event-messages.js';
import { expectationOf, streamNameOf } from './expectation.js';
import { messages, shared } from './protocol.js';
import { type CallRefusal, handlerFailed, maximumAppendSizeExceeded, streamDeleted } from './refusals.js';
import { refusedAtTheDoor, type ServerContext } from './server-context.js';

/** Serves the append of one call each, which the client uses when a call carries credentials. */
export function appendCall(context: ServerContext): IStreamsServer['append'] {
  return (call, callback) => {
    const requests: AppendReq[] = [];
    call.on('data', (request: AppendReq) => requests.push(request));
    call.on('error', () => undefined); // The client has gone: nothing was complete, so nothing is written.
    call.on('end', () => {
      void answer(context, requests).then((outcome) => {
        if (outcome === undefined) return;
        if ('code' in outcome) callback(outcome);
        else callback(null, outcome);
      });
    });
  };
}

async function answer(
  context: ServerContext,
  requests: readonly AppendReq[],
): Promise<AppendResp | CallRefusal | undefined> {
  const { faults } = context;
  await faults.pause();
  if (context.stopping.aborted) return undefined;
  const refusal = refusedAtTheDoor(context);
  const result = refusal ?? (await append(context, requests));
  await faults.beforeAnswer();
  if (!('code' in result) && result.hasSuccess()) {
    const fate = faults.takeAnswerFate();
    if (fate === 'connection-broken') faults.dropConnections();
    if (fate === 'lost' || fate === 'connection-broken') return undefined;
  }
  return result;
}

async function append(context: ServerContext, requests: readonly AppendReq[]): Promise<AppendResp | CallRefusal> {
  const options = requests.find((request) => request.hasOptions())?.getOptions();
  if (options === undefined) return handlerFailed();
  const events: ProposedEvent[] = [];
  let size = 0;
  for (const message of requests.map((request) => request.getProposedMessage())) {
    if (message === undefined) continue;
    const event = parseProposed(message);
    if (typeof event === 'string') return handlerFailed();
    size += sizeOf(event);
    if (size > context.maximumAppendBytes) return maximumAppendSizeExceeded(context.maximumAppendBytes);
    events.push(event);
  }
  const stream = streamNameOf(options);
  const expected = expectationOf(options, () => options.getRevision());
  return toResponse(stream, expected, await context.writer.append(stream, expected, events));
}

function toResponse(stream: string, expected: Expectation, outcome: WriteOutcome): AppendResp | CallRefusal {
  if (outcome.kind === 'stream-deleted') return streamDeleted(stream);
  if (outcome.kind === 'wrong-expected-version') {
    return new messages.AppendResp().setWrongExpectedVersion(wrongVersion(expected, outcome.lastRevision));
  }
  const success = new messages.AppendResp.Success();
  if (outcome.lastRevision < 0) success.setNoStream(new shared.Empty());
  else success.setCurrentRevision(String(outcome.lastRevision));
  if (outcome.position === undefined) success.setNoPosition(new shared.Empty());
  else {
    const position = String(outcome.position);
    const message = new messages.AppendResp.Position();
    success.setPosition(message.setCommitPosition(position).setPreparePosition(position));
  }
  return new messages.AppendResp().setSuccess(success);
}

function wrongVersion(expected: Expectation, lastRevision: number): AppendResp.WrongExpectedVersion {
  const message = new messages.AppendResp.WrongExpectedVersion();
  if (lastRevision < 0) message.setCurrentNoStream(new shared.Empty());
  else message.setCurrentRevision(String(lastRevision));
  if (expected === 'any') message.setExpectedAny(new shared.Empty());
  else if (expected === 'no_stream') message.setExpectedNoStream(new shared.Empty());
  else if (expected === 'stream_exists') message.setExpectedStreamExists(new shared.Empty());
  else message.setExpectedRevision(String(expected));
  return message;
}
