import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  addressed,
  addressOf,
  isActive,
  isAdmin,
  isGuest,
  licenseOf,
  reduceMemberships,
  roleOf,
  teamRoleOf,
} from '../../src/directory/account.ts';
import type { Account, ScimRecord, WorkspaceMembership } from '../../src/directory/snapshot.ts';

const settings = { enterprise: 'enterprise', viewOnly: 'view only' };

suite('licenses', () => {
  const rows = [
    ['enterprise', 'Enterprise', 'as documented'],
    ['Enterprise', 'Enterprise', 'case does not matter'],
    ['VIEW ONLY', 'ViewOnly', 'case does not matter'],
    ['view_only', null, 'another spelling is another value'],
    ['Starter', null, 'an unknown license is none of ours'],
    ['', null, 'empty'],
    [null, null, 'absent'],
  ] as const;
  for (const [userType, license, because] of rows) {
    test(`userType ${JSON.stringify(userType)} is ${license}: ${because}`, () => {
      assert.equal(licenseOf(userType, settings), license);
    });
  }

  test('the values are settings', () => {
    assert.equal(licenseOf('full', { enterprise: 'Full', viewOnly: 'Viewer' }), 'Enterprise');
  });
});

suite('roles', () => {
  test('guest outranks admin, and admin outranks member', () => {
    assert.equal(roleOf({ guest: true, admin: true }), 'Guest');
    assert.equal(roleOf({ guest: false, admin: true }), 'Admin');
    assert.equal(roleOf({ guest: false, admin: false }), 'Member');
  });
});

suite('admins', () => {
  const place = (flags: { admin: boolean; guest: boolean }) =>
    reduceMemberships('9', [
      { gid: 'm', user: { gid: '1', name: 'Ann', email: null }, active: true, viewOnly: null, ...flags },
    ]);
  const accountIn = (flags: { admin: boolean; guest: boolean }): Account => {
    const membership = place(flags);
    assert.ok(membership);
    return { gid: '1', email: null, name: 'Ann', memberships: [membership], scim: null, license: null };
  };

  test('somebody who is guest and admin at once is both', () => {
    const account = accountIn({ admin: true, guest: true });
    assert.ok(isAdmin(account, '9') && isGuest(account, '9'));
  });

  test('a guest is no admin of their own accord', () => {
    assert.equal(isAdmin(accountIn({ admin: false, guest: true }), '9'), false);
  });
});

suite('several memberships of one person', () => {
  const record = (gid: string, active: boolean, admin = false) => ({
    gid,
    user: { gid: '1', name: 'Ann', email: null },
    active,
    admin,
    guest: false,
    viewOnly: null,
  });

  test('the active one counts, with its own role, wherever it stands', () => {
    const reduced = reduceMemberships('5', [record('old', false, true), record('new', true)]);
    assert.deepEqual(reduced, { gid: 'new', workspace: '5', active: true, role: 'Member', viewOnly: null });
  });

  test('an inactive admin is an admin all the same', () => {
    assert.equal(reduceMemberships('5', [record('old', false, true)])?.role, 'Admin');
  });

  test('none is none', () => {
    assert.equal(reduceMemberships('5', []), null);
  });
});

suite('a role in a team, as one word', () => {
  const none = { guest: false, admin: false, limitedAccess: false };
  for (const [flags, role, because] of [
    [{}, 'Member', 'without a flag'],
    [{ limitedAccess: true }, 'LimitedAccess', 'with limited access'],
    [{ admin: true, limitedAccess: true }, 'Admin', 'an admin before limited access'],
    [{ guest: true, admin: true, limitedAccess: true }, 'Guest', 'a guest before all'],
  ] as const)
    test(`${because}: ${role}`, () => {
      assert.equal(teamRoleOf({ ...none, ...flags }), role);
    });
});

suite('addresses', () => {
  for (const [written, expected, because] of [
    [null, { email: null }, 'hidden'],
    ['ann@acme.example', { email: 'ann@acme.example' }, 'the same twice is kept once'],
    ['Ann@Acme.example', { email: 'ann@acme.example', address: 'Ann@Acme.example' }, 'both forms'],
  ] as const)
    test(`${written}: ${because}`, () => {
      assert.deepEqual(addressed(written), expected);
      assert.equal(addressOf(addressed(written)), written);
    });
});

suite('who is active, guest or admin', () => {
  const member = (workspace: string, active: boolean, role: WorkspaceMembership['role'] = 'Member') => ({
    gid: `m${workspace}`,
    workspace,
    active,
    role,
    viewOnly: null,
  });
  const account = (memberships: readonly WorkspaceMembership[], scimActive?: boolean): Account => {
    const scim: ScimRecord | null =
      scimActive === undefined
        ? null
        : { id: '1', userName: 'a@acme.example', active: scimActive, userType: null, attributes: {} };
    return { gid: '1', email: 'a@acme.example', name: 'A', memberships, scim, license: null };
  };
  const rows: readonly [account: Account, organization: string | null, active: boolean, because: string][] = [
    [account([member('5', true)], true), '5', true, 'REST and SCIM agree'],
    [account([member('5', true)]), '5', true, 'SCIM does not list guests, or is off'],
    [account([member('5', true)], false), '5', false, 'SCIM says deprovisioned'],
    [account([member('5', false)], true), '5', false, 'the membership has ended'],
    [account([], true), '5', false, 'no membership: absence means removed too'],
    [account([member('6', true)], true), '5', false, 'another workspace does not count'],
    [account([member('6', true)]), null, true, 'without an organization any workspace counts'],
    [account([], true), null, true, 'SCIM alone'],
    [account([]), null, false, 'nothing speaks for it'],
  ];
  for (const [person, organization, active, because] of rows) {
    test(`active is ${active}: ${because}`, () => assert.equal(isActive(person, organization), active));
  }

  test('an admin of a plain workspace is one there, and not in the organization', () => {
    const person = account([member('5', true), member('6', true, 'Admin')]);
    assert.deepEqual(
      [isAdmin(person, '6'), isAdmin(person, '5'), isAdmin(person, null)],
      [true, false, true],
    );
  });

  test('the role in the organization decides, not that elsewhere', () => {
    const person = account([member('6', true, 'Guest'), member('5', true, 'Admin')]);
    assert.deepEqual(
      [isGuest(person, '5'), isAdmin(person, '5'), isGuest(person, null)],
      [false, true, true],
    );
  });
});
