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
  test('holds a directory that shrank while nobody ran, by the measure in the status', async (t) => {
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
      'what is doubted never becomes the measure',
    );
  });

  test('tells of other credentials once there is a reading to act on, and of the same ones never', async (t) => {
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

  test('gives no reading once other tokens came, until a sync with them has ended and read something', async (t) => {
    const { sandbox, clock, open } = await startWorld(t);
    const session = await open(connectorObject());
    await sync(session);
    await session.useCredentials('two', () => openAsana(sandbox, clock));
    const hindrance = () => whyNothingIsApplied(connectorObject(), session, []) ?? '';
    assert.deepEqual([session.read('u1'), findObstacle(connectorObject(), session, [])], [null, null]);
    assert.match(hindrance(), /^The credentials changed\./);
    sandbox.faults.add({ match: { operation: 'getUsers' }, effect: { status: 403 } });
    await sync(session);
    assert.equal(session.read('u1'), null, 'a sync that failed shows nothing');
    sandbox.faults.clear();
    await sync(session);
    assert.ok(session.read('u1'));
    assert.equal(hindrance(), '');
  });

  test('asks for no proof of tokens that have given it, nor of the same ones with another setting', async (t) => {
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
    assert.equal(session.read('u1'), null, 'to come back proves nothing');
    await use('one');
    assert.ok(session.read('u1'), 'the token from before');
  });

  test('gives no reading with tokens of another organization, also after their sync', async (t) => {
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
      because: 'Asana takes them, though they are of another organization',
    },
  ]) {
    test(`calls other tokens not checked before their sync, and accepted after it: ${because}`, async (t) => {
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

  test('has nothing applied without clients while the Secret cannot be read, and goes on with those it has', async (t) => {
    const { open } = await startWorld(t);
    const session = await open(connectorObject());
    await sync(session);
    const unreadable = { reason: 'SecretUnreadable', message: 'the Secret cannot be read' } as const;
    session.clients.keep(unreadable);
    assert.equal(whyNothingIsApplied(connectorObject(), session, []), null);
    await session.dropCredentials({ reason: 'SecretNotFound', message: 'the Secret is missing' });
    session.clients.keep(unreadable);
    assert.equal(findObstacle(connectorObject(), session, []), null, 'nobody knows what a person must mend');
    assert.equal(whyNothingIsApplied(connectorObject(), session, []), unreadable.message);
  });

  test('of a re-created object knows neither the measure nor the organization of the old one', async (t) => {
    const { sandbox, open } = await startWorld(t);
    const first = await open(connectorObject());
    await sync(first);
    leave(sandbox, 25);
    const second = await open(connectorObject({ metadata: { uid: 'c2' } }));
    assert.deepEqual([second.measure, second.organizations, second.directory.current()], [null, [], null]);
    await sync(second);
    assert.deepEqual(second.doubts, []);
  });

  test('of another organization reads nothing that a decision could see', async (t) => {
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
    assert.ok(session.read('u1'), 'accepted, the reading counts at once');
    assert.equal(session.syncs.finished, null, 'and a sync is due');
  });

  test('says that the token is refused, which keeps a hold over another organization from being answered', async (t) => {
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

  test('asks for no answer to a hold over another organization while its own workspace is not found', async (t) => {
    const { open } = await startWorld(t);
    const elsewhere = connectorObject({ spec: { workspaces: ['1'] }, status: { organizations: ['1'] } });
    const session = await open(elsewhere);
    await sync(session);
    const { reason, message = '' } = findObstacle(elsewhere, session, []) ?? {};
    assert.equal(reason, 'OrganizationChanged');
    assert.match(message, /cannot be acknowledged before it is read: .*workspace/);
  });

  test('goes on by a smaller directory once a person has accepted it', async (t) => {
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

  test('with a token for SCIM alone reads, and has nothing applied', async (t) => {
    const { sandbox, open } = await startWorld(t);
    const object = connectorObject({ spec: { defaultWorkspace: sandbox.workspace } });
    const session = await open(object, { token: 'scimOnly' });
    await sync(session);
    assert.equal(session.directory.current()?.scimOnly, true);
    assert.equal(session.read('u1'), null);
    assert.equal(findObstacle(object, session, []), null, 'the connector works as far as it goes');
    assert.match(whyNothingIsApplied(object, session, []) ?? '', /full permissions/);
  });

  test('asks again only when something changes after REST has refused a token that SCIM takes', async (t) => {
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
    test(`${reads ? 'reads' : 'does not read'} the teams in a sync before the hour is over if their interval is ${teamInterval}`, async (t) => {
      const { sandbox, clock, open } = await startWorld(t);
      const session = await open(connectorObject({ spec: { sync: { interval: '1h', teamInterval } } }));
      await sync(session);
      clock.moveOn(HOUR_MS / 4);
      const first = sandbox.requests.last;
      await sync(session);
      const asked = sandbox.requests.since(first).some(({ operation }) => operation === 'getTeamMemberships');
      assert.equal(asked, reads);
    });

  test('counts an upgrade that a process before began until whoever decides its grant has taken it over', async (t) => {
    const { sandbox, open } = await startWorld(t);
    const object = connectorObject({ status: { organizations: [sandbox.workspace] } });
    const grants = [{ uid: 'u1', person: null, applied: false, ours: true, upgrades: '4711', foundIn: null }];
    const session = await open(object, { grants });
    await sync(session);
    const taken = () => session.read('u2')?.enterpriseLicenses() ?? 0;
    const listed = session.directory.counts().enterpriseLicenses;
    assert.equal(taken(), listed + 1, 'Asana may not show it yet');
    assert.equal(session.read('u1')?.enterpriseLicenses(), listed, 'it does not stand in its own way');
    session.noteDecided('u1');
    assert.equal(taken(), listed + 1, 'to be decided is not to be over');
    const seat = session.seats.handOver('u1');
    assert.ok(seat);
    assert.equal(session.seats.handOver('u1'), null, 'once');
    seat.free();
    assert.equal(taken(), listed);
  });

  test('reads the teams at once when the token begins to see another organization', async (t) => {
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
    await sync(session);
    assert.equal(session.directory.current()?.workspaces.length, 2);
    assert.deepEqual(
      [session.directory.counts().teams, session.directory.current()?.parts.teams?.complete],
      [before, true],
    );
  });

  test('reads anew after an answer to a hold that came while a sync was running, which shows what was before', async (t) => {
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
    assert.equal(session.syncs.finished, null, 'the next is due at once, teams included');
    await sync(session);
    assert.deepEqual([session.directory.counts().teams, session.doubts], [8, []]);
  });

  test('lets no removal go before every grant that was there has been decided', async (t) => {
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
    assert.deepEqual(told, ['AllSeen'], 'once, so that those that wait are decided again');
  });

  test('counts nobody twice whose grant is noted again, and forgets whose is gone', async (t) => {
    const { open } = await startWorld(t);
    const session = await open(connectorObject());
    for (const uid of ['u1', 'u2']) session.noteGrant({ uid, person: '7', applied: true });
    session.noteGrant({ uid: 'u1', person: '7', applied: true });
    assert.equal(session.desk.roster.people, 1);
    session.noteGrant({ uid: 'u1', person: null, applied: false });
    session.forgetGrant('u2');
    assert.equal(session.desk.roster.people, 0);
  });

  test('counts the seats that the other connectors of its organization have on their way', async (t) => {
    const { one, other } = await startPair(t);
    const before = one.read('u1')?.enterpriseLicenses() ?? 0;
    const seat = other.seats.take('task', '77', other.directory);
    assert.equal(one.read('u1')?.enterpriseLicenses(), before + 1);
    assert.equal(other.read('task')?.enterpriseLicenses(), before, 'its own seat does not stand in its way');
    seat.free();
    assert.equal(one.read('u1')?.enterpriseLicenses(), before);
  });

  test('justifies no removal after a sync that brought nothing, until one brings something again', async (t) => {
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

  test('counts the seats that they have given since it read the directory itself', async (t) => {
    const { one, other } = await startPair(t);
    const before = one.read('u1')?.enterpriseLicenses() ?? 0;
    other.seats.take('task', '77', other.directory).keep();
    assert.equal(one.read('u1')?.enterpriseLicenses(), before + 1);
    await sync(one);
    assert.equal(one.read('u1')?.enterpriseLicenses(), before, 'its reading has the last word');
  });

  test('counts a deprovision in the record of every connector of the organization', async (t) => {
    const { sandbox, clock, organizations, one, other } = await startPair(t);
    one.desk.reserveDeprovision(sandbox.workspace, `${sandbox.workspace}/7`, clock.now());
    assert.equal(other.desk.toRecord().removals?.deprovisions, 1);
    assert.deepEqual(organizations.connectorsOf(sandbox.workspace), ['iga/acme', 'iga/other']);
    await other.close();
    assert.deepEqual(organizations.connectorsOf(sandbox.workspace), ['iga/acme']);
  });
});
