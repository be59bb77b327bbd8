import {
  type ClientSession,
  type Db,
  type DbOptions,
  MongoClient,
  type MongoClientOptions,
  ReadConcern,
} from 'mongodb';
import { StoreUnavailable } from '#kernel';
import { translate } from './failures.js';
import { MONGO_LIMITS, type MongoLimits } from './limits.js';
import { ACKNOWLEDGED, repeatTransaction } from './transaction.js';

const DEFAULT_DATABASE = 'social_accounts';
const DATABASE_OF_URL = /^mongodb(?:\+srv)?:\/\/[^/?]+\/([^?]+)/;

/** Given to the database, since the connection string goes before what is given to the client. */
const CONCERNS: DbOptions = {
  readConcern: new ReadConcern('majority'),
  writeConcern: ACKNOWLEDGED,
  readPreference: 'primary',
};

/** Thrown for a server without a replica set, which has no transactions. */
export class ReplicaSetRequired extends Error {
  override readonly name = 'ReplicaSetRequired';
}

export interface MongoConnectionOptions {
  /** A connection string; the database it names is used unless another is given. */
  readonly url: string;
  readonly database?: string;
  readonly limits?: Partial<MongoLimits>;
}

/** One client of a replica set, for every store in the same database. */
export class MongoConnection {
  #isClosed = false;

  private constructor(
    readonly client: MongoClient,
    readonly database: Db,
    readonly limits: MongoLimits,
  ) {}

  /**
   * @throws ReplicaSetRequired for a stand-alone server; StoreUnavailable when there is no answer in time.
   * Settings of the connection string that would weaken what is acknowledged have no effect.
   */
  static async open(options: MongoConnectionOptions): Promise<MongoConnection> {
    const limits = { ...MONGO_LIMITS, ...options.limits };
    const client = new MongoClient(options.url, clientOptions(limits));
    const database = client.db(options.database ?? databaseOf(options.url), CONCERNS);
    const connection = new MongoConnection(client, database, limits);
    try {
      await connection.run(() => requireReplicaSet(client), limits.structureMs);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** Does something with the database. @throws StoreUnavailable when it is away or does not answer in time. */
  async run<Result>(work: () => Promise<Result>, limitMs = this.limits.answerMs): Promise<Result> {
    if (this.#isClosed) throw new Error('The connection to MongoDB is closed.');
    try {
      return await within(work(), limitMs);
    } catch (error) {
      throw translate(error);
    }
  }

  /**
   * Does something in one transaction, all or nothing, and again where another transaction stood in its way: `work` is
   * repeatable, does one operation at a time, and lets errors through. It is not begun again once the time is over, though
   * what was under way then may still take effect. Inside of `run`, which bounds and translates.
   */
  async transact<Result>(
    work: (session: ClientSession) => Promise<Result>,
    options: { readonly session?: ClientSession; readonly limitMs?: number } = {},
  ): Promise<Result> {
    const { session = this.client.startSession(), limitMs = this.limits.answerMs } = options;
    const deadline = performance.now() + limitMs;
    try {
      return await repeatTransaction(session, work, deadline);
    } finally {
      if (options.session === undefined) await session.endSession();
    }
  }

  /** Repeatable. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.client.close();
  }
}

/** `timeoutMS` has no effect in this driver: silence is noticed by its monitor, and bounded by `within`. */
const clientOptions = (limits: MongoLimits): MongoClientOptions => ({
  appName: 'social-accounts',
  retryReads: true,
  retryWrites: true,
  serverSelectionTimeoutMS: limits.selectionMs,
  waitQueueTimeoutMS: limits.selectionMs,
  heartbeatFrequencyMS: limits.heartbeatMs,
  connectTimeoutMS: limits.silenceMs,
});

function databaseOf(url: string): string {
  const named = DATABASE_OF_URL.exec(url)?.[1];
  return named === undefined ? DEFAULT_DATABASE : decodeURIComponent(named);
}

async function requireReplicaSet(client: MongoClient): Promise<void> {
  const hello = await client.db('admin').command({ hello: 1 });
  // A router of a sharded cluster has no set name, and transactions all the same.
  if (hello['setName'] !== undefined || hello['msg'] === 'isdbgrid') return;
  throw new ReplicaSetRequired(
    'MongoDB runs as a stand-alone server, which has no transactions. Start mongod with --replSet rs0 and run ' +
      'rs.initiate() in mongosh once; one member is enough, and its data stays.',
  );
}

const noAnswer = (limitMs: number): StoreUnavailable =>
  new StoreUnavailable(`MongoDB gave no answer in ${limitMs} ms.`);

/** Rejects when there is no answer in time; a later one is passed over. */
function within<Answer>(answer: Promise<Answer>, limitMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(noAnswer(limitMs)), limitMs);
    const settle = (tell: () => void): void => {
      clearTimeout(timer);
      tell();
    };
    answer.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
  });
}
