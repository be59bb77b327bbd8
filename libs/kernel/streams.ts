import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandContext } from './command.js';
import { CommandGate } from './command-gate.js';
import type { EventToAppend, Position, RecordedEvent } from './event.js';
import type { EventStore } from './event-store.js';
import { eventId } from './ids.js';
import { erased, isRefusal, Refusal } from './refusal.js';
import {
  decodeEvent,
  encodeEvent,
  streamName,
  type Decision,
  type EventDefinitions,
  type EventOf,
  type StreamDefinition,
  type StreamSchema,
} from './stream.js';
import type { DataKey, Vault } from './vault.js';

/** A conflict is decided again at most this often, then it is the caller's. */
const CONFLICT_RETRIES = 5;
const CONFLICT_WAIT_MS = 8;
const READ_LIMIT_EVENTS = 500;
const CACHE_MAX_STREAMS = 20_000;
const CACHE_MAX_BYTES = 64 * 1024 * 1024;
/** What one folded event is taken to hold on to: an estimate, so that the bound needs no measuring. */
const CACHE_BYTES_PER_EVENT = 200;

/** A folded stream. `revision` is -1 and `position` null while nothing was written to it. */
export interface Loaded<State> {
  readonly state: State;
  readonly revision: number;
  readonly position: Position | null;
}

/** A command that was carried out: the events that stand for it, which may be none, and where the stream is now. */
export interface Executed<State, Event> extends Loaded<State> {
  readonly id: string;
  readonly events: readonly Event[];
  readonly position: Position;
}

/** What one command asks of one stream. */
export interface Execution<Definitions extends EventDefinitions, State> {
  readonly definition: StreamDefinition<Definitions, State>;
  readonly id: string;
  readonly workspaceId: string;
  readonly context: CommandContext;
  decide(state: State): Decision<EventOf<Definitions>>;
}

/**
 * Loads streams and carries out decisions: load, decide, append at the revision that was decided on, again on a conflict.
 *
 * Folded states are kept between commands. An append from a stale one costs a conflict and is never wrong; a refusal and a
 * no-op write nothing that would be checked, so they are decided again on the stream read to its end.
 */
export class Streams {
  readonly #cache = new Map<string, Loaded<unknown> & { readonly bytes: number }>();
  #cacheBytes = 0;
  /** The last command under way for each stream: commands of one process to one stream wait for each other instead of colliding. */
  readonly #lanes = new Map<string, Promise<unknown>>();

  constructor(
    private readonly events: EventStore,
    private readonly vault: Vault,
    private readonly onAppended: (type: string) => void = () => undefined,
    private readonly gate = new CommandGate(),
  ) {}

  /** The stream folded to its very end. */
  async load<Definitions extends EventDefinitions, State>(
    definition: StreamDefinition<Definitions, State>,
    id: string,
  ): Promise<Loaded<State>> {
    const stream = streamName(definition, id);
    return this.#readOn(definition, stream, this.#cached<State>(stream) ?? fresh(definition));
  }

  /** Every event of the stream, as stored: for what a fold leaves out. */
  async history(definition: StreamSchema, id: string): Promise<readonly RecordedEvent[]> {
    const stream = streamName(definition, id);
    const all: RecordedEvent[] = [];
    for (;;) {
      const page = await this.events.readStream(stream, all.length, READ_LIMIT_EVENTS);
      all.push(...page);
      if (page.length < READ_LIMIT_EVENTS) return all;
    }
  }

  /** Carries out a decision. Asking for what is already so answers the stream as it is, with no events. */
  async execute<Definitions extends EventDefinitions, State>(
    execution: Execution<Definitions, State>,
  ): Promise<Refusal | Executed<State, EventOf<Definitions>>> {
    return this.#inLane(streamName(execution.definition, execution.id), () => this.#execute(execution));
  }

  async #execute<Definitions extends EventDefinitions, State>(
    execution: Execution<Definitions, State>,
  ): Promise<Refusal | Executed<State, EventOf<Definitions>>> {
    const { definition, id, context } = execution;
    const stream = streamName(definition, id);
    if (context.mayBeDone) {
      const done = await this.#findDone(execution);
      if (done) return done;
    }
    for (let attempt = 0; attempt <= CONFLICT_RETRIES; attempt += 1) {
      if (attempt > 0) await sleep(CONFLICT_WAIT_MS * 2 ** attempt * (0.5 + Math.random()));
      let loaded = this.#cached<State>(stream) ?? (await this.load(definition, id));
      let decision = decideOn(execution, loaded);
      if (isRefusal(decision) || decision.length === 0) {
        loaded = await this.load(definition, id);
        decision = decideOn(execution, loaded);
        if (isRefusal(decision)) return decision;
        if (decision.length === 0) return { ...loaded, id, events: [], position: loaded.position ?? '' };
      }
      const toAppend = await this.#encode(execution, decision);
      if (isRefusal(toAppend)) return toAppend;
      const closed = this.gate.refusal();
      if (closed) return closed;
      const written = await this.#append(stream, loaded.revision, toAppend);
      if (written.outcome === 'appended') {
        for (const event of toAppend) this.onAppended(event.type);
        const state = decision.reduce((before, event) => definition.evolve(before, event), loaded.state);
        const now: Loaded<State> = { state, revision: written.revision, position: written.position };
        this.#remember(stream, now);
        return { ...now, id, events: decision, position: written.position };
      }
      this.#forget(stream);
      const done = await this.#findDone(execution);
      if (done) return done;
    }
    return new Refusal('revision-conflict', 'Others kept changing the same thing at the same time. Try again.');
  }

  /** The events that this command has already written, found in the stream by the command's id. */
  async #findDone<Definitions extends EventDefinitions, State>(
    execution: Execution<Definitions, State>,
  ): Promise<Executed<State, EventOf<Definitions>> | null> {
    const { definition, id, context } = execution;
    const history = await this.history(definition, id);
    const ours = history.filter((recorded) => recorded.metadata.commandId === context.commandId);
    const last = ours.at(-1);
    if (!last) return null;
    const events = ours.map((recorded) => decodeEvent(definition, recorded));
    const upTo = history.slice(0, last.revision + 1).map((recorded) => decodeEvent(definition, recorded));
    const state = upTo.reduce((before, event) => definition.evolve(before, event), definition.initial);
    return { id, state, events, revision: last.revision, position: last.position };
  }

  async #encode<Definitions extends EventDefinitions, State>(
    execution: Execution<Definitions, State>,
    decision: readonly EventOf<Definitions>[],
  ): Promise<readonly EventToAppend[] | Refusal> {
    const { definition, id, context, workspaceId } = execution;
    let key: DataKey | null = null;
    if (decision.some((event) => event.personal !== undefined)) {
      const found = await this.vault.keyFor(id);
      if (found === 'destroyed') return erased();
      key = found;
    }
    const stream = streamName(definition, id);
    const metadata = {
      occurredAt: context.at.toISOString(),
      workspaceId,
      actor: context.actor,
      commandId: context.commandId,
      $correlationId: context.correlationId,
      $causationId: context.causationId,
    };
    return decision.map((event, index) =>
      encodeEvent(definition, stream, event, { id: eventId(context.commandId, stream, index), metadata }, key),
    );
  }

  async #append(stream: string, revision: number, events: readonly EventToAppend[]) {
    try {
      return await this.events.append(stream, revision < 0 ? 'no-stream' : revision, events);
    } catch (error) {
      // Whether it was written is unknown: the kept state may be behind.
      this.#forget(stream);
      throw error;
    }
  }

  async #readOn<Definitions extends EventDefinitions, State>(
    definition: StreamDefinition<Definitions, State>,
    stream: string,
    from: Loaded<State>,
  ): Promise<Loaded<State>> {
    let { state, revision, position } = from;
    for (;;) {
      const page = await this.events.readStream(stream, revision + 1, READ_LIMIT_EVENTS);
      for (const recorded of page) {
        state = definition.evolve(state, decodeEvent(definition, recorded));
        revision = recorded.revision;
        position = recorded.position;
      }
      if (page.length < READ_LIMIT_EVENTS) break;
    }
    const loaded = { state, revision, position };
    if (revision > from.revision) this.#remember(stream, loaded);
    return loaded;
  }

  #cached<State>(stream: string): Loaded<State> | null {
    const entry = this.#cache.get(stream);
    if (!entry) return null;
    // Put it last: what was used least recently goes first.
    this.#cache.delete(stream);
    this.#cache.set(stream, entry);
    return entry as Loaded<State>;
  }

  #remember(stream: string, loaded: Loaded<unknown>): void {
    const known = this.#cache.get(stream);
    if (known && known.revision > loaded.revision) return;
    this.#forget(stream);
    const bytes = (loaded.revision + 2) * CACHE_BYTES_PER_EVENT;
    this.#cache.set(stream, { ...loaded, bytes });
    this.#cacheBytes += bytes;
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= CACHE_MAX_STREAMS && this.#cacheBytes <= CACHE_MAX_BYTES) break;
      this.#forget(oldest);
    }
  }

  #forget(stream: string): void {
    const entry = this.#cache.get(stream);
    if (!entry) return;
    this.#cache.delete(stream);
    this.#cacheBytes -= entry.bytes;
  }

  async #inLane<Result>(stream: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#lanes.get(stream);
    const run = before ? before.then(work, work) : work();
    this.#lanes.set(stream, run);
    try {
      return await run;
    } finally {
      if (this.#lanes.get(stream) === run) this.#lanes.delete(stream);
    }
  }
}

const fresh = <Definitions extends EventDefinitions, State>(
  definition: StreamDefinition<Definitions, State>,
): Loaded<State> => ({
  state: definition.initial,
  revision: -1,
  position: null,
});

function decideOn<Definitions extends EventDefinitions, State>(
  execution: Execution<Definitions, State>,
  loaded: Loaded<State>,
): Decision<EventOf<Definitions>> {
  const { ifMatch } = execution.context;
  if (ifMatch !== undefined && ifMatch !== loaded.revision) {
    return new Refusal('revision-conflict', 'It has changed since you read it.', { precondition: true });
  }
  return execution.decide(loaded.state);
}
