import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { WorkspaceMembership } from '../../src/sandbox/records.ts';
import { SECOND_WORKSPACE_GID } from '../../src/sandbox/seed.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { isInWorkspace, personOf } from './console.ts';
import { conditionOf, OperatorRig, PERSONAL, SERVICE_ACCOUNT } from './rig.ts';
import { TenantView } from './tenant.ts';

/**
 * Regressions in which people lost access, or a safeguard failed, because correct parts interacted. Each test is named
 * after what went wrong.
 */

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';

suite('a hold that is answered while more removals join it', () => {
  let rig: OperatorRig;
  let people: string[] = [];
  before(async () => {
    rig = await OperatorRig.start('kept-discard', { accounts: 160 });
    people = await rig.enterpriseMembers(20);
    await rig.createSecret();
    await rig.createConnector({
      provisioning: { removalDelay: '1s', maxRemovals: { percent: 0, atLeast: 6, window: '1h' } },
    });
    await rig.untilPhase('Connected');
    for (const [i, email] of people.entries()) await rig.createGrant(`grant-${i}`, email);
    for (const i of people.keys()) await rig.untilReason(`grant-${i}`, 'Granted');
  });
  after(() => rig.close());

  const enterprise = async () => {
    const licenses = await Promise.all(people.map((email) => rig.licenseInAsana(email)));
    return licenses.filter((license) => license === 'enterprise').length;
  };

  test('does not carry out removals that joined after the discarded token, however few they are', async () => {
    const ending = people.slice(0, 12).map((_, i) => `grant-${i}`);
    for (const ref of ending.slice(0, 7)) await rig.deleteGrant(ref);
    for (const ref of ending.slice(0, 7)) await rig.untilReason(ref, 'RemovalsPaused');
    const { token } = await rig.untilHeld('TooManyRemovals');
    for (const ref of ending.slice(7)) await rig.deleteGrant(ref);
    for (const ref of ending.slice(7)) await rig.untilReason(ref, 'RemovalsPaused');
    await rig.answer('discard', token);
    for (const ref of ending.slice(0, 7)) await rig.untilGone(ref);
    await rig.until('the others are held or gone', async () => {
      const left = await Promise.all(ending.slice(7).map((ref) => rig.grant(ref)));
      return left.every((grant) => grant === null || grant.status?.planned?.hold !== undefined);
    });
    await rig.sync();
    assert.equal(await enterprise(), 20);
  });
});

suite('an adopted license', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('kept-found');
    await rig.createSecret();
    await rig.createConnector({ provisioning: { allowDeprovision: true } });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  test('stays adopted after drift was corrected, and its account is not deprovisioned on deletion', async () => {
    await rig.createGrant('alice', alice, { license: 'ViewOnly' });
    await rig.untilReason('alice', 'Granted');
    await rig.changeInConsole(alice, { license: 'enterprise' });
    await rig.sync();
    await rig.until('drift is corrected', async () => (await rig.grant('alice'))?.status?.drift?.count === 1);
    assert.equal((await rig.grant('alice'))?.status?.applied?.adopted, true);
    await rig.deleteGrant('alice');
    await rig.untilGone('alice');
    assert.equal((await rig.personInAsana(alice)).active, true);
  });

  test('leaves the account active on deletion after an edit from Enterprise to ViewOnly', async () => {
    await rig.createGrant('bob', bob);
    await rig.untilReason('bob', 'Granted');
    await rig.patchGrant('bob', { spec: { license: 'ViewOnly' } });
    await rig.until(
      'bob is downgraded',
      async () => (await rig.grant('bob'))?.status?.applied?.license === 'ViewOnly',
    );
    await rig.deleteGrant('bob');
    await rig.untilGone('bob');
    assert.deepEqual(
      { ...(await rig.personInAsana(bob)), teams: [] },
      { ...(await rig.personInAsana(bob)), active: true, license: 'view only', teams: [] },
    );
  });
});

suite('a removal that waits for Retry-After', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('kept-waiting');
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
    await rig.createGrant('alice', alice);
    await rig.untilReason('alice', 'Granted');
  });
  after(() => rig.close());

  /** Throttles the next removal for three seconds; resolves once that has happened. */
  const throttled = async (begin: () => Promise<void>) => {
    const from = rig.sandbox.requests.last;
    rig.sandbox.faults.add({
      match: { operation: 'scimPatchUser', times: 1 },
      effect: { status: 429, retryAfter: 3 },
    });
    await begin();
    await rig.until('Asana has answered 429', async () =>
      rig.sandbox.requests.since(from).some(({ status }) => status === 429),
    );
  };
  /** Waits until Retry-After has passed: a request that came later has been answered then. */
  const passed = async () => {
    const before = rig.sandbox.requests.last;
    await rig.sync();
    assert.ok(rig.sandbox.requests.last > before);
  };

  test('is not sent after its edit was reverted', async () => {
    await throttled(() => rig.patchGrant('alice', { spec: { license: 'ViewOnly' } }));
    await rig.patchGrant('alice', { spec: { license: 'Enterprise' } });
    await passed();
    await rig.untilReason('alice', 'Granted');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    const left = rig.sandbox.requests
      .since(0)
      .filter(({ operation, status }) => operation === 'scimPatchUser' && status === 200);
    assert.equal(left.length, 1, 'only the earlier upgrade was sent');
    assert.equal((await rig.grant('alice'))?.status?.lastAction?.result, 'Failed');
  });

  test('is not sent while the connector is suspended, and is sent once it is resumed', async () => {
    await throttled(() => rig.deleteGrant('alice'));
    await rig.patchConnector({ spec: { suspend: true } });
    await rig.untilReason('alice', 'Suspended');
    // Longer than Asana asked to wait: the request that was waiting has been given up.
    await rig.until('Retry-After has passed', async () =>
      rig.sandbox.requests.since(0).some(({ status, at }) => status === 429 && Date.now() - at > 4_500),
    );
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    await rig.patchConnector({ spec: { suspend: false } });
    await rig.untilGone('alice');
    assert.equal(await rig.licenseInAsana(alice), 'view only');
  });
});

suite('a restart', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('kept-restart', { accounts: 60, teams: 6 });
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
    await rig.createGrant('alice', alice);
    await rig.untilReason('alice', 'Granted');
  });
  after(() => rig.close());

  test('with a failing license listing writes nothing to a settled grant', async () => {
    await rig.stopOperator();
    const fault = rig.sandbox.faults.add({
      match: { operation: 'scimListUsers', times: 0 },
      effect: { status: 500 },
    });
    const { metadata } = (await rig.grant('alice')) ?? assert.fail();
    await rig.startOperator();
    await rig.untilPhase('Degraded');
    await rig.createGrant('bob', bob);
    await rig.untilReason('bob', 'AsanaUnavailable');
    assert.equal((await rig.grant('alice'))?.metadata.resourceVersion, metadata.resourceVersion);
    rig.sandbox.faults.remove(fault);
    await rig.sync();
    await rig.untilReason('bob', 'Granted');
    await rig.deleteGrant('bob');
    await rig.untilGone('bob');
  });

  test('keeps the measure of team memberships: suddenly empty teams begin a hold', async () => {
    await rig.stopOperator();
    const { state } = rig.sandbox;
    for (const { memberships } of state.organization.teams)
      for (const membership of memberships.slice()) state.leaveTeam(membership);
    await rig.startOperator();
    await rig.sync();
    const { token, count } = await rig.untilHeld('DirectoryShrunk');
    assert.ok(count > 5);
    await rig.answer('acknowledge', token);
    await rig.untilNoHold();
  });

  test('keeps the measure of accounts: a suddenly smaller directory begins a hold and removes nobody', async () => {
    await rig.stopOperator();
    await rig.removeMembers(20, { besides: [alice] });
    await rig.startOperator();
    await rig.sync();
    await rig.untilHeld('DirectoryShrunk');
    await rig.deleteGrant('alice');
    await rig.untilReason('alice', 'RemovalsPaused');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
  });
});

suite('a restart with a truncated license listing', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('kept-short', { accounts: 160 });
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
    await rig.createGrant('alice', alice);
    await rig.untilReason('alice', 'Granted');
  });
  after(() => rig.close());

  test('keeps the measure of licenses: a listing that announces only a hundred begins a hold', async () => {
    await rig.stopOperator();
    const listed = (await rig.connector())?.status?.counts;
    const all = (listed?.enterpriseLicenses ?? 0) + (listed?.viewOnlyLicenses ?? 0);
    assert.ok(all > 120);
    rig.sandbox.faults.add({
      match: { operation: 'scimListUsers', times: 0 },
      effect: { totalResultsBy: 100 - all },
    });
    await rig.startOperator();
    await rig.sync();
    await rig.untilHeld('DirectoryShrunk');
  });
});

suite('the limit on enterprise licenses', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('kept-limit', { accounts: 140 });
    await rig.createSecret();
  });
  after(() => rig.close());

  test('is not exceeded while a failing listing leaves the number of licenses unknown', async () => {
    const used = (await rig.peopleInAsana()).filter(({ license }) => license === 'enterprise').length;
    const fault = rig.sandbox.faults.add({
      match: { operation: 'scimListUsers', after: 1, times: 0 },
      effect: { status: 500 },
    });
    await rig.createConnector({ provisioning: { maxEnterpriseLicenses: used } });
    await rig.untilPhase('Degraded');
    await rig.createGrant('alice', alice);
    await rig.untilReason('alice', 'AsanaUnavailable');
    assert.equal(await rig.licenseInAsana(alice), 'view only');
    rig.sandbox.faults.remove(fault);
    await rig.sync();
    await rig.untilReason('alice', 'LicenseLimitReached');
    assert.equal(await rig.licenseInAsana(alice), 'view only');
  });
});

suite('a change that Asana accepts and does not show', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('kept-unseen');
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
  });
  after(() => rig.close());

  const untilUnseen = async (name: string, email: string) => {
    rig.sandbox.faults.add({
      match: { operation: 'scimPatchUser', times: 1 },
      effect: { ignoreWrite: true },
    });
    await rig.createGrant(name, email);
    await rig.until('the change was sent', async () => {
      const grant = await rig.grant(name);
      return /does not show it yet/.test(conditionOf(grant, 'Ready')?.message ?? '');
    });
  };

  test('is sent again on requestedAt, which is recorded as handled only once Asana shows it', async () => {
    await untilUnseen('asked', alice);
    await rig.patchGrant('asked', {
      metadata: { annotations: { 'asana-connector.dev/requestedAt': 'again' } },
    });
    await rig.untilReason('asked', 'Granted');
    assert.equal(await rig.licenseInAsana(alice), 'enterprise');
    const handled = () =>
      rig.statusesOf('asked').find(({ lastHandledReconcileAt }) => lastHandledReconcileAt === 'again');
    await rig.until('the request is recorded as handled', () => Promise.resolve(handled() !== undefined));
    assert.equal(handled()?.lastAction?.result, 'Succeeded');
  });

  test('is not inherited by a new grant of the same name, which sends its own change', async () => {
    await untilUnseen('namesake', carol);
    // A user removes the finalizer by force, and declares the same again before anybody sees that the object was gone.
    await rig.deleteGrant('namesake');
    await rig.patchGrant('namesake', { metadata: { finalizers: null } });
    await rig.createGrant('namesake', carol);
    await rig.untilReason('namesake', 'Granted');
    assert.equal(await rig.licenseInAsana(carol), 'enterprise');
  });
});

suite('a change that Asana rejects', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('kept-refused');
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
  });
  after(() => rig.close());

  test('leads to the reason AsanaRefused and a Warning event', async () => {
    rig.sandbox.faults.add({ match: { operation: 'scimPatchUser' }, effect: { status: 400 } });
    await rig.createGrant('refused', alice);
    await rig.untilReason('refused', 'AsanaRefused');
    await rig.untilEvent('refused', 'AsanaRefused', 'Warning');
  });
});

suite('a connector with few grants', () => {
  let rig: OperatorRig;
  let people: string[] = [];
  before(async () => {
    rig = await OperatorRig.start('kept-small', { accounts: 80 });
    people = await rig.enterpriseMembers(5);
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
    for (const [i, email] of people.entries()) await rig.createGrant(`grant-${i}`, email);
    for (const i of people.keys()) await rig.untilReason(`grant-${i}`, 'Granted');
  });
  after(() => rig.close());

  test('holds removals if all of its grants are deleted at once, however few they are', async () => {
    await Promise.all(people.map((_, i) => rig.deleteGrant(`grant-${i}`)));
    const { count } = await rig.untilNamed(people.map((_, i) => `grant-${i}`));
    // Some may be gone before the last of them was deleted, but never all.
    assert.ok(count >= 1);
    const licenses = await Promise.all(people.map((email) => rig.licenseInAsana(email)));
    assert.ok(licenses.includes('enterprise'));
  });
});

suite('a grant of a connector in mode Plan', () => {
  let rig: OperatorRig;
  before(async () => {
    rig = await OperatorRig.start('kept-plan');
    await rig.createSecret();
    await rig.createConnector();
    await rig.createConnector({ provisioning: { mode: 'Plan' } }, 'planning');
    await rig.untilPhase('Connected');
    await rig.untilPhase('Connected', 'planning');
    await rig.declareSomebodyWhoStays();
  });
  after(() => rig.close());

  test('neither wins a contest against a grant of a connector in mode Apply nor succeeds it', async () => {
    await rig.createGrant('a-planned', alice, { connectorRef: { name: 'planning' } });
    await rig.untilReason('a-planned', 'Planned');
    await rig.createGrant('applied', alice);
    await rig.untilReason('applied', 'Granted');
    await rig.deleteGrant('applied');
    await rig.untilGone('applied');
    assert.equal(await rig.licenseInAsana(alice), 'view only');
  });
});

suite('another organization behind the same token', () => {
  let rig: OperatorRig;
  let other: Sandbox;
  before(async () => {
    rig = await OperatorRig.start('kept-organization');
    // Its people have the same gids, as in a copy of the first organization.
    other = await startSandbox({
      accounts: 40,
      teams: 3,
      requestsPerMinute: 0,
      tokens: { serviceAccount: SERVICE_ACCOUNT },
      organization: '1300000000000001',
    });
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
    await rig.createGrant('bob', bob);
    await rig.untilReason('bob', 'Granted');
  });
  after(async () => {
    await rig.close();
    await other.close();
  });

  test('is detected although a part of its reading fails, and nothing is changed there', async () => {
    await rig.stopOperator();
    other.faults.add({ match: { operation: 'scimListUsers' }, effect: { status: 403 } });
    await rig.startOperator(other);
    await rig.deleteGrant('bob');
    await rig.until('the other organization is held or recorded', async () => {
      const connector = await rig.connector();
      const held = conditionOf(connector, 'Ready')?.reason === 'OrganizationChanged';
      return held || connector?.status?.organizations?.includes(other.workspace) === true;
    });
    const connector = await rig.connector();
    assert.equal(conditionOf(connector, 'Ready')?.reason, 'OrganizationChanged');
    assert.deepEqual(connector?.status?.organizations, [rig.sandbox.workspace]);
    assert.deepEqual(
      other.requests.since(0).filter(({ method }) => method !== 'GET'),
      [],
    );
  });
});

suite('an admin of a plain workspace', () => {
  let rig: OperatorRig;
  let tenant: TenantView;
  let carolsPlace: WorkspaceMembership;
  before(async () => {
    rig = await OperatorRig.start('kept-admin', {
      secondWorkspace: 'workspace',
      conductorOneSettings: { nextPollMs: 50, nextHeartbeatMs: 1_000 },
    });
    const { state } = rig.sandbox;
    const second = state.workspace(SECOND_WORKSPACE_GID);
    assert.ok(second);
    carolsPlace = state.joinWorkspace(personOf(rig.sandbox, carol), second);
    tenant = new TenantView(rig);
    await tenant.createSecret(PERSONAL);
    await rig.createConnector({
      // Only personal tokens see a second workspace; declared as a service account's, this one may deprovision.
      scim: { enabled: false },
      conductorOne: { secretRef: { name: 'token' }, provision: true },
      provisioning: { allowDeprovision: true },
    });
    await rig.untilPhase('Connected');
  });
  after(() => rig.close());

  test('is protected from a task that revokes the membership', async () => {
    assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
    Object.assign(carolsPlace, { isAdmin: true });
    await rig.sync();
    const entitlement = `workspace:${SECOND_WORKSPACE_GID}:Member`;
    const { code, message } = await tenant.carryOut({ type: 'revoke', entitlement, user: carol });
    assert.equal(code, 'FailedPrecondition', message);
    assert.match(message, /an Asana admin/);
    assert.ok(isInWorkspace(rig.sandbox, carol, SECOND_WORKSPACE_GID));
  });
});
