import type { Account, ApiClient, ApiResult, Connection, SelectionAnswer } from '#contract';
import { AccountPicture } from '../design/account-picture.js';
import { CheckIcon } from '../design/icons.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { counted } from '../design/words.js';
import { useSession } from '../session/session.js';
import { useLoaded } from '../session/use-loaded.js';
import { useWorkspace } from '../workspaces/current-workspace.js';
import { ACCOUNT_TYPE_WORDS, OUTCOME_WORDS } from './words.js';

/** More than these are counted, not named. */
const NAMED_LIMIT = 20;

interface ConnectionOutcomeProps {
  readonly connection: Connection;
  /** What the selection said about each account; null when the attempt completed by itself. */
  readonly selection: SelectionAnswer | null;
  readonly onClose: () => void;
}

/** The end of an attempt that went well, account by account. */
export function ConnectionOutcome({ connection, selection, onClose }: ConnectionOutcomeProps) {
  const { client } = useSession();
  const { workspace } = useWorkspace();
  const named = connection.accountIds.slice(0, NAMED_LIMIT);
  const { loaded, retry } = useLoaded(connection.id, 0, (signal) => readAccounts(client, workspace.id, named, signal));
  const outcomes = new Map(selection?.accounts.map(({ id, outcome }) => [id, outcome]));
  const passedOver = selection === null ? 0 : selection.accounts.length - connection.accountIds.length;
  const rest = connection.accountIds.length - named.length;
  return (
    <div className="stack">
      <div className="notice notice--good" role="status">
        <CheckIcon />
        <strong>
          {connection.purpose === 'reconnect'
            ? 'The account works again. Its queue and posts are as they were.'
            : `${counted(connection.accountIds.length, 'account')} ready to use.`}
        </strong>
      </div>
      {loaded.state === 'loading' ? <progress aria-label="Reading the accounts" /> : null}
      {loaded.state === 'failed' ? <ProblemNotice problem={loaded.problem} retry={retry} /> : null}
      {loaded.state === 'ready' ? (
        <ul className="outcomes" aria-label="What was connected">
          {loaded.value.map((account) => (
            <li key={account.id}>
              <AccountPicture name={account.name} pictureUrl={account.pictureUrl} platform={account.platform} />
              <span className="choice__text">
                <strong>{account.name}</strong>
                <span className="faint">
                  {[account.handle, ACCOUNT_TYPE_WORDS[account.type]].filter(Boolean).join(' · ')}
                </span>
                <span>
                  {
                    OUTCOME_WORDS[
                      outcomes.get(account.id) ?? (connection.purpose === 'reconnect' ? 'reconnected' : 'connected')
                    ]
                  }
                </span>
              </span>
            </li>
          ))}
        </ul>
      ) : null}
      {rest > 0 ? <p className="faint">And {counted(rest, 'more account', 'more accounts')}.</p> : null}
      {passedOver > 0 ? (
        <p className="faint">
          {counted(passedOver, 'account was', 'accounts were')} removed meanwhile and passed over.
        </p>
      ) : null}
      <div className="dialog__actions">
        <button type="button" className="button button--main" onClick={onClose} data-autofocus>
          Done
        </button>
      </div>
    </div>
  );
}

/** Those of the accounts that are still there; one that is gone already is left out. */
async function readAccounts(
  client: ApiClient,
  workspaceId: string,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<ApiResult<readonly Account[]>> {
  const results = await Promise.all(ids.map((id) => client.account(workspaceId, id, { signal })));
  const failed = results.find((result) => !result.ok && result.problem.status !== 404);
  if (failed !== undefined && !failed.ok) {
    return failed;
  }
  const value = results.flatMap((result) => (result.ok ? [result.value] : []));
  return { ok: true, value, status: 200, position: null, etag: null };
}
