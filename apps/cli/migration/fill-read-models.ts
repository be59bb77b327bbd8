import { setTimeout as sleep } from 'node:timers/promises';
import {
  Clock,
  CommandGate,
  isAutomation,
  ReadModels,
  SystemClock,
  type Vault,
  type EventStore,
  type ReadModel,
  type ReadStore,
  type RunnerLog,
  withoutDeeds,
} from '#kernel';
import { Rest, Runners, STREAMS } from '#runtime';
import { CommandFailed } from '../command.js';
import type { Progress } from '../progress.js';
import { CountedEvents } from './counted-events.js';

const POLL_MS = 100;
/** So long without a single event, and something is wrong that waiting does not heal. */
const STANDSTILL_LIMIT_MS = 2 * 60_000;

/** At the beginning of time nothing is due: to-dos are folded, and nobody looks at them. */
class BeginningOfTime extends Clock {
  override now(): Date {
    return new Date(0);
  }

  override onMoved(): () => void {
    return () => undefined;
  }
}

/** Folds the log into every read model and every automation's to-dos, up to the newest event. Nothing is carried out. */
export async function fillReadModels(
  stores: { readonly events: EventStore; readonly rows: ReadStore; readonly vault: Vault },
  models: readonly ReadModel[],
  log: RunnerLog,
  progress: Progress,
): Promise<void> {
  const head = await stores.events.head();
  let movedAt = performance.now();
  const events = new CountedEvents(stores.events, (count) => {
    movedAt = performance.now();
    progress.advance(count);
  });
  const begin = (clock: Clock, some: readonly ReadModel[]): { readonly runners: Runners; readonly rest: Rest } => {
    const readModels = new ReadModels(stores.rows, events);
    const runners = new Runners({ ...stores, events, clock, log, gate: new CommandGate() }, STREAMS, some, readModels);
    runners.start();
    return { runners, rest: new Rest({ ...stores, clock }, some, readModels) };
  };
  const plain = models.filter((model) => !isAutomation(model));
  const todos = models.filter(isAutomation).map(withoutDeeds);
  const all = [begin(new SystemClock(), plain), begin(new BeginningOfTime(), todos)];
  try {
    const haveReached = async (): Promise<boolean> =>
      (await Promise.all(all.map(({ rest }) => rest.haveReached(head)))).every(Boolean);
    while (!(await haveReached())) {
      if (performance.now() - movedAt > STANDSTILL_LIMIT_MS) throw standstill(all.map(({ runners }) => runners));
      await sleep(POLL_MS);
    }
  } finally {
    await Promise.all(all.map(({ runners }) => runners.stop()));
  }
}

function standstill(all: readonly Runners[]): CommandFailed {
  const stuck = all.flatMap((runners) => runners.all).find(({ failure }) => failure !== null);
  const reason = stuck ? `${stuck.model.name} says ${String(stuck.failure)}` : 'does a service run on these servers?';
  return new CommandFailed(`The read models do not get on (${reason}).`);
}
