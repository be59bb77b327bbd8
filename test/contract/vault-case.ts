import type { VaultRecord, VaultStore, WrappedKey } from '#kernel';

/** A store over empty data, for a whole suite. */
export interface VaultStoreSetUp {
  readonly store: VaultStore;
  /** The same data as another process sees it; the same store where one process at a time may use the data. */
  readonly another: VaultStore;
  dispose(): Promise<void>;
}

let cases = 0;

/** Names that no other test uses, over the suite's store. */
export class VaultCase {
  readonly store: VaultStore;
  readonly another: VaultStore;
  readonly kind: string;
  readonly subject: string;

  constructor({ store, another }: VaultStoreSetUp) {
    cases += 1;
    this.store = store;
    this.another = another;
    this.kind = `kind-${cases}`;
    this.subject = `account:acc_${cases}`;
  }

  /** The store's turn: even ones are the store, odd ones another process's. */
  storeOf(turn: number): VaultStore {
    return turn % 2 === 0 ? this.store : this.another;
  }

  async makeKey(subject = this.subject): Promise<WrappedKey> {
    const key = await this.store.insertKey(wrappedKey(subject));
    if (key === 'destroyed') throw new Error(`The key of ${subject} is destroyed.`);
    return key;
  }

  /** A record under the case's own kind, under no key unless told otherwise. */
  record(id: string, content: Partial<VaultRecord> = {}): VaultRecord {
    return { kind: this.kind, id, subject: null, value: { of: id }, sealed: null, dueAt: null, ...content };
  }

  /** Inserts, insists on success, and answers the version. */
  async insert(record: VaultRecord): Promise<number> {
    const outcome = await this.store.insert(record);
    if (outcome !== 'written') throw new Error(`The insert was ${outcome}.`);
    return this.versionOf(record.id, record.kind);
  }

  async versionOf(id: string, kind = this.kind): Promise<number> {
    const stored = await this.store.read(kind, id);
    if (!stored) throw new Error(`There is no record ${id}.`);
    return stored.version;
  }

  async idsOf(prefix = ''): Promise<readonly string[]> {
    return (await this.store.list(this.kind, prefix, 1_000)).map(({ id }) => id);
  }
}

export const wrappedKey = (subject: string, wrapped = 'd3JhcHBlZA==', masterKeyId = 'master-1'): WrappedKey => ({
  subject,
  wrapped,
  masterKeyId,
});

export const times = <Result>(count: number, make: (index: number) => Promise<Result>): Promise<Result[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));
