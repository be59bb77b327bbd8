import { useEffect, useMemo, useState } from 'react';
import type { Workspace } from '#contract';
import { AccountsPage } from '../accounts/accounts-page.js';
import { rememberedAttempt } from '../connect/remembered-attempt.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { navigate, useAddress } from '../navigation/navigation.js';
import { useSession } from '../session/session.js';
import { useLoaded } from '../session/use-loaded.js';
import { allWorkspaces } from './all-workspaces.js';
import { CreateWorkspaceDialog } from './create-workspace-dialog.js';
import { CurrentWorkspaceContext, type CurrentWorkspace } from './current-workspace.js';
import { FirstWorkspace } from './first-workspace.js';
import { MembersPage } from './members-page.js';
import { PageHeader } from './page-header.js';

/** Everything behind the sign-in: finds the workspace that the address names, or the first one. */
export function SignedIn() {
  const session = useSession();
  const address = useAddress();
  const [creating, setCreating] = useState(false);
  const { loaded, retry } = useLoaded('workspaces', session.generation, (signal) =>
    allWorkspaces(session.client, signal),
  );
  const workspaces = loaded.state === 'ready' ? loaded.value : [];
  const wanted = address.workspace ?? rememberedAttempt(address.connection)?.workspaceId ?? null;
  const workspace = workspaces.find(({ id }) => id === wanted) ?? (wanted === null ? workspaces[0] : undefined);

  useEffect(() => {
    // The address names the workspace from here on, so that it can be shared.
    if (workspace !== undefined && address.workspace === null) {
      navigate({ workspace: workspace.id }, 'replace');
    }
  }, [workspace, address.workspace]);

  const created = (id: string): void => {
    setCreating(false);
    session.refresh();
    navigate({ workspace: id, view: 'accounts', status: 'all', platform: null, q: '', account: null });
  };

  return (
    <>
      <PageHeader workspaces={workspaces} current={workspace ?? null} onCreate={() => setCreating(true)} />
      {loaded.state === 'loading' ? <progress className="page-progress" aria-label="Loading your workspaces" /> : null}
      {loaded.state === 'failed' ? (
        <main className="lone-page">
          <ProblemNotice problem={loaded.problem} retry={retry} />
        </main>
      ) : null}
      {loaded.state === 'ready' && workspace === undefined ? (
        <NoWorkspace isFirst={workspaces.length === 0} isRenewing={loaded.renewing} onCreated={created} />
      ) : null}
      {workspace === undefined ? null : <InWorkspace key={workspace.id} workspace={workspace} />}
      {creating ? <CreateWorkspaceDialog onClose={() => setCreating(false)} onCreated={created} /> : null}
    </>
  );
}

interface NoWorkspaceProps {
  readonly isFirst: boolean;
  readonly isRenewing: boolean;
  readonly onCreated: (id: string) => void;
}

function NoWorkspace({ isFirst, isRenewing, onCreated }: NoWorkspaceProps) {
  if (isRenewing) {
    return <progress className="page-progress" aria-label="Loading your workspaces" />;
  }
  if (isFirst) {
    return <FirstWorkspace onCreated={onCreated} />;
  }
  return (
    <main className="lone-page">
      <div className="empty">
        <h1>This workspace is not yours to see</h1>
        <p className="soft">The link leads to a workspace that does not exist or that you are not a member of.</p>
        <button
          type="button"
          className="button button--main"
          onClick={() => navigate({ workspace: null, account: null, connection: null })}
        >
          Go to my workspaces
        </button>
      </div>
    </main>
  );
}

function InWorkspace({ workspace }: { readonly workspace: Workspace }) {
  const { client, generation } = useSession();
  const { view } = useAddress();
  const { loaded } = useLoaded('me', generation, (signal) => client.me(workspace.id, { signal }));
  const me = loaded.state === 'ready' ? loaded.value : null;
  const current = useMemo<CurrentWorkspace>(() => ({ workspace, me }), [workspace, me]);
  return (
    <CurrentWorkspaceContext value={current}>
      {view === 'members' ? <MembersPage /> : <AccountsPage />}
    </CurrentWorkspaceContext>
  );
}
