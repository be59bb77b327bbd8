import { useState, type SubmitEvent } from 'react';
import type { AccountType, MethodId, Platform, StartConnection } from '#contract';
import { PLATFORM_NAMES } from '../design/platform-mark.js';
import { BackIcon } from '../design/icons.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { useSession } from '../session/session.js';
import { useCommand } from '../session/use-command.js';
import { useWorkspace } from '../workspaces/current-workspace.js';
import { AppPasswordFields, InstanceField } from './credential-fields.js';
import { followConnection, returnUrlOf } from './follow-connection.js';
import { FacebookTypes, MethodChoice, TypeChoice } from './method-choice.js';

interface ConnectOptionsProps {
  readonly platform: Platform;
  readonly onBack: () => void;
  readonly onDone: () => void;
}

/** How to connect on one platform: what it asks depends on what the platform offers. */
export function ConnectOptions({ platform, onBack, onDone }: ConnectOptionsProps) {
  const { client } = useSession();
  const { workspace } = useWorkspace();
  const [methodId, setMethodId] = useState<MethodId | undefined>(platform.methods[0]?.id);
  const [accountType, setAccountType] = useState<AccountType | null>(null);
  const [instance, setInstance] = useState('');
  const [identifier, setIdentifier] = useState('');
  const [password, setPassword] = useState('');
  const command = useCommand((body: StartConnection, idempotencyKey) =>
    client.startConnection(workspace.id, body, { idempotencyKey }),
  );
  const method = platform.methods.find(({ id }) => id === methodId);
  const kind = method?.kind ?? 'oauth2';
  const loginAt = PLATFORM_NAMES[methodId === 'via-facebook' ? 'facebook' : platform.id];
  const asksToPick = methodId === 'via-facebook' || platform.accountTypes.length > 1 || ASKS_TO_PICK.has(platform.id);

  const begin = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const result = await command.send({
      platform: platform.id,
      ...(method === undefined ? {} : { method: method.id }),
      ...(platform.id === 'facebook' ? { accountType: 'page' } : accountType === null ? {} : { accountType }),
      ...(kind === 'instance-oauth2' ? { instance: instance.trim() } : {}),
      ...(kind === 'app-password' ? { credentials: { identifier: identifier.trim(), password } } : {}),
      returnUrl: returnUrlOf(workspace.id),
    });
    if (result.ok) {
      followConnection(result.value, workspace.id, null);
      if (result.value.authorizationUrl === undefined) {
        onDone();
      }
    }
  };

  return (
    <form className="stack" onSubmit={(event) => void begin(event)}>
      {platform.id === 'facebook' ? <FacebookTypes /> : null}
      {platform.methods.length > 1 && methodId !== undefined ? (
        <MethodChoice methods={platform.methods} chosen={methodId} onChoose={setMethodId} />
      ) : null}
      {platform.accountTypes.length > 1 && platform.id !== 'facebook' ? (
        <TypeChoice types={platform.accountTypes} chosen={accountType} onChoose={setAccountType} />
      ) : null}
      {kind === 'instance-oauth2' ? <InstanceField value={instance} onChange={setInstance} /> : null}
      {kind === 'app-password' ? (
        <AppPasswordFields
          identifier={identifier}
          password={password}
          onIdentifier={setIdentifier}
          onPassword={setPassword}
        />
      ) : (
        <p className="soft">
          You log in at {loginAt} and say what this workspace may do. Then you come back here
          {asksToPick ? ' and pick what to connect.' : '.'}
        </p>
      )}
      {command.problem === null ? null : <ProblemNotice problem={command.problem} permission="accounts:connect" />}
      <div className="dialog__actions">
        <button type="button" className="button button--quiet dialog__actions-start" onClick={onBack}>
          <BackIcon />
          Back to platforms
        </button>
        <button type="submit" className="button button--main" disabled={command.busy}>
          {command.busy ? 'One moment…' : kind === 'app-password' ? `Connect ${loginAt}` : `Continue to ${loginAt}`}
        </button>
      </div>
    </form>
  );
}

/** On these one login may reach several accounts, so the person is always asked which. */
const ASKS_TO_PICK: ReadonlySet<string> = new Set(['facebook', 'youtube', 'google-business']);
