import { Counter, Histogram, Registry } from 'prom-client';

/** From a millisecond to the 10 s in which every command is answered. */
const DURATION_BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** The process's metrics: others add theirs to `registry`, and whoever serves `/metrics` writes it out. */
export class Metrics {
  readonly registry = new Registry();

  private readonly requests = new Counter({
    name: 'http_requests_total',
    help: 'Answered requests by route pattern, method and status.',
    labelNames: ['route', 'method', 'status'] as const,
    registers: [this.registry],
  });

  private readonly durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the first byte of a request to the last of its answer.',
    labelNames: ['route', 'method'] as const,
    buckets: DURATION_BUCKETS_SECONDS,
    registers: [this.registry],
  });

  private readonly commands = new Histogram({
    name: 'command_duration_seconds',
    help: 'Time in which commands were answered, by route pattern.',
    labelNames: ['route'] as const,
    buckets: DURATION_BUCKETS_SECONDS,
    registers: [this.registry],
  });

  recordRequest(route: string, method: string, status: number, seconds: number, isCommand: boolean): void {
    this.requests.inc({ route, method, status });
    this.durations.observe({ route, method }, seconds);
    if (isCommand) this.commands.observe({ route }, seconds);
  }
}
