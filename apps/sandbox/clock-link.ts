import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { SandboxClock } from './clock.js';

/** A process that has confirmed nothing for this long no longer counts; it knows that itself, and accepts nothing until it is back. */
export const CONNECTION_LIMIT_MS = 2_000;
const BEAT_MS = 500;
const LOOK_EVERY_MS = 50;

/** One process of the service. It stays known for CONNECTION_LIMIT_MS without a connection. */
interface Member {
  connection: string;
  stream: ServerResponse;
  /** The newest line that it has applied. */
  acknowledged: number;
  /** Real time of the last sign of life. */
  heardAt: number;
}

/**
 * Brings the clock to the processes of the service: each holds one connection, is told the time at once, at every move and
 * every half second, and confirms each line when it has applied it. A move is over when all of them have.
 */
export class ClockLink {
  readonly #members = new Map<string, Member>();
  readonly #startedAt = performance.now();
  readonly #timers: readonly NodeJS.Timeout[];
  #line = 0;

  constructor(private readonly clock: SandboxClock) {
    const beat = setInterval(() => this.#tellAll(false), BEAT_MS);
    const look = setInterval(() => this.#dropSilent(), LOOK_EVERY_MS);
    this.#timers = [beat, look];
  }

  /** Takes the connection of a process, in place of an earlier one of the same process. */
  connect(process: string, stream: ServerResponse): void {
    this.#members.get(process)?.stream.destroy();
    const member = { connection: randomUUID(), stream, acknowledged: 0, heardAt: performance.now() };
    this.#members.set(process, member);
    this.#tell(member, ++this.#line, true);
  }

  /** Notes that a process has applied a line. False for a connection that no longer counts. */
  acknowledge(connection: string, line: number): boolean {
    const member = [...this.#members.values()].find((one) => one.connection === connection);
    if (member === undefined) return false;
    member.acknowledged = Math.max(member.acknowledged, line);
    member.heardAt = performance.now();
    return true;
  }

  /** Moves the clock, and answers once every process that counts goes by the new time. False when the instant is not ahead. */
  async move(to: Date): Promise<boolean> {
    // Whoever was connected before a restart is back by then, or accepts nothing any more.
    await sleep(Math.max(0, this.#startedAt + CONNECTION_LIMIT_MS - performance.now()));
    if (!this.clock.set(to)) return false;
    const line = this.#tellAll(true);
    while ([...this.#members.values()].some(({ acknowledged }) => acknowledged < line)) await sleep(1);
    return true;
  }

  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    for (const { stream } of this.#members.values()) stream.destroy();
    this.#members.clear();
  }

  #tellAll(isMove: boolean): number {
    const line = ++this.#line;
    for (const member of this.#members.values()) this.#tell(member, line, isMove);
    return line;
  }

  #tell({ connection, stream }: Member, line: number, isMove: boolean): void {
    if (stream.destroyed) return;
    stream.write(`${JSON.stringify({ connection, line, isMove, now: this.clock.now().toISOString() })}\n`);
  }

  #dropSilent(): void {
    for (const [process, { stream, heardAt }] of this.#members) {
      if (performance.now() - heardAt < CONNECTION_LIMIT_MS) continue;
      stream.destroy();
      this.#members.delete(process);
    }
  }
}
