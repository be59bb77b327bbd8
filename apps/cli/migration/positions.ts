import type { EventStore, Position } from '#kernel';
import { CommandFailed } from '../command.js';

/** What the target's log calls the places of the source's: by the event that stands there, which has its stream and revision in both. */
export class Positions {
  readonly #known = new Map<Position, Promise<Position>>();

  constructor(
    private readonly source: EventStore,
    private readonly target: EventStore,
  ) {}

  /** The same place. What names no event of the source's log stays as it is, and counts as reached, as every position of another form. */
  translate(position: Position): Promise<Position> {
    let translated = this.#known.get(position);
    if (translated === undefined) {
      translated = this.#lookUp(position);
      this.#known.set(position, translated);
    }
    return translated;
  }

  async #lookUp(position: Position): Promise<Position> {
    const event = await this.source.readAt(position);
    if (event === null) return position;
    const [found] = await this.target.readStream(event.stream, event.revision, 1);
    if (found?.id !== event.id) throw new CommandFailed('The target does not give back what was written to it.');
    return found.position;
  }
}
