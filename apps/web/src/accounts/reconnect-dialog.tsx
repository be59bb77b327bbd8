import { useState, type SubmitEvent } from 'react';
import type { Account, ApiResult, ConnectionStarted } from '#contract';
import { AppPasswordFields } from '../connect/credential-fields.js';
import { followConnection, returnUrlOf } from '../connect/follow-connection.js';
import { Dialog } from '../design/dialog.js';
import { PLATFORM_NAMES } from '../design/platform-mark.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { useSession } from '../session/session.js';
import { useCommand, type Command } from '../session/use-command.js';
import { useWorkspace } from '../workspaces/current-workspace.js';
import { StartLink } from './start-link.js';

interface ReconnectDialogProps {
  readonly account: Account;
  readonly onClose: () => void;
}

/** A new consent for this account, in place (T7): in this browser, or by a link in somebody else's. */
export function ReconnectDialog({ account, onClose }: ReconnectDialogProps) {
  return (
    <Dialog title={`Reconnect ${account.name}`} onClose={onClose}>
      <p className="soft">
        The account keeps its queue, posts, location and automations. The login’s other accounts in this workspace are
        renewed along with it.
      </p>
      {account.method === 'app-password' ? (
        <ReconnectByPassword account={account} onClose={onClose} />
      ) : (
        <ReconnectByConsent account={account} onClose={onClose} />
      )}
    </Dialog>
  );
}

function ReconnectByConsent({ account, onClose }: ReconnectDialogProps) {
  const { client } = useSession();
  const { workspace } = useWorkspace();
  const [started, setStarted] = useState<ConnectionStarted | null>(null);
  const [wanted, setWanted] = useState<'here' | 'elsewhere' | null>(null);
  const command = useCommand((accountId: string, idempotencyKey) =>
    client.reconnect(workspace.id, accountId, { returnUrl: returnUrlOf(workspace.id) }, { idempotencyKey }),
  );
  const name = PLATFORM_NAMES[account.platform];
  const begin = async (where: 'here' | 'elsewhere'): Promise<void> => {
    setWanted(where);
    const attempt = started ?? startedOf(await command.send(account.id));
    if (attempt === null) {
      return;
    }
    setStarted(attempt);
    if (where === 'here') {
      followConnection(attempt, workspace.id, account.id);
    }
  };
  return (
    <>
      <p>
        Log in at {name} as the person who connected it, or as anybody who manages it there, and allow everything that
        is asked for.
      </p>
      {wanted === 'elsewhere' && started?.startUrl !== undefined ? (
        <StartLink url={started.startUrl} lapsesAt={started.lapsesAt} zone={workspace.timezone} />
      ) : null}
      {command.problem === null ? null : <ReconnectProblem command={command} />}
      <div className="dialog__actions">
        {wanted === 'elsewhere' && started !== null ? (
          <button type="button" className="button" onClick={onClose}>
            Done
          </button>
        ) : (
          <button type="button" className="button" disabled={command.busy} onClick={() => void begin('elsewhere')}>
            Get a link for somebody else
          </button>
        )}
        <button
          type="button"
          className="button button--main"
          disabled={command.busy}
          onClick={() => void begin('here')}
          data-autofocus
        >
          {command.busy ? 'One moment…' : `Continue to ${name}`}
        </button>
      </div>
    </>
  );
}

/** Bluesky has no consent page: a new app password takes its place. */
function ReconnectByPassword({ account, onClose }: ReconnectDialogProps) {
  const { client } = useSession();
  const { workspace } = useWorkspace();
  const [identifier, setIdentifier] = useState(account.handle?.replace(/^@/, '') ?? '');
  const [password, setPassword] = useState('');
  const command = useCommand((credentials: { identifier: string; password: string }, idempotencyKey) =>
    client.startConnection(
      workspace.id,
      {
        platform: account.platform,
        method: account.method,
        credentials,
        reconnectAccountId: account.id,
        returnUrl: returnUrlOf(workspace.id),
      },
      { idempotencyKey },
    ),
  );
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const started = startedOf(await command.send({ identifier: identifier.trim(), password }));
    if (started !== null) {
      followConnection(started, workspace.id, account.id);
    }
  };
  return (
    <form className="stack" onSubmit={(event) => void submit(event)}>
      <AppPasswordFields
        identifier={identifier}
        password={password}
        onIdentifier={setIdentifier}
        onPassword={setPassword}
      />
      {command.problem === null ? null : <ReconnectProblem command={command} />}
      <div className="dialog__actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="button button--main" disabled={command.busy}>
          {command.busy ? 'One moment…' : 'Reconnect'}
        </button>
      </div>
    </form>
  );
}

function ReconnectProblem<Input, T>({ command }: { readonly command: Command<Input, T> }) {
  return command.problem === null ? null : <ProblemNotice problem={command.problem} permission="accounts:connect" />;
}

function startedOf(result: ApiResult<ConnectionStarted>): ConnectionStarted | null {
  return result.ok ? result.value : null;
}
