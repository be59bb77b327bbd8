import { Counter, Gauge } from 'prom-client';
import { pino, type Logger } from 'pino';
import type { Metrics } from '#http';
import type { Configuration } from './configuration.js';
import type { ProjectionLag, Projections } from './projections.js';

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

/** All figures of one scrape come from one look into the stores. */
const LOOK_LASTS_MS = 500;

/** Shows how far behind read models and automations are, and what is parked. What the stores cannot say is left out. */
export function measureProjections(metrics: Metrics, projections: Projections): void {
  let look: Promise<readonly ProjectionLag[]> = Promise.resolve([]);
  let lookedAt = Number.NEGATIVE_INFINITY;
  const current = (): Promise<readonly ProjectionLag[]> => {
    if (performance.now() - lookedAt > LOOK_LASTS_MS) {
      lookedAt = performance.now();
      look = projections.lags().catch(() => []);
    }
    return look;
  };
  const gauge = (name: string, help: string, figure: (lag: ProjectionLag) => number): Gauge =>
    new Gauge({
      name,
      help,
      labelNames: ['name', 'partition'],
      registers: [metrics.registry],
      async collect() {
        this.reset();
        for (const lag of await current()) {
          this.set({ name: lag.part.name, partition: String(lag.part.partition) }, figure(lag));
        }
      },
    });
  const atHead = '1 when the read model or automation has reached the newest event, else 0.';
  gauge('projection_at_head', atHead, ({ events }) => (events === 0 ? 1 : 0));
  gauge('projection_lag_events', 'Events that it has not worked yet, counted up to 1,000.', ({ events }) => events);
  gauge('projection_lag_seconds', 'Domain time since the oldest of them was written.', ({ seconds }) => seconds);
  gauge(
    'parked_streams',
    'Streams that wait since an event could not be folded.',
    ({ parkedStreams }) => parkedStreams,
  );
  gauge('parked_todos', 'To-dos that wait for an operator.', ({ parkedTodos }) => parkedTodos);
}
