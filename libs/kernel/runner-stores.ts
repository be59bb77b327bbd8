import type { CommandGate } from './command-gate.js';
import type { RowWriterStores } from './row-writer.js';

export interface RunnerLog {
  warn(facts: object, message: string): void;
}

export interface RunnerStores extends RowWriterStores {
  /** No to-do is carried out while it is closed. */
  readonly gate: Pick<CommandGate, 'refusal'>;
  readonly log: RunnerLog;
}
