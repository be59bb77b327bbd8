import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EventStoreDBClient } from '@eventstore/db-client';
import Database from 'better-sqlite3';
import {
  withoutDeeds,
  Clock,
  CommandGate,
  decodeEvent,
  isAutomation,
  parseStreamName,
  ReadModelRunner,
  Vault,
  type ReadModel,
  type RecordedEvent,
  type StreamDefinition,
} from '#kernel';
import { createLogger, openStores, readConfiguration, type Configuration, type Stores } from '#runtime';
import { connection, grant, socialAccount } from '#social-accounts';
import { workspace } from '#workspaces';
import { modelsOfService } from '../support/service/service-models.js';

/** What one pass over the log took. */
export interface Pass {
  readonly ms: number;
  /** What the process worked meanwhile, all its threads together: the same on a busy machine. */
  readonly processorMs: number;
  /** The most that the process has held in memory at once. */
  readonly peakBytes: number;
}

type Timing = Pick<Pass, 'ms' | 'processorMs'>;

const PAGE_EVENTS = 500;
const POLL_MS = 5;
const STREAMS = new Map(
  [workspace, connection, grant, socialAccount].map((definition) => [definition.category, definition]),
);

class StandingClock extends Clock {
  constructor(private readonly instant: Date) {
    super();
  }

  override now(): Date {
    return this.instant;
  }

  override onMoved(): () => void {
    return () => undefined;
  }
}

function beginTiming(): () => Timing {
  const started = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { ms: performance.now() - started, processorMs: (user + system) / 1_000 };
  };
}

/** Reads and parses the whole log, and nothing else: what everything that is made from it costs at least. */
async function readLog({ EVENT_STORE_URL: url, DATA_DIR: dataDir }: Configuration): Promise<Timing> {
  const finish = beginTiming();
  if (url === 'sqlite:') readFile(join(dataDir, 'events.sqlite'));
  else await readServer(url);
  return finish();
}

function readFile(file: string): void {
  const database = new Database(file, { readonly: true });
  const page = database
    .prepare<[number, number], string[]>('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?')
    .raw();
  let events = 0;
  for (let rows = page.all(0, PAGE_EVENTS); rows.length > 0; rows = page.all(events, PAGE_EVENTS)) {
    for (const row of rows) if (JSON.parse(row[6] ?? '') !== null && JSON.parse(row[7] ?? '') !== null) events += 1;
  }
  database.close();
}

/** By the bare client, which parses what it reads. */
async function readServer(url: string): Promise<void> {
  const client = EventStoreDBClient.connectionString(url);
  for await (const { event } of client.readAll()) if (event?.data === null) throw new Error('An event has data.');
  await client.dispose();
}

/** All read models and all automations' to-do rows from an empty checkpoint to the head, by the service's runners. */
async function rebuild({ events, rows, ...stores }: Stores, models: readonly ReadModel[]): Promise<Timing> {
  const head = await events.head();
  const last = head === null ? null : await events.readAt(head);
  if (head === null || last === null) throw new Error('There is no log to rebuild from.');
  const now = new Date(last.metadata.occurredAt);
  const warn = (facts: object, message: string): void =>
    void process.stderr.write(`${message} ${JSON.stringify(facts)}\n`);
  const shared = {
    events,
    rows,
    vault: new Vault(stores.vault, stores.masterKeys),
    decode,
    gate: new CommandGate(),
    log: { warn },
  };
  const runners = models.flatMap((model) => {
    // At the beginning of time no to-do is due: the rows are folded, and nothing is carried out.
    const clock = new StandingClock(isAutomation(model) ? new Date(0) : now);
    return Array.from({ length: model.partitions }, (_, partition) => {
      return new ReadModelRunner(withoutDeeds(model), { ...shared, clock }, { owner: 'bench', partition });
    });
  });
  const finish = beginTiming();
  for (const runner of runners) runner.start();
  const isThrough = ({ reached }: ReadModelRunner): boolean =>
    reached !== null && events.comparePositions(reached, head) >= 0;
  while (!runners.every(isThrough)) await sleep(POLL_MS);
  await Promise.all(runners.map((runner) => runner.stop()));
  return finish();
}

function decode(recorded: RecordedEvent): ReturnType<typeof decodeEvent> {
  const definition = STREAMS.get(parseStreamName(recorded.stream).category);
  if (!definition) throw new Error('An event of a stream that no capability owns.');
  return decodeEvent(definition as unknown as StreamDefinition, recorded);
}

async function rebuildFrom(configuration: Configuration): Promise<Timing> {
  const models = await modelsOfService();
  const stores = await openStores(configuration, createLogger(configuration));
  try {
    return await rebuild(stores, models);
  } finally {
    await stores.close();
  }
}

/** One pass in a process of its own, which its parent asks for by the first argument. */
const configuration = readConfiguration(process.env);
const timing = process.argv[2] === 'read' ? await readLog(configuration) : await rebuildFrom(configuration);
const pass: Pass = { ...timing, peakBytes: process.resourceUsage().maxRSS * 1_024 };
process.send?.(pass, () => process.exit(0));
