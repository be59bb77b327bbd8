import { Counter, Gauge } from 'prom-client';
import { pino, type Logger } from 'pino';
import type { Metrics } from '#http';
import type { EventStore, ReadStore } from '#kernel';
import type { Configuration } from './configuration.js';
import type { Runners } from './runners.js';

/** Structured lines on standard error. Nothing that a request brought is in them but ids and the route's pattern. */
export function createLogger(configuration: Pick<Configuration, 'LOG_LEVEL'>): Logger {
  return pino(
    { level: configuration.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: false }),
  );
}

/** Counts appended events by type. */
export function countAppended(metrics: Metrics): (type: string) => void {
  const counter = new Counter({
    name: 'events_appended_total',
    help: 'Events that were appended, by type.',
    labelNames: ['type'],
    registers: [metrics.registry],
  });
  return (type) => counter.inc({ type });
}

/** Shows how far behind each read model is, and what is parked. */
export function measureReadModels(
  metrics: Metrics,
  runners: Runners,
  stores: { readonly events: EventStore; readonly rows: ReadStore },
): void {
  new Gauge({
    name: 'projection_at_head',
    help: '1 when the read model or automation has reached the newest event, else 0.',
    labelNames: ['name'],
    registers: [metrics.registry],
    async collect() {
      const head = await stores.events.head();
      for (const { model, reached } of runners.all) {
        const isThere = head === null || (reached !== null && stores.events.comparePositions(reached, head) >= 0);
        this.set({ name: model.name }, isThere ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'parked_todos',
    help: 'To-dos that wait for an operator, by automation.',
    labelNames: ['name'],
    registers: [metrics.registry],
    async collect() {
      for (const { model, copy } of runners.all) this.set({ name: model.name }, await stores.rows.countParked(copy));
    },
  });
}
