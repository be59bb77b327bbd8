import { useState, type SubmitEvent } from 'react';
import type { ApiClient, StartSandboxSession } from '#contract';
import { AccountPicture } from '../design/account-picture.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { useCommand } from '../session/use-command.js';

const PEOPLE = [
  {
    userId: 'ada',
    name: 'Ada',
    about: 'Three Pages, two Instagram accounts, a profile and an organisation on LinkedIn',
  },
  { userId: 'ben', name: 'Ben', about: 'One Page with an Instagram account, a profile on LinkedIn' },
  { userId: 'cho', name: 'Cho', about: 'An Instagram account, a profile on LinkedIn, and no Page' },
] as const;

interface SandboxSignInProps {
  readonly client: ApiClient;
  readonly onToken: (token: string) => void;
}

/** The sandbox gives a session to anybody who asks: one of its three people, or any other user id. */
export function SandboxSignIn({ client, onToken }: SandboxSignInProps) {
  const [userId, setUserId] = useState('');
  const session = useCommand((body: StartSandboxSession) => client.startSandboxSession(body));
  const signIn = async (body: StartSandboxSession): Promise<void> => {
    const result = await session.send(body);
    if (result.ok) {
      onToken(result.value.token);
    }
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const id = userId.trim();
    if (id !== '') {
      void signIn({ userId: id, name: id });
    }
  };
  return (
    <div className="stack">
      <p className="soft">This is the sandbox. Pick who you want to be; no password is needed.</p>
      <ul className="people">
        {PEOPLE.map(({ userId: id, name, about }) => (
          <li key={id}>
            <button type="button" disabled={session.busy} onClick={() => void signIn({ userId: id, name })}>
              <AccountPicture name={name} pictureUrl={null} />
              <span className="choice__text">
                <strong>Sign in as {name}</strong>
                <span className="faint">{about}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
      <form className="field" onSubmit={submit}>
        <label htmlFor="user-id">Somebody else</label>
        <div className="sign-in__line">
          <input
            id="user-id"
            className="input"
            value={userId}
            onChange={(event) => setUserId(event.target.value)}
            placeholder="A user id, such as dan"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            required
          />
          <button type="submit" className="button" disabled={session.busy}>
            Sign in
          </button>
        </div>
      </form>
      {session.problem === null ? null : <ProblemNotice problem={session.problem} />}
    </div>
  );
}
