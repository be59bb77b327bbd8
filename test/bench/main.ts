import { benchAppendEventStoreDb } from './append-eventstoredb.js';
import { benchAppend } from './append.js';
import { benchCommand } from './command.js';
import { benchList } from './list.js';
import { benchRebuild, benchRebuildMemory } from './rebuild.js';
import type { Figure } from './figure.js';
import { benchVisibility } from './visibility.js';

/** Every benchmark by its id: what it measures, and how. */
const BENCHMARKS: Readonly<Record<string, { readonly work: string; readonly run: () => Promise<readonly Figure[]> }>> =
  {
    B1: { work: 'append to distinct streams, durable, 64 in flight', run: async () => [await benchAppend()] },
    B2: { work: 'a whole command over HTTP, 64 connections', run: benchCommand },
    B3: { work: 'rebuild all read models and to-do rows', run: benchRebuild },
    B7: { work: 'peak memory of a rebuild', run: benchRebuildMemory },
    B5: { work: 'from acknowledgement to visibility, p99', run: benchVisibility },
    B10: {
      work: 'append on EventStoreDB through the adapter, 64 in flight',
      run: async () => [await benchAppendEventStoreDb()],
    },
    B4: { work: 'list with status filter and counts, p99', run: benchList },
  };

const asked = process.argv.slice(2).filter((argument) => argument in BENCHMARKS);
const asJson = process.argv.includes('--json');
const figures: Figure[] = [];
for (const [id, { work, run }] of Object.entries(BENCHMARKS)) {
  if (asked.length > 0 && !asked.includes(id)) continue;
  if (!asJson) process.stderr.write(`${id}: ${work} …\n`);
  figures.push(...(await run()));
}
if (asJson) {
  const plain = figures.map(({ id, ours, reference, ratio, unit }) => ({ id, ours, reference, ratio, unit }));
  process.stdout.write(`${JSON.stringify(plain)}\n`);
} else {
  console.table(
    figures.map(({ id, case: name = '', ours, reference, ratio, unit, reach = '' }) => ({
      id,
      case: name,
      ours,
      reference,
      ratio,
      unit,
      reach,
    })),
  );
}
process.exit(0);
