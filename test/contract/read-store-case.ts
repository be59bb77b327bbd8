import type {
  Checkpoint,
  FieldValue,
  JsonObject,
  Lease,
  FailedTry,
  ReadModelCopy,
  ReadModelShape,
  ReadStore,
  RowQuery,
  StoredRow,
  StreamToPark,
} from '#kernel';

/** A store over empty data, for a whole suite. */
export interface ReadStoreSetUp {
  readonly store: ReadStore;
  /** The same data as another process sees it; the same store where one process at a time may use the data. */
  readonly another: ReadStore;
  dispose(): Promise<void>;
}

const LEASE_MS = 60_000;
/** How often a contested lease changes hands. */
export const LEASE_STEALS = process.env['TEST_LONG'] === '1' ? 200 : 50;

const FIELDS = { workspace: 'text', status: 'text', name: 'text', size: 'number' } as const;
const INDEXES = {
  byWorkspace: ['workspace'],
  byName: ['workspace', 'name'],
  bySize: ['workspace', 'size'],
  byStatusAndName: ['workspace', 'status', 'name'],
  everyName: ['name'],
};

let cases = 0;

/** A prepared copy of a read model that no other test uses, with its lease. */
export class ReadStoreCase {
  private constructor(
    readonly store: ReadStore,
    readonly another: ReadStore,
    readonly shape: ReadModelShape,
    readonly copy: ReadModelCopy,
    readonly lease: Lease,
  ) {}

  static async begin({ store, another }: ReadStoreSetUp): Promise<ReadStoreCase> {
    cases += 1;
    const shape = { name: `model-${cases}`, version: 1, fields: FIELDS, indexes: INDEXES, terms: ['words', 'members'] };
    const copy = { name: shape.name, version: 1, generation: 0, partition: 0 };
    await store.prepare(shape, copy);
    if (another !== store) await another.prepare(shape, copy);
    const lease = await acquire(store, `lease of ${shape.name}`, 'owner', LEASE_MS);
    return new ReadStoreCase(store, another, shape, copy, lease);
  }

  /** Saves under the case's lease, and insists on success. */
  async save(changes: {
    readonly puts?: readonly StoredRow[];
    readonly deletes?: readonly string[];
    readonly counts?: Readonly<Record<string, number>>;
    readonly checkpoint?: Checkpoint;
    readonly parks?: readonly StreamToPark[];
    readonly unparks?: readonly string[];
  }): Promise<void> {
    const outcome = await this.store.save(this.copy, this.lease, {
      puts: changes.puts ?? [],
      deletes: changes.deletes ?? [],
      counts: new Map(Object.entries(changes.counts ?? {})),
      checkpoint: changes.checkpoint ?? null,
      parks: changes.parks ?? [],
      unparks: changes.unparks ?? [],
    });
    if (outcome !== 'saved') throw new Error(`The save was ${outcome}.`);
  }

  /** Moves the checkpoint of a copy and nothing else, under the case's lease. */
  async moveTo(copy: ReadModelCopy, position: number): Promise<void> {
    const checkpoint = { position: String(position), anchor: null };
    const changes = { puts: [], deletes: [], counts: new Map<string, number>(), checkpoint };
    const outcome = await this.store.save(copy, this.lease, changes);
    if (outcome !== 'saved') throw new Error(`The save was ${outcome}.`);
  }

  async load(key: string): Promise<StoredRow | undefined> {
    return (await this.store.load(this.copy, [key])).get(key);
  }

  async findKeys(query: Partial<RowQuery> & Pick<RowQuery, 'index' | 'equals'>): Promise<readonly string[]> {
    const found = await this.store.find(this.copy, { order: 'ascending', limit: 1_000, ...query });
    return found.map(({ key }) => key);
  }

  /** Another copy of the same model, prepared. */
  async prepareCopy(different: Partial<Omit<ReadModelCopy, 'name'>>): Promise<ReadModelCopy> {
    const copy = { ...this.copy, ...different };
    await this.store.prepare({ ...this.shape, version: copy.version }, copy);
    return copy;
  }
}

export async function acquire(store: ReadStore, name: string, owner: string, forMs: number): Promise<Lease> {
  const lease = await store.acquireLease(name, owner, forMs);
  if (!lease) throw new Error(`${owner} did not get the lease ${name}.`);
  return lease;
}

/** A row with every field, unless told otherwise. */
export function row(
  key: string,
  content: {
    readonly fields?: Readonly<Record<string, FieldValue>>;
    readonly words?: readonly string[];
    readonly members?: readonly string[];
    readonly scope?: string;
    readonly counters?: readonly string[];
    readonly dueAt?: string | null;
    readonly body?: JsonObject;
  } = {},
): StoredRow {
  const scope = content.scope ?? 'ws_1';
  return {
    key,
    body: content.body ?? { of: key },
    fields: { workspace: 'ws_1', status: null, name: null, size: null, ...content.fields },
    terms: {
      ...(content.words ? { words: { scope, values: content.words } } : {}),
      ...(content.members ? { members: { scope, values: content.members } } : {}),
    },
    counters: content.counters ?? [],
    dueAt: content.dueAt ?? null,
  };
}

/** How far the clock of a store may be from that of the spec, on one machine, and how long a write may take. */
const STORE_TIME_TOLERANCE_MS = 5_000;

/** A failed try as a store gives it back that was handed it just now: with the time of the next one by the store's clock. */
export function kept<Given extends FailedTry>({ waitMs, ...given }: Given): object {
  if (waitMs === null) return { ...given, nextTryAt: null };
  const expectedAt = Date.now() + waitMs;
  return { ...given, nextTryAt: near(expectedAt) };
}

const near = (instantMs: number): unknown => ({
  asymmetricMatch: (found: unknown) =>
    typeof found === 'string' &&
    new Date(found).toISOString() === found &&
    Math.abs(Date.parse(found) - instantMs) < STORE_TIME_TOLERANCE_MS,
  toString: () => `an instant near ${new Date(instantMs).toISOString()}`,
});

/** The order that the ports promise for texts. */
export const byCodePoint = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
