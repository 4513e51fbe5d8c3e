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
    because: 'a declared license is given',
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
      assert.equal(rig.writes.get(`${LICENSE} g`), 2, 'one write for the intent, and one for the outcome');
    },
  },
  {
    what: 'adopted',
    because: 'a license that existed before is recorded as adopted, and nothing is sent',
    kind: LICENSE,
    run: async (rig) => rig.declare(LICENSE, 'g', { user: { email: rig.member(1, 'enterprise') } }, 700_000),
    asana: [],
    reason: 'Granted',
    also: (rig) => assert.equal(rig.see(LICENSE, 'g').status.applied?.adopted, true),
  },
  {
    what: 'drift corrected',
    because: 'a license that somebody else changed is given again',
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
    because: 'mode Plan records the action without carrying it out, and sets no finalizer',
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
    what: 'expired in mode Plan',
    because: 'an end that has passed does not cause repeated reconciles',
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
    because: 'a 403 is reported, and not retried automatically',
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
    what: 'refused, then requested again',
    because: 'requestedAt causes another attempt, and is recorded as handled',
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
    because: 'a change that Asana accepts but never shows is given up as LicenseNotAccepted',
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
    what: 'requested again while not shown',
    because: 'a change that is safe to repeat is sent again, and the request is handled only then',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimPatchUser', { ignoreWrite: true });
      await grant(rig);
      assert.equal(rig.see(LICENSE, 'g').reason, 'Progressing');
      const handled: unknown[] = [];
      rig.onChange = () => void handled.push(rig.see(LICENSE, 'g').status.lastHandledReconcileAt);
      await rig.annotate(LICENSE, 'g', 'requestedAt', 'now');
      assert.deepEqual(handled, [undefined], 'the request is still open when the change is sent again');
    },
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: 'Granted',
    also: (rig) => assert.equal(rig.see(LICENSE, 'g').status.lastHandledReconcileAt, 'now'),
  },
  {
    what: 'shown late',
    because: 'a change that Asana shows after 40 s is recorded as given',
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
    because: 'a license that shows after the deletion of its grant is revoked',
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
    what: 'removal shown after it was given up',
    because: 'the grant object is removed without a Release in the audit log',
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
    because: 'an account that Asana shows after 40 s is recorded as created',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimCreateUser', { staleForMs: 40_000 });
      const spec = { user: { email: 'new@acme.example' }, license: 'ViewOnly', onMissingAccount: 'Create' };
      await rig.declare(LICENSE, 'g', spec, 90_000);
    },
    asana: ['scimCreateUser'],
    reason: 'Granted',
    also: (rig) => assert.ok(rig.see(LICENSE, 'g').status.created, 'the creation is recorded'),
  },
  {
    what: 'throttled',
    because: 'the generation is observed during a 429, and the license is not given before Retry-After',
    kind: LICENSE,
    run: async (rig) => {
      fault(rig, 'scimGetUser', { status: 429, retryAfter: 30 });
      await grant(rig, {}, 5_000);
      assert.equal(rig.see(LICENSE, 'g').status.observedGeneration, 1);
      await rig.pass(24_000);
      assert.deepEqual(rig.changes, []);
      await rig.pass(36_000);
    },
    asana: ['scimPatchUser'],
    reason: 'Granted',
    told: ['Throttled', 'Progressing', 'Granted'],
  },
  {
    what: 'edited during a 429',
    because: 'the edit is observed within 5 s',
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
    because: 'the license is revoked at expiresAt, and the end stays in the status',
    kind: LICENSE,
    run: (rig) => grant(rig, { expiresAt: rig.now(60_000) }, 120_000),
    asana: ['scimPatchUser', 'scimPatchUser'],
    reason: 'Expired',
    events: ['Normal LicenseGranted', 'Normal ExpiresSoon', 'Normal LicenseRevoked'],
    also: (rig) => {
      const { status } = rig.see(LICENSE, 'g');
      assert.equal(status.applied, undefined);
      assert.ok(status.expiresAt, 'the end is kept when the license is revoked');
    },
  },
  {
    what: 'expired, and decided again',
    because: 'a revoked license is still reported as revoked, and the status is not written again',
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
    because: 'a grant whose end has passed gives nothing',
    kind: LICENSE,
    run: (rig) => grant(rig, { expiresAt: rig.now(-60_000) }),
    asana: [],
    reason: 'Expired',
  },
  {
    what: 'scheduled, then granted',
    because: 'the license is given at startsAt',
    kind: LICENSE,
    run: (rig) => grant(rig, { startsAt: rig.now(60_000) }, 120_000),
    asana: ['scimPatchUser'],
    reason: 'Granted',
    told: ['Scheduled', 'Progressing', 'Granted'],
  },
  {
    what: 'deleted',
    because: 'the license that was given is revoked',
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
    what: 'deleted, with a removal delay',
    because: 'the license is not revoked before removalDelay has passed',
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
    because: 'deletionPolicy Retain leaves the license as it is',
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
    because: 'a grant that is suspended itself is released',
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
    because: 'the grant waits, and its message names the annotation abandon',
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
    because: 'the annotation releases the grant without a change in Asana',
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
    because: 'a grant whose removal a rule refuses is released with a Warning',
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
    because: 'the successor takes over the license as given, not as adopted',
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
    what: 'superseded, with a created account',
    because: 'the successor takes over the account as created, and deprovisions it when deleted',
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
    what: 'rival expired unapplied',
    because: 'the grant that lost to the rival is decided again',
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
    because: 'a fourth change by somebody else within a day is not corrected',
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
    because: 'the last rights of all grants are not removed without an answer',
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
    because: 'an acknowledgement carries out the removals that its token covers',
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
    because: 'the deleted grants of the hold are released, and Asana stays as it is',
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
    what: 'held, then mode Plan and back',
    because: 'a removal that was once in a hold still requires an acknowledgement',
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
    because: 'neither a status nor a finalizer is written while everything is stopped',
    kind: LICENSE,
    run: async (rig) => {
      rig.leadership.stoppedUntil = rig.clock.now() + 600_000;
      await grant(rig, {}, 60_000);
    },
    asana: [],
    reason: null,
    also: (rig) => {
      assert.equal(rig.writes.get(`${LICENSE} g`), undefined);
      assert.equal(rig.cluster.object(LICENSE, 'iga', 'g')?.metadata.finalizers, undefined);
    },
  },
  {
    what: 'connector created later, without its Secret',
    because: 'the reason changes from ConnectorNotFound to ConnectorNotReady',
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
    what: 'lookup refused by Asana',
    because: 'an absence that could not be checked is reported as AsanaRefused',
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
    because: 'the message says that there was no such account',
    kind: ACCOUNT,
    run: (rig) => rig.declare(ACCOUNT, 'g', { email: 'nobody@acme.example', ensure: 'Absent' }),
    asana: [],
    reason: 'Removed',
    message: /no such account from the start/,
  },
  {
    what: 'absent by our action',
    because: 'the message still says so after later reads',
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
    what: 'added to a team, then deleted',
    because: 'the person is removed from the team',
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
    what: 'added to a team with a name of maximum length',
    because: 'the name does not keep the intent from being recorded',
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
    what: 'workspace membership adopted, then deleted',
    because: 'a member who was there before stays',
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
    what: 'account created, then deleted',
    because: 'an account that the object created is deprovisioned',
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

suite('the outcome of a grant', () => {
  for (const row of outcomes) {
    test(`${row.what}: ${row.because}`, async () => {
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
