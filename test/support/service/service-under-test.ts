import type { SandboxSession, StartSandboxSession } from '#contract';
import { Browser } from './browser.js';
import { NewestPosition, Person } from './person.js';
import { SandboxControl } from './sandbox-control.js';

/** A running service with its sandbox, as a client meets it. */
export class ServiceUnderTest {
  readonly sandbox: SandboxControl;
  readonly newest = new NewestPosition();

  constructor(
    readonly url: string,
    sandboxUrl: string,
    readonly dataDir: string,
    private readonly browser: (origin: string) => Browser = (origin) => new Browser(origin),
  ) {
    this.sandbox = new SandboxControl(sandboxUrl, this.newBrowser());
  }

  /** A browser without cookies, of the kind that this test's clients use. */
  newBrowser(): Browser {
    return this.browser(this.url);
  }

  async token(session: StartSandboxSession): Promise<string> {
    const answer = await this.newBrowser().call<SandboxSession>('/v1/sandbox/session', {
      method: 'POST',
      body: session,
    });
    if (answer.status !== 200) throw new Error(`No session: ${answer.text}`);
    return answer.body.token;
  }

  /** Somebody with a session and a browser of their own. */
  async as(userId: string, session: Omit<StartSandboxSession, 'userId'> = {}): Promise<Person> {
    return new Person(userId, await this.token({ userId, ...session }), this.newBrowser(), this.newest);
  }

  /** The figure of one line of `/metrics`, such as `events_appended_total{type="TokenExpired"}`; 0 where there is none. */
  async metric(line: string): Promise<number> {
    const { text } = await this.newBrowser().call('/metrics');
    return figureIn(text, line);
  }
}

/** The figure of one line of what `/metrics` answers; 0 where there is none. */
export function figureIn(text: string, line: string): number {
  const found = text.split('\n').find((one) => one.startsWith(`${line} `));
  return found === undefined ? 0 : Number(found.slice(line.length + 1));
}
