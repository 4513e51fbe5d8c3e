import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaAccount } from '../../src/api/asana-account.ts';
import type { AsanaTeamGrant } from '../../src/api/asana-team-grant.ts';
import type { GrantObject } from '../../src/api/kinds.ts';
import { buildReview } from '../../src/commands/review/build-review.ts';
import type { ReviewedRight } from '../../src/commands/review/review-row.ts';
import { grantKinds } from '../../src/controllers/grants/grant-kinds.ts';
import type { KnownGrant } from '../../src/controllers/grants/grant-stores.ts';
import type { AuditLine } from '../../src/provisioning/audit.ts';
import { connectorObject, grantObject } from '../controllers/objects.ts';
import {
  ALICE,
  NOW,
  ORGANIZATION,
  type PersonShape,
  PLAIN,
  person,
  reading,
  TEAM,
} from '../provisioning/world.ts';

const AT = '2026-03-01T08:00:00Z';

function known(object: GrantObject): KnownGrant {
  const kind = grantKinds.find(({ resource }) => resource.kind === object.kind);
  assert.ok(kind);
  return { kind, object };
}

type Changes = Parameters<typeof grantObject>[0];
const licenseGrant = (changes: Changes = {}) => known(grantObject(changes));

function teamGrant(
  spec: Partial<AsanaTeamGrant['spec']> = {},
  status: NonNullable<AsanaTeamGrant['status']> = {},
): KnownGrant {
  const { metadata, apiVersion } = grantObject();
  return known({
    apiVersion,
    kind: 'AsanaTeamGrant',
    metadata: { ...metadata, name: 'alice-design', uid: 'u2' },
    spec: {
      connectorRef: { name: 'acme' },
      user: { email: ALICE },
      team: { name: 'Design' },
      deletionPolicy: 'Revoke',
      suspend: false,
      ...spec,
    },
    status,
  });
}

function accountObject(spec: Partial<AsanaAccount['spec']> = {}): KnownGrant {
  const { metadata, apiVersion } = grantObject();
  return known({
    apiVersion,
    kind: 'AsanaAccount',
    metadata: { ...metadata, name: 'alice-account', uid: 'u3' },
    spec: {
      connectorRef: { name: 'acme' },
      email: ALICE,
      workspace: ORGANIZATION.gid,
      ensure: 'Present',
      deletionPolicy: 'Retain',
      suspend: false,
      ...spec,
    },
  });
}

const applied = (license: 'Enterprise' | 'ViewOnly', adopted = false): Changes => ({
  status: {
    observedGeneration: 1,
    user: { gid: '1', email: ALICE, organization: ORGANIZATION.gid },
    observed: { license, since: '2026-02-01T00:00:00Z' },
    applied: { license, at: AT, adopted },
  },
});

interface Case {
  readonly grants?: readonly KnownGrant[];
  readonly audit?: readonly AuditLine[];
  readonly people?: readonly PersonShape[];
  readonly protectedUsers?: string[];
  readonly maxDuration?: string;
  readonly inTeam?: boolean;
}

function review({
  grants = [],
  audit = [],
  people = [{ license: 'Enterprise' }],
  inTeam = true,
  ...rest
}: Case) {
  const { protectedUsers, maxDuration } = rest;
  const provisioning = {
    ...(protectedUsers ? { protectedUsers } : {}),
    ...(maxDuration ? { maxDuration } : {}),
  };
  return buildReview({
    connector: connectorObject({ provisioning }),
    grants,
    reading: reading(people.map(person), inTeam ? { members: { '1': {} } } : {}),
    audit,
    now: NOW,
  });
}

function rowOf(right: ReviewedRight, given: Case) {
  const found = review(given).rows.filter((row) => row.right === right);
  assert.equal(found.length, 1, `one row of ${right}`);
  return found[0] ?? assert.fail();
}

function auditLine(changes: Partial<AuditLine>): AuditLine {
  return {
    audit: 'v1',
    time: '2026-04-01T09:00:00.000Z',
    kind: 'Change',
    id: 'a1',
    action: 'GrantEnterprise',
    connector: { namespace: 'iga', name: 'acme' },
    requester: { type: 'Task', taskId: 'task-7' },
    account: { gid: '1', email: ALICE },
    place: null,
    before: 'ViewOnly',
    after: 'Enterprise',
    result: 'Succeeded',
    reason: null,
    requestIds: [],
    ...changes,
  };
}

suite('a right that a grant declares', () => {
  test('shows its grant, the time since when it is held, the reason and the end', () => {
    const spec = { reason: 'REQ-1', expiresAt: '2026-12-31T00:00:00Z' };
    const { source, grant, held, since, why, until, drift } = rowOf('License', {
      grants: [licenseGrant({ ...applied('Enterprise'), spec })],
    });
    assert.deepEqual(
      { source, grant, held, since, why, until, drift },
      {
        source: 'Grant',
        grant: { kind: 'AsanaLicenseGrant', namespace: 'iga', name: 'alice' },
        held: 'Given',
        since: AT,
        why: 'REQ-1',
        until: '2026-12-31T00:00:00Z',
        drift: null,
      },
    );
  });

  test('is shown as Adopted if its grant adopted it', () => {
    assert.equal(rowOf('License', { grants: [licenseGrant(applied('Enterprise', true))] }).held, 'Adopted');
  });

  test('is drift if another license is held, and shows since when that license was observed', () => {
    const row = rowOf('License', {
      people: [{ license: 'ViewOnly' }],
      grants: [licenseGrant(applied('Enterprise'))],
    });
    assert.deepEqual([row.value, row.drift, row.held], ['ViewOnly', 'Enterprise is declared', null]);
    assert.equal(row.since, '2026-02-01T00:00:00Z');
  });

  test('has no end if its grant has deletionPolicy Retain', () => {
    const spec = { deletionPolicy: 'Retain', expiresAt: '2026-12-31T00:00:00Z' } as const;
    assert.equal(
      rowOf('License', { grants: [licenseGrant({ ...applied('Enterprise'), spec })] }).until,
      null,
    );
  });

  test('belongs to its grant while the grant is being deleted and still holds it', () => {
    const deleted = { ...applied('Enterprise'), metadata: { deletionTimestamp: AT } };
    assert.equal(rowOf('License', { grants: [licenseGrant(deleted)] }).source, 'Grant');
  });

  test('still belongs to its grant after the address of the person has changed', () => {
    const row = rowOf('License', {
      people: [{ license: 'Enterprise', email: 'alice.new@acme.com' }],
      grants: [licenseGrant(applied('Enterprise'))],
    });
    assert.deepEqual([row.email, row.source], ['alice.new@acme.com', 'Grant']);
  });

  test('of a team is found by the name of the team', () => {
    const row = rowOf('Team', { grants: [teamGrant({ reason: 'design' })] });
    assert.deepEqual([row.source, row.place, row.placeName, row.why], ['Grant', TEAM, 'Design', 'design']);
  });

  test('belongs to the grant that holds it, and lists the other grants from the oldest', () => {
    const older = licenseGrant({
      metadata: { name: 'older', uid: 'u8', creationTimestamp: '2025-01-01T00:00:00Z' },
    });
    const oldest = licenseGrant({
      metadata: { name: 'oldest', uid: 'u9', creationTimestamp: '2024-01-01T00:00:00Z' },
    });
    const row = rowOf('License', { grants: [older, oldest, licenseGrant(applied('Enterprise'))] });
    assert.equal(row.grant?.name, 'alice');
    assert.deepEqual(
      row.alsoDeclaredBy.map(({ name }) => name),
      ['oldest', 'older'],
    );
  });

  for (const { why, changes } of [
    { why: 'it has not begun', changes: { spec: { startsAt: '2027-01-01T00:00:00Z' } } },
    { why: 'it is suspended', changes: { spec: { suspend: true } } },
    { why: 'it has expired', changes: { spec: { expiresAt: '2026-01-02T00:00:00Z' } } },
    { why: 'it is being deleted', changes: { metadata: { deletionTimestamp: AT } } },
    { why: 'its namespace may not use the connector', changes: { metadata: { namespace: 'other' } } },
  ]) {
    test(`is unmanaged when the grant holds nothing and ${why}`, () => {
      const outcome = review({ grants: [licenseGrant(changes)] });
      const row = outcome.rows.find(({ right }) => right === 'License');
      assert.deepEqual([row?.source, row?.grant, outcome.missing], ['Unmanaged', null, []]);
    });
  }

  test('is unmanaged when the grant lasts longer than the connector allows', () => {
    assert.equal(rowOf('License', { grants: [licenseGrant()], maxDuration: '8h' }).source, 'Unmanaged');
  });

  test('is unmanaged when the account was recorded in another organization', () => {
    const foreign = applied('Enterprise');
    const status = { ...foreign?.status, user: { gid: '1', organization: '999' } } as GrantObject['status'];
    assert.equal(rowOf('License', { grants: [licenseGrant(status ? { status } : {})] }).source, 'Unmanaged');
  });
});

suite('a right that is declared but not held', () => {
  test('is listed as missing, with its grant, the state of the grant and the reason', () => {
    const condition = { message: 'm', observedGeneration: 1, lastTransitionTime: AT };
    const conditions = [
      { ...condition, type: 'Reconciling', status: 'True' as const, reason: 'Progressing' },
      { ...condition, type: 'Ready', status: 'False' as const, reason: 'Throttled' },
    ];
    const grants = [teamGrant({ reason: 'design' }, { conditions })];
    const { missing, rows } = review({ grants, inTeam: false });
    assert.ok(!rows.some(({ right }) => right === 'Team'));
    assert.deepEqual(missing, [
      {
        email: ALICE,
        account: '1',
        right: 'Team',
        place: TEAM,
        placeName: 'Design',
        grant: { kind: 'AsanaTeamGrant', namespace: 'iga', name: 'alice-design' },
        state: 'Throttled',
        why: 'design',
        until: null,
      },
    ]);
  });

  test('is listed as missing also for a person without an account and for a team that does not exist', () => {
    const nobody = licenseGrant({ spec: { user: { email: 'nobody@acme.com' } } });
    const { missing } = review({ grants: [nobody, teamGrant({ team: { name: 'Nowhere' } })] });
    assert.deepEqual(
      missing.map(({ email, account, placeName, state }) => [email, account, placeName, state]),
      [
        ['nobody@acme.com', null, 'Acme', null],
        [ALICE, '1', 'Nowhere', null],
      ],
    );
  });
});

suite('an account', () => {
  test('that is declared Absent is drift while it exists, and is unmanaged', () => {
    const row = rowOf('Account', { grants: [accountObject({ ensure: 'Absent' })] });
    assert.deepEqual([row.source, row.grant], ['Unmanaged', null]);
    assert.match(row.drift ?? '', /AsanaAccount iga\/alice-account declares Absent/);
  });

  test('that is declared Present belongs to its AsanaAccount', () => {
    assert.equal(rowOf('Account', { grants: [accountObject()] }).grant?.kind, 'AsanaAccount');
  });

  test('of a person who left has no rights', () => {
    assert.deepEqual(review({ people: [{ active: false }], inTeam: false }).rows, []);
  });

  test('in another workspace is a separate right', () => {
    const row = rowOf('Workspace', { people: [{ plain: 'Member' }] });
    assert.deepEqual([row.place, row.value], [PLAIN.gid, 'Member']);
  });

  test('that only a team lists is shown with its team right', () => {
    const { rows } = review({ people: [], inTeam: true });
    assert.deepEqual(
      rows.map(({ account, email, right }) => [account, email, right]),
      [['1', null, 'Team']],
    );
  });

  test('with an unknown user type shows it unchanged as its license', () => {
    const row = rowOf('License', { people: [{ license: null, userType: 'starter' }] });
    assert.equal(row.value, 'starter');
  });

  for (const { who, shape, given, says } of [
    { who: 'an admin', shape: { role: 'Admin' as const }, given: {}, says: 'an Asana admin' },
    { who: 'in protectedUsers', shape: {}, given: { protectedUsers: [ALICE] }, says: 'protectedUsers' },
    { who: 'the owner of the token', shape: { gid: '999' }, given: {}, says: 'the owner of the token' },
  ]) {
    test(`that is ${who} is protected`, () => {
      assert.equal(rowOf('Account', { people: [shape], inTeam: false, ...given }).protected, says);
    });
  }
});

suite('protectedUsers', () => {
  for (const { why, name } of [
    { why: 'the address that the grant was declared with', name: ALICE },
    { why: 'the current address, ignoring case', name: 'Alice.New@acme.com' },
  ]) {
    test(`protects the right of a grant by ${why}`, () => {
      const row = rowOf('License', {
        people: [{ license: 'Enterprise', email: 'alice.new@acme.com' }],
        grants: [licenseGrant(applied('Enterprise'))],
        protectedUsers: [name],
      });
      assert.equal(row.protected, 'protectedUsers');
    });
  }

  test('matches an address in another Unicode normalization', () => {
    const people = [{ license: 'Enterprise' as const, email: 'rene\u0301@acme.com' }];
    assert.equal(
      rowOf('License', { people, protectedUsers: ['ren\u00e9@acme.com'] }).protected,
      'protectedUsers',
    );
  });
});

suite('the audit log', () => {
  test('names the task that gave a right without a grant, and the time', () => {
    const { source, task, since } = rowOf('License', { audit: [auditLine({})] });
    assert.deepEqual(
      { source, task, since },
      { source: 'Task', task: 'task-7', since: '2026-04-01T09:00:00.000Z' },
    );
  });

  test('names the released grant that gave a right, and its reason', () => {
    const requester = {
      type: 'Object',
      kind: 'AsanaLicenseGrant',
      namespace: 'iga',
      name: 'gone',
      uid: 'u7',
      generation: 2,
    } as const;
    const { source, grant, why } = rowOf('License', { audit: [auditLine({ requester, reason: 'REQ-9' })] });
    assert.deepEqual([source, grant?.name, why], ['Released', 'gone', 'REQ-9']);
  });

  for (const { why, lines } of [
    { why: 'the action failed', lines: [auditLine({ result: 'PermissionDenied' })] },
    {
      why: 'the action was for another account',
      lines: [auditLine({ account: { gid: '2', email: 'bob@acme.com' } })],
    },
    {
      why: 'the right was revoked later, and given again by somebody else',
      lines: [
        auditLine({}),
        auditLine({ time: '2026-05-01T00:00:00.000Z', action: 'RevokeEnterprise', after: 'ViewOnly' }),
      ],
    },
    {
      why: 'the account was deprovisioned later',
      lines: [
        auditLine({ time: '2026-05-01T00:00:00.000Z', action: 'Deprovision', after: null }),
        auditLine({}),
      ],
    },
    {
      why: 'the line is a release',
      lines: [auditLine({ kind: 'Release', action: 'Retained', result: 'Released' })],
    },
  ]) {
    test(`leaves a right Unmanaged if ${why}`, () => {
      assert.equal(rowOf('License', { audit: lines }).source, 'Unmanaged');
    });
  }

  test('of another connector is ignored', () => {
    const connector = { namespace: 'iga', name: 'other' };
    assert.equal(rowOf('License', { audit: [auditLine({ connector })] }).source, 'Unmanaged');
    const deprovisioned = auditLine({
      connector,
      time: '2026-05-01T00:00:00.000Z',
      action: 'Deprovision',
      after: null,
    });
    assert.equal(rowOf('License', { audit: [auditLine({}), deprovisioned] }).task, 'task-7');
  });

  test('names the task that created an account, matched by its address', () => {
    const creation = auditLine({
      action: 'CreateAccount',
      account: { gid: null, email: ALICE },
      before: null,
      after: 'ViewOnly',
    });
    const given = { people: [{ license: 'ViewOnly' as const }], audit: [creation] };
    assert.deepEqual([rowOf('Account', given).task, rowOf('License', given).task], ['task-7', 'task-7']);
  });

  test('matches a team membership only with an action in the same team', () => {
    const added = auditLine({ action: 'AddToTeam', place: 'another', before: null, after: 'Member' });
    assert.equal(rowOf('Team', { audit: [added] }).source, 'Unmanaged');
    assert.equal(rowOf('Team', { audit: [{ ...added, place: TEAM }] }).task, 'task-7');
  });
});

suite('the summary', () => {
  test('counts people, licenses, unmanaged seats, guests, missing rights and rights that end soon', () => {
    const grants = [licenseGrant({ ...applied('Enterprise'), spec: { expiresAt: '2026-06-10T00:00:00Z' } })];
    const { summary } = review({
      grants: [
        ...grants,
        licenseGrant({ metadata: { name: 'none', uid: 'u5' }, spec: { user: { gid: '77' } } }),
      ],
      people: [
        { license: 'Enterprise' },
        { gid: '2', email: 'bob@acme.com', license: 'Enterprise' },
        { gid: '3', email: 'carol@acme.com', license: 'ViewOnly', role: 'Admin' },
        { gid: '4', email: 'dave@partner.com', role: 'Guest' },
      ],
    });
    assert.deepEqual(summary, {
      people: 4,
      seats: 2,
      viewOnlyLicenses: 1,
      unmanagedSeats: 1,
      guests: 1,
      endingSoon: 1,
      drift: 0,
      protected: 1,
      missing: 1,
    });
  });
});
