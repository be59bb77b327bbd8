import {
  Clock,
  CommandGate,
  isAutomation,
  ReadModels,
  withoutDeeds,
  type Vault,
  type EventStore,
  type ReadModel,
  type ReadModelCopy,
  type ReadStore,
  type StoredRow,
} from '#kernel';
import { Rest, Runners } from '#runtime';
import { connection, grant, socialAccount } from '#social-accounts';
import { workspace } from '#workspaces';
import type { AtRest } from './at-rest.js';

const REPLAY_LIMIT_MS = 60_000;
const STREAMS = [workspace, connection, grant, socialAccount];

class StandingClock extends Clock {
  constructor(private readonly instant: Date) {
    super();
  }

  override now(): Date {
    return new Date(this.instant);
  }

  override onMoved(): () => void {
    return () => undefined;
  }
}

export interface Comparison {
  readonly faults: readonly string[];
  /** How many rows were compared. */
  readonly rows: number;
}

/**
 * Replays the log into an empty read store by the runners of the service, and compares row by row: bodies,
 * descriptions and counters have to be the same text. To-do rows that are settled leave the live rows without an event, so
 * a replay that carries nothing out may have those, and only those, more.
 */
export async function compareWithReplay(
  { events, rows: live, fresh, vault, now }: AtRest,
  models: readonly ReadModel[],
): Promise<Comparison> {
  const plain = models.filter((model) => !isAutomation(model));
  // At the beginning of time no to-do is due: the rows are folded, and nothing is carried out.
  const automations = models.filter(isAutomation).map(withoutDeeds);
  await replay({ events, rows: fresh, vault }, plain, now);
  await replay({ events, rows: fresh, vault }, automations, new Date(0));
  const comparisons: Comparison[] = [];
  for (const model of models) comparisons.push(await compareModel(model, { events, live, fresh }, now));
  return {
    faults: comparisons.flatMap(({ faults }) => faults),
    rows: comparisons.reduce((sum, { rows }) => sum + rows, 0),
  };
}

async function replay(
  stores: { readonly events: EventStore; readonly rows: ReadStore; readonly vault: Vault },
  models: readonly ReadModel[],
  now: Date,
): Promise<void> {
  const log = {
    warn: (facts: object, message: string) => {
      throw new Error(`${message}: ${JSON.stringify(facts)}`);
    },
  };
  const readModels = new ReadModels(stores.rows, stores.events);
  const clock = new StandingClock(now);
  const runners = new Runners({ ...stores, clock, log, gate: new CommandGate() }, STREAMS, models, readModels);
  runners.start();
  const isThrough = await new Rest({ ...stores, clock }, models, readModels).come(REPLAY_LIMIT_MS);
  await runners.stop();
  if (!isThrough) throw new Error('The replay does not come to its end.');
}

async function compareModel(
  model: ReadModel,
  { events, live, fresh }: { readonly events: EventStore; readonly live: ReadStore; readonly fresh: ReadStore },
  now: Date,
): Promise<Comparison> {
  const faults: string[] = [];
  let rows = 0;
  for (let partition = 0; partition < model.partitions; partition += 1) {
    const copy: ReadModelCopy = { name: model.name, version: model.version, generation: 0, partition };
    await live.prepare(model, copy);
    const [was, is] = [await rowsOf(fresh, copy), await rowsOf(live, copy)];
    if (isAutomation(model)) for (const [key, row] of was) if (isSettled(row, now) && !is.has(key)) was.delete(key);
    rows += is.size;
    for (const key of new Set([...was.keys(), ...is.keys()])) {
      const [replayed, stored] = [JSON.stringify(was.get(key)), JSON.stringify(is.get(key))];
      if (replayed !== stored)
        faults.push(`${model.name} ${key}: stored ${stored ?? 'nothing'}, replayed ${replayed ?? 'nothing'}`);
    }
    const counters = [await countersOf(fresh, copy), await countersOf(live, copy)];
    if (counters[0] !== counters[1]) faults.push(`${model.name} counts ${counters[1]}, replayed ${counters[0]}`);
    const [head, checkpoint] = [await events.head(), await live.checkpoint(copy)];
    if (head && checkpoint && events.comparePositions(checkpoint.position, head) > 0)
      faults.push(`${model.name} is ahead of the log`);
  }
  return { faults, rows };
}

const isSettled = ({ dueAt }: StoredRow, now: Date): boolean => dueAt !== null && dueAt <= now.toISOString();

async function rowsOf(store: ReadStore, copy: ReadModelCopy): Promise<Map<string, StoredRow>> {
  const rows = new Map<string, StoredRow>();
  for await (const row of store.scan(copy)) rows.set(row.key, row);
  return rows;
}

const countersOf = async (store: ReadStore, copy: ReadModelCopy): Promise<string> =>
  JSON.stringify([...(await store.countsByPrefix(copy, ''))].sort());
