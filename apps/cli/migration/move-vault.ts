import {
  isStoredAnswer,
  keepSameAnswer,
  translateStoredAnswer,
  type AnswerSealer,
  type TranslatePosition,
} from '#http';
import type { StoredVaultRecord, VaultRecord, VaultStore, WrappedKey } from '#kernel';
import { MIGRATION_RECORD_KIND } from '#runtime';
import { atOnce, Turns } from '../at-once.js';
import { CommandFailed } from '../command.js';
import { pages } from '../pages.js';
import type { Progress } from '../progress.js';
import { byCodePoint, sideBySide } from './merge.js';

const PAGE_ITEMS = 500;
const AT_ONCE = 32;

type Report = (what: string, total: number) => Progress;
type Pair<Item> = readonly [source: Item | null, target: Item | null];

/** One of the vault's lists: how it is read, told apart and moved. */
interface Kind<Item> {
  readonly what: string;
  read(store: VaultStore): AsyncGenerator<Item>;
  compare(a: Item, b: Item): number;
  /** Whether the target has what it should. */
  agree(source: Item, target: Item): Promise<boolean>;
  /** What writes of this item would stand in each other's way, or null. */
  turnOf(item: Item): string | null;
  /** Makes the target agree with the source. */
  move(pair: Pair<Item>): Promise<void>;
}

export interface MovedVault {
  readonly keys: number;
  readonly destroyed: number;
  readonly records: number;
}

/**
 * Moves everything of a vault into another one, unchanged but for the positions that stored answers name. What is there already
 * and right is left, so that it can be repeated; holds are their owners', and stay behind. In the end everything is compared.
 */
export class VaultMove {
  constructor(
    private readonly source: VaultStore,
    private readonly target: VaultStore,
    private readonly answers: { readonly sealer: AnswerSealer; readonly translate: TranslatePosition },
    private readonly report: Report,
  ) {}

  /** @throws CommandFailed when the target holds what the source does not explain. */
  async run(): Promise<MovedVault> {
    // What was destroyed comes first: whatever an earlier run wrote under such a key goes with it.
    const destroyed = await this.#carry(this.#destroyed());
    const keys = await this.#carry(this.#keys());
    const records = await this.#carry(this.#records());
    return { keys, destroyed, records };
  }

  async #carry<Item>(kind: Kind<Item>): Promise<number> {
    let total = 0;
    for await (const _item of kind.read(this.source)) total += 1;
    const moving = this.report(kind.what, total);
    const pairs = (): AsyncGenerator<Pair<Item>> =>
      sideBySide(kind.read(this.source), kind.read(this.target), (a, b) => kind.compare(a, b));
    const turns = new Turns();
    await atOnce(AT_ONCE, pairs(), async ([source, target]) => {
      if (source === null || target === null || !(await kind.agree(source, target))) {
        const turn = source === null ? null : kind.turnOf(source);
        const move = (): Promise<void> => kind.move([source, target]);
        await (turn === null ? move() : turns.take(turn, move));
      }
      if (source !== null) moving.advance(1);
    });
    moving.end();
    const comparing = this.report(`${kind.what} compared`, total);
    await atOnce(AT_ONCE, pairs(), async ([source, target]) => {
      if (source === null || target === null || !(await kind.agree(source, target))) throw differs(kind.what);
      comparing.advance(1);
    });
    comparing.end();
    return total;
  }

  #destroyed(): Kind<string> {
    return {
      what: 'destroyed keys',
      read: (store) => pages((after) => store.destroyedSubjects(after, PAGE_ITEMS)),
      compare: byCodePoint,
      agree: () => Promise.resolve(true),
      turnOf: () => null,
      move: async ([source]) => {
        if (source === null) throw differs('destroyed keys');
        await this.target.destroyKey(source);
      },
    };
  }

  #keys(): Kind<WrappedKey> {
    return {
      what: 'keys',
      read: (store) => pages((after: WrappedKey | null) => store.listKeys(after?.subject ?? null, PAGE_ITEMS)),
      compare: (a, b) => byCodePoint(a.subject, b.subject),
      agree: async (a, b) => a.wrapped === b.wrapped && a.masterKeyId === b.masterKeyId,
      turnOf: () => null,
      move: async ([source, target]) => {
        if (source === null) throw differs('keys');
        // Wrapped anew since an earlier run: it is the same key.
        if (target === null) await this.target.insertKey(source);
        else await this.target.rewrapKey(target, source);
      },
    };
  }

  #records(): Kind<StoredVaultRecord> {
    return {
      what: 'secrets, claims and answers',
      read: (store) => recordsOf(store),
      compare: (a, b) => byCodePoint(a.kind, b.kind) || byCodePoint(a.id, b.id),
      agree: (source, target) => this.#agree(source, target),
      // On a server each of these is a transaction that changes the subject's key.
      turnOf: ({ subject }) => subject,
      move: ([source, target]) => this.#moveRecord(source, target),
    };
  }

  async #agree(source: StoredVaultRecord, target: StoredVaultRecord): Promise<boolean> {
    if (factsOf(source) !== factsOf(target)) return false;
    if (!isStoredAnswer(source)) return source.sealed === target.sealed;
    return keepSameAnswer(await this.#translated(source), target, this.answers.sealer);
  }

  async #moveRecord(source: StoredVaultRecord | null, target: StoredVaultRecord | null): Promise<void> {
    if (source === null) {
      // An earlier run moved it, and the service removed it since.
      if (target !== null) await this.target.remove(target.kind, target.id, target.version);
      return;
    }
    const { version: _version, ...record } = isStoredAnswer(source) ? await this.#translated(source) : source;
    const written = target ? await this.target.replace(record, target.version) : await this.target.insert(record);
    if (written !== 'written') throw differs('records');
  }

  async #translated(record: StoredVaultRecord): Promise<StoredVaultRecord> {
    const { sealer, translate } = this.answers;
    return { ...(await translateStoredAnswer(record, sealer, translate)), version: record.version };
  }
}

/** All but what says how the migration itself stands. */
async function* recordsOf(store: VaultStore): AsyncGenerator<StoredVaultRecord> {
  for await (const record of pages((after: StoredVaultRecord | null) => store.walk(after, PAGE_ITEMS))) {
    if (record.kind !== MIGRATION_RECORD_KIND) yield record;
  }
}

const factsOf = ({ subject, value, dueAt }: VaultRecord): string => JSON.stringify([subject, value, dueAt]);

const differs = (what: string): CommandFailed =>
  new CommandFailed(`The target's ${what} are not those of the data directory: does somebody else write to it?`);
