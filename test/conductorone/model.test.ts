import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { accountResource } from '../../src/conductorone/account-resource.ts';
import type { Entitlement } from '../../src/conductorone/generated/c1/connector/v2/entitlement_pb.ts';
import type { Grant } from '../../src/conductorone/generated/c1/connector/v2/grant_pb.ts';
import {
  type Resource,
  Status_ResourceStatus as Status,
} from '../../src/conductorone/generated/c1/connector/v2/resource_pb.ts';
import {
  UserTrait_AccountType as AccountType,
  UserTrait_Status_Status as TraitStatus,
  type UserTrait,
  UserTraitSchema,
} from '../../src/conductorone/generated/c1/connector/v2/trait_pb.ts';
import { readEntitlementId } from '../../src/conductorone/ids.ts';
import { describeDirectory, type ModelSettings } from '../../src/conductorone/model.ts';
import { displayName } from '../../src/conductorone/text.ts';
import type { Account, Snapshot, WorkspaceMembership } from '../../src/directory/snapshot.ts';
import { account, acme, member, snapshotOf, team } from './directories.ts';

const settings: ModelSettings = { licenses: true, serviceAccount: true };

function describe(snapshot: Snapshot, wanted = settings) {
  const resources: Resource[] = [];
  const entitlements: Entitlement[] = [];
  const grants: Grant[] = [];
  for (const one of describeDirectory(snapshot, wanted)) {
    if (one.kind === 'resource') resources.push(one.resource);
    else if (one.kind === 'entitlement') entitlements.push(one.entitlement);
    else grants.push(one.grant);
  }
  return { resources, entitlements, grants };
}

const idsOf = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);
const rowOf = ({ id }: Resource) => `${id?.resourceType}:${id?.resource}`;
const annotationsOf = ({ annotations }: { readonly annotations: readonly { readonly typeUrl: string }[] }) =>
  annotations.map(({ typeUrl }) => typeUrl.replace('type.googleapis.com/c1.connector.v2.', ''));

function traitOf(resource: Resource): UserTrait {
  const trait = resource.annotations
    .map((one) => anyUnpack(one, UserTraitSchema))
    .find((one) => one !== undefined);
  assert.ok(trait, 'the Go readers reject a user without its trait');
  return trait;
}

const membership = (
  workspace: string,
  overrides: Partial<WorkspaceMembership> = {},
): WorkspaceMembership => ({
  gid: `m-${workspace}`,
  workspace,
  active: true,
  role: 'Member',
  viewOnly: false,
  ...overrides,
});

suite('the IDs', () => {
  test('are exactly those of the Go connector', () => {
    const { resources, entitlements, grants } = describe(
      snapshotOf(
        [account('905')],
        [team('501', [member('905', { admin: true, guest: true, limitedAccess: true })])],
      ),
    );
    assert.deepEqual(resources.map(rowOf), [
      'license:enterprise',
      'license:view only',
      'workspace:1200',
      'user:905',
      'team:501',
    ]);
    assert.deepEqual(idsOf(entitlements), [
      'enterprise',
      'view only',
      'workspace:1200:Member',
      'workspace:1200:Admin',
      'workspace:1200:Guest',
      'team:501:Team Member',
      'team:501:Admin',
      'team:501:Guest',
      'team:501:Limited Access',
    ]);
    assert.deepEqual(idsOf(grants), [
      'enterprise:905',
      'workspace:1200:Member:user:905',
      'team:501:Team Member:user:905',
      'team:501:Admin:user:905',
      'team:501:Guest:user:905',
      'team:501:Limited Access:user:905',
    ]);
  });

  test('of entitlements are parsed into their license or role', () => {
    const { entitlements } = describe(snapshotOf([], [team('501')]));
    assert.ok(entitlements.every(({ id }) => readEntitlementId(id) !== null));
    assert.deepEqual(readEntitlementId('view only'), { type: 'license', license: 'ViewOnly' });
    assert.deepEqual(readEntitlementId('team:501:Limited Access'), {
      type: 'team',
      gid: '501',
      role: 'Limited Access',
    });
    assert.deepEqual(readEntitlementId('workspace:1200:Guest'), {
      type: 'workspace',
      gid: '1200',
      role: 'Guest',
    });
  });

  for (const id of [
    '',
    'Enterprise',
    'enterprise ',
    'team:501',
    'team:501:',
    'team::Admin',
    'team:501:Member',
    'workspace:1:Team Member',
    'user:1:Admin',
    'team:5:0:1:Admin',
    'team:501:Admin:user:1',
  ]) {
    test(`that no entitlement has are not parsed: ${JSON.stringify(id)}`, () => {
      assert.equal(readEntitlementId(id), null);
    });
  }
});

suite('roles and licenses', () => {
  for (const { role, expected } of [
    { role: 'Admin', expected: 'workspace:1200:Admin:user:905' },
    { role: 'Guest', expected: 'workspace:1200:Guest:user:905' },
    { role: 'Member', expected: 'workspace:1200:Member:user:905' },
  ] as const) {
    test(`list an active ${role} of a workspace only as ${role}`, () => {
      const person = account('905', { memberships: [membership(acme.gid, { role })], license: null });
      assert.deepEqual(idsOf(describe(snapshotOf([person])).grants), [expected]);
    });
  }

  test('omit every role and license of a person whose membership has ended', () => {
    const gone = account('905', { memberships: [membership(acme.gid, { active: false })] });
    const { grants, resources } = describe(snapshotOf([gone]));
    assert.deepEqual(grants, []);
    assert.ok(resources.map(rowOf).includes('user:905'), 'the account itself is still shown');
  });

  test('list an ordinary team member only as Team Member', () => {
    const { grants } = describe(
      snapshotOf([account('905', { license: null, memberships: [] })], [team('501', [member('905')])]),
    );
    assert.deepEqual(idsOf(grants), ['team:501:Team Member:user:905']);
  });

  test('mark a role that the API cannot change as immutable, on the grant and on the entitlement', () => {
    const admin = account('905', { memberships: [membership(acme.gid, { role: 'Admin' })] });
    const { entitlements, grants } = describe(
      snapshotOf([admin], [team('501', [member('905', { admin: true, guest: true, limitedAccess: true })])]),
    );
    const immutable = ['team:501:Admin', 'team:501:Guest', 'team:501:Limited Access', 'workspace:1200:Admin'];
    const marked = (items: readonly (Entitlement | Grant)[], mark: string) =>
      idsOf(items.filter((one) => annotationsOf(one).includes(mark))).sort();
    assert.deepEqual(marked(entitlements, 'EntitlementImmutable'), immutable);
    assert.deepEqual(
      marked(grants, 'GrantImmutable'),
      immutable.map((id) => `${id}:user:905`),
    );
  });

  test('omit the membership of a person without an account in the directory', () => {
    const { grants } = describe(snapshotOf([], [team('501', [member('999')])]));
    assert.deepEqual(grants, []);
  });

  test('omit licenses if SCIM is off', () => {
    const { resources, entitlements, grants } = describe(snapshotOf([account('905')]), {
      licenses: false,
      serviceAccount: false,
    });
    const words = [...resources.map(rowOf), ...idsOf(entitlements), ...idsOf(grants)].join(' ');
    assert.ok(!words.includes('license') && !words.includes('enterprise'), words);
  });

  test('are the same regardless of the order in which they were read', () => {
    const people = [account('2'), account('10'), account('1')];
    const teams = [team('52', [member('10'), member('1')]), team('51', [member('2')])];
    const forwards = describe(snapshotOf(people, teams));
    const backwards = describe(
      snapshotOf(
        people.toReversed(),
        teams.toReversed().map((one) => ({ ...one, memberships: one.memberships.toReversed() })),
      ),
    );
    assert.deepEqual(backwards, forwards);
  });
});

suite('an account', () => {
  const context = { organization: acme.gid, serviceAccount: null };

  test('has its status and profile, with the names from SCIM, in the user trait and in the resource', () => {
    const person = account('905', {
      name: 'Ada King Lovelace',
      scim: {
        id: '905',
        userName: 'ada@acme.com',
        active: true,
        userType: 'enterprise',
        attributes: {
          givenName: 'Ada',
          familyName: 'King Lovelace',
          costCenter: 'R1',
          employeeNumber: '7',
          phone: '+44 1',
        },
      },
    });
    const resource = accountResource(person, context);
    const trait = traitOf(resource);
    const profile = {
      active: true,
      cost_center: 'R1',
      employee_number: '7',
      first_name: 'Ada',
      last_name: 'King Lovelace',
      login: 'ada@acme.com',
      name: 'Ada King Lovelace',
      phone: '+44 1',
      user_id: '905',
      user_type: 'enterprise',
    };
    assert.deepEqual(trait.profile, profile);
    assert.deepEqual(resource.profile, profile);
    assert.deepEqual(Object.keys(resource.profile ?? {}), Object.keys(profile), 'in the order of the keys');
    assert.deepEqual([trait.status?.status, resource.status?.status], [TraitStatus.ENABLED, Status.ENABLED]);
    assert.deepEqual(
      [
        trait.login,
        trait.employeeIds,
        trait.structuredName?.familyName,
        trait.emails.map(({ address, isPrimary }) => [address, isPrimary]),
      ],
      ['ada@acme.com', ['7'], 'King Lovelace', [['user905@acme.com', true]]],
    );
    assert.deepEqual(annotationsOf(resource), ['UserTrait', 'RawId']);
  });

  const elsewhere = membership('1300');
  const left = membership(acme.gid, { active: false });
  const scimOff = { id: '905', userName: 'ada@acme.com', active: false, userType: null, attributes: {} };
  for (const { overrides, organization, enabled, because } of [
    { overrides: {}, organization: acme.gid, enabled: true, because: 'it is in the organization' },
    {
      overrides: { memberships: [left] },
      organization: acme.gid,
      enabled: false,
      because: 'it has left the organization',
    },
    {
      overrides: { scim: scimOff },
      organization: acme.gid,
      enabled: false,
      because: 'SCIM reports it as inactive, regardless of its membership',
    },
    {
      overrides: { memberships: [elsewhere], scim: null, license: null },
      organization: acme.gid,
      enabled: true,
      because: 'it was never in the organization and is in another workspace',
    },
    {
      overrides: { memberships: [membership('1250', { active: false }), elsewhere], scim: null },
      organization: acme.gid,
      enabled: true,
      because: 'it was never in the organization and is in one of two other workspaces',
    },
    {
      overrides: { memberships: [membership('1300', { active: false })], scim: null },
      organization: acme.gid,
      enabled: false,
      because: 'it was never in the organization and has left its only other workspace',
    },
    {
      overrides: { memberships: [left, elsewhere] },
      organization: acme.gid,
      enabled: false,
      because: 'it has left the organization but is in another workspace',
    },
    {
      overrides: { memberships: [elsewhere], scim: scimOff },
      organization: acme.gid,
      enabled: false,
      because: 'SCIM reports it as inactive although it is in another workspace',
    },
    {
      overrides: { memberships: [], scim: null },
      organization: acme.gid,
      enabled: false,
      because: 'it is in no workspace',
    },
    {
      overrides: { memberships: [elsewhere], scim: null },
      organization: null,
      enabled: true,
      because: 'there is no organization and it is in a workspace',
    },
  ] satisfies readonly {
    readonly overrides: Partial<Account>;
    readonly organization: string | null;
    readonly enabled: boolean;
    readonly because: string;
  }[]) {
    test(`has the status ${enabled ? 'enabled' : 'disabled'} if ${because}`, () => {
      const resource = accountResource(account('905', overrides), { organization, serviceAccount: null });
      assert.deepEqual(
        [traitOf(resource).status?.status, resource.status?.status, resource.profile?.['active']],
        enabled
          ? [TraitStatus.ENABLED, Status.ENABLED, true]
          : [TraitStatus.DISABLED, Status.DISABLED, false],
      );
    });
  }

  for (const email of [
    null,
    '',
    'no-at-sign',
    'two@@acme.com',
    'a b@acme.com',
    `${'x'.repeat(300)}@acme.com`,
  ]) {
    test(`has no email in the user trait if its address is missing or invalid: ${JSON.stringify(email)?.slice(0, 30)}`, () => {
      assert.deepEqual(traitOf(accountResource(account('905', { email, scim: null }), context)).emails, []);
    });
  }

  test('has first and last name in its profile without SCIM too, because the CSV export requires them', () => {
    for (const { name, first, last } of [
      { name: 'Ada King Lovelace', first: 'Ada', last: 'King Lovelace' },
      { name: 'Prince', first: 'Prince', last: '' },
      { name: '', first: '', last: '' },
    ]) {
      const { profile } = traitOf(accountResource(account('905', { name, scim: null }), context));
      assert.deepEqual(
        [profile?.['first_name'], profile?.['last_name'], profile?.['user_id']],
        [first, last, '905'],
        name,
      );
    }
  });

  test('has the type SERVICE if it is the service account of the token, and HUMAN otherwise', () => {
    const types = (serviceAccount: boolean) =>
      describe(snapshotOf([account('1'), account('2')], [], { self: '1' }), {
        licenses: false,
        serviceAccount,
      })
        .resources.filter(({ id }) => id?.resourceType === 'user')
        .map((resource) => traitOf(resource).accountType);
    assert.deepEqual(types(true), [AccountType.SERVICE, AccountType.HUMAN]);
    assert.deepEqual(types(false), [AccountType.HUMAN, AccountType.HUMAN]);
  });

  for (const { memberships, organization, parent, because } of [
    {
      memberships: ['1300', acme.gid],
      organization: acme.gid,
      parent: acme.gid,
      because: 'the organization takes precedence',
    },
    {
      memberships: ['1300', '1250'],
      organization: acme.gid,
      parent: '1250',
      because: 'without the organization, the lowest gid',
    },
    {
      memberships: [],
      organization: acme.gid,
      parent: acme.gid,
      because: 'without memberships, the organization',
    },
    {
      memberships: [],
      organization: null,
      parent: undefined,
      because: 'without memberships and organization, none',
    },
  ]) {
    test(`has at most one parent, regardless of the order of its workspaces: ${because}`, () => {
      for (const order of [memberships, memberships.toReversed()]) {
        const person: Account = account('905', { memberships: order.map((gid) => membership(gid)) });
        const resource = accountResource(person, { organization, serviceAccount: null });
        assert.equal(resource.parentResourceId?.resource, parent);
      }
    });
  }
});

suite('workspaces, teams and licenses', () => {
  test('have annotations for their trait, child resource types and raw ID', () => {
    const { resources } = describe(snapshotOf([], [team('501')]));
    const annotations = Object.fromEntries(
      resources.map((resource) => [rowOf(resource), annotationsOf(resource)]),
    );
    assert.deepEqual(annotations, {
      'license:enterprise': ['RoleTrait', 'RawId'],
      'license:view only': ['RoleTrait', 'RawId'],
      'workspace:1200': ['GroupTrait', 'ChildResourceType', 'ChildResourceType', 'RawId'],
      'team:501': ['GroupTrait', 'RawId'],
    });
    assert.deepEqual(resources.find((one) => rowOf(one) === 'team:501')?.parentResourceId?.resource, '1200');
  });

  test('use only annotations that readers of 2025 know, because their JSON output fails on any other', () => {
    const known = new Set([
      'UserTrait',
      'GroupTrait',
      'RoleTrait',
      'RawId',
      'ChildResourceType',
      'GrantImmutable',
      'EntitlementImmutable',
      'SkipEntitlementsAndGrants',
    ]);
    const { resources, entitlements, grants } = describe(
      snapshotOf([account('905')], [team('501', [member('905', { admin: true })])]),
    );
    const used = [...resources, ...entitlements, ...grants].flatMap((one) => annotationsOf(one));
    used.push(
      ...entitlements.flatMap(({ grantableTo }) => grantableTo.flatMap((type) => annotationsOf(type))),
    );
    assert.deepEqual(
      [...new Set(used)].filter((one) => !known.has(one)),
      [],
    );
  });
});

suite('a display name', () => {
  for (const { text, fallback, expected, because } of [
    { text: 'Acme', fallback: 'x', expected: 'Acme', because: 'a short name is unchanged' },
    { text: '  ', fallback: '905', expected: '905', because: 'a blank name is replaced by the fallback' },
    { text: 'a\ud800b', fallback: 'x', expected: 'a\ufffdb', because: 'a lone surrogate is replaced' },
    {
      text: 'é'.repeat(600),
      fallback: 'x',
      expected: 'é'.repeat(512),
      because: 'the limit is 1024 bytes, not characters',
    },
    {
      text: `${'a'.repeat(1023)}é`,
      fallback: 'x',
      expected: 'a'.repeat(1023),
      because: 'a character is not split',
    },
    {
      text: `${'a'.repeat(1022)}😀`,
      fallback: 'x',
      expected: 'a'.repeat(1022),
      because: 'a surrogate pair is not split',
    },
  ]) {
    test(`follows the rule of ConductorOne: ${because}`, () => {
      assert.equal(displayName(text, fallback), expected);
      assert.ok(Buffer.byteLength(displayName(text, fallback)) <= 1024);
    });
  }
});
