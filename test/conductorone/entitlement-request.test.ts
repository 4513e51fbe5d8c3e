import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { JsonObject } from '@bufbuild/protobuf';
import { Code } from '@connectrpc/connect';
import {
  createAccountRequestOf,
  type GrantParts,
  grantRequestOf,
  type NewAccount,
  revokeRequestOf,
} from '../../src/conductorone/entitlement-request.ts';
import { grpcCodeOf } from '../../src/conductorone/status.ts';
import { InvalidInputError } from '../../src/core/errors.ts';
import { RefusedError } from '../../src/provisioning/refusal.ts';
import type { Wish } from '../../src/provisioning/right.ts';
import type { TaskRequest } from '../../src/provisioning/task-request.ts';

const user = { type: 'user', id: '905' };

function refusedAs(code: string, says: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof RefusedError);
    assert.equal(error.code, code);
    assert.match(error.message, says);
    return true;
  };
}

suite('granting', () => {
  for (const { entitlement, wish } of [
    { entitlement: 'enterprise', wish: { type: 'License', license: 'Enterprise' } },
    { entitlement: 'view only', wish: { type: 'License', license: 'ViewOnly' } },
    { entitlement: 'team:501:Team Member', wish: { type: 'Team', team: { gid: '501' } } },
    {
      entitlement: 'workspace:1200:Member',
      wish: { type: 'Workspace', workspace: '1200' },
    },
  ] satisfies { entitlement: string; wish: Wish }[]) {
    test(`${entitlement} is to be given ${wish.type}`, () => {
      assert.deepEqual(grantRequestOf(entitlement, user), { wish, want: 'Give', user: { gid: '905' } });
    });
  }

  for (const { entitlement, principal, code, says, because } of [
    {
      entitlement: 'team:501:Admin',
      code: 'ImmutableRole',
      says: /team settings.*Team Member/,
      because: 'people make the admins of a team',
    },
    {
      entitlement: 'team:501:Guest',
      code: 'ImmutableRole',
      says: /team role Guest/,
      because: "a team's guests are made by people",
    },
    {
      entitlement: 'team:501:Limited Access',
      code: 'ImmutableRole',
      says: /team role Limited Access/,
      because: 'limited access is given by people',
    },
    {
      entitlement: 'workspace:1200:Admin',
      code: 'ImmutableRole',
      says: /Admin Console.*Member/,
      because: 'admins are made in the admin console',
    },
    {
      entitlement: 'workspace:1200:Guest',
      code: 'ImmutableRole',
      says: /outside the domains of the organization/,
      because: 'the address makes a guest',
    },
    {
      entitlement: 'team:501:Owner',
      code: 'EntitlementNotFound',
      says: /"team:501:Owner" is not an entitlement/,
      because: 'there is no such role',
    },
    {
      entitlement: 'team:5:0:1:Team Member',
      code: 'EntitlementNotFound',
      says: /Sync the connector/,
      because: 'a colon where there is none in a gid',
    },
    {
      entitlement: 'team:../users/1:Team Member',
      code: 'EntitlementNotFound',
      says: /not an entitlement/,
      because: 'a path is no gid',
    },
    { entitlement: '', code: 'EntitlementNotFound', says: /"" is not/, because: 'it is empty' },
    {
      entitlement: `x\n${'y'.repeat(5000)}`,
      code: 'EntitlementNotFound',
      says: /^"x\\ny{198}" is/,
      because: 'it is endless and not printable',
    },
    {
      entitlement: 'enterprise',
      principal: { type: 'team', id: '501' },
      code: 'InvalidPrincipal',
      says: /"team:501"/,
      because: 'teams hold no rights',
    },
    {
      entitlement: 'enterprise',
      principal: { type: 'user', id: '' },
      code: 'InvalidPrincipal',
      says: /does not specify a user/,
      because: 'the task names nobody',
    },
    {
      entitlement: 'enterprise',
      principal: { type: 'user', id: 'a b:c' },
      code: 'AccountNotFound',
      says: /"a b:c" is not an account/,
      because: 'colons and spaces are in no gid',
    },
  ]) {
    test(`is refused as ${code}: ${because}`, () => {
      assert.throws(() => grantRequestOf(entitlement, principal ?? user), refusedAs(code, says));
    });
  }
});

suite('revoking', () => {
  for (const { grant, request, because } of [
    {
      grant: { id: 'enterprise:905' },
      request: { wish: { type: 'License', license: 'Enterprise' }, want: 'Take', user: { gid: '905' } },
      because: 'a license, by the id alone',
    },
    {
      grant: { id: 'view only:905' },
      request: { wish: { type: 'License', license: 'ViewOnly' }, want: 'Take', user: { gid: '905' } },
      because: 'a license with a space in its name',
    },
    {
      grant: { id: 'team:501:Team Member:user:905' },
      request: { wish: { type: 'Team', team: { gid: '501' } }, want: 'Take', user: { gid: '905' } },
      because: 'a role, by the id alone',
    },
    {
      grant: { id: 'workspace:1200:Guest:user:905' },
      request: { wish: { type: 'Workspace', workspace: '1200' }, want: 'Take', user: { gid: '905' } },
      because: 'guests can be taken out',
    },
    {
      grant: {
        id: 'user:905:Team Member:user:905',
        entitlement: 'team:501:Team Member',
        principal: { type: 'user', id: '905' },
      },
      request: { wish: { type: 'Team', team: { gid: '501' } }, want: 'Take', user: { gid: '905' } },
      because: 'the parts count: the Go connector built ids on the wrong resource',
    },
    {
      grant: { id: 'what ever: it is', entitlement: 'enterprise', principal: { type: 'user', id: '30' } },
      request: { wish: { type: 'License', license: 'Enterprise' }, want: 'Take', user: { gid: '30' } },
      because: 'with both parts the id is not read',
    },
    {
      grant: { id: 'enterprise:905', principal: { type: 'user', id: '905' } },
      request: { wish: { type: 'License', license: 'Enterprise' }, want: 'Take', user: { gid: '905' } },
      because: 'the missing part comes from the id',
    },
  ] satisfies { grant: GrantParts; request: TaskRequest; because: string }[]) {
    test(`${grant.id} is to be taken, ${request.wish.type}: ${because}`, () => {
      assert.deepEqual(revokeRequestOf(grant), request);
    });
  }

  for (const { grant, code, says, because } of [
    {
      grant: { id: 'team:501:Admin:user:905' },
      code: 'ImmutableRole',
      says: /removes the role Admin.*revoke Team Member/,
      because: 'people unmake the admins of a team',
    },
    {
      grant: { id: 'workspace:1200:Admin:user:905' },
      code: 'ImmutableRole',
      says: /makes the person a member/,
      because: 'an admin of the organization is no member',
    },
    {
      grant: { id: 'team:501:Team Member:group:905' },
      code: 'EntitlementNotFound',
      says: /Sync the connector/,
      because: 'no grant of ours has that form',
    },
    {
      grant: { id: 'enterprise:905:7' },
      code: 'AccountNotFound',
      says: /"905:7"/,
      because: 'a colon in a user id',
    },
    {
      grant: { id: 'team:501:Team Member:user:9 0:5' },
      code: 'AccountNotFound',
      says: /"9 0:5"/,
      because: 'colons and spaces in the id of a user',
    },
    { grant: { id: '' }, code: 'EntitlementNotFound', says: /""/, because: 'nothing is said at all' },
    {
      grant: { id: 'x', entitlement: 'enterprise' },
      code: 'InvalidPrincipal',
      says: /does not specify a user/,
      because: 'whose it was is not said',
    },
  ] satisfies { grant: GrantParts; code: string; says: RegExp; because: string }[]) {
    test(`is refused as ${code}: ${because}`, () => {
      assert.throws(() => revokeRequestOf(grant), refusedAs(code, says));
    });
  }
});

suite('creating an account', () => {
  const account = (name: string | null, workspace: string | null): TaskRequest => ({
    wish: { type: 'Account', workspace },
    want: 'Give',
    user: { email: 'ada@acme.com', name },
  });
  const ada = account(null, null);

  for (const { info, request, because } of [
    { info: { profile: { email: 'ada@acme.com' } }, request: ada, because: 'the schema asks for email' },
    {
      info: { profile: { email: ' Ada@Acme.COM ' } },
      request: ada,
      because: 'addresses are compared in lower case',
    },
    {
      info: {
        emails: [
          { address: 'second@acme.com', isPrimary: false },
          { address: 'ada@acme.com', isPrimary: true },
        ],
      },
      request: ada,
      because: 'else the primary address counts',
    },
    {
      info: { emails: [{ address: 'ada@acme.com', isPrimary: false }], login: 'x' },
      request: ada,
      because: 'else the first',
    },
    { info: { login: 'ada@acme.com' }, request: ada, because: 'else the login' },
    {
      info: {
        profile: { email: 'ada@acme.com', first_name: 'Ada', last_name: 'Lovelace', workspace_id: '1200' },
      },
      request: account('Ada Lovelace', '1200'),
      because: 'name and workspace are taken',
    },
    {
      info: { profile: { email: 'ada@acme.com', name: 'Ada L.', workspace_id: '' } },
      request: account('Ada L.', null),
      because: 'a name in one piece does, and empty is absent',
    },
    {
      info: { profile: { email: 'ada@acme.com', first_name: null, license_type: ['enterprise'] } },
      request: ada,
      because: 'what is null, or asks for a license, has no effect',
    },
  ] satisfies { info: Partial<NewAccount>; request: TaskRequest; because: string }[]) {
    test(`takes what the task says: ${because}`, () => {
      assert.deepEqual(createAccountRequestOf({ emails: [], login: '', ...info }), request);
    });
  }

  for (const { info, code, says, because } of [
    { info: {}, code: 'InvalidEmail', says: /specifies no email/, because: 'there is no address' },
    {
      info: { login: 'ada' },
      code: 'InvalidEmail',
      says: /"ada" is not an email address/,
      because: 'the login is none',
    },
    {
      info: { profile: { email: 'ada@acme.com, bob@acme.com' } },
      code: 'InvalidEmail',
      says: /not an email address/,
      because: 'two are none',
    },
    {
      info: { profile: { email: 'ada@acme.com', workspace_id: 'Acme Inc' } },
      code: 'WorkspaceNotFound',
      says: /"Acme Inc" is not the ID of a workspace.*gid/,
      because: 'a name is no gid',
    },
  ]) {
    test(`is refused as ${code}: ${because}`, () => {
      assert.throws(() => createAccountRequestOf({ emails: [], login: '', ...info }), refusedAs(code, says));
    });
  }

  for (const profile of [
    { workspace_id: 1200000000000001 },
    { workspace_id: ['1200'] },
    { workspace_id: false },
    { email: 7 },
    { first_name: 7 },
    { last_name: {} },
    { name: 7 },
  ] as JsonObject[]) {
    test(`is refused with InvalidArgument where a field is no text: ${JSON.stringify(profile)}`, () => {
      const info = { emails: [], login: 'ada@acme.com', profile };
      assert.throws(
        () => createAccountRequestOf(info),
        (error) => error instanceof InvalidInputError && grpcCodeOf(error) === Code.InvalidArgument,
      );
    });
  }
});
