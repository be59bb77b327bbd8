import type { Message } from 'google-protobuf';
import type { Status } from '@eventstore/db-client/generated/status_pb.js';
import type { LeaderEndpoint } from '../faults.js';
import type { Expectation } from '../writing/decide-append.js';
import { Any, grpc, ProtobufEmpty, shared, StatusMessage } from './protocol.js';

/**
 * How a whole call is refused: gRPC status, text and trailers. The client reads the kind of error from the trailer
 * `exception`. Texts and codes are those of a real server.
 */
export interface CallRefusal {
  readonly code: number;
  readonly details: string;
  readonly metadata?: InstanceType<typeof grpc.Metadata>;
}

const NOT_READY = 'Server Is Not Ready';

export function serverNotReady(): CallRefusal {
  return { code: grpc.status.UNAVAILABLE, details: NOT_READY };
}

export function shuttingDown(): CallRefusal {
  return { code: grpc.status.UNAVAILABLE, details: 'Server Is Shutting Down' };
}

export function notLeader(leader: LeaderEndpoint): CallRefusal {
  const trailers = { 'leader-endpoint-host': leader.host, 'leader-endpoint-port': String(leader.port) };
  return refusal(grpc.status.NOT_FOUND, 'Leader info available', 'not-leader', trailers);
}

export function consumerTooSlow(): CallRefusal {
  return {
    code: grpc.status.ABORTED,
    details: 'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.',
  };
}

export function invalidPosition(): CallRefusal {
  return { code: grpc.status.UNKNOWN, details: 'Unexpected ReadAllResult: InvalidPosition' };
}

export function invalidArgument(details: string): CallRefusal {
  return { code: grpc.status.INVALID_ARGUMENT, details };
}

export function handlerFailed(): CallRefusal {
  return { code: grpc.status.UNKNOWN, details: 'Exception was thrown by handler.' };
}

export function streamDeleted(stream: string): CallRefusal {
  return refusal(grpc.status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, 'stream-deleted', {
    'stream-name': stream,
  });
}

export function wrongExpectedVersion(stream: string, expected: Expectation, lastRevision: number): CallRefusal {
  const number = { no_stream: -1, any: -2, stream_exists: -4 };
  return refusal(
    grpc.status.FAILED_PRECONDITION,
    `Delete failed due to WrongExpectedVersion. Stream: ${stream}, Actual version: ${lastRevision}`,
    'wrong-expected-version',
    {
      'stream-name': stream,
      'expected-version': String(typeof expected === 'number' ? expected : number[expected]),
      'actual-version': lastRevision < 0 ? '' : String(lastRevision),
    },
  );
}

export function maximumAppendSizeExceeded(maximum: number): CallRefusal {
  return refusal(
    grpc.status.INVALID_ARGUMENT,
    `Maximum Append Size of ${maximum} Exceeded.`,
    'maximum-append-size-exceeded',
    { 'maximum-append-size': String(maximum) },
  );
}

/** How one append of a batched stream is refused; the stream itself goes on. */
export const batched = {
  notReady: (): Status => status(grpc.status.OK, NOT_READY, new ProtobufEmpty(), 'google.protobuf.Empty'),
  timeout: (): Status => own(grpc.status.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout()),
  streamDeleted: (stream: string): Status => {
    const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(stream));
    return own(grpc.status.NOT_FOUND, 'StreamDeleted', new shared.StreamDeleted().setStreamIdentifier(identifier));
  },
  maximumAppendSizeExceeded: (maximum: number): Status =>
    own(
      grpc.status.INVALID_ARGUMENT,
      'MaximumAppendSizeExceeded',
      new shared.MaximumAppendSizeExceeded().setMaxappendsize(maximum),
    ),
  badRequest: (message: string): Status =>
    own(grpc.status.INVALID_ARGUMENT, 'BadRequest', new shared.BadRequest().setMessage(message)),
  wrongExpectedVersion: (expected: Expectation, lastRevision: number): Status => {
    const details = new shared.WrongExpectedVersion();
    if (lastRevision < 0) details.setCurrentNoStream(new ProtobufEmpty());
    else details.setCurrentStreamRevision(String(lastRevision));
    if (expected === 'any') details.setExpectedAny(new ProtobufEmpty());
    else if (expected === 'no_stream') details.setExpectedNoStream(new ProtobufEmpty());
    else if (expected === 'stream_exists') details.setExpectedStreamExists(new ProtobufEmpty());
    else details.setExpectedStreamPosition(String(expected));
    return own(grpc.status.ALREADY_EXISTS, 'WrongExpectedVersion', details);
  },
} as const;

function own(code: number, name: string, details: Message): Status {
  return status(code, name, details, `event_store.client.${name}`);
}

function status(code: number, message: string, details: Message, typeName: string): Status {
  const packed = new Any();
  packed.pack(details.serializeBinary(), typeName);
  return new StatusMessage().setCode(code).setMessage(message).setDetails(packed);
}

function refusal(code: number, details: string, exception: string, trailers: Record<string, string>): CallRefusal {
  const metadata = new grpc.Metadata();
  metadata.set('exception', exception);
  // Trailers are printable ASCII; anything else in a stream's name would make the refusal itself fail.
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value.replace(/[^ -~]/g, '?'));
  return { code, details: details.replace(/[^ -~]/g, '?'), metadata };
}
