import type { AccountAccess, Member } from '#contract';
import { useArrivalFocus } from '../design/arrival-focus.js';
import { formatDay } from '../design/dates.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { counted } from '../design/words.js';
import { useSession } from '../session/session.js';
import { useLoaded } from '../session/use-loaded.js';
import { useWorkspace } from './current-workspace.js';
import './members.css';

/** Who belongs to the workspace, with role and reach. Read only. */
export function MembersPage() {
  const { client, generation } = useSession();
  const { workspace } = useWorkspace();
  const heading = useArrivalFocus();
  const { loaded, retry } = useLoaded('members', generation, (signal) => client.members(workspace.id, {}, { signal }));
  return (
    <main className="page">
      <div className="page__title">
        <h1 ref={heading} tabIndex={-1}>
          Members
        </h1>
      </div>
      {loaded.state === 'loading' ? <progress aria-label="Loading the members" /> : null}
      {loaded.state === 'failed' ? (
        <ProblemNotice problem={loaded.problem} retry={retry} permission="accounts:read" />
      ) : null}
      {loaded.state === 'ready' ? <MemberTable members={loaded.value.items} zone={workspace.timezone} /> : null}
      {loaded.state === 'ready' && loaded.value.nextCursor !== null ? (
        <p className="faint">Only the first {loaded.value.items.length} members are shown.</p>
      ) : null}
    </main>
  );
}

interface MemberTableProps {
  readonly members: readonly Member[];
  readonly zone: string;
}

function MemberTable({ members, zone }: MemberTableProps) {
  const { person } = useSession();
  return (
    <div className="members" tabIndex={0} role="region" aria-label="Members of this workspace">
      <table>
        <thead>
          <tr>
            <th scope="col">Person</th>
            <th scope="col">Role</th>
            <th scope="col">Accounts</th>
            <th scope="col">Added</th>
          </tr>
        </thead>
        <tbody>
          {members.map((member) => (
            <tr key={member.userId}>
              <th scope="row">
                {member.userId}
                {member.userId === person.id ? <span className="tag members__you">you</span> : null}
              </th>
              <td className="members__role">{member.role}</td>
              <td>{reach(member.accountAccess)}</td>
              <td>{formatDay(member.addedAt, zone)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function reach(access: AccountAccess): string {
  return access === 'all' ? 'All accounts' : counted(access.length, 'account');
}
