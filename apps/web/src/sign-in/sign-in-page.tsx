import type { ApiClient } from '#contract';
import { useArrivalFocus } from '../design/arrival-focus.js';
import { BrandMark } from '../design/icons.js';
import { useAddress } from '../navigation/navigation.js';
import { SandboxSignIn } from './sandbox-sign-in.js';
import './sign-in.css';
import { TokenSignIn } from './token-sign-in.js';

interface SignInPageProps {
  readonly client: ApiClient;
  readonly isSandbox: boolean;
  /** Whether the service has just refused the token of a session that was going on. */
  readonly hasEnded: boolean;
  readonly onToken: (token: string) => void;
}

/** The start screen: in the sandbox pick a person, elsewhere give a token. */
export function SignInPage({ client, isSandbox, hasEnded, onToken }: SignInPageProps) {
  const { connection } = useAddress();
  const heading = useArrivalFocus();
  return (
    <main className="lone-page">
      <div className="sign-in">
        <p className="sign-in__brand">
          <BrandMark />
          Social Accounts
        </p>
        <h1 ref={heading} tabIndex={-1}>
          Sign in
        </h1>
        {hasEnded ? (
          <div className="notice notice--warn" role="status">
            <p>Your session has ended. Sign in again, and you are back where you were.</p>
          </div>
        ) : null}
        {connection === null ? null : (
          <div className="notice notice--good" role="status">
            <p>
              The platform has sent you back here. If somebody gave you a link to reconnect an account, your part is
              done and you can close this page. If you began this yourself, sign in to see what came of it.
            </p>
          </div>
        )}
        {isSandbox ? <SandboxSignIn client={client} onToken={onToken} /> : <TokenSignIn onToken={onToken} />}
      </div>
    </main>
  );
}
