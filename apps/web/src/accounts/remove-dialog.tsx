import { useState, type SubmitEvent } from 'react';
import type { Account, RemovalImpact } from '#contract';
import { Dialog } from '../design/dialog.js';
import { WarningIcon } from '../design/icons.js';
import { PLATFORM_NAMES } from '../design/platform-mark.js';
import { ProblemNotice } from '../design/problem-notice.js';
import { counted } from '../design/words.js';
import { useSession } from '../session/session.js';
import { useCommand } from '../session/use-command.js';
import { useLoaded } from '../session/use-loaded.js';
import { useWorkspace } from '../workspaces/current-workspace.js';

interface RemoveDialogProps {
  readonly account: Account;
  readonly onClose: () => void;
  readonly onRemoved: () => void;
}

/** The warning before a removal (R1): what goes for good, and a name to type so that nobody does it by accident. */
export function RemoveDialog({ account, onClose, onRemoved }: RemoveDialogProps) {
  const { client } = useSession();
  const { workspace } = useWorkspace();
  const [typed, setTyped] = useState('');
  const impact = useLoaded(account.id, 0, (signal) => client.removalImpact(workspace.id, account.id, { signal }));
  const command = useCommand((accountId: string, idempotencyKey) =>
    client.removeAccount(workspace.id, accountId, { idempotencyKey }),
  );
  const isConfirmed = typed.trim() === account.name.trim();
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (isConfirmed && (await command.send(account.id)).ok) {
      onRemoved();
    }
  };
  return (
    <Dialog title={`Remove ${account.name}?`} onClose={onClose}>
      <form className="stack" onSubmit={(event) => void submit(event)}>
        <div className="notice notice--bad">
          <WarningIcon />
          <div className="notice__text">
            <strong>This cannot be undone</strong>
            <p>
              {account.name} on {PLATFORM_NAMES[account.platform]} is disconnected, and all that belongs to it here is
              erased for good. Adding it again later begins from nothing. What is published on the platform stays there.
            </p>
          </div>
        </div>
        <div className="stack stack--close">
          <h3>What will be deleted</h3>
          {impact.loaded.state === 'loading' ? <progress aria-label="Counting what will be deleted" /> : null}
          {impact.loaded.state === 'ready' ? <Impact lines={impactLines(impact.loaded.value)} /> : null}
          {impact.loaded.state === 'failed' ? <Impact lines={UNCOUNTED_LINES} /> : null}
        </div>
        <div className="field">
          <label htmlFor="confirm-name">
            Type <q>{account.name}</q> to confirm
          </label>
          <input
            id="confirm-name"
            className="input"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
          />
        </div>
        {command.problem === null ? null : <ProblemNotice problem={command.problem} permission="accounts:remove" />}
        <div className="dialog__actions">
          <button type="button" className="button" onClick={onClose}>
            Keep it
          </button>
          <button type="submit" className="button button--danger" disabled={!isConfirmed || command.busy}>
            {command.busy ? 'Removing…' : 'Remove for good'}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Impact({ lines }: { readonly lines: readonly string[] }) {
  return (
    <ul className="impact">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}

/** Said when the exact counts cannot be had: never less than what really goes. */
const UNCOUNTED_LINES: readonly string[] = [
  'All scheduled posts, queued posts and drafts',
  'The queue schedule',
  'Automations that only this account has; others lose it',
  'Past analytics',
  'Registered devices and the stored access',
];

/** What goes, in words, with exact counts. What there is none of is left out. */
export function impactLines(impact: RemovalImpact): readonly string[] {
  const counts: readonly (readonly [number, string])[] = [
    [impact.scheduledPosts, counted(impact.scheduledPosts, 'scheduled post')],
    [impact.queuedPosts, counted(impact.queuedPosts, 'queued post')],
    [impact.drafts, counted(impact.drafts, 'draft')],
    [impact.publishedPosts, `The record of ${counted(impact.publishedPosts, 'published post')}`],
    [impact.queueSlots, `The queue schedule with ${counted(impact.queueSlots, 'slot')} a week`],
    [impact.automationsRemoved, counted(impact.automationsRemoved, 'automation')],
    [
      impact.automationsUnlinked,
      `The link to ${counted(impact.automationsUnlinked, 'automation')} of other accounts, which go on without it`,
    ],
    [impact.analyticsPoints, counted(impact.analyticsPoints, 'point of analytics', 'points of analytics')],
    [impact.devices, counted(impact.devices, 'registered device')],
  ];
  return [
    ...counts.filter(([count]) => count > 0).map(([, words]) => words),
    impact.grantRevoked ? 'The stored access, and the login with it: no other account uses it' : 'The stored access',
  ];
}
