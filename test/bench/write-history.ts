import {
  eventId,
  newCommandId,
  streamName,
  type DataKey,
  type EventToAppend,
  type ExpectedRevision,
  type Vault,
} from '#kernel';
import { encodeEvent } from '../../libs/kernel/stream.js';
import { history } from './history.js';
import type { HistoryStep } from './account-life.js';

/** What is encoded and handed to the store in one go. */
const STEPS_AT_ONCE = 4_000;
const KEYS_AT_ONCE = 200;

/** Takes the events of one command; what is handed over first stands first in the log. */
export type TakeAppend = (
  stream: string,
  expected: ExpectedRevision,
  events: readonly EventToAppend[],
) => Promise<void>;

/** Writes a history of so many events, encoded and sealed as the service does, with their keys in the vault. */
export async function writeHistory(size: number, vault: Vault, append: TakeAppend): Promise<void> {
  const revisions = new Map<string, number>();
  const write = async (steps: readonly HistoryStep[]): Promise<void> => {
    const keys = new Map<string, DataKey>();
    const subjects = new Set(steps.filter(isPersonal).map(({ id }) => id));
    const make = async (subject: string): Promise<void> => {
      const key = await vault.keyFor(subject);
      if (key === 'destroyed') throw new Error('A fresh vault has destroyed no key.');
      keys.set(subject, key);
    };
    const waiting = [...subjects];
    while (waiting.length > 0) await Promise.all(waiting.splice(0, KEYS_AT_ONCE).map(make));
    const appends = steps.map((step) => {
      const stream = streamName(step.definition, step.id);
      const last = revisions.get(stream) ?? -1;
      revisions.set(stream, last + step.events.length);
      return append(stream, last < 0 ? 'no-stream' : last, encode(step, stream, keys.get(step.id) ?? null));
    });
    await Promise.all(appends);
  };
  let steps: HistoryStep[] = [];
  for (const step of history(size)) {
    steps.push(step);
    if (steps.length < STEPS_AT_ONCE) continue;
    await write(steps);
    steps = [];
  }
  await write(steps);
}

const isPersonal = ({ events }: HistoryStep): boolean => events.some(({ personal }) => personal !== undefined);

function encode(step: HistoryStep, stream: string, key: DataKey | null): readonly EventToAppend[] {
  const { definition, at, workspaceId, actor, events } = step;
  const commandId = newCommandId();
  const occurredAt = new Date(at).toISOString();
  const metadata = { occurredAt, workspaceId, actor, commandId, $correlationId: commandId, $causationId: commandId };
  return events.map((event, index) =>
    encodeEvent(definition, stream, event, { id: eventId(commandId, stream, index), metadata }, key),
  );
}
