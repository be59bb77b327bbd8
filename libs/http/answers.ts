import type { Position } from '#kernel';

/** What a query answers: the body, and where in the log it was read. */
export class Reading<Body> {
  constructor(
    readonly body: Body,
    /** Sent as the header `Position`; null where the answer comes from no read model. */
    readonly position: Position | null,
    /** Of the one thing that was read: sent as `ETag`, as `If-Match` takes it. */
    readonly revision?: number,
  ) {}
}

/**
 * An answer with a status, cookies or headers of its own, where the route's declaration is not enough. A string, Buffer or
 * Readable as body is sent as it is under the `content-type` in `headers`; anything else is sent as JSON.
 */
export class Answered<Body> {
  constructor(
    readonly body: Body,
    readonly options: {
      readonly status?: number;
      /** Whole `Set-Cookie` values. */
      readonly setCookies?: readonly string[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {}
}

/** Lets a query wait for what its caller has already been told. */
export abstract class ReadGate {
  /** Waits, up to 2 s, until what serves this workspace's queries (or, for null, every query) has reached the position. */
  abstract waitFor(position: Position, workspaceId: string | null): Promise<'reached' | 'behind'>;
}
