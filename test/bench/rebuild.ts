import { toFigure, type Figure } from './figure.js';
import { writeEmbeddedHistory, type HistoryStore } from './history-store.js';

/** BENCH_EVENTS makes the log shorter or longer. */
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000);

/** B3: all read models and to-do rows from the first event on, against reading and parsing the same log. */
export async function benchRebuild(): Promise<readonly Figure[]> {
  const log = await writeEmbeddedHistory(EVENTS);
  try {
    return [await measureTime(log, 'SQLite')];
  } finally {
    await log.discard();
  }
}

/** The reference is read before and after, so that a slow moment of the machine meets both sides. */
async function measureTime(log: HistoryStore, name: string): Promise<Figure> {
  const before = await log.readLog();
  const rebuilt = await log.rebuild();
  const after = await log.readLog();
  const perSecond = (ms: number): number => Math.round((log.size * 1_000) / ms);
  const [ours, reference] = [perSecond(rebuilt.ms), perSecond((before.ms + after.ms) / 2)];
  return toFigure({ id: 'B3', case: name, ours, reference, unit: 'events/s', reach: '≥ 0.25' });
}
