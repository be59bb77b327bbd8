/** How long things may take; the defaults fit a service. */
export interface MongoLimits {
  /** One question or one write, all tries together: so long until a caller is told that the database is away. */
  readonly answerMs: number;
  /** One batch of rows, all tries together. */
  readonly saveMs: number;
  /** Making, removing and opening collections. */
  readonly structureMs: number;
  /** So long the driver looks for a server that takes writes. */
  readonly selectionMs: number;
  /** How often the driver asks each server how it is, and how long it waits for that: a frozen server shows by its silence. */
  readonly heartbeatMs: number;
  readonly silenceMs: number;
}

export const MONGO_LIMITS: MongoLimits = {
  answerMs: 3_000,
  saveMs: 5_000,
  structureMs: 60_000,
  selectionMs: 2_500,
  heartbeatMs: 1_000,
  silenceMs: 2_000,
};
