import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  isAutomation,
  type Lease,
  type Postponement,
  type ReadModel,
  type ReadModelCopy,
  type ReadStore,
  type RowChanges,
  type StoredRow,
} from '#kernel';
import { CommandFailed } from '../command.js';
import type { Positions } from './positions.js';

const ROWS_PER_SAVE = 500;
/** Beyond so many a parked to-do is tried anew. */
const PARKED_LIMIT_ROWS = 10_000;
/** A lease that lapsed still counts until somebody takes it: it need not last as long as the work. */
const LEASE_MS = 5_000;
/** An interrupted run's lease has lapsed by then. */
const LEASE_WAIT_LIMIT_MS = 3 * LEASE_MS;
const LEASE_POLL_MS = 250;

/**
 * Moves an automation's to-dos as they are, with its checkpoint in the target's words: one that is settled leaves no event, so that
 * a fold of the log alone would bring it back. What the source has not folded yet, or keeps in another shape, is folded from the
 * log instead. What is parked stays parked; what was put off is tried again at its time. Repeatable.
 */
export class TodoMove {
  readonly #owner = randomUUID();

  constructor(
    private readonly source: ReadStore,
    private readonly target: ReadStore,
    private readonly positions: Positions,
    private readonly eventIdAt: (position: string) => Promise<string | null>,
  ) {}

  /** Answers how many events need not be folded any more, over all automations. */
  async run(models: readonly ReadModel[]): Promise<number> {
    let folded = 0;
    for (const model of models.filter(isAutomation)) {
      for (let partition = 0; partition < model.partitions; partition += 1) {
        folded += await this.#move(model, { name: model.name, version: model.version, generation: 0, partition });
      }
    }
    return folded;
  }

  async #move(model: ReadModel, copy: ReadModelCopy): Promise<number> {
    if ((await this.target.checkpoint(copy)) !== null) return 0;
    const former = { ...copy, generation: (await this.source.generations(copy)).active };
    // In an embedded store everything that is read is an event of ours: what was reached is the newest one's place.
    const anchor = (await this.source.checkpoint(former))?.anchor;
    if (!anchor || (await this.eventIdAt(anchor.position)) !== anchor.eventId) return 0;
    await this.source.prepare(model, former);
    // What waits in a parked stream would be passed over by a checkpoint: the fold parks it again.
    if ((await this.source.parkedStreams(former, 1)).length > 0) return 0;
    // Without a checkpoint it is what an interrupted run has left.
    await this.target.drop(copy);
    await this.target.prepare(model, copy);
    const lease = await this.#acquireLease(`migration ${model.name}/${copy.partition}`);
    const save = async (puts: readonly StoredRow[], checkpoint: RowChanges['checkpoint']): Promise<void> => {
      const saved = await this.target.save(copy, lease, { puts, deletes: [], counts: countersOf(puts), checkpoint });
      if (saved === 'fenced') throw new CommandFailed('Another migration into these stores is under way.');
    };
    let waiting: StoredRow[] = [];
    for await (const row of this.source.scan(former)) {
      waiting.push(row);
      if (waiting.length < ROWS_PER_SAVE) continue;
      await save(waiting, null);
      waiting = [];
    }
    await save(waiting, null);
    for (const { row, postponement } of await this.source.parkedRows(former, PARKED_LIMIT_ROWS))
      if (postponement) await this.#park(copy, lease, row.key, postponement);
    const position = await this.positions.translate(anchor.position);
    await save([], { position, anchor: { position, eventId: anchor.eventId } });
    await this.target.releaseLease(lease);
    return Number(anchor.position);
  }

  #park(copy: ReadModelCopy, lease: Lease, key: string, { tries, reason }: Postponement): Promise<'saved' | 'fenced'> {
    return this.target.postpone(copy, lease, key, { tries, reason, waitMs: null });
  }

  async #acquireLease(name: string): Promise<Lease> {
    const deadline = performance.now() + LEASE_WAIT_LIMIT_MS;
    for (;;) {
      const lease = await this.target.acquireLease(name, this.#owner, LEASE_MS);
      if (lease !== null) return lease;
      if (performance.now() > deadline) throw new CommandFailed('Another migration into these stores is under way.');
      await sleep(LEASE_POLL_MS);
    }
  }
}

function countersOf(rows: readonly StoredRow[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of rows.flatMap(({ counters }) => counters)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
