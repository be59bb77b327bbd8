import {
  decodeEvent,
  parseStreamName,
  type ReadModel,
  type ReadModelCopy,
  type RecordedEvent,
  type StoredRow,
} from '#kernel';
import { connection, grant, socialAccount } from '#social-accounts';
import { workspace } from '#workspaces';
import { RowWriter } from '../../libs/kernel/row-writer.js';
import { ManualClock, type SpecStores } from '../../libs/kernel/spec-stores.js';

const LEASE_MS = 600_000;
const AT_ONCE = 500;
const ROUNDS = 50;
const DEFINITIONS = [workspace, connection, grant, socialAccount];

const decode = (recorded: RecordedEvent): { readonly type: string; readonly data: object } => {
  const { category } = parseStreamName(recorded.stream);
  const definition = DEFINITIONS.find((one) => one.category === category);
  if (!definition) throw new Error(`Nobody knows ${category}.`);
  return decodeEvent(definition as never, recorded);
};

let generations = 0;

/** One copy of a read model, filled by hand. */
export class Projection {
  private constructor(
    readonly stores: SpecStores,
    readonly model: ReadModel,
    readonly copy: ReadModelCopy,
    private readonly writer: RowWriter,
    readonly clock: ManualClock,
  ) {}

  static async begin(stores: SpecStores, model: ReadModel, at: Date): Promise<Projection> {
    const copy = { name: model.name, version: model.version, generation: (generations += 1), partition: 0 };
    const clock = new ManualClock(at);
    await stores.rows.prepare(model, copy);
    const lease = await stores.rows.acquireLease(`${model.name} ${copy.generation}`, 'spec', LEASE_MS);
    if (!lease) throw new Error('The lease is taken.');
    const { events, rows, vault } = stores;
    const writer = new RowWriter(model, copy, { events, rows, vault, clock, decode }, () => lease);
    return new Projection(stores, model, copy, writer, clock);
  }

  async apply(events: readonly RecordedEvent[]): Promise<void> {
    const last = events.at(-1);
    if (last) await this.writer.apply({ events, position: last.position });
  }

  /** The clock comes to an instant, and everything that this makes due is described anew. */
  async comeTo(now: Date): Promise<void> {
    this.clock.moveTo(now);
    for (let round = 0; round < ROUNDS; round += 1) {
      const due = await this.stores.rows.due(this.copy, now.toISOString(), AT_ONCE);
      if (due.length === 0) return;
      await this.writer.redescribe(due.map(({ row }) => row.key));
    }
    throw new Error('Rows are described as due for ever.');
  }

  async rows(): Promise<readonly StoredRow[]> {
    const rows: StoredRow[] = [];
    for await (const row of this.stores.rows.scan(this.copy)) rows.push(row);
    return rows;
  }

  async counters(): Promise<Readonly<Record<string, number>>> {
    return Object.fromEntries(await this.stores.rows.countsByPrefix(this.copy, ''));
  }

  /** Everything in the copy as one text: equal texts are equal bytes. */
  async content(): Promise<string> {
    return JSON.stringify([await this.rows(), await this.counters()], null, 1);
  }

  drop(): Promise<void> {
    return this.stores.rows.drop(this.copy);
  }
}

/** What the rows say that the counters should be. */
export function recount(rows: readonly StoredRow[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const name of rows.flatMap(({ counters }) => counters)) counts[name] = (counts[name] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}
