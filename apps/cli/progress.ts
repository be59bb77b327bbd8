import type { Output } from './command.js';

/** A terminal's one line is written anew this often; elsewhere a line is added this often. */
const TERMINAL_EVERY_MS = 200;
const LINE_EVERY_MS = 5_000;
/** The rate is that of the last so many milliseconds, since the beginning tells little about the rest. */
const RATE_OVER_MS = 10_000;
const CLEAR_LINE = '\r\u001b[2K';

interface Mark {
  readonly at: number;
  readonly count: number;
}

/** How a long step gets on, for a person: count, share, rate and what is left. */
export class Progress {
  #count = 0;
  #begun = 0;
  #marks: Mark[] = [];
  #shownAt: number;

  /** @param now milliseconds that only go forward. */
  constructor(
    private readonly output: Output,
    private readonly what: string,
    private readonly total: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#begun = now();
    this.#shownAt = this.#begun;
    this.#marks = [{ at: this.#begun, count: 0 }];
  }

  advance(by: number): void {
    this.#count += by;
    const at = this.now();
    if (at - this.#shownAt < (this.output.isTTY ? TERMINAL_EVERY_MS : LINE_EVERY_MS)) return;
    this.#shownAt = at;
    this.#marks.push({ at, count: this.#count });
    while (this.#marks.length > 2 && at - (this.#marks[1]?.at ?? at) >= RATE_OVER_MS) this.#marks.shift();
    this.#show(this.#line(at), '');
  }

  /** The last line, which stays. */
  end(): void {
    const seconds = (this.now() - this.#begun) / 1_000;
    const rate = seconds > 0 ? `, ${whole(this.#count / seconds)}/s` : '';
    this.#show(`${this.what}: ${whole(this.#count)} done in ${duration(seconds)}${rate}`, '\n');
  }

  #line(at: number): string {
    const first = this.#marks[0] ?? { at: this.#begun, count: 0 };
    const rate = ((this.#count - first.count) * 1_000) / Math.max(1, at - first.at);
    const share = this.total === 0 ? 100 : Math.floor((this.#count * 1_000) / this.total) / 10;
    const left = rate > 0 ? `, ${duration((this.total - this.#count) / rate)} left` : '';
    return `${this.what}: ${whole(this.#count)} of ${whole(this.total)} (${share} %), ${whole(rate)}/s${left}`;
  }

  #show(line: string, end: string): void {
    this.output.write(this.output.isTTY ? `${CLEAR_LINE}${line}${end}` : `${line}\n`);
  }
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

function duration(seconds: number): string {
  if (seconds < 60) return `${Math.max(0, Math.ceil(seconds))} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
