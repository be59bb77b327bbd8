import type { Problem } from './problem.js';

/** What a call came to. A refusal is a value: the caller decides what it means. */
export type ApiResult<T> = ApiAnswer<T> | ApiRefusal;

/** An answer of the API with status 2xx. */
export interface ApiAnswer<T> {
  readonly ok: true;
  readonly value: T;
  /** 202 says that work goes on behind the answer. */
  readonly status: number;
  /** Where in the log the answer was read or written; null where the route has none. */
  readonly position: string | null;
  /** The revision as `If-Match` takes it; null where the route has none. */
  readonly etag: string | null;
}

/** A refusal of the API, or a failure to reach it. */
export interface ApiRefusal {
  readonly ok: false;
  readonly problem: Problem;
}

/** One page of a list. `nextCursor` is opaque and null on the last page. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly nextCursor: string | null;
}

/** What every command answers. */
export interface CommandAnswer {
  readonly id: string;
  readonly revision: number;
  readonly position: string;
}

/** Who did something; `id` is opaque and never a name. */
export interface Actor {
  readonly type: 'user' | 'service' | 'system' | 'client';
  readonly id: string;
}
