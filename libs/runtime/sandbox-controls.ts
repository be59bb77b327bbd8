/** The stand-in for platforms, identity provider and time, as far as the service uses it. */
export abstract class SandboxControls {
  abstract now(): Promise<Date>;
  /** Moves the clock of the platforms and of every process of the service; false for an instant that is not ahead. */
  abstract setClock(to: Date): Promise<boolean>;
  abstract issueSession(session: {
    readonly userId: string;
    readonly name?: string;
    readonly scope?: string;
    readonly workspaces?: readonly string[];
  }): Promise<string>;
  abstract keySet(): Promise<object>;
}
