import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { notFound, Refusal } from '#kernel';
import { HTTP_OPTIONS, type HttpOptions } from './http-options.js';
import { prepare, refused } from './outgoing.js';
import { Refused } from './refused.js';
import { correlationIdOf } from './request-headers.js';
import { refusalOf } from './unexpected.js';

/**
 * Turns what was thrown on the way to a handler into a problem: the guard's refusals, and what Fastify and Nest say about
 * bodies and paths that they cannot take.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(@Inject(HTTP_OPTIONS) private readonly options: HttpOptions) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    if (reply.sent) return;
    const correlationId = request.state?.correlationId ?? correlationIdOf(request.headers);
    const refusal =
      expected(thrown) ?? refusalOf(thrown, correlationId, this.options.logger, this.options.logErrorMessages ?? false);
    void reply.send(prepare(reply, refused(refusal, correlationId)));
  }
}

/** What a client's own mistake is thrown as, or null. */
function expected(thrown: unknown): Refusal | null {
  if (thrown instanceof Refused) return thrown.refusal;
  const status = thrown instanceof HttpException ? thrown.getStatus() : null;
  return status === null ? null : refusalForStatus(status);
}

/** Fastify and Nest say what is wrong with a request by its status; their words stay inside. */
export function refusalForStatus(status: number): Refusal | null {
  if (status === 404 || status === 405) return notFound('thing');
  if (status === 413) return new Refusal('body-too-large', 'A body may be 1 MiB at most.');
  if (status === 415) return new Refusal('unsupported-media-type', 'Send JSON, as application/json.');
  if (status >= 400 && status < 500)
    return new Refusal('malformed-body', 'The request cannot be read: it is not well-formed.');
  return null;
}
