import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readOnlyAdapter } from '../../../src/commands/asana-reading/read-only.ts';
import { faultsOf, hasChanges, type PlanReport } from '../../../src/commands/plan/plan-report.ts';
import { printPlan } from '../../../src/commands/plan/print-plan.ts';
import { addressOf } from '../../simulation/asana/site.ts';
import { connectorWith, holders, license } from './sample-manifests.ts';
import { SimulatedSite, type TestManifest } from './simulated-site.ts';

function openSite(): SimulatedSite {
  return new SimulatedSite(3, { people: 10, teams: 2 });
}

suite('a plan', () => {
  test('shows the creation of an account, its upgrade, and the seats before and after', async () => {
    const report = await openSite().plan([
      connectorWith(),
      license('new', 'new@acme.example', { onMissingAccount: 'Create' }),
    ]);
    assert.deepEqual(
      report.changes.map(({ action, before, after }) => [action, before, after]),
      [
        ['CreateAccount', null, 'ViewOnly'],
        ['GrantEnterprise', 'ViewOnly', 'Enterprise'],
      ],
    );
    const [{ enterprise, accounts } = assert.fail('no connector')] = report.connectors;
    assert.equal(enterprise.after, enterprise.before + 1);
    assert.equal(accounts.after, accounts.before + 1);
    assert.equal(report.changes[0]?.object.place, 'standard input:22');
  });

  test('for a connector in mode Plan shows what Apply would do, and that nothing changes yet', async () => {
    const planIn = (mode: string) =>
      openSite().plan([
        connectorWith({ provisioning: { mode } }),
        license('new', 'new@acme.example', { onMissingAccount: 'Create' }),
      ]);
    const actionsOf = ({ changes }: PlanReport) =>
      changes.map(({ action, who, before, after }) => ({ action, who, before, after }));
    const report = await planIn('Plan');
    assert.equal(report.changes.length, 2);
    assert.deepEqual(actionsOf(report), actionsOf(await planIn('Apply')));
    assert.equal(report.connectors[0]?.mode, 'Plan');
    assert.match(
      printPlan(report, 'table'),
      /The connector is in mode Plan\. Nothing is changed until its mode is Apply/,
    );
  });

  test('warns if the owner of the personal access token has a view-only license', async () => {
    const site = new SimulatedSite(3, { people: 10, teams: 2, holder: 'personal' });
    const { directory, plan, teams } = site.site;
    const spec = {
      credentials: { type: 'PersonalAccessToken', secretRef: { name: 'asana-acme' } },
      scim: { enabled: false },
    };
    const grant = {
      kind: 'AsanaTeamGrant',
      namespace: 'iga',
      name: 'a',
      spec: {
        connectorRef: { name: 'acme', namespace: 'iga' },
        user: { email: addressOf(plan, 1) },
        team: { gid: teams[0]?.gid ?? '' },
      },
    };
    const warnings = async () => {
      const report = await site.plan([connectorWith(spec), grant]);
      return printPlan(report, 'table').match(/The owner of the personal access token .*/g);
    };
    assert.equal(await warnings(), null, 'the owner has an enterprise license');
    const owner = directory.personByEmail(addressOf(plan, 0)) ?? assert.fail('nobody owns the token');
    directory.change(owner, { license: 'view only' });
    assert.deepEqual(await warnings(), [
      'The owner of the personal access token has a view-only license. Asana rejects every change. Use the token of a service account, or of a person with an enterprise license.',
    ]);
  });

  test('has no changes if the declared right exists already', async () => {
    const site = openSite();
    const [holder = ''] = holders(site, 'enterprise');
    const report = await site.plan([connectorWith(), license('a', holder)]);
    assert.equal(hasChanges(report), false);
    assert.match(printPlan(report, 'markdown'), /^### Asana plan: no changes/);
  });

  test('shows removals above the limit as held, and names the limit', async () => {
    const site = openSite();
    const grants = holders(site, 'enterprise')
      .slice(0, 3)
      .map((email, index) => license(`g${index}`, email, { license: 'ViewOnly' }));
    assert.equal(grants.length, 3);
    const report = await site.plan([
      connectorWith({ provisioning: { maxRemovals: { percent: 0, atLeast: 1 } } }),
      ...grants,
    ]);
    assert.deepEqual([report.changes.length, report.held.length], [0, 3]);
    assert.match(
      report.connectors[0]?.holds.join() ?? '',
      /Removals that affect 3 people would be held .* maxRemovals 1 people/,
    );
    assert.equal(hasChanges(report), true);
  });

  test('shows the removal of a grant without a manifest, except with --no-prune or an excluding selector', async () => {
    const site = openSite();
    const connector = connectorWith({ provisioning: { mode: 'Apply' } });
    const [one = '', two = '', three = ''] = holders(site, 'view only');
    const grants = [license('a', one), license('b', two), license('c', three)];
    await site.apply([connector, ...grants]);
    await site.startOperator();
    await site.clock.advance(60_000);
    try {
      const left = [connector, ...grants.slice(0, 2)];
      const removed = await site.plan(left, { against: 'cluster' });
      assert.deepEqual(
        removed.changes.map(({ action, who, object }) => [action, who, object.name, object.place]),
        [['RevokeEnterprise', three, 'c', null]],
      );
      assert.deepEqual(removed.objects, { Added: 0, Changed: 0, Unchanged: 2, Removed: 1 });
      for (const flags of [{ prune: false }, { selector: { team: 'x' } }])
        assert.equal(hasChanges(await site.plan(left, { against: 'cluster', ...flags })), false);
    } finally {
      site.stop();
    }
  });

  test('against a cluster rejects the edit of an immutable field, and names its line', async () => {
    const site = openSite();
    await site.apply([connectorWith(), license('a', 'p1@acme.example')]);
    const edited = [connectorWith(), license('a', 'p2@acme.example')];
    await assert.rejects(
      site.plan(edited, { against: 'cluster' }),
      /standard input:34: spec\.user: user is immutable: delete this grant and create another one/,
    );
  });

  test('sends only GET requests', async () => {
    const site = openSite();
    await site.plan([
      connectorWith({ provisioning: { mode: 'Apply' } }),
      license('new', 'new@acme.example', { onMissingAccount: 'Create' }),
    ]);
    assert.ok(site.planned.length > 3);
    assert.deepEqual(
      site.planned.filter((request) => !request.startsWith('GET ')),
      [],
    );
  });
});

/** Grants that only a person can fix, with the rule that blocks them. */
const faults: readonly (readonly [string, string, (site: SimulatedSite) => readonly TestManifest[]])[] = [
  [
    'the same right of one person declared twice',
    'ConflictingGrant',
    (site) => [
      connectorWith(),
      license('a', holders(site, 'enterprise')[0] ?? ''),
      license('b', holders(site, 'enterprise')[0] ?? ''),
    ],
  ],
  [
    'a team name that two teams have',
    'TeamAmbiguous',
    (site) => {
      const { directory, organization } = site.site;
      for (const description of ['one', 'two'])
        directory.addTeam(organization, { name: 'Design', description, visibility: 'public' });
      const spec = {
        connectorRef: { name: 'acme' },
        user: { email: 'p1@acme.example' },
        team: { name: 'Design' },
      };
      return [connectorWith(), { kind: 'AsanaTeamGrant', namespace: 'iga', name: 't', spec }];
    },
  ],
  [
    'a workspace that the connector does not read',
    'WorkspaceNotFound',
    () => {
      const spec = { connectorRef: { name: 'acme' }, user: { email: 'p1@acme.example' }, workspace: '1999' };
      return [connectorWith(), { kind: 'AsanaWorkspaceGrant', namespace: 'iga', name: 'w', spec }];
    },
  ],
  [
    'a namespace that may not use the connector',
    'NamespaceNotAllowed',
    () => [connectorWith(), license('a', 'p1@acme.example', {}, { namespace: 'team-a' })],
  ],
  [
    'a domain without view-only licenses',
    'LicensesUnavailable',
    (site) => {
      site.site.settings.viewOnlyDomain = false;
      return [connectorWith(), license('a', 'p1@acme.example')];
    },
  ],
  [
    'a license grant of a connector without SCIM',
    'LicensesUnavailable',
    () => [connectorWith({ scim: { enabled: false } }), license('a', 'p1@acme.example')],
  ],
];

suite('a grant that cannot work as it is declared', () => {
  for (const [what, rule, manifests] of faults) {
    test(`is reported as a fault with its rule and line: ${what}`, async () => {
      const site = openSite();
      const report = await site.plan(manifests(site));
      const [fault = assert.fail('no fault')] = faultsOf(report);
      assert.equal(fault.rule, rule);
      assert.match(fault.object.place ?? '', /^standard input:\d+$/);
      assert.ok(fault.message.length > 20);
    });
  }
});

suite('a plan that cannot be made', () => {
  test('names the workspace that the token cannot see', async () => {
    const manifests = [
      connectorWith({ workspaces: ['1999'], defaultWorkspace: '1999' }),
      license('a', 'p1@acme.example'),
    ];
    await assert.rejects(
      openSite().plan(manifests),
      /The directory of AsanaConnector iga\/acme was not read: .*1999/,
    );
  });

  test('names the line of a grant whose connector does not exist', async () => {
    const manifests = [connectorWith({}, 'other'), license('a', 'p1@acme.example')];
    await assert.rejects(
      openSite().plan(manifests),
      /standard input:\d+: spec\.connectorRef: refers to iga\/acme, which does not exist: add its manifest with --connector FILE/,
    );
  });

  test('reports that the manifests contain no AsanaConnector', async () => {
    await assert.rejects(openSite().planText('kind: Pod\n'), /--file: contains no AsanaConnector/);
  });

  test('fails if a part of the directory cannot be read', async () => {
    const site = openSite();
    site.site.faults.add({ match: { operation: 'scimListUsers' }, effect: { status: 403 } });
    await assert.rejects(site.plan([connectorWith(), license('a', 'p1@acme.example')]), /was not read/);
  });
});

suite('the HTTP adapter of a plan', () => {
  for (const method of ['post', 'patch', 'put', 'delete', 'POST']) {
    test(`rejects a ${method} request before it is sent`, async () => {
      let sent = 0;
      const adapter = readOnlyAdapter(() => Promise.resolve((sent += 1) as never));
      await assert.rejects(async () => adapter({ method } as never), /this command only reads/);
      assert.equal(sent, 0);
    });
  }
});

suite('a plan in Markdown', () => {
  const object = { kind: 'AsanaLicenseGrant', namespace: 'iga', name: 'a', place: 'm.yaml:1' };
  const many = (count: number, why: string): PlanReport => ({
    connectors: [],
    changes: Array.from({ length: count }, (_, index) => ({
      action: 'GrantEnterprise',
      who: `p${index}@acme.example`,
      where: null,
      before: 'ViewOnly',
      after: 'Enterprise',
      removal: false,
      why,
      object,
    })),
    held: [],
    blocked: [],
    released: [],
    objects: { Added: count, Changed: 0, Unchanged: 0, Removed: 0 },
    foreign: 0,
  });

  test('stays below the size limit of a comment with 5,000 changes, and states how many it omits', () => {
    const printed = printPlan(many(5_000, 'since it is wanted'), 'markdown');
    assert.ok(printed.length < 65_536, `${printed.length} characters`);
    const shown = printed.match(/GrantEnterprise/g)?.length ?? 0;
    assert.match(printed, new RegExp(`… and ${5_000 - shown} more\\.`));
    assert.match(printed, /<\/details>\s*$/);
  });

  test('escapes HTML, cell separators, mentions and links in the reason of a change', () => {
    const printed = printPlan(
      many(1, '<img src=x> | @acme [x](y) https://evil.example www.evil.example\nnew `line`'),
      'markdown',
    );
    const [line = ''] = printed.split('\n').filter((row) => row.includes('GrantEnterprise'));
    assert.ok(
      !line.includes('<img') &&
        !/[^\\]\| @/.test(line) &&
        !line.includes('@acme [') &&
        !line.includes('[x](y)') &&
        !line.includes('https://') &&
        !line.includes('www.'),
      line,
    );
  });
});
