import {
  eventId,
  idFromName,
  isRefusal,
  newCommandId,
  parseStreamName,
  streamName,
  type DataKey,
  type Decision,
  type EventDefinitions,
  type EventOf,
  type RecordedEvent,
  type Refusal,
  type StreamDefinition,
  type Vault,
} from '#kernel';
import { encodeEvent } from '../../libs/kernel/stream.js';

/** Ids are the same in every world, so that the keys of their subjects are made once. */
const COMMAND = newCommandId();
export const idOf = (prefix: 'ws' | 'acc' | 'grt' | 'con', name: string): string => idFromName(prefix, COMMAND, name);

interface Stream {
  readonly definition: StreamDefinition;
  state: unknown;
  readonly events: RecordedEvent[];
}

/** Streams in memory, written through the deciders alone, one command after the other, while the time passes. */
export class World {
  readonly streams = new Map<string, Stream>();
  readonly log: RecordedEvent[] = [];
  now: Date;

  constructor(
    start: Date,
    private readonly keys: ReadonlyMap<string, DataKey>,
  ) {
    this.now = start;
  }

  pass(ms: number): void {
    this.now = new Date(this.now.getTime() + ms);
  }

  state<Definitions extends EventDefinitions, State>(
    definition: StreamDefinition<Definitions, State>,
    id: string,
  ): State {
    return (this.streams.get(streamName(definition, id))?.state ?? definition.initial) as State;
  }

  /** Decides, validates, seals and keeps. Answers how many events it came to, or why not. */
  execute<Definitions extends EventDefinitions, State>(
    definition: StreamDefinition<Definitions, State>,
    id: string,
    workspaceId: string,
    decide: (state: State) => Decision<EventOf<Definitions>>,
  ): number | Refusal {
    const decision = decide(this.state(definition, id));
    if (isRefusal(decision)) return decision;
    const name = streamName(definition, id);
    const known = this.streams.get(name);
    const stream = known ?? { definition: definition as never, state: definition.initial, events: [] };
    if (!known && decision.length > 0) this.streams.set(name, stream);
    const commandId = newCommandId();
    const metadata = {
      occurredAt: this.now.toISOString(),
      workspaceId,
      actor: { type: 'user' as const, id: 'ann' },
      commandId,
      $correlationId: commandId,
      $causationId: commandId,
    };
    for (const [index, event] of decision.entries()) {
      const envelope = { id: eventId(commandId, name, index), metadata };
      const encoded = encodeEvent(definition, name, event, envelope, this.keys.get(id) ?? null);
      const recorded = { ...encoded, stream: name, revision: stream.events.length, position: '' };
      stream.events.push(recorded);
      this.log.push(recorded);
      stream.state = definition.evolve(stream.state as State, event);
    }
    return decision.length;
  }

  /** The ids of the streams of a category, in the order in which they began. */
  ids(definition: { readonly category: string }): readonly string[] {
    return [...this.streams.keys()]
      .map(parseStreamName)
      .filter(({ category }) => category === definition.category)
      .map(({ id }) => id);
  }
}

/** Keys of these subjects. */
export async function keysOf(vault: Vault, subjects: readonly string[]): Promise<ReadonlyMap<string, DataKey>> {
  const made = await Promise.all(subjects.map((subject) => vault.keyFor(subject)));
  return new Map(made.flatMap((key) => (key === 'destroyed' ? [] : [[key.subject, key]])));
}

/** Gives the events of a log another order in which each stream keeps its own; `pick` chooses among so many streams. */
export function interleave(log: readonly RecordedEvent[], pick: (choices: number) => number): readonly RecordedEvent[] {
  const waiting = new Map<string, RecordedEvent[]>();
  for (const event of log) waiting.set(event.stream, [...(waiting.get(event.stream) ?? []), event]);
  const merged: RecordedEvent[] = [];
  while (waiting.size > 0) {
    const names = [...waiting.keys()];
    const name = names[pick(names.length) % names.length] ?? '';
    const [first, ...rest] = waiting.get(name) ?? [];
    if (first) merged.push(first);
    if (rest.length > 0) waiting.set(name, rest);
    else waiting.delete(name);
  }
  return merged;
}

/** The events with the positions of the order in which they stand. */
export const placed = (events: readonly RecordedEvent[]): readonly RecordedEvent[] =>
  events.map((event, index) => ({ ...event, position: String(index + 1) }));
