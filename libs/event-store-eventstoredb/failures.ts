import { StoreUnavailable } from '#kernel';

/** gRPC status codes, as numbers: an error may come raw from gRPC as well as in one of the client's classes. */
const GRPC_UNAVAILABLE = 14;

/** The client's answer that other events stand where these should have gone. */
export interface WrongVersion {
  readonly type: 'wrong-expected-version';
  readonly actualVersion: bigint | 'no_stream';
}

/** Thrown by our own limits in place of an answer that the client would wait for for ever. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

export function isWrongVersion(error: unknown): error is WrongVersion {
  return typeOf(error) === 'wrong-expected-version';
}

export function isStreamNotFound(error: unknown): boolean {
  return typeOf(error) === 'stream-not-found';
}

/** A position that is no record of this log. */
export function isNoRecord(error: unknown): boolean {
  return typeOf(error) === 'unknown' && messageOf(error).includes('InvalidPosition');
}

/** Everyday life with a busy server: the subscription is to be begun again at once. */
export function isTooSlow(error: unknown): boolean {
  return typeOf(error) === 'timeout';
}

/**
 * Failures that asking again does not heal. Everything else is an outage of some kind, also what does not look like one:
 * "Server Is Not Ready" comes as an unknown error, a server that is down as a raw gRPC error, and a connection that broke
 * rejects appends that were stored.
 */
export function isLasting(error: unknown): boolean {
  const type = typeOf(error);
  if (type === 'unknown') return messageOf(error).includes('BadRequest');
  return LASTING.has(type);
}

const LASTING: ReadonlySet<string> = new Set([
  'access-denied',
  'stream-deleted',
  'invalid-argument',
  'invalid-transaction',
  'maximum-append-size-exceeded',
  'unsupported',
]);

/** A lasting failure as this service's callers know failures. */
export function translate(error: unknown): Error {
  const kind = describeFailure(error);
  // Rights can be given while the service runs: a caller who comes again later may well be served.
  if (typeOf(error) === 'access-denied')
    return new StoreUnavailable(`The event store refuses this service's user (${kind}).`);
  return new Error(`The event store refuses what it was asked (${kind}).`);
}

/** The kind of a failure, for logs: without its text, which may quote names and data. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = (error as { readonly code?: unknown }).code;
  const type = typeOf(error) || (code === GRPC_UNAVAILABLE ? 'unavailable' : error.name);
  return typeof code === 'number' ? `${type}, code ${code}` : type;
}

function typeOf(error: unknown): string {
  const type = error instanceof Error ? (error as { readonly type?: unknown }).type : undefined;
  return typeof type === 'string' ? type : '';
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}
