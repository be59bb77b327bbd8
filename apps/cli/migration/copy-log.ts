import type { EventStore, EventToAppend, Position, RecordedEvent } from '#kernel';
import { CommandFailed } from '../command.js';
import type { Progress } from '../progress.js';

/** What is read, written and compared at once. Appends end where pages end: a run that is started again makes the same ones. */
const PAGE_EVENTS = 500;
/** An append holds events of one stream that stand side by side, far below what a server takes. */
const APPEND_MAX_EVENTS = 100;
const APPEND_MAX_BYTES = 128 * 1024;

/**
 * Writes a log into another one: the same events in the same order, one append at a time, each at the revision where it stood.
 * Every event is read back and compared. What is there already is compared and left.
 */
export class LogCopy {
  /** The last event that was read back. */
  #verified: Position | null = null;

  constructor(
    private readonly source: EventStore,
    private readonly target: EventStore,
    private readonly progress: Progress,
  ) {}

  /** Answers how many events the log has. @throws CommandFailed when the target holds something else. */
  async run(): Promise<number> {
    let count = 0;
    let isAtEnd = false;
    let comparing: Promise<void> = Promise.resolve();
    for await (const page of this.#pages()) {
      const standing = isAtEnd ? 0 : await this.#compareStanding(page);
      const missing = page.slice(standing);
      if (missing.length > 0) {
        isAtEnd = true;
        for (const run of runsOf(missing)) await this.#append(run);
        await comparing;
        // While the next page is written, this one is read back.
        comparing = this.#compareWritten(missing);
        comparing.catch(() => undefined);
      }
      count += page.length;
    }
    await comparing;
    const { events } = await this.target.readAll(this.#verified, 1);
    if (events.length > 0) throw new CommandFailed('The target holds events that are not in the data directory.');
    return count;
  }

  async *#pages(): AsyncGenerator<readonly RecordedEvent[]> {
    for (let after: Position | null = null; ;) {
      const { events, position } = await this.source.readAll(after, PAGE_EVENTS);
      if (events.length === 0) return;
      yield events;
      after = position;
    }
  }

  async #append(run: readonly [RecordedEvent, ...RecordedEvent[]]): Promise<void> {
    const [{ stream, revision }] = run;
    const result = await this.target.append(
      stream,
      revision === 0 ? 'no-stream' : revision - 1,
      run.map(({ id, type, version, data, sealed, metadata }) => ({ id, type, version, data, sealed, metadata })),
    );
    if (result.outcome === 'conflict' || result.revision !== revision + run.length - 1) {
      throw new CommandFailed(`The target's stream ${stream} is not as it was left: does somebody else write to it?`);
    }
  }

  /** How many of these events the target holds behind what was compared before. */
  async #compareStanding(page: readonly RecordedEvent[]): Promise<number> {
    const { events } = await this.target.readAll(this.#verified, page.length);
    events.forEach((event, index) => requireSame(page[index], event));
    this.#note(events);
    return events.length;
  }

  async #compareWritten(page: readonly RecordedEvent[]): Promise<void> {
    if ((await this.#compareStanding(page)) < page.length) {
      throw new CommandFailed('The target does not give back what was written to it.');
    }
  }

  #note(events: readonly RecordedEvent[]): void {
    this.#verified = events.at(-1)?.position ?? this.#verified;
    this.progress.advance(events.length);
  }
}

type Run = [RecordedEvent, ...RecordedEvent[]];

/** Events of one stream that stand side by side, as far as one append may reach. */
function* runsOf(events: readonly RecordedEvent[]): Generator<Run> {
  let run: Run | null = null;
  let bytes = 0;
  for (const event of events) {
    const size = sizeOf(event);
    const fits = run !== null && run.length < APPEND_MAX_EVENTS && bytes + size <= APPEND_MAX_BYTES;
    if (run !== null && fits && run[0].stream === event.stream) {
      run.push(event);
      bytes += size;
      continue;
    }
    if (run !== null) yield run;
    run = [event];
    bytes = size;
  }
  if (run !== null) yield run;
}

/** Near enough, and never below a third: a character takes three bytes of UTF-8 at most, as text of JavaScript's. */
const sizeOf = (event: EventToAppend): number => textOf(event).length;

/** What an event is, as text: equal texts are equal bytes. */
function textOf({ id, type, version, data, sealed, metadata }: EventToAppend): string {
  return JSON.stringify([id, type, version, data, sealed, metadata]);
}

function requireSame(expected: RecordedEvent | undefined, found: RecordedEvent): void {
  const isSame =
    expected?.stream === found.stream && expected.revision === found.revision && textOf(expected) === textOf(found);
  if (!isSame) {
    throw new CommandFailed(
      `The target holds another event than the data directory at ${found.stream}, revision ${found.revision}: it takes empty servers, or the ones of this data directory's own unfinished run.`,
    );
  }
}
