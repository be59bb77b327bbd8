import type { FastifyInstance } from 'fastify';
import { isHarmless } from './validation.js';

/** An error as Fastify's own, by whose status it is told what is wrong. */
class BodyError extends Error {
  override readonly name = 'FastifyError';

  constructor(readonly statusCode: number) {
    super('The body cannot be taken.');
  }
}

/** JSON alone is taken as a body. An empty one is none, whatever its type says. */
export function addJsonBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, undefined);
    const parsed = parse(String(text));
    if (parsed === undefined) return done(new BodyError(400));
    done(null, parsed);
  });
  // A form without fields, such as a page's button, comes with a form's type and no body.
  fastify.addContentTypeParser('*', (request, _payload, done) => {
    const isEmpty = request.headers['content-length'] === '0';
    done(isEmpty ? null : new BodyError(415), undefined);
  });
}

/** The value, or undefined for what is no JSON or would need care behind. Of two fields with one name the last counts. */
function parse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isHarmless(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
