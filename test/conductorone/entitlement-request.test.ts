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

suite('a grant task', () => {
  for (const { entitlement, wish } of [
    { entitlement: 'enterprise', wish: { type: 'License', license: 'Enterprise' } },
    { entitlement: 'view only', wish: { type: 'License', license: 'ViewOnly' } },
    { entitlement: 'team:501:Team Member', wish: { type: 'Team', team: { gid: '501' } } },
    {
      entitlement: 'workspace:1200:Member',
      wish: { type: 'Workspace', workspace: '1200' },
    },
  ] satisfies { entitlement: string; wish: Wish }[]) {
    test(`for the entitlement ${entitlement} becomes a request to give the right ${wish.type}`, () => {
      assert.deepEqual(grantRequestOf(entitlement, user), { wish, want: 'Give', user: { gid: '905' } });
    });
  }

  for (const { entitlement, principal, code, says, because } of [
    {
      entitlement: 'team:501:Admin',
      code: 'ImmutableRole',
      says: /team settings.*Team Member/,
      because: 'the API cannot grant the team role Admin',
    },
    {
      entitlement: 'team:501:Guest',
      code: 'ImmutableRole',
      says: /team role Guest/,
      because: 'the API cannot grant the team role Guest',
    },
    {
      entitlement: 'team:501:Limited Access',
      code: 'ImmutableRole',
      says: /team role Limited Access/,
      because: 'the API cannot grant the team role Limited Access',
    },
    {
      entitlement: 'workspace:1200:Admin',
      code: 'ImmutableRole',
      says: /Admin Console.*Member/,
      because: 'the API cannot grant the workspace role Admin',
    },
    {
      entitlement: 'workspace:1200:Guest',
      code: 'ImmutableRole',
      says: /outside the domains of the organization/,
      because: 'the email address decides whether a person is a guest',
    },
    {
      entitlement: 'team:501:Owner',
      code: 'EntitlementNotFound',
      says: /"team:501:Owner" is not an entitlement/,
      because: 'the role does not exist',
    },
    {
      entitlement: 'team:5:0:1:Team Member',
      code: 'EntitlementNotFound',
      says: /Sync the connector/,
      because: 'the gid contains colons',
    },
    {
      entitlement: 'team:../users/1:Team Member',
      code: 'EntitlementNotFound',
      says: /not an entitlement/,
      because: 'the gid is a path',
    },
    { entitlement: '', code: 'EntitlementNotFound', says: /"" is not/, because: 'the entitlement is empty' },
    {
      entitlement: `x\n${'y'.repeat(5000)}`,
      code: 'EntitlementNotFound',
      says: /^"x\\ny{198}" is/,
      because: 'the entitlement is too long and not printable',
    },
    {
      entitlement: 'enterprise',
      principal: { type: 'team', id: '501' },
      code: 'InvalidPrincipal',
      says: /"team:501"/,
      because: 'the principal is a team',
    },
    {
      entitlement: 'enterprise',
      principal: { type: 'user', id: '' },
      code: 'InvalidPrincipal',
      says: /does not specify a user/,
      because: 'the principal has no ID',
    },
    {
      entitlement: 'enterprise',
      principal: { type: 'user', id: 'a b:c' },
      code: 'AccountNotFound',
      says: /"a b:c" is not an account/,
      because: 'the ID of the principal contains a space and a colon',
    },
  ]) {
    test(`is refused with ${code}: ${because}`, () => {
      assert.throws(() => grantRequestOf(entitlement, principal ?? user), refusedAs(code, says));
    });
  }
});

suite('a revoke task', () => {
  for (const { grant, request, because } of [
    {
      grant: { id: 'enterprise:905' },
      request: { wish: { type: 'License', license: 'Enterprise' }, want: 'Take', user: { gid: '905' } },
      because: 'the ID alone identifies a license',
    },
    {
      grant: { id: 'view only:905' },
      request: { wish: { type: 'License', license: 'ViewOnly' }, want: 'Take', user: { gid: '905' } },
      because: 'the ID of a license may contain a space',
    },
    {
      grant: { id: 'team:501:Team Member:user:905' },
      request: { wish: { type: 'Team', team: { gid: '501' } }, want: 'Take', user: { gid: '905' } },
      because: 'the ID alone identifies a team role',
    },
    {
      grant: { id: 'workspace:1200:Guest:user:905' },
      request: { wish: { type: 'Workspace', workspace: '1200' }, want: 'Take', user: { gid: '905' } },
      because: 'a guest can be removed',
    },
    {
      grant: {
        id: 'user:905:Team Member:user:905',
        entitlement: 'team:501:Team Member',
        principal: { type: 'user', id: '905' },
      },
      request: { wish: { type: 'Team', team: { gid: '501' } }, want: 'Take', user: { gid: '905' } },
      because: 'the entitlement takes precedence over the ID, which the Go connector built differently',
    },
    {
      grant: { id: 'what ever: it is', entitlement: 'enterprise', principal: { type: 'user', id: '30' } },
      request: { wish: { type: 'License', license: 'Enterprise' }, want: 'Take', user: { gid: '30' } },
      because: 'the ID is ignored if entitlement and principal are set',
    },
    {
      grant: { id: 'enterprise:905', principal: { type: 'user', id: '905' } },
      request: { wish: { type: 'License', license: 'Enterprise' }, want: 'Take', user: { gid: '905' } },
      because: 'a missing entitlement is taken from the ID',
    },
  ] satisfies { grant: GrantParts; request: TaskRequest; because: string }[]) {
    test(`becomes a request to take the right ${request.wish.type}: ${because}`, () => {
      assert.deepEqual(revokeRequestOf(grant), request);
    });
  }

  for (const { grant, code, says, because } of [
    {
      grant: { id: 'team:501:Admin:user:905' },
      code: 'ImmutableRole',
      says: /removes the role Admin.*revoke Team Member/,
      because: 'the API cannot revoke the team role Admin',
    },
    {
      grant: { id: 'workspace:1200:Admin:user:905' },
      code: 'ImmutableRole',
      says: /makes the person a member/,
      because: 'the API cannot revoke the workspace role Admin',
    },
    {
      grant: { id: 'team:501:Team Member:group:905' },
      code: 'EntitlementNotFound',
      says: /Sync the connector/,
      because: 'the principal in the ID is not a user',
    },
    {
      grant: { id: 'enterprise:905:7' },
      code: 'AccountNotFound',
      says: /"905:7"/,
      because: 'the user ID contains a colon',
    },
    {
      grant: { id: 'team:501:Team Member:user:9 0:5' },
      code: 'AccountNotFound',
      says: /"9 0:5"/,
      because: 'the user ID contains a space and a colon',
    },
    { grant: { id: '' }, code: 'EntitlementNotFound', says: /""/, because: 'the grant ID is empty' },
    {
      grant: { id: 'x', entitlement: 'enterprise' },
      code: 'InvalidPrincipal',
      says: /does not specify a user/,
      because: 'the principal is missing',
    },
  ] satisfies { grant: GrantParts; code: string; says: RegExp; because: string }[]) {
    test(`is refused with ${code}: ${because}`, () => {
      assert.throws(() => revokeRequestOf(grant), refusedAs(code, says));
    });
  }
});

suite('a create-account task', () => {
  const account = (name: string | null, workspace: string | null): TaskRequest => ({
    wish: { type: 'Account', workspace },
    want: 'Give',
    user: { email: 'ada@acme.com', name },
  });
  const ada = account(null, null);

  for (const { info, request, because } of [
    {
      info: { profile: { email: 'ada@acme.com' } },
      request: ada,
      because: 'the address is the email of the profile',
    },
    {
      info: { profile: { email: ' Ada@Acme.COM ' } },
      request: ada,
      because: 'the address is trimmed and converted to lower case',
    },
    {
      info: {
        emails: [
          { address: 'second@acme.com', isPrimary: false },
          { address: 'ada@acme.com', isPrimary: true },
        ],
      },
      request: ada,
      because: 'without a profile, the primary address is used',
    },
    {
      info: { emails: [{ address: 'ada@acme.com', isPrimary: false }], login: 'x' },
      request: ada,
      because: 'without a primary address, the first address is used',
    },
    { info: { login: 'ada@acme.com' }, request: ada, because: 'without an address, the login is used' },
    {
      info: {
        profile: { email: 'ada@acme.com', first_name: 'Ada', last_name: 'Lovelace', workspace_id: '1200' },
      },
      request: account('Ada Lovelace', '1200'),
      because: 'first name, last name and workspace are used',
    },
    {
      info: { profile: { email: 'ada@acme.com', name: 'Ada L.', workspace_id: '' } },
      request: account('Ada L.', null),
      because: 'a full name is used as it is, and an empty workspace counts as absent',
    },
    {
      info: { profile: { email: 'ada@acme.com', first_name: null, license_type: ['enterprise'] } },
      request: ada,
      because: 'null fields and the license type are ignored',
    },
  ] satisfies { info: Partial<NewAccount>; request: TaskRequest; because: string }[]) {
    test(`becomes a request to create an account: ${because}`, () => {
      assert.deepEqual(createAccountRequestOf({ emails: [], login: '', ...info }), request);
    });
  }

  for (const { info, code, says, because } of [
    { info: {}, code: 'InvalidEmail', says: /specifies no email/, because: 'it contains no address' },
    {
      info: { login: 'ada' },
      code: 'InvalidEmail',
      says: /"ada" is not an email address/,
      because: 'the login is not an address',
    },
    {
      info: { profile: { email: 'ada@acme.com, bob@acme.com' } },
      code: 'InvalidEmail',
      says: /not an email address/,
      because: 'the email contains two addresses',
    },
    {
      info: { profile: { email: 'ada@acme.com', workspace_id: 'Acme Inc' } },
      code: 'WorkspaceNotFound',
      says: /"Acme Inc" is not the ID of a workspace.*gid/,
      because: 'the workspace is a name instead of a gid',
    },
  ]) {
    test(`is refused with ${code}: ${because}`, () => {
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
    test(`is refused with InvalidArgument if a field is not a string: ${JSON.stringify(profile)}`, () => {
      const info = { emails: [], login: 'ada@acme.com', profile };
      assert.throws(
        () => createAccountRequestOf(info),
        (error) => error instanceof InvalidInputError && grpcCodeOf(error) === Code.InvalidArgument,
      );
    });
  }
});
