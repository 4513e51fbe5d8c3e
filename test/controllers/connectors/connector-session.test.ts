import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { AsanaConnector } from '../../../src/api/asana-connector.ts';
import { ACKNOWLEDGE_ANNOTATION } from '../../../src/api/resources.ts';
import { factsOf } from '../../../src/controllers/connectors/connector-facts.ts';
import { findObstacle, whyNothingIsApplied } from '../../../src/controllers/connectors/connector-obstacle.ts';
import type { ConnectorSession } from '../../../src/controllers/connectors/connector-session.ts';
import { connectorStatus } from '../../../src/controllers/connectors/connector-status.ts';
import { tallyGrants } from '../../../src/controllers/connectors/grant-tally.ts';
import type { Demand } from '../../../src/provisioning/removals/demand.ts';
import { Organizations } from '../../../src/provisioning/removals/organizations.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/server.ts';
import { connectorObject } from '../objects.ts';
import { MovableClock, openAsana, openSandboxSession } from '../sandbox-session.ts';

const never = new AbortController().signal;
const HOUR_MS = 3_600_000;

async function startWorld(t: TestContext, options: SandboxOptions = {}) {
  const sandbox = await startSandbox({ accounts: 60, teams: 8, requestsPerMinute: 0, ...options });
  t.after(() => sandbox.close());
  const clock = new MovableClock();
  const open = async (connector: AsanaConnector, around: Parameters<typeof openSandboxSession>[3] = {}) => {
    const session = await openSandboxSession(sandbox, clock, connector, around);
    t.after(() => session.close());
    return session;
  };
  return { sandbox, clock, open };
}

/** Returns sessions of two connectors of one organization, which have both read it. */
async function startPair(t: TestContext) {
  const { sandbox, clock, open } = await startWorld(t);
  const organizations = new Organizations(clock);
  const one = await open(connectorObject(), { deps: { organizations } });
  const other = await open(connectorObject({ metadata: { name: 'other', uid: 'c2' } }), {
    deps: { organizations },
  });
  await sync(one);
  await sync(other);
  return { sandbox, clock, organizations, one, other };
}

async function sync(session: ConnectorSession): Promise<void> {
  session.startUnaskedSync();
  await session.syncs.untilIdle(never);
}

/** Returns the object with the status that the session would write. */
function recorded(object: AsanaConnector, session: ConnectorSession, now: number): AsanaConnector {
  const others = {
    obstacle: findObstacle(object, session, []),
    tally: tallyGrants([], session.directory, 0),
  };
  return { ...object, status: connectorStatus(factsOf(object, session, others), now) };
}

function leave(sandbox: Sandbox, people: number): void {
  for (const person of [...sandbox.state.people].filter(({ profile }) => profile.active).slice(-people))
    sandbox.state.change(person, { active: false });
}

function demandOf(id: string): Demand {
  const person = `${id}-person`;
  return {
    id,
    person,
    organization: '500',
    who: person,
    action: 'RevokeEnterprise',
    what: 'RevokeEnterprise',
    deprovision: false,
    ends: true,
    onTime: false,
    content: '1 RevokeEnterprise Deleted',
    recorded: null,
  };
}

suite('the session of a connector', () => {
  test('holds a directory that shrank while no process ran, compared with the measure in the status', async (t) => {
    const { sandbox, clock, open } = await startWorld(t);
    const first = await open(connectorObject());
    await sync(first);
    const object = recorded(connectorObject(), first, clock.now());
    assert.ok((object.status?.measure?.accounts?.count ?? 0) >= 60);
    leave(sandbox, 25);
    const second = await open(object);
    await sync(second);
    assert.deepEqual(
      second.doubts.map(({ reason }) => reason),
      ['DirectoryShrunk'],
    );
    assert.equal(second.read('u1')?.doubtAbout(['licenses'])?.code, 'ReadingHeld');
    assert.equal(
      recorded(object, second, clock.now()).status?.measure?.licenses?.count,
      object.status?.measure?.licenses?.count,
      'a doubted reading never becomes the measure',
    );
  });

  test('reports restored credentials once there is a reading, and never unchanged credentials', async (t) => {
    const { sandbox, clock, open } = await startWorld(t);
    const told: string[] = [];
    const session = await open(connectorObject(), { deps: { onChange: (what) => told.push(what) } });
    assert.deepEqual(told, [], 'the first credentials come before anything was read');
    await sync(session);
    told.length = 0;
    await session.dropCredentials({ reason: 'SecretNotFound', message: 'the Secret is missing' });
    await session.useCredentials('one', () => openAsana(sandbox, clock));
    await session.useCredentials('one', () => openAsana(sandbox, clock));
    assert.deepEqual(told, ['Clients']);
  });

  test('returns no reading after a token change until a sync with the new tokens has succeeded', async (t) => {
    const { sandbox, clock, open } = await startWorld(t);
    const session = await open(connectorObject());
    await sync(session);
    await session.useCredentials('two', () => openAsana(sandbox, clock));
    const hindrance = () => whyNothingIsApplied(connectorObject(), session, []) ?? '';
    assert.deepEqual([session.read('u1'), findObstacle(connectorObject(), session, [])], [null, null]);
    assert.match(hindrance(), /^The credentials changed\./);
    sandbox.faults.add({ match: { operation: 'getUsers' }, effect: { status: 403 } });
    await sync(session);
    assert.equal(session.read('u1'), null, 'a failed sync proves nothing');
    sandbox.faults.clear();
    await sync(session);
    assert.ok(session.read('u1'));
    assert.equal(hindrance(), '');
  });

  test('requires no new proof of tokens that were proven before, nor after a change of settings', async (t) => {
    const { sandbox, clock, open } = await startWorld(t);
    const session = await open(connectorObject());
    await sync(session);
    const use = (tokens: string, settings = '') =>
      session.useCredentials(tokens, () => openAsana(sandbox, clock), { settings });
    await session.dropCredentials({ reason: 'SecretNotFound', message: 'the Secret is missing' });
    await use('one');
    assert.ok(session.read('u1'), 'a Secret that was deleted and restored');
    await use('one', 'SCIM is off');
    assert.ok(session.read('u1'), 'another setting');
    await use('two');
    await session.dropCredentials({ reason: 'SecretNotFound', message: 'the Secret is missing' });
    await use('two');
    assert.equal(session.read('u1'), null, 'coming back proves nothing');
    await use('one');
    assert.ok(session.read('u1'), 'the earlier token');
  });

  test('returns no reading with tokens of another organization, even after their sync', async (t) => {
    const { clock, open } = await startWorld(t);
    const elsewhere = await startWorld(t, { organization: '1299000000000001' });
    const session = await open(connectorObject());
    await sync(session);
    await session.useCredentials('two', () => openAsana(elsewhere.sandbox, clock));
    await sync(session);
    assert.deepEqual([session.isForeign, session.read('u1')], [true, null]);
  });

  for (const { organization, because } of [
    { organization: undefined, because: 'they are of the same organization' },
    {
      organization: '1299000000000001',
      because: 'they are of another organization, but Asana accepts them',
    },
  ]) {
    test(`shows new tokens as NotChecked before their sync, and as Accepted after it, if ${because}`, async (t) => {
      const { sandbox, clock, open } = await startWorld(t);
      const { sandbox: other } =
        organization === undefined ? { sandbox } : await startWorld(t, { organization });
      const session = await open(connectorObject());
      const valid = () => {
        const { status } = recorded(connectorObject(), session, clock.now());
        const found = status?.conditions?.find(({ type }) => type === 'CredentialsValid');
        return `${found?.status} ${found?.reason}`;
      };
      await sync(session);
      assert.equal(valid(), 'True Accepted');
      await session.useCredentials('two', () => openAsana(other, clock));
      assert.equal(valid(), 'Unknown NotChecked');
      await sync(session);
      assert.equal(valid(), 'True Accepted');
      assert.equal(session.isForeign, organization !== undefined);
    });
  }

  test('applies grants with its clients while the Secret is unreadable, and nothing without clients', async (t) => {
    const { open } = await startWorld(t);
    const session = await open(connectorObject());
    await sync(session);
    const unreadable = { reason: 'SecretUnreadable', message: 'the Secret cannot be read' } as const;
    session.clients.keep(unreadable);
    assert.equal(whyNothingIsApplied(connectorObject(), session, []), null);
    await session.dropCredentials({ reason: 'SecretNotFound', message: 'the Secret is missing' });
    session.clients.keep(unreadable);
    assert.equal(
      findObstacle(connectorObject(), session, []),
      null,
      'it is not known that a person must act',
    );
    assert.equal(whyNothingIsApplied(connectorObject(), session, []), unreadable.message);
  });

  test('inherits neither measure nor organization if the object was created again', async (t) => {
    const { sandbox, open } = await startWorld(t);
    const first = await open(connectorObject());
    await sync(first);
    leave(sandbox, 25);
    const second = await open(connectorObject({ metadata: { uid: 'c2' } }));
    assert.deepEqual([second.measure, second.organizations, second.directory.current()], [null, [], null]);
    await sync(second);
    assert.deepEqual(second.doubts, []);
  });

  test('returns no reading of another organization until a person acknowledges the hold', async (t) => {
    const { open } = await startWorld(t);
    const object = connectorObject({ status: { organizations: ['1'] } });
    const session = await open(object);
    await sync(session);
    assert.deepEqual(
      [session.isForeign, session.directory.current(), session.read('u1')],
      [true, null, null],
    );
    assert.equal(findObstacle(object, session, [])?.reason, 'OrganizationChanged');
    const [hold] = recorded(object, session, Date.now()).status?.holds ?? [];
    assert.ok(hold);
    const annotations = { [ACKNOWLEDGE_ANNOTATION]: hold.token };
    const [answer] = session.takeAnswers(connectorObject({ metadata: { annotations } }));
    assert.equal(answer?.kind, 'Accepted');
    assert.deepEqual([session.isForeign, findObstacle(object, session, [])], [false, null]);
    assert.ok(session.read('u1'), 'an accepted reading counts at once');
    assert.equal(session.syncs.finished, null, 'a sync is due');
  });

  test('makes one sync due for a token that Asana rejects between syncs', async (t) => {
    const { open } = await startWorld(t);
    const session = await open(connectorObject());
    await sync(session);
    session.noteRejection();
    assert.equal(session.syncs.finished, null, 'a sync is due');
    await sync(session);
    session.noteRejection();
    assert.notEqual(session.syncs.finished, null, 'no other sync is due for the same Secret');
  });

  test('shows CredentialsRejected beside a hold over another organization', async (t) => {
    const { sandbox, open } = await startWorld(t);
    const object = connectorObject({ status: { organizations: ['1'] } });
    const before = await open(object);
    await sync(before);
    const held = recorded(object, before, Date.now());
    const after = await open(held);
    sandbox.faults.add({ match: { times: 9 }, effect: { status: 401 } });
    await sync(after);
    assert.equal(after.isForeign, true, 'the hold stands');
    assert.equal(findObstacle(held, after, [])?.reason, 'CredentialsRejected');
    const { conditions = [] } = recorded(held, after, Date.now()).status ?? {};
    const shown = Object.fromEntries(
      conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]),
    );
    assert.partialDeepStrictEqual(shown, {
      Stalled: 'True CredentialsRejected',
      CredentialsValid: 'False CredentialsRejected',
      RemovalsPaused: 'True OrganizationChanged',
    });
  });

  test('says that an organization cannot be acknowledged before it is read if its workspace is not found', async (t) => {
    const { open } = await startWorld(t);
    const elsewhere = connectorObject({ spec: { workspaces: ['1'] }, status: { organizations: ['1'] } });
    const session = await open(elsewhere);
    await sync(session);
    const { reason, message = '' } = findObstacle(elsewhere, session, []) ?? {};
    assert.equal(reason, 'OrganizationChanged');
    assert.match(message, /cannot be acknowledged before it is read: .*workspace/);
  });

  test('has no doubt about a smaller directory once a person has accepted it', async (t) => {
    const { sandbox, clock, open } = await startWorld(t);
    const session = await open(connectorObject());
    await sync(session);
    leave(sandbox, 25);
    clock.moveOn(HOUR_MS);
    await sync(session);
    const token = session.desk.toRecord().holds?.[0]?.token ?? '';
    const annotations = { [ACKNOWLEDGE_ANNOTATION]: token };
    session.takeAnswers(connectorObject({ metadata: { annotations } }));
    assert.deepEqual([session.doubts, session.desk.toRecord().holds], [[], undefined]);
    await sync(session);
    assert.deepEqual(session.doubts, []);
  });

  test('reads the directory with a SCIM-only token, and applies nothing', async (t) => {
    const { sandbox, open } = await startWorld(t);
    const object = connectorObject({ spec: { defaultWorkspace: sandbox.workspace } });
    const session = await open(object, { token: 'scimOnly' });
    await sync(session);
    assert.equal(session.directory.current()?.scimOnly, true);
    assert.equal(session.read('u1'), null);
    assert.equal(findObstacle(object, session, []), null, 'a SCIM-only token is no obstacle');
    assert.match(whyNothingIsApplied(object, session, []) ?? '', /full permissions/);
  });

  test('stalls with PermissionDenied if REST refuses a token that SCIM accepts', async (t) => {
    const { sandbox, clock, open } = await startWorld(t);
    const session = await open(connectorObject());
    await sync(session);
    const before = recorded(connectorObject(), session, clock.now());
    sandbox.faults.add({ match: { path: '/workspaces', times: 0 }, effect: { status: 403 } });
    clock.moveOn(HOUR_MS);
    await sync(session);
    assert.deepEqual(
      [session.syncs.report?.result?.snapshot, session.syncs.finished?.outcome],
      [null, 'Stalled'],
    );
    const { status } = recorded(before, session, clock.now());
    assert.equal(status?.sync?.completedAt, before.status?.sync?.completedAt, 'nothing was read since');
    const stalled = status?.conditions?.find(({ type }) => type === 'Stalled');
    assert.equal(stalled?.reason, 'PermissionDenied');
  });

  for (const [teamInterval, reads] of [
    ['50m', true],
    ['1h', false],
  ] as const)
    test(`${reads ? 'reads' : 'does not read'} the teams in a sync after 15 min if teamInterval is ${teamInterval} and interval 1h`, async (t) => {
      const { sandbox, clock, open } = await startWorld(t);
      const session = await open(connectorObject({ spec: { sync: { interval: '1h', teamInterval } } }));
      await sync(session);
      clock.moveOn(HOUR_MS / 4);
      const first = sandbox.requests.last;
      await sync(session);
      const asked = sandbox.requests.since(first).some(({ operation }) => operation === 'getTeamMemberships');
      assert.equal(asked, reads);
    });

  test('counts an upgrade that an earlier process began until it is handed over to its grant', async (t) => {
    const { sandbox, open } = await startWorld(t);
    const object = connectorObject({ status: { organizations: [sandbox.workspace] } });
    const grants = [{ uid: 'u1', person: null, applied: false, ours: true, upgrades: '4711', foundIn: null }];
    const session = await open(object, { grants });
    await sync(session);
    const taken = () => session.read('u2')?.enterpriseLicenses() ?? 0;
    const listed = session.directory.counts().enterpriseLicenses;
    assert.equal(taken(), listed + 1, 'Asana may not show it yet');
    assert.equal(session.read('u1')?.enterpriseLicenses(), listed, 'it does not count against its own grant');
    session.noteDecided('u1');
    assert.equal(taken(), listed + 1, 'a decision alone does not end it');
    const seat = session.seats.handOver('u1');
    assert.ok(seat);
    assert.equal(session.seats.handOver('u1'), null, 'it is handed over only once');
    seat.free();
    assert.equal(taken(), listed);
  });

  test('reads the teams at once if the token can see another organization', async (t) => {
    const { sandbox, clock, open } = await startWorld(t);
    const object = connectorObject();
    const { workspaces: _, ...spec } = object.spec;
    const reading = { sync: { interval: '1h', teamInterval: '6h' }, scim: { ...spec.scim, enabled: false } };
    const session = await open(
      { ...object, spec: { ...spec, ...reading } },
      { token: 'personalAccessToken' },
    );
    await sync(session);
    const before = session.directory.counts().teams;
    assert.ok(before > 0);
    const second = sandbox.state.addWorkspace('1200000000000777', 'Second', [
      ...sandbox.state.organization.emailDomains,
    ]);
    for (const person of sandbox.state.people) sandbox.state.joinWorkspace(person, second);
    clock.moveOn(HOUR_MS);
    const first = sandbox.requests.last;
    await sync(session);
    assert.equal(session.directory.current()?.workspaces.length, 2);
    const asked = sandbox.requests
      .since(first)
      .filter(({ operation }) => operation === 'getTeamsForWorkspace')
      .map(({ path }) => path.split('/')[2]);
    assert.deepEqual(new Set(asked), new Set([sandbox.workspace, second.gid]));
    assert.deepEqual(
      [session.directory.counts().teams, session.directory.current()?.parts.teams?.complete],
      [before, true],
    );
  });

  test('reads again after an answer to a hold that came while a sync was running', async (t) => {
    const { sandbox, clock, open } = await startWorld(t, { teams: 20 });
    const session = await open(connectorObject());
    await sync(session);
    sandbox.state.organization.teams.splice(0, 12);
    clock.moveOn(HOUR_MS);
    session.syncs.expire();
    await sync(session);
    const [hold] = session.desk.doubts.list();
    assert.equal(hold?.reason, 'DirectoryShrunk');
    session.startUnaskedSync();
    const annotations = { [ACKNOWLEDGE_ANNOTATION]: `${hold.id}.${hold.n}` };
    assert.equal(session.takeAnswers(connectorObject({ metadata: { annotations } })).length, 1);
    await session.syncs.untilIdle(never);
    assert.equal(session.syncs.finished, null, 'the next sync is due at once, including teams');
    await sync(session);
    assert.deepEqual([session.directory.counts().teams, session.doubts], [8, []]);
  });

  test('delays removals until every existing grant has been decided', async (t) => {
    const { clock, open } = await startWorld(t);
    const grants = ['u1', 'u2'].map((uid) => ({
      uid,
      person: uid,
      applied: true,
      ours: true,
      upgrades: null,
      foundIn: null,
    }));
    const told: string[] = [];
    const deps = { onChange: (what: string) => void told.push(what) };
    const session = await open(connectorObject(), { grants, deps });
    assert.equal(session.desk.roster.people, 2);
    session.noteDecided('u1');
    assert.deepEqual(session.desk.ask(demandOf('u1'), clock.now()), { kind: 'Waits', on: 'Counting' });
    session.forgetGrant('u2');
    assert.notDeepEqual(session.desk.ask(demandOf('u1'), clock.now()), { kind: 'Waits', on: 'Counting' });
    session.noteDecided('u1');
    assert.deepEqual(told, ['AllSeen'], 'reported once, so that waiting grants are decided again');
  });

  test('counts a person with several grants once, and not once the grants are gone', async (t) => {
    const { open } = await startWorld(t);
    const session = await open(connectorObject());
    for (const uid of ['u1', 'u2']) session.noteGrant({ uid, person: '7', applied: true });
    session.noteGrant({ uid: 'u1', person: '7', applied: true });
    assert.equal(session.desk.roster.people, 1);
    session.noteGrant({ uid: 'u1', person: null, applied: false });
    session.forgetGrant('u2');
    assert.equal(session.desk.roster.people, 0);
  });

  test('counts the pending licenses of the other connectors of its organization', async (t) => {
    const { one, other } = await startPair(t);
    const before = one.read('u1')?.enterpriseLicenses() ?? 0;
    const seat = other.seats.take('task', '77', other.directory);
    assert.equal(one.read('u1')?.enterpriseLicenses(), before + 1);
    assert.equal(other.read('task')?.enterpriseLicenses(), before, 'its own seat does not count against it');
    seat.free();
    assert.equal(one.read('u1')?.enterpriseLicenses(), before);
  });

  test('justifies no removal after a failed sync until another sync succeeds', async (t) => {
    const { sandbox, open } = await startWorld(t);
    const session = await open(connectorObject());
    await sync(session);
    assert.equal(session.read('u1')?.doubtAbout(['accounts']), null);
    sandbox.faults.add({ match: { operation: 'getUsers' }, effect: { status: 403 } });
    await sync(session);
    assert.equal(session.read('u1')?.doubtAbout(['accounts'])?.code, 'ReadingIncomplete');
    sandbox.faults.clear();
    await sync(session);
    assert.equal(session.read('u1')?.doubtAbout(['accounts']), null);
  });

  test('counts the licenses that other connectors have given since its own last reading', async (t) => {
    const { one, other } = await startPair(t);
    const before = one.read('u1')?.enterpriseLicenses() ?? 0;
    other.seats.take('task', '77', other.directory).keep();
    assert.equal(one.read('u1')?.enterpriseLicenses(), before + 1);
    await sync(one);
    assert.equal(one.read('u1')?.enterpriseLicenses(), before, 'its own newer reading takes precedence');
  });

  test('counts a deprovision in the record of every open connector of the organization', async (t) => {
    const { sandbox, clock, organizations, one, other } = await startPair(t);
    one.desk.reserveDeprovision(sandbox.workspace, `${sandbox.workspace}/7`, clock.now());
    assert.equal(other.desk.toRecord().removals?.deprovisions, 1);
    assert.deepEqual(organizations.connectorsOf(sandbox.workspace), ['iga/acme', 'iga/other']);
    await other.close();
    assert.deepEqual(organizations.connectorsOf(sandbox.workspace), ['iga/acme']);
  });
});
