import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { isRefusal, type Refusal } from '#kernel';
import { Answered, Reading } from './answers.js';
import { problemHeaders, problemOf, statusOf } from './problems.js';

const JSON_MEDIA_TYPE = 'application/json; charset=utf-8';

/** An answer as it goes out: ready to be sent, and (with a text) to be kept for a key. */
export interface Outgoing {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  readonly body: string | Buffer | Readable | null;
}

export const refused = (refusal: Refusal, correlationId: string): Outgoing => ({
  status: statusOf(refusal),
  headers: problemHeaders(refusal),
  setCookies: [],
  body: JSON.stringify(problemOf(refusal, correlationId)),
});

/** What a handler has returned, as an answer. `status` is the route's own, for what says nothing else. */
export function outgoing(result: unknown, status: number, correlationId: string): Outgoing {
  if (isRefusal(result)) return refused(result, correlationId);
  if (result instanceof Reading) return reading(result, status);
  if (result instanceof Answered) return answered(result, status);
  return { status, headers: { ...typeOf(result), ...positionOf(result) }, setCookies: [], body: textOf(result) };
}

function reading({ body, position, revision }: Reading<unknown>, status: number): Outgoing {
  const headers: Record<string, string> = { ...typeOf(body) };
  if (position !== null) headers['position'] = position;
  if (revision !== undefined) headers['etag'] = `"${revision}"`;
  return { status, headers, setCookies: [], body: textOf(body) };
}

function answered({ body, options }: Answered<unknown>, status: number): Outgoing {
  const own = Object.fromEntries(
    Object.entries(options.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const isRaw = own['content-type'] !== undefined && isSendable(body);
  return {
    status: options.status ?? status,
    headers: { ...(isRaw ? {} : typeOf(body)), ...positionOf(body), ...own },
    setCookies: options.setCookies ?? [],
    body: isRaw ? body : textOf(body),
  };
}

const isSendable = (body: unknown): body is string | Buffer | Readable =>
  typeof body === 'string' || Buffer.isBuffer(body) || body instanceof Readable;

const typeOf = (body: unknown): Record<string, string> =>
  body === undefined || body === null ? {} : { 'content-type': JSON_MEDIA_TYPE };

const textOf = (body: unknown): string | null => (body === undefined || body === null ? null : JSON.stringify(body));

/** Commands answer their position; it is repeated as a header for whoever does not read bodies. */
function positionOf(body: unknown): Record<string, string> {
  if (typeof body !== 'object' || body === null || !('position' in body)) return {};
  return typeof body.position === 'string' ? { position: body.position } : {};
}

/** Puts status, headers and cookies on the reply and gives back the body to be sent. */
export function prepare(reply: FastifyReply, answer: Outgoing): Outgoing['body'] {
  reply.code(answer.status).headers(answer.headers);
  for (const cookie of answer.setCookies) reply.header('set-cookie', cookie);
  return answer.body;
}
