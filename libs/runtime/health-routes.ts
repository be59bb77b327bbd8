import { Controller, Get, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { InternalRoute, Metrics } from '#http';
import { Readiness } from './readiness.js';

/** Health and metrics, for whoever runs the service: without a token and outside the API's rules. */
@Controller()
export class HealthRoutes {
  constructor(
    private readonly readiness: Readiness,
    private readonly metrics: Metrics,
  ) {}

  @Get('health/live')
  @InternalRoute()
  live(): { readonly status: string } {
    return { status: 'ok' };
  }

  @Get('health/ready')
  @InternalRoute()
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const checks = await this.readiness.check();
    const isReady = Object.values(checks).every((check) => check === 'ok');
    await reply.status(isReady ? 200 : 503).send({ status: isReady ? 'ok' : 'unavailable', checks });
  }

  @Get('metrics')
  @InternalRoute()
  async prometheus(@Res() reply: FastifyReply): Promise<void> {
    await reply.header('content-type', this.metrics.registry.contentType).send(await this.metrics.registry.metrics());
  }
}
