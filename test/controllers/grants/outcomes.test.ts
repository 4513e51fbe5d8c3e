import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { GrantRig, ORGANIZATION } from './grant-rig.ts';

const LICENSE = 'AsanaLicenseGrant';
const TEAM = 'AsanaTeamGrant';
const WORKSPACE = 'AsanaWorkspaceGrant';
const ACCOUNT = 'AsanaAccount';

/** The expected result of one or more reconciles. Fields that a row omits are not checked. */
interface Outcome {
  readonly what: string;
  readonly because: string;
  readonly provisioning?: Record<string, unknown>;
  readonly kind: string;
  readonly run: (rig: GrantRig) => Promise<unknown>;
  /** Changes in Asana, in order. */
  readonly asana: readonly string[];
  /** The last reason of Ready; `null` if the object was deleted. */
  readonly reason: string | null;
  readonly message?: RegExp;
  readonly told?: readonly string[];
  readonly events?: readonly string[];
  readonly audit?: readonly string[];
  readonly metrics?: Readonly<Record<string, number>>;
  readonly also?: (rig: GrantRig) => void;
}

const labels = 'namespace="iga",connector="acme"';
const grant = (rig: GrantRig, spec: object = {}, ms?: number) =>
  rig.declare(
    LICENSE,
    'g',
    { user: { email: rig.member(1, 'view only') }, license: 'Enterprise', ...spec },
    ms,
  );
const fault = (rig: GrantRig, operation: string, effect: object, times = 1) =>
  rig.site.faults.add({ match: { operation, times }, effect });

const outcomes: readonly Outcome[] = [
  {
    what: 'granted',
    because: 'what is declared is given',
    kind: LICENSE,
    run: (rig) => grant(rig),
    asana: ['scimPatchUser'],
    reason: 'Granted',
    told: ['Progressing', 'Granted'],
    events: ['Normal LicenseGranted'],
    audit: ['Change GrantEnterprise Succeeded'],
    metrics: { [`actions_total{${labels},type="GrantEnterprise",result="Succeeded"}`]: 1 },
    also: (rig) => {
      const { status } = rig.see(LICENSE, 'g');
      assert.equal(status.applied?.adopted, false);
      assert.equal(status.lastAction?.result, 'Succeeded');
      assert.equal(rig.writes.get(`${LICENSE} g`), 2, 'an intent and an outcome are two writes');
    },
  },
  {
    what: 'adopted',
    because: 'what was so before is found, not given',
    kind: LICENSE,
    run: async (rig) => rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'enterprise') } }, 700_000),
    asana: [],
    reason: 'Granted',
    also: (rig) => assert.equal(rig.see(LICENSE, 'g').status.applied?.adopted, true),
  },
  {
    what: 'drift set back',
    because: 'somebody else changed what is declared',
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      rig.member(1, 'view only');
      await rig.pass(700_000);
    },
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: 'Granted',
    events: ['Normal LicenseGranted', 'Warning DriftCorrected'],
    metrics: { [`drift_total{${labels}}`]: 1 },
    also: (rig) => assert.equal(rig.see(LICENSE, 'g').status.drift?.count, 1),
  },
  {
    what: 'planned',
    because: 'mode Plan stops before the action, and writes no finalizer',
    provisioning: { mode: 'Plan' },
    kind: LICENSE,
    run: (rig) => grant(rig),
    asana: [],
    reason: 'Planned',
    told: ['Planned'],
    audit: [],
    also: (rig) => {
      assert.equal(rig.see(LICENSE, 'g').status.planned?.action, 'GrantEnterprise');
      assert.equal(rig.cluster.object(LICENSE, 'iga', 'g')?.metadata.finalizers, undefined);
    },
  },
  {
    what: 'expired in mode Plan, without going round',
    because: 'an end that has passed is decided once, and asks for nothing before something changes',
    provisioning: { mode: 'Plan' },
    kind: LICENSE,
    run: (rig) => grant(rig, { expiresAt: rig.now(60_000) }, 3_600_000),
    asana: [],
    reason: 'Expired',
    also: (rig) => {
      const reconciles = [...rig.meter.values]
        .filter(([name]) => name.startsWith('reconcile_total{controller="asanalicensegrant"'))
        .reduce((sum, [, count]) => sum + count, 0);
      assert.ok(reconciles < 100, `${reconciles} reconciles in an hour`);
    },
  },
  {
    what: 'refused by Asana',
    because: "a 403 is a person's to mend: it is told, and not tried again by itself",
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimPatchUser', { status: 403 }, 1);
      await grant(rig, {}, 1_500_000);
    },
    asana: [],
    reason: 'AsanaRefused',
    events: ['Warning AsanaRefused'],
    also: (rig) => assert.equal(rig.see(LICENSE, 'g').status.lastAction?.result, 'Failed'),
  },
  {
    what: 'refused, and asked for again',
    because: 'a request is another try, and is handled when that is done',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimPatchUser', { status: 403 }, 1);
      await grant(rig);
      await rig.annotate(LICENSE, 'g', 'requestedAt', 'now');
    },
    asana: ['scimPatchUser'],
    reason: 'Granted',
    also: (rig) => assert.equal(rig.see(LICENSE, 'g').status.lastHandledReconcileAt, 'now'),
  },
  {
    what: 'not accepted',
    because: 'Asana took the change and shows the old value for three minutes',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimPatchUser', { ignoreWrite: true });
      await grant(rig, {}, 400_000);
    },
    asana: ['scimPatchUser'],
    reason: 'LicenseNotAccepted',
    told: ['Progressing', 'LicenseNotAccepted'],
    events: ['Warning LicenseNotAccepted'],
    audit: ['Change GrantEnterprise Unconfirmed'],
    also: (rig) => assert.equal(rig.see(LICENSE, 'g').status.lastAction?.result, 'Unconfirmed'),
  },
  {
    what: 'asked for again while not shown',
    because: 'what may be sent twice is sent again, and the request is not handled before',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimPatchUser', { ignoreWrite: true });
      await grant(rig);
      assert.equal(rig.see(LICENSE, 'g').reason, 'Progressing');
      await rig.annotate(LICENSE, 'g', 'requestedAt', 'now');
    },
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: 'Granted',
    also: (rig) => assert.equal(rig.see(LICENSE, 'g').status.lastHandledReconcileAt, 'now'),
  },
  {
    what: 'shown late',
    because: 'Asana shows an old value for a while',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimPatchUser', { staleForMs: 40_000 });
      await grant(rig, {}, 90_000);
    },
    asana: ['scimPatchUser'],
    reason: 'Granted',
    audit: ['Change GrantEnterprise Unconfirmed', 'Change GrantEnterprise Succeeded'],
    also: (rig) => assert.equal(rig.see(LICENSE, 'g').status.applied?.adopted, false),
  },
  {
    what: 'deleted while not shown',
    because: 'what was given is looked for, and taken back once it shows',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimPatchUser', { staleForMs: 40_000 });
      await grant(rig);
      await rig.remove(LICENSE, 'g', 120_000);
    },
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: null,
    also: (rig) => assert.equal(rig.person(1).profile.license, 'view only'),
  },
  {
    what: 'a removal that is shown after it was given up',
    because: 'it was ours all the same, and nobody else changed anything',
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      fault(rig, 'scimPatchUser', { staleForMs: 300_000 });
      await rig.remove(LICENSE, 'g', 250_000);
      assert.equal(rig.see(LICENSE, 'g').reason, 'LicenseNotAccepted');
      await rig.pass(900_000);
    },
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: null,
    also: (rig) =>
      assert.deepEqual(
        rig.audited().filter((line) => line.startsWith('Release')),
        [],
      ),
  },
  {
    what: 'created, and shown late',
    because: 'an account that took its time to show was created all the same',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimCreateUser', { staleForMs: 40_000 });
      const spec = { user: { email: 'new@acme.example' }, license: 'ViewOnly', onMissingAccount: 'Create' };
      await rig.declare(LICENSE, 'g', spec, 90_000);
    },
    asana: ['scimCreateUser'],
    reason: 'Granted',
    also: (rig) => assert.ok(rig.see(LICENSE, 'g').status.created, 'created is recorded'),
  },
  {
    what: 'throttled',
    because: 'nothing is sent before Retry-After has passed, and the edit is observed meanwhile',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimGetUser', { status: 429, retryAfter: 30 });
      await grant(rig, {}, 5_000);
      assert.equal(rig.see(LICENSE, 'g').status.observedGeneration, 1);
      await rig.pass(60_000);
    },
    asana: ['scimPatchUser'],
    reason: 'Granted',
    told: ['Throttled', 'Progressing', 'Granted'],
  },
  {
    what: 'edited while Asana is waited for',
    because: 'an edit is observed within 5 s in every state',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimGetUser', { status: 429, retryAfter: 60 });
      await grant(rig, {}, 10_000);
      await rig.edit(LICENSE, 'g', { spec: { suspend: true } }, 5_000);
    },
    asana: [],
    reason: 'Suspended',
    also: (rig) => assert.equal(rig.see(LICENSE, 'g').status.observedGeneration, 2),
  },
  {
    what: 'expired on time',
    because: 'what was applied is taken back at its end',
    kind: LICENSE,
    run: (rig) => grant(rig, { expiresAt: rig.now(60_000) }, 120_000),
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: 'Expired',
    events: ['Normal LicenseGranted', 'Normal ExpiresSoon', 'Normal LicenseRevoked'],
    also: (rig) => {
      const { status } = rig.see(LICENSE, 'g');
      assert.equal(status.applied, undefined);
      assert.ok(status.expiresAt, 'the end is kept through the taking back');
    },
  },
  {
    what: 'expired, and looked at again',
    because: 'what was taken back is not told as never applied, nor written again',
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig, { expiresAt: rig.now(60_000) }, 120_000);
      const writes = rig.writes.get(`${LICENSE} g`);
      await rig.pass(1_500_000);
      assert.equal(rig.writes.get(`${LICENSE} g`), writes);
    },
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: 'Expired',
    message: /was revoked/,
    audit: ['Change GrantEnterprise Succeeded', 'Change RevokeEnterprise Succeeded'],
  },
  {
    what: 'expired before it was applied',
    because: 'one whose end has passed grants nothing',
    kind: LICENSE,
    run: (rig) => grant(rig, { expiresAt: rig.now(-60_000) }),
    asana: [],
    reason: 'Expired',
  },
  {
    what: 'scheduled, then begun',
    because: 'nothing is done before startsAt',
    kind: LICENSE,
    run: (rig) => grant(rig, { startsAt: rig.now(60_000) }, 120_000),
    asana: ['scimPatchUser'],
    reason: 'Granted',
    told: ['Scheduled', 'Progressing', 'Granted'],
  },
  {
    what: 'deleted',
    because: 'what was given is taken back',
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      await rig.remove(LICENSE, 'g');
    },
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: null,
    events: ['Normal LicenseGranted', 'Normal LicenseRevoked'],
    audit: ['Change GrantEnterprise Succeeded', 'Change RevokeEnterprise Succeeded'],
  },
  {
    what: 'deleted, waiting for the delay',
    because: 'a rename or a move is no removal',
    provisioning: { removalDelay: '1m' },
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      await rig.remove(LICENSE, 'g', 50_000);
    },
    asana: ['scimPatchUser'],
    reason: 'RemovalPending',
    message: /abandon/,
    also: (rig) => assert.ok(rig.see(LICENSE, 'g').status.planned?.notBefore),
  },
  {
    what: 'retained',
    because: 'deletionPolicy Retain leaves Asana as it is',
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig, { deletionPolicy: 'Retain' });
      await rig.remove(LICENSE, 'g');
    },
    asana: ['scimPatchUser'],
    reason: null,
    events: ['Normal LicenseGranted', 'Normal Released'],
    audit: ['Change GrantEnterprise Succeeded', 'Release Retained Released'],
    metrics: { [`releases_total{${labels},reason="Retained"}`]: 1 },
  },
  {
    what: 'deleted while suspended',
    because: "the grant's own suspend releases",
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      await rig.edit(LICENSE, 'g', { spec: { suspend: true } });
      await rig.remove(LICENSE, 'g');
    },
    asana: ['scimPatchUser'],
    reason: null,
    audit: ['Change GrantEnterprise Succeeded', 'Release Suspended Released'],
  },
  {
    what: 'deleted while the connector is suspended',
    because: 'the emergency stop loses nothing, and says how to let go',
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      await rig.edit('AsanaConnector', 'acme', { spec: { suspend: true } });
      await rig.remove(LICENSE, 'g');
    },
    asana: ['scimPatchUser'],
    reason: 'Suspended',
    message: /abandon/,
  },
  {
    what: 'abandoned',
    because: 'the annotation releases without acting',
    provisioning: { removalDelay: '10m' },
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      await rig.remove(LICENSE, 'g');
      await rig.annotate(LICENSE, 'g', 'abandon', 'true');
    },
    asana: ['scimPatchUser'],
    reason: null,
    audit: ['Change GrantEnterprise Succeeded', 'Release Abandoned Released'],
  },
  {
    what: 'protected',
    because: 'a rule refuses the removal: released with a Warning',
    provisioning: { protectedUsers: ['p1@acme.example'] },
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      await rig.remove(LICENSE, 'g');
    },
    asana: ['scimPatchUser'],
    reason: null,
    events: ['Normal LicenseGranted', 'Warning Released'],
    audit: ['Change GrantEnterprise Succeeded', 'Release ProtectedUser Released'],
  },
  {
    what: 'superseded',
    because: 'the successor inherits what the first gave, adopted flag included',
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      const user = { email: rig.person(1).profile.email };
      await rig.declare(LICENSE, 'second', { user });
      assert.equal(rig.see(LICENSE, 'second').reason, 'ConflictingGrant');
      await rig.remove(LICENSE, 'g');
    },
    asana: ['scimPatchUser'],
    reason: null,
    audit: ['Change GrantEnterprise Succeeded', 'Release Superseded Released'],
    also: (rig) => {
      const { reason, status } = rig.see(LICENSE, 'second');
      assert.equal(reason, 'Granted');
      assert.equal(status.applied?.adopted, false);
    },
  },
  {
    what: 'superseded, with the account it created',
    because: 'whoever inherits a right inherits that the account was created',
    kind: LICENSE,
    run: async (rig) => {
      const spec = { user: { email: 'new@acme.example' }, license: 'ViewOnly', onMissingAccount: 'Create' };
      await rig.declare(LICENSE, 'g', spec);
      await rig.declare(LICENSE, 'second', spec);
      await rig.remove(LICENSE, 'g');
      assert.ok(rig.see(LICENSE, 'second').status.created);
      await rig.remove(LICENSE, 'second');
    },
    asana: ['scimCreateUser', 'scimPatchUser'],
    reason: null,
    events: ['Normal AccountCreated', 'Normal Released'],
  },
  {
    what: 'a rival that ends without ever being applied',
    because: 'time alone frees whoever lost to it',
    kind: LICENSE,
    run: async (rig) => {
      const user = { email: rig.member(2, 'view only') };
      await rig.connector({ maxEnterpriseLicenses: 0 });
      await rig.declare(LICENSE, 'older', { user, expiresAt: rig.now(60_000) });
      await rig.pass(2_000);
      await rig.declare(LICENSE, 'g', { user });
      assert.equal(rig.see(LICENSE, 'g').reason, 'ConflictingGrant');
      await rig.pass(70_000);
    },
    asana: [],
    reason: 'LicenseLimitReached',
  },
  {
    what: 'contended',
    because: 'a fourth change of somebody else within a day is not set back',
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      for (let time = 0; time < 4; time += 1) {
        rig.member(1, 'view only');
        await rig.pass(700_000);
      }
    },
    asana: ['scimPatchUser', 'scimPatchUser', 'scimPatchUser', 'scimPatchUser'],
    reason: 'Contended',
  },
  {
    what: 'held',
    because: 'the last rights of all are never taken without a person',
    kind: LICENSE,
    run: async (rig) => {
      await grant(rig);
      await rig.declare(LICENSE, 'other', { user: { email: rig.member(2, 'view only') } });
      await rig.remove(LICENSE, 'g', 0);
      await rig.remove(LICENSE, 'other', 60_000);
    },
    provisioning: { removalDelay: '10s' },
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: 'RemovalsPaused',
    message: /abandon/,
    also: (rig) => assert.match(rig.see(LICENSE, 'g').status.planned?.hold ?? '', /^\w+\.1$/),
  },
  {
    what: 'acknowledged',
    because: 'the answer carries out what the token named',
    kind: LICENSE,
    provisioning: { removalDelay: '10s' },
    run: async (rig) => {
      await hold(rig);
      await rig.annotate('AsanaConnector', 'acme', 'acknowledge', token(rig), 30_000);
    },
    asana: ['scimPatchUser', 'scimPatchUser', 'scimPatchUser', 'scimPatchUser'],
    reason: null,
  },
  {
    what: 'discarded',
    because: 'deleted objects of the hold go, and Asana stays as it is',
    kind: LICENSE,
    provisioning: { removalDelay: '10s' },
    run: async (rig) => {
      await hold(rig);
      await rig.annotate('AsanaConnector', 'acme', 'discard', token(rig), 30_000);
    },
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: null,
    metrics: { [`releases_total{${labels},reason="Discarded"}`]: 2 },
  },
  {
    what: 'held through mode Plan and back',
    because: 'what was once in a hold is carried out only by an acknowledgement that named it',
    kind: LICENSE,
    provisioning: { removalDelay: '10s' },
    run: async (rig) => {
      for (const [name, index] of [
        ['g', 1],
        ['other', 2],
      ] as const)
        await rig.declare(LICENSE, name, { user: { email: rig.member(index, 'enterprise') } });
      const edit = { spec: { license: 'ViewOnly' } };
      await rig.connector({ removalDelay: '10s', maxRemovals: { percent: 0, atLeast: 1, window: '1m' } });
      await rig.edit(LICENSE, 'g', edit, 0);
      await rig.edit(LICENSE, 'other', edit, 30_000);
      assert.equal(rig.see(LICENSE, 'g').reason, 'RemovalsPaused');
      await rig.connector({ removalDelay: '10s', mode: 'Plan' });
      await rig.pass(120_000);
      assert.ok(rig.see(LICENSE, 'g').status.planned?.hold, 'the plan names the hold');
      await rig.connector({ removalDelay: '10s' });
      await rig.pass(120_000);
    },
    asana: [],
    reason: 'RemovalsPaused',
  },
  {
    what: 'uninstalling',
    because: 'while everything is stopped, nothing is written, finalizers neither',
    kind: LICENSE,
    run: async (rig) => {
      rig.leadership.stoppedUntil = rig.clock.now() + 600_000;
      await grant(rig, {}, 60_000);
    },
    asana: [],
    reason: null,
    also: (rig) => assert.equal(rig.writes.get(`${LICENSE} g`), undefined),
  },
  {
    what: 'the connector is missing, then there with a Secret that is not',
    because: 'the status says what is so now, not what was so before',
    kind: LICENSE,
    run: async (rig) => {
      await rig.declare(LICENSE, 'g', { connectorRef: { name: 'late' }, user: { email: 'p1@acme.example' } });
      assert.equal(rig.see(LICENSE, 'g').reason, 'ConnectorNotFound');
      await rig.apply('AsanaConnector', 'iga', 'late', {
        credentials: { type: 'ServiceAccount', secretRef: { name: 'none' } },
        sync: { interval: '10m' },
        provisioning: { mode: 'Apply' },
      });
      await rig.pass(10_000);
    },
    asana: [],
    reason: 'ConnectorNotReady',
  },
  {
    what: 'a look that Asana refuses',
    because: 'nothing follows from an absence nobody could look into, and the status says so',
    kind: ACCOUNT,
    run: async (rig) => {
      fault(rig, 'scimListUsers', { status: 403 }, 0);
      await rig.declare(ACCOUNT, 'g', { email: 'nobody@acme.example', ensure: 'Absent' });
    },
    asana: [],
    reason: 'AsanaRefused',
  },
  {
    what: 'absent from the start',
    because: 'the message says that it was found so',
    kind: ACCOUNT,
    run: (rig) => rig.declare(ACCOUNT, 'g', { email: 'nobody@acme.example', ensure: 'Absent' }),
    asana: [],
    reason: 'Removed',
    message: /no such account from the start/,
  },
  {
    what: 'absent by our action, for good',
    because: 'the message stays through later looks',
    kind: ACCOUNT,
    run: async (rig) => {
      await rig.declare(ACCOUNT, 'g', { email: rig.member(1, 'view only'), ensure: 'Absent' });
      await rig.pass(700_000);
    },
    asana: ['scimPatchUser'],
    reason: 'Removed',
    message: /This object removed the account/,
    events: ['Normal AccountDeprovisioned'],
  },
  {
    what: 'team: added, and removed',
    because: 'what was given is taken back',
    kind: TEAM,
    run: async (rig) => {
      const team = rig.site.directory.addTeam(rig.site.organization, {
        name: 'Design',
        description: '',
        visibility: 'public',
      });
      await rig.annotate('AsanaConnector', 'acme', 'requestedAt', 'team');
      await rig.declare(TEAM, 'g', { user: { email: rig.member(1, 'view only') }, team: { gid: team.gid } });
      assert.equal(rig.see(TEAM, 'g').reason, 'Granted');
      await rig.remove(TEAM, 'g');
    },
    asana: ['addUserForTeam', 'removeUserForTeam'],
    reason: null,
    events: ['Normal AddedToTeam', 'Normal RemovedFromTeam'],
  },
  {
    what: 'team: added, whose name is as long as Asana takes',
    because: 'a text of the status that is too long would keep the intent from being recorded',
    kind: TEAM,
    run: async (rig) => {
      const team = rig.site.directory.addTeam(rig.site.organization, {
        name: `Design ${'n'.repeat(1000)}`,
        description: '',
        visibility: 'public',
      });
      await rig.annotate('AsanaConnector', 'acme', 'requestedAt', 'team');
      await rig.declare(TEAM, 'g', { user: { email: rig.member(1, 'view only') }, team: { gid: team.gid } });
    },
    asana: ['addUserForTeam'],
    reason: 'Granted',
    events: ['Normal AddedToTeam'],
  },
  {
    what: 'workspace: adopted, and released',
    because: 'whoever was there before is left there',
    kind: WORKSPACE,
    run: async (rig) => {
      const user = { email: rig.member(1, 'view only') };
      await rig.declare(WORKSPACE, 'g', { user, workspace: ORGANIZATION, deletionPolicy: 'Revoke' });
      assert.equal(rig.see(WORKSPACE, 'g').status.applied?.adopted, true);
      await rig.remove(WORKSPACE, 'g');
    },
    asana: [],
    reason: null,
    audit: ['Release Adopted Released'],
  },
  {
    what: 'account: created, and deprovisioned',
    because: 'whom the object created, it takes back',
    kind: ACCOUNT,
    run: async (rig) => {
      await rig.declare(ACCOUNT, 'g', { email: 'new@acme.example', deletionPolicy: 'Revoke' });
      assert.equal(rig.see(ACCOUNT, 'g').reason, 'Granted');
      await rig.remove(ACCOUNT, 'g');
    },
    asana: ['scimCreateUser', 'scimPatchUser'],
    reason: null,
    events: ['Normal AccountCreated', 'Normal AccountDeprovisioned'],
  },
];

/** Deletes both grants, which would end the last right of everybody, so that a hold begins. */
async function hold(rig: GrantRig): Promise<void> {
  await grant(rig);
  await rig.declare(LICENSE, 'other', { user: { email: rig.member(2, 'view only') } });
  await rig.remove(LICENSE, 'g', 0);
  await rig.remove(LICENSE, 'other', 60_000);
}

function token(rig: GrantRig): string {
  const { holds } = rig.see('AsanaConnector', 'acme').status as { holds?: readonly { token: string }[] };
  return holds?.[0]?.token ?? '';
}

suite('what becomes of a grant', () => {
  for (const row of outcomes) {
    test(`${row.what}, since ${row.because}`, async () => {
      const rig = await GrantRig.open(row.provisioning);
      await row.run(rig);
      await rig.pass(2_000);
      const seen = rig.exists(row.kind, 'g') ? rig.see(row.kind, 'g') : null;
      assert.deepEqual([seen?.reason ?? null, rig.changes], [row.reason, row.asana], seen?.message ?? '');
      assert.deepEqual(rig.broken, []);
      if (row.message) assert.match(seen?.message ?? '', row.message);
      if (row.told) assert.deepEqual(rig.told(row.kind, 'g'), row.told);
      if (row.events) assert.deepEqual(rig.events('g'), row.events);
      if (row.audit) assert.deepEqual(rig.audited(), row.audit);
      for (const [metric, value] of Object.entries(row.metrics ?? {}))
        assert.equal(rig.meter.values.get(metric), value, metric);
      row.also?.(rig);
      await rig.close();
    });
  }
});
