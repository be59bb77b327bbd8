/** The sandbox's sign-in: a token for anybody who asks, on this machine only. */
export interface StartSandboxSession {
  readonly userId: string;
  readonly name?: string;
  readonly scope?: string;
  readonly workspaces?: readonly string[];
}

export interface SandboxSession {
  readonly token: string;
}

/** Forward only: by an ISO 8601 duration, or up to an instant. */
export type MoveSandboxClock = { readonly advance: string } | { readonly to: string };

export interface SandboxClock {
  readonly now: string;
}
