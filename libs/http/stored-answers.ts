import type { Position, VaultRecord } from '#kernel';
import { type AnswerSealer, IDEMPOTENCY_KIND } from './idempotency.js';
import type { Outgoing } from './outgoing.js';

/** What another log calls the place that this position names. */
export type TranslatePosition = (position: Position) => Promise<Position>;

export const isStoredAnswer = ({ kind, sealed }: VaultRecord): boolean => kind === IDEMPOTENCY_KIND && sealed !== null;

/**
 * The row of an `Idempotency-Key` for another log: its answer names positions, as a header and in its body, and says the same
 * place in the other log's words. A row whose answer cannot be opened any more stays as it is: nobody else can open it either.
 */
export async function translateStoredAnswer(
  record: VaultRecord,
  sealer: AnswerSealer,
  translate: TranslatePosition,
): Promise<VaultRecord> {
  const text = record.sealed === null ? null : await sealer.open(record.id, record.sealed);
  if (text === null) return record;
  const answer = JSON.parse(text) as Outgoing;
  const { position } = answer.headers;
  const headers = position === undefined ? answer.headers : { ...answer.headers, position: await translate(position) };
  const body = typeof answer.body === 'string' ? await translateBody(answer.body, translate) : answer.body;
  return { ...record, sealed: await sealer.seal(record.id, JSON.stringify({ ...answer, headers, body })) };
}

/** Whether two rows keep the same answer, whatever their ciphertexts. */
export async function keepSameAnswer(one: VaultRecord, other: VaultRecord, sealer: AnswerSealer): Promise<boolean> {
  if (one.sealed === null || other.sealed === null) return one.sealed === other.sealed;
  if (one.sealed === other.sealed) return true;
  const text = await sealer.open(one.id, one.sealed);
  return text !== null && text === (await sealer.open(other.id, other.sealed));
}

/** Commands answer their position at the top of a JSON object. */
async function translateBody(body: string, translate: TranslatePosition): Promise<string> {
  if (!body.startsWith('{')) return body;
  const content = JSON.parse(body) as Readonly<Record<string, unknown>>;
  const { position } = content;
  return typeof position === 'string' ? JSON.stringify({ ...content, position: await translate(position) }) : body;
}
