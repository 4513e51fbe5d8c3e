import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { Child, Folder, FROM_SOURCE, freePort } from '../commands/child.ts';
import { Replica } from '../operator/replica.ts';
import { OperatorRig, SERVICE_ACCOUNT } from '../operator/rig.ts';
import { TenantView } from '../operator/tenant.ts';
import { ALERTS_FILE, ROOT, readAlertRules, readMetricsPage } from './alert-rules.ts';
import { chooseAll, readDashboard } from './dashboard-file.ts';
import { promtoolPath } from './prometheus.ts';
import { PrometheusServer } from './prometheus-server.ts';

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';

const { panels, variables } = await readDashboard();

suite('the running program, scraped by Prometheus', () => {
  let rig: OperatorRig;
  let replica: Replica;
  let prometheus: PrometheusServer;
  let folder: string;
  let address: string;
  before(async () => {
    rig = await OperatorRig.start('dashboard', { conductorOneSettings: { nextPollMs: 100 } });
    await rig.stopOperator();
    folder = await mkdtemp(join(tmpdir(), 'dashboard-'));
    address = `127.0.0.1:${await freePort()}`;
    replica = new Replica(rig, [
      '--metrics-bind-address',
      address,
      '--audit-log-path',
      join(folder, 'audit.log'),
    ]);
    prometheus = await PrometheusServer.start(address, join(ROOT, ALERTS_FILE));
    await live(rig);
    // A rate needs two samples: waits until the second one includes the last event.
    await prometheus.until('what happened last was scraped', async () => {
      const [sample] = await prometheus.query('sum(asana_connector_releases_total)');
      return sample?.value[1] === '1';
    });
    await prometheus.until('a rate of it can be told', async () => {
      const samples = await prometheus.query('rate(asana_connector_releases_total[1m])');
      return samples.length > 0;
    });
  });
  after(async () => {
    await prometheus[Symbol.asyncDispose]();
    await replica.end('SIGTERM');
    await rm(folder, { recursive: true });
    await rig.close();
  });

  for (const { title, queries } of panels) {
    test(`returns data for every query of the panel "${title}"`, async () => {
      assert.ok(queries.length > 0);
      for (const query of queries) assert.ok((await prometheus.query(chooseAll(query))).length > 0, query);
    });
  }

  for (const { name, query } of variables) {
    test(`provides values for the variable "${name}"`, async () => {
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query) ?? [];
      assert.ok((await prometheus.labelValues(chooseAll(selector), label)).length > 0, query);
    });
  }

  test('lets Prometheus evaluate every alert, and none fires', async () => {
    const rules = await prometheus.rules();
    assert.deepEqual(
      rules.map(({ name }) => name),
      (await readAlertRules()).map(({ alert }) => alert),
    );
    assert.deepEqual(
      rules.filter(({ health, state }) => health !== 'ok' || state === 'firing'),
      [],
    );
  });

  test('exports metrics that promtool accepts without remarks, and its own metrics have a sentence as help', async () => {
    const text = await (await fetch(`http://${address}/metrics`)).text();
    const checking = promisify(execFile)(await promtoolPath(), ['check', 'metrics']);
    checking.child.stdin?.end(text);
    const { stdout, stderr } = await checking;
    assert.equal(`${stdout}${stderr}`, '');
    const helps = [...text.matchAll(/^# HELP asana_connector_(\w+) (.*)$/gm)];
    const nodes = helps.filter(([, name = '']) => /^(process|nodejs)_/.test(name));
    assert.ok(nodes.length > 0 && helps.length > nodes.length);
    for (const [line, , help = ''] of helps.filter((one) => !nodes.includes(one)))
      assert.match(help, /^[A-Z0-9].*\.$/, line);
  });

  test('labels every metric as the reference documents, and never with an email address or a gid', async () => {
    const text = await (await fetch(`http://${address}/metrics`)).text();
    const reference = await readMetricsPage();
    const seen = new Map<string, Set<string>>();
    for (const [, series = '', labels = ''] of text.matchAll(/^(asana_connector_\w+)\{(.+)\} \S+$/gm)) {
      const name = series.replace(/_(bucket|sum|count)$/, '');
      if (/^asana_connector_(process|nodejs)_/.test(name)) continue;
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
      assert.ok(pairs.length > 0, `${series} has no labels that can be read`);
      seen.set(name, new Set(pairs.map(([, label = '']) => label).filter((label) => label !== 'le')));
      for (const [pair, , value = ''] of pairs)
        assert.doesNotMatch(value, /@|^\d{10,}$/, `${series} identifies a person: ${pair}`);
    }
    assert.ok(seen.size > 15, `only ${seen.size} metrics with labels`);
    for (const [name, labels] of seen)
      assert.deepEqual([...labels].toSorted(), reference.get(name)?.labels.toSorted(), name);
  });

  test('reports that it leads if leader election is off', async () => {
    const target = `127.0.0.1:${await freePort()}`;
    await using folderOfOne = await Folder.make(FROM_SOURCE);
    const flags = ['operator', '--no-leader-elect', '--namespace', 'default', '--health-bind-address', '0'];
    const alone = new Child(folderOfOne, { KUBECONFIG: rig.kubeconfigPath }, [
      ...flags,
      '--metrics-bind-address',
      target,
    ]);
    const text = await alone.until('metrics', () =>
      fetch(`http://${target}/metrics`).then(
        (response) => response.text(),
        () => null,
      ),
    );
    assert.match(text, /^asana_connector_leader 1$/m);
    alone.kill('SIGTERM');
    assert.equal((await alone.end()).code, 0);
  });

  /** Causes some of everything that the dashboard shows. */
  async function live(company: OperatorRig): Promise<void> {
    const tenant = new TenantView(company);
    await tenant.createSecret(SERVICE_ACCOUNT);
    await company.createConnector({
      conductorOne: { secretRef: { name: 'token' }, provision: true },
      provisioning: { maxEnterpriseLicenses: 40 },
    });
    await company.untilPhase('Connected');
    await company.declareSomebodyWhoStays();
    assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
    await company.createGrant('short', carol, { duration: '5s' });
    await company.createGrant('alice', alice);
    await company.untilReason('alice', 'Granted');
    await company.changeInConsole(alice, { license: 'view only' });
    await company.sync();
    await company.until(
      'a change of others is set back',
      async () => (await company.grant('alice'))?.status?.drift?.count === 1,
    );
    await company.untilReason('short', 'Expired');
    await company.createGrant('retained', bob, { deletionPolicy: 'Retain' });
    await company.untilReason('retained', 'Granted');
    await company.deleteGrant('retained');
    await company.untilGone('retained');
  }
});
