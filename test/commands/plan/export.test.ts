import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { nameOfPerson } from '../../../src/commands/export/object-names.ts';
import { ORGANIZATION, SimulatedSite, type TestManifest } from './simulated-site.ts';

const connector: TestManifest = {
  kind: 'AsanaConnector',
  namespace: 'iga',
  name: 'acme',
  spec: {
    credentials: { type: 'ServiceAccount', secretRef: { name: 'asana-acme' } },
    defaultWorkspace: ORGANIZATION,
    scim: { enabled: true },
    provisioning: { mode: 'Apply' },
  },
};

function openSite(): SimulatedSite {
  return new SimulatedSite(7, { people: 12, teams: 3 });
}

suite('an export', () => {
  test('yields manifests whose plan contains no changes, holds or blocked grants', async () => {
    const site = openSite();
    const manifests = await site.export(connector);
    const text = `${JSON.stringify({ apiVersion: 'asana-connector.dev/v1alpha1', kind: connector.kind, metadata: { namespace: 'iga', name: 'acme' }, spec: connector.spec })}\n${manifests}`;
    const report = await site.planText(text);
    assert.deepEqual([report.changes, report.held, report.blocked], [[], [], []]);
    assert.ok(report.objects.Added > 12 * 2, `only ${report.objects.Added} grants`);
  });

  test('yields an empty plan also for addresses that no manifest can contain or that look like another one', async () => {
    const site = openSite();
    const { directory, organization } = site.site;
    for (const email of [
      'jos\u00e9@acme.example',
      'jose\u0301@acme.example',
      'o_b+x@acme.example',
      'İ@acme.example',
      `${'x'.repeat(200)}@acme.example`,
      `it's"odd@acme.example`,
    ])
      directory.joinWorkspace(
        directory.addPerson('member', { email, name: 'Odd: "one"', license: 'enterprise' }),
        organization,
      );
    const manifests = await site.export(connector);
    const text = `${JSON.stringify({ apiVersion: 'asana-connector.dev/v1alpha1', kind: connector.kind, metadata: { namespace: 'iga', name: 'acme' }, spec: connector.spec })}\n${manifests}`;
    const report = await site.planText(text);
    assert.deepEqual([report.changes, report.blocked], [[], []]);
  });

  test('is identical for identical directories', async () => {
    assert.equal(await openSite().export(connector), await openSite().export(connector));
  });

  test('of one kind contains only grants of that kind', async () => {
    const kinds = [
      ...(await openSite().export(connector, { kind: ['AsanaTeamGrant'] })).matchAll(/^kind: (.*)$/gm),
    ].map(([, kind]) => kind);
    assert.ok(kinds.length > 0);
    assert.deepEqual([...new Set(kinds)], ['AsanaTeamGrant']);
  });

  test('with --unmanaged omits exactly the rights that live grants in the cluster declare', async () => {
    const site = openSite();
    const gid = site.site.directory.personByEmail('p3@acme.example')?.gid ?? '';
    await site.apply([
      connector,
      {
        kind: 'AsanaLicenseGrant',
        namespace: 'team-a',
        name: 'x',
        spec: { connectorRef: { name: 'acme', namespace: 'iga' }, user: { gid }, license: 'ViewOnly' },
      },
      {
        kind: 'AsanaLicenseGrant',
        namespace: 'iga',
        name: 'elsewhere',
        spec: { connectorRef: { name: 'other' }, user: { email: 'p6@acme.example' }, license: 'ViewOnly' },
      },
      {
        kind: 'AsanaAccount',
        namespace: 'iga',
        name: 'gone',
        spec: { connectorRef: { name: 'acme' }, email: 'p4@acme.example', ensure: 'Absent' },
      },
      {
        kind: 'AsanaLicenseGrant',
        namespace: 'iga',
        name: 'over',
        spec: {
          connectorRef: { name: 'acme' },
          user: { email: 'p5@acme.example' },
          deletionPolicy: 'Retain',
          expiresAt: '2020-01-01T00:00:00Z',
        },
      },
    ]);
    const licenses = await site.export(connector, { unmanaged: true, kind: ['AsanaLicenseGrant'] });
    assert.ok(!licenses.includes('p3@acme.example'), 'a grant declares a license for p3');
    assert.ok(licenses.includes('p4@acme.example'), 'an absence declares no license');
    assert.ok(licenses.includes('p5@acme.example'), 'an expired grant declares nothing');
    assert.ok(licenses.includes('p6@acme.example'), 'a grant of another connector declares nothing here');
    const accounts = await site.export(connector, { unmanaged: true, kind: ['AsanaAccount'] });
    assert.ok(accounts.includes('p3@acme.example') && accounts.includes('p4@acme.example'));
  });

  test('fails if Asana shows no licenses, because every license would be missing silently', async () => {
    const site = openSite();
    site.site.settings.viewOnlyDomain = false;
    await assert.rejects(site.export(connector), { code: 'DirectoryUnreadable', message: /userType/ });
  });

  test('with --unmanaged fails if the reading is much smaller than the recorded measure', async () => {
    const site = new SimulatedSite(7, { people: 60, teams: 2 });
    await site.apply([connector]);
    await site.startOperator();
    await site.clock.advance(60_000);
    site.stop();
    const { directory, organization } = site.site;
    const members = [...organization.people].filter(
      ({ kind, profile }) => kind === 'member' && !profile.admin,
    );
    for (const person of members.slice(0, 30)) directory.deprovision(person, null, {});
    await assert.rejects(site.export(connector, { unmanaged: true }), {
      code: 'DirectoryDoubtful',
      message: /DirectoryShrunk/,
    });
  });

  test('sends only GET requests', async () => {
    const site = openSite();
    await site.export(connector);
    assert.ok(site.planned.length > 0);
    assert.deepEqual(
      site.planned.filter((request) => !request.startsWith('GET ')),
      [],
    );
  });
});

suite('the object name of a person', () => {
  const names: readonly (readonly [string | null, string])[] = [
    ['alice@acme.com', 'alice-at-acme.com'],
    ['alice.b-c@acme.com', 'alice.b-c-at-acme.com'],
    ['a_b@acme.com', 'a-b-at-acme-com-42'],
    ['jörg@acme.com', 'jorg-at-acme-com-42'],
    ['x-at-y@z.com', 'x-at-y-at-z-com-42'],
    ['-a@acme.com', 'a-at-acme-com-42'],
    ['日本@acme.com', 'at-acme-com-42'],
    [null, 'account-42'],
  ];
  for (const [email, name] of names) {
    test(`of ${email} is ${name}`, () => assert.equal(nameOfPerson({ gid: '42', email }), name));
  }

  test('is truncated if the address is too long for a Kubernetes name', () => {
    const name = nameOfPerson({ gid: '42', email: `${'a'.repeat(300)}@acme.com` });
    assert.match(name, /^a{177}-42$/);
  });
});
