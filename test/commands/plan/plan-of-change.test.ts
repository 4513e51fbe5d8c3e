import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { faultsOf, hasChanges, type PlanReport } from '../../../src/commands/plan/plan-report.ts';
import { connectorWith, holders, license } from './sample-manifests.ts';
import { SimulatedSite, type TestManifest } from './simulated-site.ts';

const MINUTE = 60_000;

/** Returns a site on which the operator has applied these manifests. */
async function siteWith(
  manifestsOf: (site: SimulatedSite) => readonly TestManifest[],
  people = 10,
): Promise<{ site: SimulatedSite; manifests: readonly TestManifest[] }> {
  const site = new SimulatedSite(3, { people, teams: 2 });
  const manifests = manifestsOf(site);
  await site.apply(manifests);
  await site.startOperator();
  await site.clock.advance(2 * MINUTE);
  site.audit.splice(0);
  return { site, manifests };
}

/** Merges a pull request: first applies its additions and edits, then its removals. */
async function merge(
  site: SimulatedSite,
  before: readonly TestManifest[],
  after: readonly TestManifest[],
): Promise<void> {
  await site.apply(after);
  await site.clock.advance(5_000);
  const kept = new Set(after.map(({ kind, name }) => `${kind} ${name}`));
  for (const { kind, namespace, name } of before)
    if (!kept.has(`${kind} ${name}`)) await site.cluster.remove(kind, namespace, name);
  await site.clock.advance(15 * MINUTE);
}

const changesOf = ({ changes }: PlanReport) =>
  changes.map(({ action, who, object }) => `${action} ${who} ${object.name}`).toSorted();
const heldOf = ({ held }: PlanReport) =>
  held.map(({ action, who, object }) => `${action} ${who} ${object.name}`).toSorted();
const blockedOf = ({ blocked }: PlanReport) => blocked.map(({ rule, object }) => `${rule} ${object.name}`);

/** Returns the operator's changes since the last call. */
function done(site: SimulatedSite): string[] {
  return site.audit
    .splice(0)
    .filter(({ kind, result }) => kind === 'Change' && result === 'Succeeded')
    .map(({ action, account, requester }) =>
      [action, account.email, requester.type === 'Object' ? requester.name : ''].join(' '),
    )
    .toSorted();
}

function reasonOf(site: SimulatedSite, name: string): string | undefined {
  const object = site.cluster.object('AsanaLicenseGrant', 'iga', name);
  const { conditions } = (object?.['status'] ?? {}) as {
    conditions?: readonly { type: string; reason: string }[];
  };
  return conditions?.find(({ type }) => type === 'Ready')?.reason;
}

function holdOf(site: SimulatedSite, reason: string): string {
  const { holds } = (site.cluster.object('AsanaConnector', 'iga', 'acme')?.['status'] ?? {}) as {
    holds?: readonly { reason: string; token: string }[];
  };
  return holds?.find((hold) => hold.reason === reason)?.token ?? assert.fail(`no hold ${reason}`);
}

/** Deprovisions people without the operator, so that there are fewer than in the last reading. */
function shrink(site: SimulatedSite, but: readonly string[]): void {
  const { directory, organization } = site.site;
  const others = [...organization.people].filter(
    ({ kind, profile }) => kind === 'member' && !profile.admin && !but.includes(profile.email),
  );
  for (const person of others.slice(0, 15)) directory.deprovision(person, null, {});
}

const applying = (provisioning = {}, spec = {}) =>
  connectorWith({ provisioning: { mode: 'Apply', removalDelay: '0s', ...provisioning }, ...spec });

suite('a pull request that answers a hold', () => {
  const limited = applying({ maxRemovals: { percent: 0, atLeast: 1, window: '1h' } });
  const open = async () => {
    const opened = await siteWith((site) => [
      limited,
      ...holders(site, 'view only').map((email, index) => license(`g${index}`, email)),
    ]);
    const kept = opened.manifests.slice(0, -2);
    await merge(opened.site, opened.manifests, kept);
    assert.deepEqual(done(opened.site), [], 'the removals are held');
    return { ...opened, kept, token: holdOf(opened.site, 'TooManyRemovals') };
  };
  const answering = (kept: readonly TestManifest[], word: string, token: string) => [
    { ...limited, annotations: { [`asana-connector.dev/${word}`]: token } },
    ...kept.slice(1),
  ];

  test('plans the removals that it acknowledges, and the operator carries out the same removals', async () => {
    const { site, kept, token } = await open();
    const answered = answering(kept, 'acknowledge', token);
    const report = await site.plan(answered, { against: 'cluster' });
    assert.equal(changesOf(report).length, 2);
    assert.deepEqual(heldOf(report), []);
    await merge(site, kept, answered);
    assert.deepEqual(changesOf(report), done(site));
    site.stop();
  });

  test('plans the release of the grants whose removals it discards', async () => {
    const { site, kept, token } = await open();
    const report = await site.plan(answering(kept, 'discard', token), { against: 'cluster' });
    assert.equal(hasChanges(report), false);
    assert.equal(report.released.length, 2);
    site.stop();
  });

  test('plans the held removals as held if its token names another hold', async () => {
    const { site, kept } = await open();
    const report = await site.plan(answering(kept, 'acknowledge', 'other.1'), { against: 'cluster' });
    assert.deepEqual([changesOf(report).length, heldOf(report).length], [0, 2]);
    site.stop();
  });

  test('plans the removals that wait for the doubted reading that it acknowledges', async () => {
    const { site, manifests } = await siteWith(
      (world) => [
        applying(),
        ...holders(world, 'view only')
          .slice(0, 3)
          .map((email, index) => license(`g${index}`, email)),
      ],
      80,
    );
    shrink(site, JSON.stringify(manifests).match(/[\w.]+@acme\.example/g) ?? []);
    await site.clock.advance(70 * MINUTE);
    const token = holdOf(site, 'DirectoryShrunk');
    const answered = answering(manifests.slice(0, -1), 'acknowledge', token);
    const accepting = [{ ...answered[0], spec: applying().spec } as TestManifest, ...answered.slice(1)];
    const report = await site.plan(accepting, { against: 'cluster' });
    assert.deepEqual([changesOf(report).length, heldOf(report)], [1, []]);
    await merge(site, manifests, accepting);
    assert.deepEqual(changesOf(report), done(site));
    site.stop();
  });
});

suite('a plan with two connectors of one organization', () => {
  const younger = (provisioning = {}) =>
    connectorWith({ provisioning: { mode: 'Apply', removalDelay: '0s', ...provisioning } }, 'younger');
  const grantOf = (site: SimulatedSite) =>
    license('a', holders(site, 'view only')[0] ?? '', {}, { connector: 'younger' });

  test('blocks the grants of the younger connector if both are new and in mode Apply', async () => {
    const site = new SimulatedSite(3, { people: 10, teams: 2 });
    const report = await site.plan([younger(), applying(), grantOf(site)]);
    assert.deepEqual([changesOf(report), blockedOf(report)], [[], ['ConnectorNotReady a']]);
  });

  test('blocks the grants of the younger connector if the older one exists only in the cluster', async () => {
    const { site } = await siteWith(() => [applying()]);
    const report = await site.plan([younger(), grantOf(site)], { against: 'cluster' });
    assert.deepEqual([changesOf(report), blockedOf(report)], [[], ['ConnectorNotReady a']]);
    await merge(site, [], [younger(), grantOf(site)]);
    assert.deepEqual([done(site), reasonOf(site, 'a')], [[], 'ConnectorNotReady']);
    site.stop();
  });

  test('shows the changes of the younger connector while the older one is in mode Plan', async () => {
    const { site, manifests } = await siteWith(() => [applying({ mode: 'Plan' }), younger()]);
    const added = [...manifests, grantOf(site)];
    const report = await site.plan(added, { against: 'cluster' });
    assert.equal(changesOf(report).length, 1);
    await merge(site, manifests, added);
    assert.deepEqual(changesOf(report), done(site));
    site.stop();
  });
});

suite('a grant that a pull request breaks without editing it', () => {
  const open = () =>
    siteWith((site) => [
      applying({ allowedNamespaces: ['team-a'] }),
      license('a', holders(site, 'view only')[0] ?? '', {}, { namespace: 'team-a' }),
    ]);

  test('is a fault until the change is applied to the cluster, and then only blocked', async () => {
    const { site, manifests } = await open();
    assert.deepEqual(faultsOf(await site.plan(manifests, { against: 'cluster' })), []);
    const broken = [applying(), ...manifests.slice(1)];
    const [fault] = faultsOf(await site.plan(broken, { against: 'cluster' }));
    assert.deepEqual([fault?.rule, fault?.fate], ['NamespaceNotAllowed', 'Unchanged']);
    await merge(site, manifests, broken);
    const again = await site.plan(broken, { against: 'cluster' });
    assert.deepEqual([blockedOf(again), faultsOf(again)], [['NamespaceNotAllowed a'], []]);
    site.stop();
  });
});

suite('a removal that the operator does not begin', () => {
  const three = (site: SimulatedSite, connector = applying()) => [
    connector,
    ...holders(site, 'view only')
      .slice(0, 3)
      .map((email, index) => license(`g${index}`, email)),
  ];

  test('is held if the reading is in doubt', async () => {
    const { site, manifests } = await siteWith((world) => three(world), 80);
    site.stop();
    shrink(site, JSON.stringify(manifests).match(/[\w.]+@acme\.example/g) ?? []);
    const report = await site.plan(manifests.slice(0, -1), { against: 'cluster' });
    assert.match(report.connectors[0]?.holds.join() ?? '', /Asana suddenly no longer lists 15/);
    assert.deepEqual(
      [changesOf(report), report.held.map(({ action, object }) => `${action} ${object.name}`)],
      [[], ['RevokeEnterprise g2']],
    );
    assert.deepEqual([blockedOf(report), hasChanges(report)], [[], true]);
  });

  test('is held while the connector is suspended, unless its grant is only released', async () => {
    const { site, manifests } = await siteWith((world) => {
      const [connector, first, ...others] = three(world);
      const retained = { ...first, spec: { ...first?.spec, deletionPolicy: 'Retain' } } as TestManifest;
      return [connector as TestManifest, retained, ...others];
    }, 30);
    const suspended = [{ ...applying({}, { suspend: true }) }, ...manifests.slice(3)];
    const report = await site.plan(suspended, { against: 'cluster' });
    assert.deepEqual(
      report.held.map(({ action, object }) => `${action} ${object.name}`),
      ['RevokeEnterprise g1'],
    );
    assert.equal(hasChanges(report), true);
    await merge(site, manifests, suspended);
    assert.deepEqual(done(site), []);
    await merge(site, suspended, [applying(), ...suspended.slice(1)]);
    assert.deepEqual(done(site), heldOf(report));
    site.stop();
  });

  test('is not planned if its grant is deleted in mode Plan, because the grant is released', async () => {
    const { site, manifests } = await siteWith((world) => three(world), 30);
    const planning = [applying({ mode: 'Plan' }), ...manifests.slice(1, 3)];
    const report = await site.plan(planning, { against: 'cluster' });
    assert.deepEqual(
      [changesOf(report), heldOf(report), report.released.map(({ object }) => object.name)],
      [[], [], ['g2']],
    );
    await merge(site, manifests, planning);
    await merge(site, planning, [applying(), ...planning.slice(1)]);
    assert.deepEqual(done(site), [], 'a later Apply does not revoke the right');
    site.stop();
  });
});

suite('a change beside a grant that is released', () => {
  test('is planned even if a foreign finalizer keeps the released grant', async () => {
    let holder = '';
    const { site } = await siteWith((world) => {
      [holder = ''] = holders(world, 'enterprise');
      return [applying(), license('kept', holders(world, 'view only')[0] ?? '')];
    });
    const finalizers = ['acme.example/mine', 'asana-connector.dev/revoke'];
    await site.cluster.edit('AsanaLicenseGrant', 'iga', 'kept', { metadata: { finalizers } });
    const planning = [applying({ mode: 'Plan' }), license('low', holder, { license: 'ViewOnly' })];
    const report = await site.plan(planning, { against: 'cluster' });
    assert.deepEqual(changesOf(report), [`RevokeEnterprise ${holder} low`]);
    assert.deepEqual(
      report.released.map(({ object }) => object.name),
      ['kept'],
    );
    site.stop();
  });
});

suite('two grants of one file that contend for the license of one account', () => {
  test('are ordered by name, because the API server creates both within one second', async () => {
    const site = new SimulatedSite(3, { people: 10, teams: 2 });
    const [holder = ''] = holders(site, 'enterprise');
    const manifests = [
      applying(),
      license('zed', holder, { license: 'Enterprise' }),
      license('alice', holder, { license: 'ViewOnly' }),
    ];
    const report = await site.plan(manifests);
    assert.deepEqual(blockedOf(report), ['ConflictingGrant zed']);
    await site.apply(manifests);
    await site.startOperator();
    await site.clock.advance(5 * MINUTE);
    assert.deepEqual(changesOf(report), done(site));
    assert.equal(reasonOf(site, 'zed'), 'ConflictingGrant');
    site.stop();
  });
});
