import type { Actor, Position } from './event.js';

/** Everything about a command but what it asks for. Made once when it arrives; a retry under the same key carries the same. */
export interface CommandContext {
  /** UUIDv7. Event ids, ids of new things and secrets that are shown once are made from it. */
  readonly commandId: string;
  readonly correlationId: string;
  readonly causationId: string;
  readonly actor: Actor;
  /** Domain time at which the command arrived. */
  readonly at: Date;
  /** The revision that the caller saw (If-Match): another one is refused as `revision-conflict`. */
  readonly ifMatch?: number;
  /**
   * An earlier try under this command id may have been carried out (the process died before it could answer): what stands
   * in the stream is looked for before deciding.
   */
  readonly mayBeDone?: boolean;
}

/** What every command answers: the stream's id and last revision, and a position that a later read may wait for. */
export interface CommandAnswer {
  readonly id: string;
  readonly revision: number;
  readonly position: Position;
}
