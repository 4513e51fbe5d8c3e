import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { GrantReason } from '../../../src/api/reasons.ts';
import { GrantRig } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const TEAM = 'AsanaTeamGrant';
const WORKSPACE = 'AsanaWorkspaceGrant';
const ACCOUNT = 'AsanaAccount';

/** A reason why a grant is not carried out, and how to cause it. */
interface Obstacle {
  readonly reason: GrantReason;
  readonly because: string;
  readonly kind: string;
  readonly provisioning?: Record<string, unknown>;
  readonly connector?: Record<string, unknown>;
  readonly spec: (rig: GrantRig) => object;
  readonly before?: (rig: GrantRig) => unknown;
}

const nobody = 'nobody@acme.example';
const alice = (rig: GrantRig) => ({ user: { email: rig.member(1, 'view only') } });
const team = (rig: GrantRig, name: string) =>
  rig.site.directory.addTeam(rig.site.organization, { name, description: '', visibility: 'public' });
const sync = (rig: GrantRig) => rig.annotate('AsanaConnector', 'acme', 'requestedAt', 'again');

const obstacles: readonly Obstacle[] = [
  {
    reason: 'UserNotFound',
    because: 'nobody has the address',
    kind: LICENSE,
    spec: () => ({ user: { email: nobody } }),
  },
  {
    reason: 'UserNotFound',
    because: 'the address is unknown, since a team grant invites nobody',
    kind: TEAM,
    before: async (rig) => {
      team(rig, 'Design');
      await sync(rig);
    },
    spec: () => ({ user: { email: nobody }, team: { name: 'Design' } }),
  },
  {
    reason: 'UserIsGuest',
    because: 'the person is a guest, who cannot have a license',
    kind: LICENSE,
    spec: () => ({ user: { email: 'guest@elsewhere.acme' } }),
  },
  {
    reason: 'UserIsGuest',
    because: 'the address is that of a guest',
    kind: ACCOUNT,
    spec: () => ({ email: 'guest@elsewhere.acme' }),
  },
  {
    reason: 'TeamNotFound',
    because: 'a complete reading has no such team',
    kind: TEAM,
    spec: (rig) => ({ ...alice(rig), team: { name: 'None' } }),
  },
  {
    reason: 'TeamAmbiguous',
    because: 'two teams have the name',
    kind: TEAM,
    before: async (rig) => {
      team(rig, 'Twin');
      team(rig, 'Twin');
      await sync(rig);
    },
    spec: (rig) => ({ ...alice(rig), team: { name: 'Twin' } }),
  },
  {
    reason: 'WorkspaceNotFound',
    because: 'the connector does not read the workspace',
    kind: WORKSPACE,
    spec: (rig) => ({ ...alice(rig), workspace: '999' }),
  },
  {
    reason: 'WorkspaceNotFound',
    because: 'the connector does not read the workspace',
    kind: ACCOUNT,
    spec: () => ({ email: nobody, workspace: '999' }),
  },
  {
    reason: 'LicensesUnavailable',
    because: 'SCIM is disabled',
    kind: LICENSE,
    connector: { scim: { enabled: false } },
    spec: alice,
  },
  {
    reason: 'LicenseLimitReached',
    because: 'maxEnterpriseLicenses is reached',
    kind: LICENSE,
    provisioning: { maxEnterpriseLicenses: 0 },
    spec: alice,
  },
  {
    reason: 'DurationTooLong',
    because: 'maxDuration is set and the grant has no end',
    kind: LICENSE,
    provisioning: { maxDuration: '1h' },
    spec: alice,
  },
  {
    reason: 'ProtectedUser',
    because: 'the person is protected',
    kind: ACCOUNT,
    provisioning: { protectedUsers: ['p1@acme.example'] },
    spec: (rig) => ({ email: rig.member(1, 'view only'), ensure: 'Absent' }),
  },
  {
    reason: 'DeprovisionNotAllowed',
    because: 'allowDeprovision is false',
    kind: ACCOUNT,
    provisioning: { allowDeprovision: false },
    spec: (rig) => ({ email: rig.member(1, 'view only'), ensure: 'Absent' }),
  },
  {
    reason: 'StillDeclared',
    because: 'a license grant declares a right of the account',
    kind: ACCOUNT,
    before: (rig) => rig.declare(LICENSE, 'other', alice(rig)),
    spec: (rig) => ({ email: rig.person(1).profile.email, ensure: 'Absent' }),
  },
  {
    reason: 'Suspended',
    because: 'the grant is suspended',
    kind: LICENSE,
    spec: (rig) => ({ ...alice(rig), suspend: true }),
  },
  {
    reason: 'Suspended',
    because: 'the connector is suspended',
    kind: LICENSE,
    connector: { suspend: true },
    spec: alice,
  },
  {
    reason: 'ConnectorNotFound',
    because: 'the connector does not exist',
    kind: LICENSE,
    spec: (rig) => ({ ...alice(rig), connectorRef: { name: 'none' } }),
  },
  {
    reason: 'AsanaUnavailable',
    because: 'Asana answers with 503',
    kind: LICENSE,
    before: (rig) =>
      rig.site.faults.add({ match: { operation: 'scimGetUser', times: 0 }, effect: { status: 503 } }),
    spec: alice,
  },
  {
    reason: 'Throttled',
    because: 'Asana answers with a Retry-After of 15 minutes',
    kind: LICENSE,
    before: (rig) =>
      rig.site.faults.add({
        match: { operation: 'scimGetUser', times: 1 },
        effect: { status: 429, retryAfter: 900 },
      }),
    spec: alice,
  },
  {
    reason: 'ClockSkew',
    because: 'the local clock and the clock of Asana differ at startsAt',
    kind: LICENSE,
    before: (rig) => (rig.site.time.skewMs = 120_000),
    spec: (rig) => ({ ...alice(rig), startsAt: rig.now(-10_000) }),
  },
];

suite('a grant that cannot be carried out changes nothing in Asana', () => {
  for (const { reason, because, kind, provisioning, connector, spec, before } of obstacles)
    test(`${kind} shows ${reason} if ${because}`, async () => {
      const rig = await GrantRig.open(provisioning, connector);
      await before?.(rig);
      const changed = rig.changes.length;
      await rig.declare(kind, 'g', spec(rig), 20_000);
      const seen = rig.see(kind, 'g');
      assert.equal(seen.reason, reason, seen.message);
      assert.equal(seen.status.observedGeneration, 1);
      assert.equal(rig.changes.length, changed, 'nothing has changed in Asana');
      assert.deepEqual(rig.broken, []);
      const stalls = seen.status.conditions?.some(({ type }) => type === 'Stalled') ?? false;
      assert.equal(
        rig.events('g').includes(`Warning ${reason}`),
        stalls,
        'a grant has a Warning event exactly if it stalls',
      );
      await rig.close();
    });
});

/** An event between the decision and the change. */
interface Fence {
  readonly what: string;
  readonly because: string;
  readonly between: (rig: GrantRig) => unknown;
  /** Changes in Asana within two minutes. */
  readonly asana: readonly string[];
  readonly reason: GrantReason | null;
}

const fences: readonly Fence[] = [
  {
    what: 'the connector is suspended',
    because: 'nothing is sent, and the grant shows Suspended',
    between: (rig) => rig.connector({}, { suspend: true }),
    asana: [],
    reason: 'Suspended',
  },
  {
    what: 'the connector changes to mode Plan',
    because: 'nothing is sent, and the grant shows Planned',
    between: (rig) => rig.connector({ mode: 'Plan' }),
    asana: [],
    reason: 'Planned',
  },
  {
    what: 'the grant is suspended',
    because: 'the edit is observed, and nothing is sent',
    between: (rig) => rig.edit(LICENSE, 'g', { spec: { suspend: true } }, 0),
    asana: [],
    reason: 'Suspended',
  },
  {
    what: 'the grant is deleted',
    because: 'nothing is sent, and the grant is released',
    between: (rig) => rig.remove(LICENSE, 'g', 0),
    asana: [],
    reason: null,
  },
  {
    what: 'the grant is deleted and created again',
    because: 'the new grant inherits nothing of the pending change',
    between: async (rig) => {
      await rig.remove(LICENSE, 'g', 0);
      await rig.edit(LICENSE, 'g', { metadata: { finalizers: [] } }, 0).catch(() => undefined);
      await rig.declare(LICENSE, 'g', { user: { email: rig.member(2, 'enterprise') } }, 0);
    },
    asana: [],
    reason: 'Granted',
  },
  {
    what: 'the lease is lost',
    because: 'nothing is sent, since only the leader acts',
    between: (rig) => (rig.leadership.leads = false),
    asana: [],
    reason: 'Progressing',
  },
  {
    what: 'the write of the intent conflicts',
    because: 'the license is given once',
    between: (rig) =>
      rig.connection.faults.plan(
        { type: 'Refused', reason: 'Conflict' },
        { operations: ['applyStatus'], kind: LICENSE },
      ),
    asana: ['scimPatchUser'],
    reason: 'Granted',
  },
  {
    what: 'the answer to the write of the intent is lost',
    because: 'the license is given once, without a wait for the lost attempt',
    between: (rig) =>
      rig.connection.faults.plan({ type: 'AnswerLost' }, { operations: ['applyStatus'], kind: LICENSE }),
    asana: ['scimPatchUser'],
    reason: 'Granted',
  },
  {
    what: 'the API server refuses the finalizer',
    because: 'the write is retried, and the license is given once',
    between: (rig) =>
      rig.connection.faults.plan(
        { type: 'Refused', reason: 'ServiceUnavailable' },
        { operations: ['mergePatch'], kind: LICENSE, times: 3 },
      ),
    asana: ['scimPatchUser'],
    reason: 'Granted',
  },
];

suite('between the decision and the change', () => {
  for (const { what, because, between, asana, reason } of fences)
    test(`${what}: ${because}`, async () => {
      const rig = await GrantRig.open();
      rig.site.faults.add({ match: { operation: 'scimGetUser', times: 1 }, effect: { delayMs: 2_000 } });
      await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } }, 500);
      await between(rig);
      await rig.pass(120_000);
      const seen = rig.exists(LICENSE, 'g') ? rig.see(LICENSE, 'g') : null;
      assert.equal(seen?.reason ?? null, reason, seen?.message ?? '');
      assert.deepEqual(rig.changes, asana);
      assert.deepEqual(rig.broken, []);
      await rig.close();
    });

  test('a removal whose finalizer write conflicts is audited once, as succeeded', async () => {
    const rig = await GrantRig.open();
    await rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'view only') } });
    rig.site.faults.add({ match: { operation: 'scimPatchUser', times: 1 }, effect: { delayMs: 500 } });
    await rig.remove(LICENSE, 'g', 900);
    rig.connection.faults.plan(
      { type: 'Refused', reason: 'Conflict' },
      { operations: ['mergePatch'], kind: LICENSE },
    );
    await rig.pass(30_000);
    assert.equal(rig.exists(LICENSE, 'g'), false);
    assert.deepEqual(rig.audited(), [
      'Change GrantEnterprise Succeeded',
      'Change RevokeEnterprise Succeeded',
    ]);
    await rig.close();
  });
});
