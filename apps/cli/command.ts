import type { ParseArgsConfig } from 'node:util';

/** A stream of text for a person or a program. */
export interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** What a command knows of where it runs. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What it found out. */
  readonly output: Output;
  /** How it gets on, and what went wrong. */
  readonly errors: Output;
}

/** What stood behind a command's name. */
export interface Given {
  readonly options: Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;
  readonly parameters: readonly string[];
}

/** One command, in a file of its own. */
export interface Command {
  /** The words that call it. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints, with examples. */
  readonly usage: string;
  readonly options?: NonNullable<ParseArgsConfig['options']>;
  /** The names of the words behind the command's own, each of which has to be given. */
  readonly parameters?: readonly string[];
  /** Whatever it needs it loads here, so that help is there at once. @throws what it cannot do, as one sentence. */
  run(given: Given, surroundings: Surroundings): Promise<void>;
}

/** Thrown for a call that cannot be meant: told with the usage, and status 64. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage';
}

/** Thrown for what a command refuses or cannot do, in one sentence for whoever called it. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}
