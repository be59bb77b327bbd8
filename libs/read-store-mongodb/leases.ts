import type { Binary, ClientSession, Collection, Timestamp } from 'mongodb';
import { StoreUnavailable, type Lease } from '#kernel';
import type { MongoConnection } from './connection.js';
import { ensureCollection } from './copy-catalog.js';
import { isDuplicateKey } from './failures.js';
import { beginningWith } from './text-order.js';

/** Who may write, until when, and in which session. No transaction touches it, so that nobody has to wait in order to ask. */
interface LeaseDocument {
  readonly _id: string;
  readonly owner: string | null;
  readonly until: Date;
  readonly fence: number;
  /** Of the owner's transactions, and of those of the owner before. */
  readonly session?: Binary;
  readonly formerSession?: Binary;
}

/** The newest fence that writes: every transaction under a lease changes this document, and finds its own fence there. */
interface FenceDocument {
  readonly _id: string;
  readonly fence: number;
  readonly writes: number;
}

type UnderLease = (session: ClientSession) => Promise<'saved' | 'fenced'>;

/** One owner's side of a lease in this process. */
interface Holding {
  readonly session: ClientSession;
  /** The fence that was raised for it. */
  fence: number | null;
  /** A session does one transaction at a time. */
  queue: Promise<unknown>;
}

/**
 * Fenced leases. An owner's transactions run in one session, which the lease names: whoever takes the lease over ends that
 * session, so that a frozen or killed owner's transaction, which would hold the fence until the server's limit, is over at
 * once; then it raises the fence, and nothing of the former owner is written any more.
 */
export class Leases {
  readonly #leases: Collection<LeaseDocument>;
  readonly #fences: Collection<FenceDocument>;
  readonly #holdings = new Map<string, Holding>();
  /** Sessions with a transaction whose end is not known. */
  readonly #unsettled = new Set<ClientSession>();
  /** The server's logical time of what was last written under a lease here. */
  #writtenAt: Timestamp | null = null;

  constructor(private readonly connection: MongoConnection) {
    this.#leases = connection.database.collection('leases');
    this.#fences = connection.database.collection('fences');
  }

  async open(): Promise<void> {
    await ensureCollection(this.connection, this.#fences.collectionName);
  }

  /** The fence grows whenever a lease is taken anew, and stays while its owner prolongs it. */
  async acquire(name: string, owner: string, forMs: number): Promise<Lease | null> {
    await this.settle();
    const holding = this.#holding(name, owner);
    const lease = await this.#take(name, owner, forMs, sessionId(holding.session));
    if (lease === null) return null;
    if (holding.fence !== lease.fence) {
      if (lease.formerSession) await this.#end([lease.formerSession]);
      if (!(await this.#raise(name, lease.fence))) return null;
      holding.fence = lease.fence;
    }
    return { name, owner, fence: lease.fence };
  }

  /**
   * The fence outlives the lease, so that the next holder's is newer. The session does not: once the lease names it no more,
   * so that no successor ends it, the driver may give it to whoever asks next.
   */
  async release({ name, owner, fence }: Lease): Promise<void> {
    const key = keyOf(name, owner);
    const holding = this.#holdings.get(key);
    await holding?.queue;
    const free = { $set: { owner: null, until: new Date(0) }, $unset: { session: true, formerSession: true } } as const;
    const { matchedCount } = await this.#leases.updateOne({ _id: name, owner, fence }, free);
    if (matchedCount === 0 || holding === undefined || this.#holdings.get(key) !== holding) return;
    this.#holdings.delete(key);
    await holding.queue;
    await holding.session.endSession();
  }

  /** Those that are held now by the server's clock, by name. */
  async holders(prefix: string): Promise<readonly { readonly name: string; readonly owner: string }[]> {
    const isHeld = { owner: { $ne: null }, $expr: { $gt: ['$until', '$$NOW'] } };
    const found = this.#leases.find({ _id: beginningWith(prefix), ...isHeld }, { projection: { owner: 1 } });
    return (await found.sort({ _id: 1 }).toArray()).flatMap(({ _id: name, owner }) =>
      owner === null ? [] : [{ name, owner }],
    );
  }

  /**
   * Does something in a transaction that counts only while nobody has raised the fence, and nothing where it answers 'fenced'
   * itself. `work` is repeatable.
   * @throws StoreUnavailable when it cannot be known whether it was done; `settle` is what ends that.
   */
  async writeUnder(lease: Lease, work: UnderLease): Promise<'saved' | 'fenced'> {
    await this.connection.run(() => this.settle());
    const holding = this.#holding(lease.name, lease.owner);
    const run = holding.queue.then(() => this.#write(holding, lease, work));
    holding.queue = run.catch(() => undefined);
    return run;
  }

  /**
   * Reads nothing older than what was written under a lease here. A primary that was just elected could else answer, for a
   * moment, from before a batch that the one before it acknowledged: the next batch would be folded onto rows without it.
   */
  async readWritten<Result>(read: (session: ClientSession) => Promise<Result>): Promise<Result> {
    const session = this.connection.client.startSession({ causalConsistency: true });
    if (this.#writtenAt !== null) session.advanceOperationTime(this.#writtenAt);
    try {
      return await read(session);
    } finally {
      await session.endSession();
    }
  }

  /**
   * After this, every transaction that went wrong here is either done or never will be: a commit that was under way could
   * else take effect behind whoever looked at the checkpoint meanwhile.
   */
  async settle(): Promise<void> {
    if (this.#unsettled.size === 0) return;
    const sessions = [...this.#unsettled];
    await this.#end(sessions.map(sessionId));
    for (const session of sessions) this.#unsettled.delete(session);
    await Promise.all(sessions.map((session) => session.endSession()));
  }

  async close(): Promise<void> {
    const sessions = [...this.#unsettled, ...[...this.#holdings.values()].map(({ session }) => session)];
    await Promise.all(sessions.map((session) => session.endSession()));
  }

  async #write(holding: Holding, { name, owner, fence }: Lease, work: UnderLease): Promise<'saved' | 'fenced'> {
    const { session } = holding;
    const { saveMs } = this.connection.limits;
    const transaction = async (): Promise<'saved' | 'fenced'> => {
      const { matchedCount } = await this.#fences.updateOne({ _id: name, fence }, { $inc: { writes: 1 } }, { session });
      const outcome = matchedCount === 1 ? await work(session) : 'fenced';
      if (outcome === 'fenced') await session.abortTransaction();
      return outcome;
    };
    try {
      const outcome = await this.connection.run(
        () => this.connection.transact(transaction, { session, limitMs: saveMs }),
        saveMs,
      );
      this.#noteWritten(session);
      return outcome;
    } catch (error) {
      if (error instanceof StoreUnavailable) {
        this.#unsettled.add(session);
        this.#holdings.delete(keyOf(name, owner));
      }
      throw error;
    }
  }

  #noteWritten({ operationTime: at }: ClientSession): void {
    if (at !== undefined && (this.#writtenAt === null || at.greaterThan(this.#writtenAt))) this.#writtenAt = at;
  }

  #holding(name: string, owner: string): Holding {
    const known = this.#holdings.get(keyOf(name, owner));
    if (known) return known;
    const session = this.connection.client.startSession();
    const holding: Holding = { session, fence: null, queue: Promise.resolve() };
    this.#holdings.set(keyOf(name, owner), holding);
    return holding;
  }

  /** One conditional write by the server's clock; null while another owner holds the lease. */
  async #take(name: string, owner: string, forMs: number, session: Binary): Promise<LeaseDocument | null> {
    const isMine = { $eq: ['$owner', { $literal: owner }] };
    const isFree = { $or: [isMine, { $lte: ['$until', '$$NOW'] }] };
    const taken = {
      owner: { $literal: owner },
      until: { $add: ['$$NOW', forMs] },
      fence: { $cond: [isMine, '$fence', { $add: ['$fence', 1] }] },
      session: { $literal: session },
      formerSession: { $cond: [isMine, '$formerSession', '$session'] },
    };
    const take = (): Promise<LeaseDocument | null> =>
      this.#leases.findOneAndUpdate({ _id: name, $expr: isFree }, [{ $set: taken }], { returnDocument: 'after' });
    return (await take()) ?? ((await this.#begin(name)) ? take() : null);
  }

  /** Makes a lease that nobody holds where there is none. An upsert cannot do it at once, since it takes no expression. */
  async #begin(name: string): Promise<boolean> {
    const free = { owner: null, until: new Date(0), fence: 0 };
    const { upsertedCount } = await this.#leases.updateOne({ _id: name }, { $setOnInsert: free }, { upsert: true });
    return upsertedCount === 1;
  }

  /** From here on nothing is written under an older fence. False when a newer one was raised. */
  async #raise(name: string, fence: number): Promise<boolean> {
    try {
      const update = { $set: { fence }, $inc: { writes: 1 } };
      await this.#fences.updateOne({ _id: name, fence: { $lte: fence } }, update, { upsert: true });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** Aborts what is open in these sessions. They are of the database user that this process has as well. */
  async #end(sessions: readonly Binary[]): Promise<void> {
    await this.connection.client.db('admin').command({ killSessions: sessions.map((id) => ({ id })) });
  }
}

const keyOf = (name: string, owner: string): string => JSON.stringify([name, owner]);

function sessionId({ id }: ClientSession): Binary {
  if (id === undefined) throw new Error('A session without an id has no transactions.');
  return id.id;
}
