import type { SandboxDatabase } from './database.js';

/** What a test or a person has changed about the sandbox, as opposed to what the people on it consented to. */
export type ControlName = 'clock-offset-ms' | 'name' | 'dropped' | 'tasks' | 'lifetimes';

/** Durable overrides by name and subject. Values are JSON. */
export class Controls {
  readonly #database: SandboxDatabase;

  constructor(database: SandboxDatabase) {
    this.#database = database;
  }

  /** The value that was set, or `undefined`. Only this class writes the rows, so the caller knows the shape. */
  get(name: ControlName, subject: string): unknown {
    const row = this.#database
      .prepare<[string, string], { value: string }>('SELECT value FROM controls WHERE name = ? AND subject = ?')
      .get(name, subject);
    return row === undefined ? undefined : JSON.parse(row.value);
  }

  set(name: ControlName, subject: string, value: unknown): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO controls (name, subject, value) VALUES (?, ?, ?)')
      .run(name, subject, JSON.stringify(value));
  }

  remove(name: ControlName, subject: string): void {
    this.#database.prepare('DELETE FROM controls WHERE name = ? AND subject = ?').run(name, subject);
  }

  /** Undoes every override but the clock's, which never goes back. */
  reset(): void {
    this.#database.prepare("DELETE FROM controls WHERE name <> 'clock-offset-ms'").run();
  }
}
