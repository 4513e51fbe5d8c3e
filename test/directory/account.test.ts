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

suite('the license for a userType', () => {
  const rows = [
    ['enterprise', 'Enterprise', 'the documented value'],
    ['Enterprise', 'Enterprise', 'case is ignored'],
    ['VIEW ONLY', 'ViewOnly', 'case is ignored'],
    ['view_only', null, 'another spelling does not match'],
    ['Starter', null, 'an unknown value does not match'],
    ['', null, 'the value is empty'],
    [null, null, 'there is no value'],
  ] as const;
  for (const [userType, license, because] of rows) {
    test(`${JSON.stringify(userType)} maps to ${license}: ${because}`, () => {
      assert.equal(licenseOf(userType, settings), license);
    });
  }

  test('the values for both licenses are configurable', () => {
    assert.equal(licenseOf('full', { enterprise: 'Full', viewOnly: 'Viewer' }), 'Enterprise');
  });
});

suite('the role in a workspace', () => {
  test('guest takes precedence over admin, and admin over member', () => {
    assert.equal(roleOf({ guest: true, admin: true }), 'Guest');
    assert.equal(roleOf({ guest: false, admin: true }), 'Admin');
    assert.equal(roleOf({ guest: false, admin: false }), 'Member');
  });
});

suite('guests who are admins', () => {
  const place = (flags: { admin: boolean; guest: boolean }) =>
    reduceMemberships('9', [
      { gid: 'm', user: { gid: '1', name: 'Ann', email: null }, active: true, viewOnly: null, ...flags },
    ]);
  const accountIn = (flags: { admin: boolean; guest: boolean }): Account => {
    const membership = place(flags);
    assert.ok(membership);
    return { gid: '1', email: null, name: 'Ann', memberships: [membership], scim: null, license: null };
  };

  test('a guest with the admin flag is both guest and admin', () => {
    const account = accountIn({ admin: true, guest: true });
    assert.ok(isAdmin(account, '9') && isGuest(account, '9'));
  });

  test('a guest without the admin flag is not an admin', () => {
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

  test('the active one is used with its own role, even if it is listed last', () => {
    const reduced = reduceMemberships('5', [record('old', false, true), record('new', true)]);
    assert.deepEqual(reduced, { gid: 'new', workspace: '5', active: true, role: 'Member', viewOnly: null });
  });

  test('an inactive membership keeps the role Admin', () => {
    assert.equal(reduceMemberships('5', [record('old', false, true)])?.role, 'Admin');
  });

  test('no memberships reduce to null', () => {
    assert.equal(reduceMemberships('5', []), null);
  });
});

suite('the role in a team', () => {
  const none = { guest: false, admin: false, limitedAccess: false };
  for (const [flags, role, because] of [
    [{}, 'Member', 'without any flag'],
    [{ limitedAccess: true }, 'LimitedAccess', 'with limited access'],
    [{ admin: true, limitedAccess: true }, 'Admin', 'for an admin with limited access'],
    [{ guest: true, admin: true, limitedAccess: true }, 'Guest', 'for a guest who is also an admin'],
  ] as const)
    test(`is ${role} ${because}`, () => {
      assert.equal(teamRoleOf({ ...none, ...flags }), role);
    });
});

suite('addresses', () => {
  for (const [written, expected, because] of [
    [null, { email: null }, 'as null because Asana hides it'],
    ['ann@acme.example', { email: 'ann@acme.example' }, 'once because both forms are equal'],
    ['Ann@Acme.example', { email: 'ann@acme.example', address: 'Ann@Acme.example' }, 'in both forms'],
  ] as const)
    test(`${written} is kept ${because}`, () => {
      assert.deepEqual(addressed(written), expected);
      assert.equal(addressOf(addressed(written)), written);
    });
});

suite('the state of an account', () => {
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
    [account([member('5', true)]), '5', true, 'SCIM does not list the account'],
    [account([member('5', true)], false), '5', false, 'SCIM lists the account as inactive'],
    [account([member('5', false)], true), '5', false, 'the membership is inactive'],
    [account([], true), '5', false, 'there is no membership of the organization'],
    [account([member('6', true)], true), '5', false, 'a membership of another workspace does not count'],
    [account([member('6', true)]), null, true, 'without an organization, any workspace counts'],
    [account([], true), null, true, 'without memberships, SCIM alone decides'],
    [account([]), null, false, 'neither REST nor SCIM lists the account'],
  ];
  for (const [person, organization, active, because] of rows) {
    test(`active is ${active}: ${because}`, () => assert.equal(isActive(person, organization), active));
  }

  test('an admin of a plain workspace is an admin there and not in the organization', () => {
    const person = account([member('5', true), member('6', true, 'Admin')]);
    assert.deepEqual(
      [isAdmin(person, '6'), isAdmin(person, '5'), isAdmin(person, null)],
      [true, false, true],
    );
  });

  test('the role in another workspace does not change the role in the organization', () => {
    const person = account([member('6', true, 'Guest'), member('5', true, 'Admin')]);
    assert.deepEqual(
      [isGuest(person, '5'), isAdmin(person, '5'), isGuest(person, null)],
      [false, true, true],
    );
  });
});
