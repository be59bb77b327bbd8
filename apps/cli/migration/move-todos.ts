import { randomUUID } from 'node:crypto';
import {
  isAutomation,
  type ReadModel,
  type ReadModelCopy,
  type ReadStore,
  type RowChanges,
  type StoredRow,
} from '#kernel';
import { CommandFailed } from '../command.js';
import type { Positions } from './positions.js';

const ROWS_PER_SAVE = 500;
const LEASE_MS = 10 * 60_000;

/**
 * Moves an automation's to-dos as they are, with its checkpoint in the target's words: one that is settled leaves no event, so that
 * a fold of the log alone would bring it back. What the source has not folded yet, or keeps in another shape, is folded from the
 * log instead. What was put off or parked is tried again at its time. Repeatable.
 */
export class TodoMove {
  constructor(
    private readonly source: ReadStore,
    private readonly target: ReadStore,
    private readonly positions: Positions,
    private readonly eventIdAt: (position: string) => Promise<string | null>,
  ) {}

  async run(models: readonly ReadModel[]): Promise<void> {
    for (const model of models.filter(isAutomation)) {
      for (let partition = 0; partition < model.partitions; partition += 1) {
        await this.#move(model, { name: model.name, version: model.version, generation: 0, partition });
      }
    }
  }

  async #move(model: ReadModel, copy: ReadModelCopy): Promise<void> {
    if ((await this.target.checkpoint(copy)) !== null) return;
    // In an embedded store everything that is read is an event of ours: what was reached is the newest one's place.
    const anchor = (await this.source.checkpoint(copy))?.anchor;
    if (!anchor || (await this.eventIdAt(anchor.position)) !== anchor.eventId) return;
    await this.source.prepare(model, copy);
    // Without a checkpoint it is what an interrupted run has left.
    await this.target.drop(copy);
    await this.target.prepare(model, copy);
    const lease = await this.target.acquireLease(`migration ${model.name}/${copy.partition}`, randomUUID(), LEASE_MS);
    if (lease === null) throw new CommandFailed('Another migration into these stores is under way.');
    const save = async (puts: readonly StoredRow[], checkpoint: RowChanges['checkpoint']): Promise<void> => {
      const saved = await this.target.save(copy, lease, { puts, deletes: [], counts: countersOf(puts), checkpoint });
      if (saved === 'fenced') throw new CommandFailed('Another migration into these stores is under way.');
    };
    let waiting: StoredRow[] = [];
    for await (const row of this.source.scan(copy)) {
      waiting.push(row);
      if (waiting.length < ROWS_PER_SAVE) continue;
      await save(waiting, null);
      waiting = [];
    }
    const position = await this.positions.translate(anchor.position);
    await save(waiting, { position, anchor: { position, eventId: anchor.eventId } });
    await this.target.releaseLease(lease);
  }
}

function countersOf(rows: readonly StoredRow[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of rows.flatMap(({ counters }) => counters)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
