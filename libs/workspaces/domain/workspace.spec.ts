import { describe, expect, it } from '@jest/globals';
import { specification } from '../../kernel/spec-decider.js';
import type { AccountAccess, Role } from './roles.js';
import {
  addConnectedAccounts,
  changeWorkspace,
  createWorkspace,
  DEFAULT_SETTINGS,
  removeMember,
  setMember,
  workspace,
  type WorkspaceEvent,
} from './workspace.js';

const AT = new Date('2029-03-01T09:00:00Z');
const { given } = specification(workspace);

const created: WorkspaceEvent = {
  type: 'WorkspaceCreated',
  data: {
    timezone: 'Europe/Berlin',
    expiringWindow: 'P30D',
    noticeSteps: ['P30D', 'P7D', 'P1D'],
    nameDigest: 'digest-1',
    createdAt: AT.toISOString(),
  },
};

function member(userId: string, role: Role, access: AccountAccess = 'all'): WorkspaceEvent {
  const accountIds = access === 'all' ? [] : [...access];
  const listed = access === 'all' ? ('all' as const) : ('listed' as const);
  return {
    type: 'MemberAdded',
    data: { userId, role, access: listed, accountIds, count: accountIds.length, addedAt: AT.toISOString() },
  };
}

const owner = member('ann', 'owner');
const admin = member('bob', 'admin');
const role = (userId: string, next: Role): WorkspaceEvent => ({
  type: 'MemberRoleChanged',
  data: { userId, role: next },
});
const access = (userId: string, added: string[], removed: string[], count: number): WorkspaceEvent => ({
  type: 'MemberAccountAccessChanged',
  data: { userId, access: 'listed', added, removed, count },
});
const ids = (count: number, prefix = 'acc'): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}_${index}`);
const by = (userId: string) => ({ asker: { userId }, at: AT });

describe('creating a workspace', () => {
  const create = { name: 'Nordwind', nameDigest: 'digest-1', timezone: 'Europe/Berlin', ownerId: 'ann', at: AT };

  it('makes whoever asks its owner, with the default settings', () => {
    given()
      .when((state) => createWorkspace(state, create))
      .then({ ...created, personal: { name: 'Nordwind' } }, owner)
      .askedAgain.thenNothing();
    expect(DEFAULT_SETTINGS.expiringWindow).toBe('P30D');
  });
});

describe('changing a workspace', () => {
  const renamed = { text: 'Südwind', digest: 'digest-2' };

  it('writes a new name once, sealed, with its digest in clear', () => {
    given(created, owner)
      .when((state) => changeWorkspace(state, { name: renamed }))
      .then({ type: 'WorkspaceRenamed', data: { nameDigest: 'digest-2' }, personal: { name: 'Südwind' } })
      .askedAgain.thenNothing();
  });

  it('writes only the settings that differ', () => {
    given(created)
      .when((state) =>
        changeWorkspace(state, {
          timezone: 'Europe/Berlin',
          expiringWindow: 'P14D',
          noticeSteps: ['P30D', 'P7D', 'P1D'],
        }),
      )
      .then({ type: 'WorkspaceSettingsChanged', data: { expiringWindow: 'P14D' } })
      .askedAgain.thenNothing();
    given(created)
      .when((state) => changeWorkspace(state, { timezone: 'Asia/Tokyo', noticeSteps: ['P7D'] }))
      .then({ type: 'WorkspaceSettingsChanged', data: { timezone: 'Asia/Tokyo', noticeSteps: ['P7D'] } })
      .askedAgain.thenNothing();
  });

  it('is quiet about what is so already, and refuses a workspace that is not there', () => {
    given(created)
      .when((state) => changeWorkspace(state, { name: { text: 'x', digest: 'digest-1' }, timezone: 'Europe/Berlin' }))
      .thenNothing();
    given()
      .when((state) => changeWorkspace(state, { name: renamed }))
      .thenRefused('not-found');
  });
});

describe('setting a member', () => {
  const set = (
    asker: string,
    userId: string,
    more: { role?: Role; access?: AccountAccess; mustExist?: boolean } = {},
  ): Parameters<typeof setMember>[1] => ({ ...by(asker), userId, mustExist: false, ...more });

  it('adds somebody with role and access, and is quiet the second time', () => {
    given(created, owner)
      .when((state) => setMember(state, set('ann', 'bob', { role: 'editor', access: new Set(['acc_1']) })))
      .then(member('bob', 'editor', new Set(['acc_1'])))
      .askedAgain.thenNothing();
    given(created, owner)
      .when((state) => setMember(state, set('ann', 'eve')))
      .then(member('eve', 'viewer'));
  });

  it('changes role and access of somebody who is there', () => {
    given(created, owner, member('bob', 'editor', new Set(['acc_1', 'acc_2'])))
      .when((state) => setMember(state, set('ann', 'bob', { role: 'viewer', access: new Set(['acc_2', 'acc_3']) })))
      .then(role('bob', 'viewer'), access('bob', ['acc_3'], ['acc_1'], 2))
      .askedAgain.thenNothing();
    given(created, owner, member('bob', 'editor'))
      .when((state) => setMember(state, set('ann', 'bob', { access: new Set() })))
      .then(access('bob', [], [], 0))
      .askedAgain.thenNothing();
    given(created, owner, member('bob', 'editor', new Set()))
      .when((state) => setMember(state, set('ann', 'bob', { access: 'all' })))
      .then({
        type: 'MemberAccountAccessChanged',
        data: { userId: 'bob', access: 'all', added: [], removed: [], count: 0 },
      })
      .askedAgain.thenNothing();
  });

  it('changes nobody who is not there where somebody must be, in no workspace that is not there', () => {
    given(created, owner)
      .when((state) => setMember(state, set('ann', 'bob', { mustExist: true })))
      .thenRefused('not-found');
    given()
      .when((state) => setMember(state, set('ann', 'bob')))
      .thenRefused('not-found');
    given()
      .when((state) => setMember(state, { ...set('ann', 'bob'), asker: 'system' }))
      .thenRefused('not-found');
    given(created, owner)
      .when((state) => setMember(state, set('stranger', 'bob')))
      .thenRefused('not-found');
  });

  it('keeps the last owner (M3)', () => {
    given(created, owner)
      .when((state) => setMember(state, set('ann', 'ann', { role: 'admin' })))
      .thenRefused('last-owner');
    given(created, owner, member('bob', 'owner'))
      .when((state) => setMember(state, set('ann', 'ann', { role: 'admin' })))
      .then(role('ann', 'admin'));
    given(created, owner)
      .when((state) => setMember(state, set('ann', 'ann', { role: 'owner' })))
      .thenNothing();
  });

  it('lets nobody climb, or pull others up or down beyond themselves', () => {
    const team = [created, owner, admin, member('cat', 'auditor'), member('dan', 'admin', new Set(['acc_1']))] as const;
    const refused = (asker: string, userId: string, more: { role?: Role; access?: AccountAccess }): void =>
      given(...team)
        .when((state) => setMember(state, set(asker, userId, more)))
        .thenRefused('permission-denied');
    refused('bob', 'bob', { role: 'owner' });
    refused('bob', 'eve', { role: 'owner' });
    refused('bob', 'eve', { role: 'auditor' });
    refused('bob', 'ann', { role: 'viewer' });
    refused('bob', 'cat', { role: 'viewer' });
    refused('dan', 'dan', { access: 'all' });
    refused('dan', 'eve', { role: 'viewer', access: new Set(['acc_1', 'acc_2']) });
    refused('dan', 'bob', { role: 'viewer' });
    given(...team)
      .when((state) => setMember(state, set('dan', 'eve', { role: 'viewer', access: new Set(['acc_1']) })))
      .then(member('eve', 'viewer', new Set(['acc_1'])));
  });

  it('writes long lists as several events of at most 200 ids', () => {
    const add = given(created, owner)
      .when((state) => setMember(state, set('ann', 'bob', { role: 'viewer', access: new Set(ids(450)) })))
      .thenEvents();
    expect(add.map((event) => ('count' in event.data ? event.data.count : null))).toEqual([200, 400, 450]);
    const events = given(created, owner, ...add)
      .when((state) => setMember(state, set('ann', 'bob', { access: new Set(ids(210, 'other')) })))
      .thenEvents();
    const state = [created, owner, ...add, ...events].reduce(
      (one, event) => workspace.evolve(one, event),
      workspace.initial,
    );
    expect(state.members.get('bob')?.access).toEqual(new Set(ids(210, 'other')));
    expect(events.map((event) => ('count' in event.data ? event.data.count : null))).toEqual([450, 260, 210]);
  });
});

describe('removing a member', () => {
  const removed = (userId: string): WorkspaceEvent => ({ type: 'MemberRemoved', data: { userId } });

  it('removes once; then there is no such member', () => {
    given(created, owner, admin)
      .when((state) => removeMember(state, { asker: { userId: 'ann' }, userId: 'bob' }))
      .then(removed('bob'))
      .askedAgain.thenRefused('not-found');
  });

  it('lets people leave by themselves, but not the last owner (M3)', () => {
    given(created, owner, admin)
      .when((state) => removeMember(state, { asker: { userId: 'bob' }, userId: 'bob' }))
      .then(removed('bob'));
    given(created, owner)
      .when((state) => removeMember(state, { asker: { userId: 'ann' }, userId: 'ann' }))
      .thenRefused('last-owner');
    given(created, owner, member('bob', 'owner'))
      .when((state) => removeMember(state, { asker: { userId: 'bob' }, userId: 'ann' }))
      .then(removed('ann'));
  });

  it('lets nobody remove those above themselves', () => {
    for (const target of ['ann', 'cat']) {
      given(created, owner, admin, member('cat', 'auditor'))
        .when((state) => removeMember(state, { asker: { userId: 'bob' }, userId: target }))
        .thenRefused('permission-denied');
    }
    given(created, owner, admin)
      .when((state) => removeMember(state, { asker: { userId: 'stranger' }, userId: 'bob' }))
      .thenRefused('not-found');
  });
});

describe('accounts that somebody connected', () => {
  it('join the access of a member with listed accounts, once', () => {
    given(created, owner, member('bob', 'publisher', new Set(['acc_1'])))
      .when((state) => addConnectedAccounts(state, { userId: 'bob', accountIds: ['acc_1', 'acc_2'] }))
      .then(access('bob', ['acc_2'], [], 2))
      .askedAgain.thenNothing();
  });

  it('change nothing for whoever sees all, or has left', () => {
    for (const userId of ['ann', 'gone']) {
      given(created, owner)
        .when((state) => addConnectedAccounts(state, { userId, accountIds: ['acc_1'] }))
        .thenNothing();
    }
  });
});

describe('the fold', () => {
  it('is silent about members who are not there', () => {
    const state = [role('gone', 'owner'), access('gone', ['acc_1'], [], 1)].reduce(
      (one, event) => workspace.evolve(one, event),
      workspace.initial,
    );
    expect(state.members.size).toBe(0);
  });
});
