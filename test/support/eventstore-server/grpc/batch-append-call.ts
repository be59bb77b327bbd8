import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js';
import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import type { Expectation } from '../writing/decide-append.js';
import type { ProposedEvent, WriteOutcome } from '../writing/log-writer.js';
import { CallWriter } from './call-writer.js';
import { parseProposed, sizeOf } from './event-messages.js';
import { expectationOf, streamNameOf } from './expectation.js';
import { messages, ProtobufEmpty, shared } from './protocol.js';
import { batched, notLeader } from './refusals.js';
import type { ServerContext } from './server-context.js';

/** A real server waits so long for the rest of an append, and answers one that it could not read a second time then. */
const INCOMPLETE_APPEND_TIMEOUT_MS = 2_000;

interface PendingAppend {
  readonly id: string;
  readonly stream: string;
  readonly expected: Expectation;
  readonly events: ProposedEvent[];
  size: number;
}

/** Serves the one long call over which a client sends all its appends side by side. */
export function batchAppendCall(context: ServerContext): IStreamsServer['batchAppend'] {
  return (call) => {
    const writer = new CallWriter<BatchAppendResp>(call, context.stopping);
    const batch = new BatchAppends(context, writer);
    call.on('data', (request: BatchAppendReq) => {
      const paused = context.faults.pause();
      if (paused === undefined) batch.take(request);
      else void paused.then(() => batch.take(request));
    });
    call.on('error', () => undefined); // The client has gone; what was complete is written all the same.
    call.on('end', () => void batch.end());
  };
}

class BatchAppends {
  private readonly pending = new Map<string, PendingAppend>();
  private readonly unanswered = new Set<Promise<void>>();

  constructor(
    private readonly context: ServerContext,
    private readonly writer: CallWriter<BatchAppendResp>,
  ) {}

  take(request: BatchAppendReq): void {
    if (this.context.stopping.aborted) return;
    const id = request.getCorrelationId()?.getString() ?? '';
    const append = this.pending.get(id) ?? this.begin(id, request);
    // The rest of an append that was refused already is passed over.
    if (append === undefined) return;
    for (const message of request.getProposedMessagesList()) {
      const event = parseProposed(message);
      if (typeof event === 'string') return this.refuseUnreadable(append, event);
      append.events.push(event);
      append.size += sizeOf(event);
    }
    const { maximumAppendBytes } = this.context;
    if (append.size > maximumAppendBytes) {
      this.pending.delete(id);
      return this.reply(append, refused(batched.maximumAppendSizeExceeded(maximumAppendBytes)));
    }
    if (!request.getIsFinal()) return;
    this.pending.delete(id);
    const answered = this.settle(append).finally(() => this.unanswered.delete(answered));
    this.unanswered.add(answered);
  }

  /** The client sends no more: the call ends when everything complete was answered. */
  async end(): Promise<void> {
    await Promise.all(this.unanswered);
    this.writer.end();
  }

  private begin(id: string, request: BatchAppendReq): PendingAppend | undefined {
    const options = request.getOptions();
    if (options === undefined) return undefined;
    const expected = expectationOf(options, () => options.getStreamPosition());
    const append: PendingAppend = { id, stream: streamNameOf(options), expected, events: [], size: 0 };
    const deadline = options.getDeadline()?.toDate().getTime() ?? Number.POSITIVE_INFINITY;
    if (deadline <= Date.now()) {
      this.reply(append, refused(batched.timeout()));
      return undefined;
    }
    this.pending.set(id, append);
    return append;
  }

  private async settle(append: PendingAppend): Promise<void> {
    const { faults, writer, self } = this.context;
    if (!faults.isReady()) {
      this.reply(append, refused(batched.notReady()));
      return;
    }
    const leader = faults.takeNotLeader(self);
    if (leader !== undefined) {
      this.writer.fail(notLeader(leader));
      return;
    }
    const outcome = await writer.append(append.stream, append.expected, append.events);
    await faults.beforeAnswer();
    const fate = outcome.kind === 'written' ? faults.takeAnswerFate() : 'once';
    if (fate === 'connection-broken') faults.dropConnections();
    if (fate === 'lost' || fate === 'connection-broken') return;
    this.reply(append, toResponse(append, outcome));
    if (fate === 'twice') this.reply(append, toResponse(append, outcome));
  }

  /**
   * A real server answers an append that it cannot read at once, and again when its rest has not come in time: the
   * client's data handler throws on the second answer.
   */
  private refuseUnreadable(append: PendingAppend, reason: string): void {
    this.reply(append, refused(batched.badRequest(reason)));
    setTimeout(() => {
      if (this.pending.delete(append.id)) this.reply(append, refused(batched.timeout()));
    }, INCOMPLETE_APPEND_TIMEOUT_MS).unref();
  }

  private reply(append: PendingAppend, response: BatchAppendResp): void {
    response.setCorrelationId(new shared.UUID().setString(append.id));
    response.setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(append.stream)));
    void this.writer.write(response);
  }
}

function refused(status: Status): BatchAppendResp {
  return new messages.BatchAppendResp().setError(status);
}

function toResponse({ stream, expected }: PendingAppend, outcome: WriteOutcome): BatchAppendResp {
  if (outcome.kind === 'stream-deleted') return refused(batched.streamDeleted(stream));
  if (outcome.kind === 'wrong-expected-version') {
    return refused(batched.wrongExpectedVersion(expected, outcome.lastRevision));
  }
  const success = new messages.BatchAppendResp.Success();
  if (outcome.lastRevision < 0) success.setNoStream(new ProtobufEmpty());
  else success.setCurrentRevision(String(outcome.lastRevision));
  if (outcome.position === undefined) success.setNoPosition(new ProtobufEmpty());
  else {
    const position = String(outcome.position);
    success.setPosition(new shared.AllStreamPosition().setCommitPosition(position).setPreparePosition(position));
  }
  return new messages.BatchAppendResp().setSuccess(success);
}
