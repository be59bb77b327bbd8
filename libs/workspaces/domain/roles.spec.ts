import { describe, expect, it } from '@jest/globals';
import { mayTouch, permissionsOf, ROLES, type AccountAccess, type Role } from './roles.js';

/** The table of roles as people read it; columns in the order of ROLES. */
const TABLE = {
  'accounts:read': 'yes yes yes yes yes yes yes',
  'accounts:connect': 'yes yes yes - - - -',
  'accounts:update': 'yes yes yes - - - -',
  'accounts:remove': 'yes yes - - - - -',
  'queue:write': 'yes yes yes - - - -',
  'automations:write': 'yes yes yes - - - -',
  'posts:draft': 'yes yes yes yes yes - -',
  'posts:schedule': 'yes yes yes yes - - -',
  'posts:publish': 'yes yes yes - - - -',
  'analytics:read': 'yes yes yes yes - yes -',
  'easyconnect:manage': 'yes yes - - - - -',
  'webhooks:manage': 'yes yes - - - - -',
  'members:manage': 'yes yes - - - - -',
  'workspace:manage': 'yes yes - - - - -',
  'audit:read': 'yes - - - - - yes',
};

const ACCESSES: readonly AccountAccess[] = ['all', new Set(['a', 'b']), new Set(['a']), new Set()];
const members = ROLES.flatMap((role) => ACCESSES.map((access) => ({ role, access })));

describe('the roles (M1)', () => {
  it('give exactly the permissions of the table', () => {
    expect(ROLES).toEqual(['owner', 'admin', 'publisher', 'editor', 'contributor', 'viewer', 'auditor']);
    ROLES.forEach((role, column) => {
      const expected = Object.entries(TABLE).filter(([, cells]) => cells.split(' ')[column] === 'yes');
      expect([role, [...permissionsOf(role)].sort()]).toEqual([
        role,
        expected.map(([permission]) => permission).sort(),
      ]);
      expect(new Set(permissionsOf(role)).size).toBe(permissionsOf(role).length);
    });
  });

  it('let nobody touch a role that has a permission they lack', () => {
    for (const actor of members) {
      for (const target of members) {
        if (!mayTouch(actor, target)) continue;
        const lacks = permissionsOf(target.role).filter((one) => !permissionsOf(actor.role).includes(one));
        expect([actor.role, target.role, lacks]).toEqual([actor.role, target.role, []]);
      }
    }
  });

  it('let nobody touch account access beyond their own', () => {
    for (const actor of members) {
      const { access } = actor;
      if (access === 'all') continue;
      const beyond = members.filter((one) => one.access === 'all' || [...one.access].some((id) => !access.has(id)));
      expect(beyond.filter((target) => mayTouch(actor, target))).toEqual([]);
    }
  });

  it('let only owners touch owners and auditors', () => {
    const touchable = (role: Role): readonly Role[] =>
      ROLES.filter((target) => mayTouch({ role, access: 'all' }, { role: target, access: 'all' }));
    expect(touchable('owner')).toEqual(ROLES);
    expect(touchable('admin')).toEqual(['admin', 'publisher', 'editor', 'contributor', 'viewer']);
    expect(touchable('auditor')).toEqual([]);
    expect(touchable('viewer')).toEqual(['viewer']);
  });
});
