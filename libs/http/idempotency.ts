import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import {
  Clock,
  newCommandId,
  Refusal,
  StoreUnavailable,
  type StoredVaultRecord,
  type VaultRecord,
  VaultStore,
} from '#kernel';
import type { Principal } from './access.js';
import { canonicalJson } from './canonical-json.js';

export const IDEMPOTENCY_KIND = 'idempotency';
const KIND = IDEMPOTENCY_KIND;
/** Domain time for which a key stands for one command. */
export const KEY_LIFETIME_MS = 24 * 60 * 60 * 1000;
/** Real time. After a crash the key is free again when this is over: before a waiting request gives up. */
const HOLD_MS = 4_000;
const PROLONG_EVERY_MS = 1_000;
/** How long a second request waits for the first one's answer. */
const WAIT_LIMIT_MS = 5_000;
const FIRST_PAUSE_MS = 10;
const PAUSE_LIMIT_MS = 200;

/** Seals stored answers: they may show secrets, once, and end with the key that they are stored under. */
export abstract class AnswerSealer {
  /** Ciphertext, base64, bound to `id`. */
  abstract seal(id: string, text: string): Promise<string>;
  /** The text again, or null when it cannot be had any more: the command is then asked again under its own id. */
  abstract open(id: string, sealed: string): Promise<string | null>;
}

/** A request under a key, as far as the key is concerned. */
export interface KeyedRequest {
  readonly principal: Principal;
  readonly workspaceId: string | null;
  readonly method: string;
  readonly path: string;
  readonly key: string;
  readonly body: unknown;
  readonly correlationId: string;
}

/** What a key keeps of a command from its first arrival on. */
export interface CommandIdentity {
  readonly commandId: string;
  readonly correlationId: string;
  readonly at: Date;
  readonly mayBeDone: boolean;
}

/** What came of a try: an answer as text, and whether it is the key's for good. */
export interface Outcome<Answer> {
  readonly answer: Answer;
  readonly kept: boolean;
}

/** The row's facts in clear. */
type RowValue = {
  readonly bodyHash: string;
  readonly commandId: string;
  readonly correlationId: string;
  readonly at: string;
  readonly state: 'open' | 'answered';
  /** Somebody but the one who wrote the row has tried it. */
  readonly taken: boolean;
};

/** A row that this request holds and works on. */
interface Held {
  readonly owner: string;
  record: StoredVaultRecord;
  readonly mayBeDone: boolean;
}

const valueOf = (record: VaultRecord): RowValue => record.value as unknown as RowValue;

/**
 * Gives the same key and body the same answer for 24 h, also after a crash and when two arrive at once.
 *
 * The row is written before the command runs, and held for as long as it does. Whoever finds a row that nobody holds and
 * nobody has answered carries on with its command id, told that the command may already be done. A hold that was lost
 * meanwhile (a stalled process) harms nothing: both then run the same command, whose events have the same ids.
 */
@Injectable()
export class IdempotentRequests {
  constructor(
    private readonly vaultStore: VaultStore,
    private readonly sealer: AnswerSealer,
    private readonly clock: Clock,
  ) {}

  /** The stored answer to this key, or that of `execute`; a refusal when the key is another body's, or taken for too long. */
  async answer<Answer>(
    request: KeyedRequest,
    execute: (command: CommandIdentity) => Promise<Outcome<Answer>>,
  ): Promise<Answer | Refusal> {
    const id = idOf(request);
    const bodyHash = hash(canonicalJson(request.body));
    const giveUpAt = performance.now() + WAIT_LIMIT_MS;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_LIMIT_MS)) {
      const found = await this.claim<Answer>(id, bodyHash, request.correlationId);
      if (found instanceof Refusal) return found;
      if (found !== null && 'answer' in found) return found.answer;
      if (found !== null) return this.carryOut(found, execute);
      if (performance.now() >= giveUpAt) return inProgress();
      await pause(pauseMs);
    }
  }

  /** The row to work on, the answer that is already there, a refusal, or null to look again later. */
  private async claim<Answer>(
    id: string,
    bodyHash: string,
    correlationId: string,
  ): Promise<Held | { readonly answer: Answer } | Refusal | null> {
    const found = await this.vaultStore.read(KIND, id);
    if (found === null || isOver(found, this.clock.now())) {
      // Removed rather than replaced, so that what is left of the old row's hold goes with it.
      if (found !== null && !(await this.vaultStore.remove(KIND, id, found.version))) return null;
      const fresh = this.newRow(id, bodyHash, correlationId);
      return (await this.vaultStore.insert(fresh)) === 'written' ? this.hold(fresh, true) : null;
    }
    if (valueOf(found).bodyHash !== bodyHash) return reused();
    const answer = await this.openAnswer<Answer>(found);
    return answer ?? this.hold(found, false);
  }

  private newRow(id: string, bodyHash: string, correlationId: string): VaultRecord {
    const at = this.clock.now();
    const value: RowValue = {
      bodyHash,
      commandId: newCommandId(),
      correlationId,
      at: at.toISOString(),
      state: 'open',
      taken: false,
    };
    const dueAt = new Date(at.getTime() + KEY_LIFETIME_MS).toISOString();
    return { kind: KIND, id, subject: null, value: { ...value }, sealed: null, dueAt };
  }

  private async openAnswer<Answer>(row: VaultRecord): Promise<{ readonly answer: Answer } | null> {
    if (row.sealed === null) return null;
    const text = await this.sealer.open(row.id, row.sealed);
    return text === null ? null : { answer: JSON.parse(text) as Answer };
  }

  /** Takes the row that was seen for this request; null when another has it, or it is no longer the row that was seen. */
  private async hold(seen: VaultRecord, isNew: boolean): Promise<Held | null> {
    const owner = randomUUID();
    const record = await this.vaultStore.hold(KIND, seen.id, owner, HOLD_MS);
    if (record === null) return null;
    const before = valueOf(seen);
    const now = valueOf(record);
    if (now.commandId !== before.commandId || now.state !== before.state) {
      await this.vaultStore.release(KIND, seen.id, owner);
      return null;
    }
    if (isNew || now.taken) return { owner, record, mayBeDone: !isNew || now.taken };
    return this.markTaken(owner, record);
  }

  /** So that the one who wrote the row, coming late to hold it, knows that another has tried meanwhile. */
  private async markTaken(owner: string, record: StoredVaultRecord): Promise<Held | null> {
    const value = { ...record.value, taken: true };
    const written = await this.vaultStore.replace({ ...recordOf(record), value }, record.version);
    const marked = written === 'written' ? await this.vaultStore.hold(KIND, record.id, owner, HOLD_MS) : null;
    return marked === null ? null : { owner, record: marked, mayBeDone: true };
  }

  private async carryOut<Answer>(
    held: Held,
    execute: (command: CommandIdentity) => Promise<Outcome<Answer>>,
  ): Promise<Answer> {
    const { commandId, correlationId, at } = valueOf(held.record);
    const stopProlonging = this.prolong(held);
    try {
      const outcome = await execute({ commandId, correlationId, at: new Date(at), mayBeDone: held.mayBeDone });
      await stopProlonging();
      await this.settle(held, outcome);
      return outcome.answer;
    } finally {
      await stopProlonging();
    }
  }

  /** Ends the try. What is done is done and its answer known: a store that is away by now must not take it back. */
  private async settle(held: Held, outcome: Outcome<unknown>): Promise<void> {
    try {
      if (outcome.kept) await this.keep(held.record, outcome.answer);
      else await this.vaultStore.release(KIND, held.record.id, held.owner);
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) throw error;
    }
  }

  /** Stores the answer, unless the row has moved on: then this answer is the caller's all the same. */
  private async keep(record: StoredVaultRecord, answer: unknown): Promise<void> {
    const value = { ...record.value, state: 'answered' };
    const sealed = await this.sealer.seal(record.id, JSON.stringify(answer));
    await this.vaultStore.replace({ ...recordOf(record), value, sealed }, record.version);
  }

  /** Keeps the hold while its owner works. Answers how to stop, which resolves once nothing is under way any more. */
  private prolong(held: Held): () => Promise<void> {
    let underWay: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      underWay = this.vaultStore.hold(KIND, held.record.id, held.owner, HOLD_MS).then(
        (record) => {
          if (record !== null) held.record = record;
        },
        // The store is away: the hold may end early, which is harmless, and the answer will say what matters.
        () => undefined,
      );
    }, PROLONG_EVERY_MS);
    timer.unref();
    return () => {
      clearInterval(timer);
      return underWay;
    };
  }
}

/** Removes the keys whose 24 h are over, at most `limit` of them. Answers how many went. */
export async function sweepIdempotency(vaultStore: VaultStore, now: Date, limit: number): Promise<number> {
  const due = await vaultStore.due(KIND, now.toISOString(), limit);
  let removed = 0;
  for (const row of due) if (await vaultStore.remove(KIND, row.id, row.version)) removed += 1;
  return removed;
}

/** After its 24 h a key is free for a new command. */
const isOver = (row: VaultRecord, now: Date): boolean => row.dueAt !== null && row.dueAt <= now.toISOString();

function recordOf({ kind, id, subject, value, sealed, dueAt }: StoredVaultRecord): VaultRecord {
  return { kind, id, subject, value, sealed, dueAt };
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Parts are length-prefixed, so that no two lists of parts meet in one id. */
function idOf({ principal, workspaceId, method, path, key }: KeyedRequest): string {
  const parts = [principal.kind, principal.id, workspaceId ?? '', method, path, key];
  return hash(parts.map((part) => `${Buffer.byteLength(part)}:${part}`).join('|'));
}

const reused = (): Refusal =>
  new Refusal('idempotency-key-reused', 'This Idempotency-Key came with another body before. Use a new key.');

const inProgress = (): Refusal =>
  new Refusal(
    'request-in-progress',
    'The first request with this Idempotency-Key is still at work. Try again shortly.',
    {
      retryAfterSeconds: 1,
    },
  );
