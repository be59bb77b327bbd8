import type { Workspace } from '#contract';
import { BrandMark, PlusIcon } from '../design/icons.js';
import { navigate, useAddress } from '../navigation/navigation.js';
import { PageLink } from '../navigation/page-link.js';
import { useSession } from '../session/session.js';
import './page-header.css';

interface PageHeaderProps {
  readonly workspaces: readonly Workspace[];
  readonly current: Workspace | null;
  readonly onCreate: () => void;
}

/** Where one is, who one is, and the ways to somewhere else. */
export function PageHeader({ workspaces, current, onCreate }: PageHeaderProps) {
  const { person, signOut } = useSession();
  const { view } = useAddress();
  const switchTo = (id: string): void =>
    navigate({ workspace: id, status: 'all', platform: null, q: '', account: null, connection: null });
  return (
    <header className="page-header">
      <div className="page-header__row">
        <p className="page-header__brand">
          <BrandMark />
          <span>Social Accounts</span>
        </p>
        {workspaces.length === 0 ? null : (
          <div className="page-header__workspace">
            <select
              className="input"
              aria-label="Workspace"
              value={current?.id ?? ''}
              onChange={(event) => switchTo(event.target.value)}
            >
              {current === null ? <option value="">Choose a workspace</option> : null}
              {workspaces.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
            <button
              type="button"
              className="icon-button"
              aria-label="New workspace"
              title="New workspace"
              onClick={onCreate}
            >
              <PlusIcon />
            </button>
          </div>
        )}
        {current === null ? null : (
          <nav className="page-header__nav" aria-label="Pages">
            <PageLink to={{ view: 'accounts' }} current={view === 'accounts'}>
              Accounts
            </PageLink>
            <PageLink to={{ view: 'members', account: null }} current={view === 'members'}>
              Members
            </PageLink>
          </nav>
        )}
        <div className="page-header__person">
          <span title={person.id}>{person.name}</span>
          <button type="button" className="button button--small" onClick={signOut}>
            Sign out
          </button>
        </div>
      </div>
    </header>
  );
}
