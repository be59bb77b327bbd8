import { randomUUID } from 'node:crypto';
import type { EventStore, EventToAppend } from '#kernel';

/** An event of a type that no fold of this version knows, and what shall stand behind it in its stream. Answers its id. */
export async function appendPoison(
  events: EventStore,
  stream: string,
  ...behind: readonly Pick<EventToAppend, 'type' | 'data'>[]
): Promise<string> {
  const last = await events.readLast(stream);
  if (!last) throw new Error(`There is no stream ${stream}.`);
  const { version, metadata, revision } = last;
  const poison = { type: 'AccountOfALaterVersion', data: {} };
  const toAppend = [poison, ...behind].map((event) => ({
    ...event,
    id: randomUUID(),
    version,
    metadata,
    sealed: null,
  }));
  const { outcome } = await events.append(stream, revision, toAppend);
  if (outcome !== 'appended') throw new Error(`The poison was not appended: ${outcome}.`);
  return toAppend[0]?.id ?? '';
}
