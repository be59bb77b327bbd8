import { toFigure, type Figure } from './figure.js';
import { writeEmbeddedHistory, writeServersHistory, type HistoryStore } from './history-store.js';
import type { Pass } from './rebuild-child.js';

/** How long the log is; BENCH_EVENTS makes it shorter or longer. */
const EVENTS = Number(process.env['BENCH_EVENTS'] ?? 1_000_000);
const SHORT_LOG_SHARE = 0.1;
const MEBIBYTE = 1_024 * 1_024;

/** BENCH_SET_UPS names one of them, to measure that one alone. */
const SET_UPS: Readonly<Record<string, (size: number) => Promise<HistoryStore>>> = {
  SQLite: writeEmbeddedHistory,
  'EventStoreDB + MongoDB': writeServersHistory,
};

interface Measured {
  readonly size: number;
  readonly before: Pass;
  readonly rebuilt: Pass;
  readonly after: Pass;
}

const measured = new Map<string, Promise<Measured>>();

/** Writes a log and reads it before and after it is rebuilt from, so that a slow moment of the machine meets both sides. */
function measure(setUp: string, size: number): Promise<Measured> {
  const name = `${setUp} ${size}`;
  const known = measured.get(name) ?? measureOnce(SET_UPS[setUp] ?? writeEmbeddedHistory, size);
  measured.set(name, known);
  return known;
}

async function measureOnce(write: (size: number) => Promise<HistoryStore>, size: number): Promise<Measured> {
  const log = await write(size);
  try {
    return { size, before: await log.readLog(), rebuilt: await log.rebuild(), after: await log.readLog() };
  } finally {
    await log.discard();
  }
}

const setUps = (): readonly string[] =>
  Object.keys(SET_UPS).filter((name) => (process.env['BENCH_SET_UPS'] ?? name) === name);

/**
 * B3: all read models and to-do rows from the first event on, against reading and parsing the same log. Beside the time, the
 * processor time of the process, which says the same on a machine that does other work.
 */
export async function benchRebuild(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const setUp of setUps()) {
    const { size, before, rebuilt, after } = await measure(setUp, EVENTS);
    const figure = (name: string, timeOf: (pass: Pass) => number): Figure => {
      const perSecond = (ms: number): number => Math.round((size * 1_000) / ms);
      const reference = perSecond((timeOf(before) + timeOf(after)) / 2);
      const ours = perSecond(timeOf(rebuilt));
      return toFigure({ id: 'B3', case: name, ours, reference, unit: 'events/s', reach: '≥ 0.25' });
    };
    figures.push(figure(setUp, ({ ms }) => ms));
    figures.push(figure(`${setUp}, in processor time`, ({ processorMs }) => processorMs));
  }
  return figures;
}

/** B7: the most memory that a rebuild takes, against the same from a log of a tenth of the length. */
export async function benchRebuildMemory(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const setUp of setUps()) {
    const short = await measure(setUp, Math.round(EVENTS * SHORT_LOG_SHARE));
    const long = await measure(setUp, EVENTS);
    const inMebibytes = ({ rebuilt }: Measured): number => Math.round(rebuilt.peakBytes / MEBIBYTE);
    const [ours, reference] = [inMebibytes(long), inMebibytes(short)];
    figures.push(toFigure({ id: 'B7', case: setUp, ours, reference, unit: 'MiB', reach: '≤ 1.2' }));
  }
  return figures;
}
