import { useCallback, useMemo, useState } from 'react';
import { ApiClient, type ApiResult, type SandboxClock } from '#contract';
import { Announcements } from './design/announcements.js';
import { ProblemNotice } from './design/problem-notice.js';
import { SandboxBanner } from './sandbox/sandbox-banner.js';
import { SessionContext, type Session } from './session/session.js';
import { forgetToken, keepToken, personOf, readToken } from './session/token.js';
import { useLoaded } from './session/use-loaded.js';
import { SignInPage } from './sign-in/sign-in-page.js';
import { SignedIn } from './workspaces/signed-in.js';

/** The page: the sandbox's banner where there is a sandbox, and below it the sign-in or the workspace. */
export function App() {
  const [token, setToken] = useState(readToken);
  const [ended, setEnded] = useState(false);
  const [generation, setGeneration] = useState(0);
  const [message, setMessage] = useState({ text: '', count: 0 });
  const [guest] = useState(() => new ApiClient());
  const refresh = useCallback(() => setGeneration((before) => before + 1), []);
  const announce = useCallback((text: string) => setMessage((before) => ({ text, count: before.count + 1 })), []);
  const environment = useLoaded<SandboxClock | null>('environment', 0, (signal) => sandboxOrNone(guest, signal));

  const leave = useCallback((hasEnded: boolean): void => {
    forgetToken();
    setToken(null);
    setEnded(hasEnded);
  }, []);
  const enter = useCallback((given: string): void => {
    keepToken(given);
    setToken(given);
    setEnded(false);
  }, []);
  const client = useMemo(
    () => (token === null ? null : new ApiClient({ token: () => token, onUnauthenticated: () => leave(true) })),
    [token, leave],
  );
  const session = useMemo<Session | null>(
    () =>
      client === null || token === null
        ? null
        : { client, person: personOf(token), generation, refresh, signOut: () => leave(false), announce },
    [client, token, generation, refresh, leave, announce],
  );

  if (environment.loaded.state === 'loading') {
    return <progress className="page-progress" aria-label="Loading Social Accounts" />;
  }
  if (environment.loaded.state === 'failed') {
    return (
      <main className="lone-page">
        <h1>Social Accounts</h1>
        <ProblemNotice problem={environment.loaded.problem} retry={environment.retry} />
      </main>
    );
  }
  const isSandbox = environment.loaded.value !== null;
  return (
    <>
      {isSandbox ? <SandboxBanner client={client ?? guest} generation={generation} onMoved={refresh} /> : null}
      {session === null ? (
        <SignInPage client={guest} isSandbox={isSandbox} hasEnded={ended} onToken={enter} />
      ) : (
        <SessionContext value={session}>
          <SignedIn />
        </SessionContext>
      )}
      <Announcements message={message} />
    </>
  );
}

/** The sandbox's clock, or null where the sandbox is off: its routes are absent then. */
async function sandboxOrNone(client: ApiClient, signal: AbortSignal): Promise<ApiResult<SandboxClock | null>> {
  const result = await client.sandboxClock({ signal });
  if (!result.ok && result.problem.status === 404) {
    return { ok: true, value: null, status: 404, position: null, etag: null };
  }
  return result;
}
