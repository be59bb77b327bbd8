import type { ReactNode } from 'react';
import type { Account } from '#contract';
import { formatDay, formatMoment } from '../design/dates.js';
import { counted } from '../design/words.js';
import { useSession } from '../session/session.js';
import { StatusChip } from './status-chip.js';
import { actorName, HEALTH_WORDS, METHOD_NAMES, remaining } from './words.js';

interface FactsProps {
  readonly account: Account;
  readonly zone: string;
}

/** The account's facts, group by group. */
export function AccountFacts({ account, zone }: FactsProps) {
  return (
    <>
      <TokenFacts account={account} zone={zone} />
      <PermissionFacts permissions={account.permissions} />
      <QueueFacts account={account} zone={zone} />
      <ConnectionFacts account={account} zone={zone} />
    </>
  );
}

function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className="facts">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="facts__fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function TokenFacts({ account, zone }: FactsProps) {
  const { token } = account;
  const reason = HEALTH_WORDS[token.health];
  return (
    <section className={`token-card token-card--${token.status}`} aria-label="Token status">
      <div className="row">
        <StatusChip token={token} />
        <strong>{remaining(account)}</strong>
      </div>
      <p>{token.label}</p>
      <dl>
        <Fact name={token.status === 'expired' ? 'Expired on' : 'Valid until'}>
          {token.expiresAt === null ? 'No expiry' : formatDay(token.expiresAt, zone)}
        </Fact>
        {reason === null ? null : <Fact name="Reason">{reason}</Fact>}
        <Fact name="Renewal">{token.renewal === 'automatic' ? 'By itself' : 'By reconnecting'}</Fact>
        {token.lastRenewedAt === null ? null : (
          <Fact name="Last renewed">{formatMoment(token.lastRenewedAt, zone)}</Fact>
        )}
      </dl>
    </section>
  );
}

function PermissionFacts({ permissions }: { readonly permissions: Account['permissions'] }) {
  return (
    <Group title="Permissions">
      {permissions.missing.length === 0 ? null : (
        <div>
          <p className="facts__missing">Missing: reconnect and allow them to use what needs them.</p>
          <Tags label="Missing permissions" values={permissions.missing} />
        </div>
      )}
      {permissions.granted.length === 0 ? (
        <p className="soft">The platform names none.</p>
      ) : (
        <Tags label="Granted permissions" values={permissions.granted} />
      )}
    </Group>
  );
}

function Tags({ label, values }: { readonly label: string; readonly values: readonly string[] }) {
  return (
    <ul className="tags" aria-label={label}>
      {values.map((value) => (
        <li key={value} className="tag">
          {value}
        </li>
      ))}
    </ul>
  );
}

function QueueFacts({ account, zone }: FactsProps) {
  const { queue, counts } = account;
  return (
    <Group title="Queue and content">
      <dl>
        <Fact name="Schedule">
          {queue.postsPerWeek === 0 ? 'None yet' : `${counted(queue.postsPerWeek, 'post')} a week`}
          {queue.paused ? ', paused' : ''}
        </Fact>
        <Fact name="Next slot">{queue.nextSlotAt === null ? 'None' : formatMoment(queue.nextSlotAt, zone)}</Fact>
        <Fact name="Queued posts">{queue.queued.toLocaleString('en-GB')}</Fact>
        <Fact name="Scheduled posts">{counts.scheduledPosts.toLocaleString('en-GB')}</Fact>
        <Fact name="Drafts">{counts.drafts.toLocaleString('en-GB')}</Fact>
        <Fact name="Failed posts">{counts.failedPosts.toLocaleString('en-GB')}</Fact>
        <Fact name="Automations">{counts.automations}</Fact>
      </dl>
    </Group>
  );
}

function ConnectionFacts({ account, zone }: FactsProps) {
  const { person } = useSession();
  const { devices } = account;
  return (
    <Group title="Connection">
      <dl>
        <Fact name="Method">{METHOD_NAMES[account.method]}</Fact>
        <Fact name="Connected">
          {formatMoment(account.connectedAt, zone)} by {actorName(account.connectedBy, person.id)}
        </Fact>
        <Fact name="Reconnected">
          {account.reconnectedAt === null
            ? 'Never'
            : `${formatMoment(account.reconnectedAt, zone)} by ${
                account.reconnectedBy === null ? 'somebody' : actorName(account.reconnectedBy, person.id)
              }`}
        </Fact>
        {LOCATED.has(account.platform) ? (
          <Fact name="Location">{account.location === null ? 'Not set' : account.location.name}</Fact>
        ) : null}
        {account.platform === 'instagram' ? (
          <Fact name="Devices">
            {devices.active} active, {devices.expired} expired
          </Fact>
        ) : null}
        <Fact name="Id on the platform">
          <code>{account.externalId}</code>
        </Fact>
        <Fact name="Account id">
          <code>{account.id}</code>
        </Fact>
      </dl>
    </Group>
  );
}

/** Only these have a location (D2). */
const LOCATED: ReadonlySet<string> = new Set(['facebook', 'instagram']);
