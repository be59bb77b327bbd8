import type { Logger } from 'pino';

/** How the HTTP side of an application is set up. */
export interface HttpOptions {
  /** The origin of redirect URIs, links and cookies, without a slash at the end (`PUBLIC_URL`). */
  readonly publicUrl: string;
  /** Requests a minute for each principal, a tenth of it for each address without one; 0 for no limit. */
  readonly rateLimitPerMinute: number;
  /** Whether routes of the sandbox exist. */
  readonly sandbox: boolean;
  /** Whether they are there for callers on other machines as well. Never for a request that was forwarded. */
  readonly sandboxAnyAddress?: boolean;
  /** Whether commands may be carried out just now; without it, always. */
  readonly acceptsCommands?: () => boolean;
  /** Takes one line for each request, and one for each bug. */
  readonly logger: Logger;
  /**
   * Writes the messages of unexpected errors to the log as well. Off unless set: a driver's message may quote what it was
   * given, and that may be a secret or somebody's data.
   */
  readonly logErrorMessages?: boolean;
}

export const HTTP_OPTIONS = Symbol('HttpOptions');
