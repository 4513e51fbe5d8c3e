import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { chartValues } from '../../scripts/manifests/chart-values.ts';
import { at, CHART, render, renderValues, type Values } from './helm.ts';

const valuesYaml = await readFile(join(CHART, 'values.yaml'), 'utf8');
const values = parse(valuesYaml) as Values;
const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')) as Values;

/** The paths of the documented values; free-form values have no paths below them. */
const paths = chartValues(valuesYaml).map(({ path }) => path);

describe('the values of the chart', () => {
  test('have one row each in the README, with their default in YAML', async () => {
    const readme = await readFile(join(CHART, 'README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| `([\w.]+)` \| `(.*?)` \| .+ \|$/gm)];
    assert.deepEqual(
      rows.map(([, path]) => path),
      paths,
    );
    for (const [, path = '', fallback = ''] of rows)
      assert.deepEqual(parse(fallback), at(values, ...path.split('.')), path);
  });

  test('require a description, whose lines are joined', () => {
    assert.throws(() => chartValues('a:\n  # -- Fine.\n  b: 1\n  c: 1\n'), /describe a\.c/);
    assert.deepEqual(chartValues('# A group.\na:\n  # For you.\n  # -- One,\n  # two.\n  b: 1\n'), [
      { path: 'a.b', fallback: 1, description: 'One, two.' },
    ]);
  });

  test('are all in the schema, which rejects unknown values at any depth', () => {
    const ajv = new Ajv.default({ strict: true, strictTypes: false });
    const check = ajv.compile(schema);
    assert.ok(check(values), JSON.stringify(check.errors));
    for (const path of paths) {
      const typo = structuredClone(values);
      const keys = path.split('.');
      const parent = at(typo, ...keys.slice(0, -1)) as Record<string, unknown>;
      parent['typo'] = 1;
      assert.ok(!check(typo), `a misspelt value beside ${path} should be rejected`);
    }
  });

  const refused: { set: string; says: RegExp }[] = [
    { set: 'replicaCount=many', says: /replicaCount.*want integer/ },
    { set: 'scope=everything', says: /scope.*must be one of/ },
    { set: 'image.digest=latest', says: /image\/digest.*does not match pattern/ },
    { set: 'operator.logLevel=verbose', says: /operator\/logLevel/ },
    { set: 'operator.actionTimeout=60', says: /operator\/actionTimeout/ },
    { set: 'operator.asana.apiUrl=http://asana.example.com', says: /operator\/asana\/apiUrl/ },
    { set: 'operator.asana.budgetPercent=101', says: /operator\/asana\/budgetPercent/ },
    { set: 'operator.conductorOne.allowedHosts={acme.conductor.one:443}', says: /allowedHosts/ },
    { set: 'watchNamespaces={Team_A}', says: /watchNamespaces/ },
    { set: 'metrics.port=0', says: /metrics\/port/ },
    { set: 'metrics.prometheusRule.runbookBaseUrl=wiki', says: /prometheusRule\/runbookBaseUrl/ },
    { set: 'crd.keep=true', says: /additional properties 'crd' not allowed/ },
    { set: 'openshift=yes', says: /openshift.*must be one of/ },
    { set: 'proxy.httpsProxy=http://user:secret@proxy.example:3128', says: /proxy\/httpsProxy/ },
    { set: 'otel.endpoint=collector:4318', says: /otel\/endpoint/ },
    { set: 'networkPolicy.egressPorts={443}', says: /additional properties 'egressPorts' not allowed/ },
    { set: 'health.livenessProbe.httpGet.path=/x', says: /additional properties 'httpGet' not allowed/ },
    { set: 'commonLabels.app\\.kubernetes\\.io/name=x', says: /commonLabels/ },
    { set: 'dnsPolicy=clusterfirst', says: /dnsPolicy/ },
    { set: 'strategy.rollingUpdate.maxUnavailble=1', says: /additional properties 'maxUnavailble'/ },
  ];
  for (const { set, says } of refused) {
    test(`are rejected by helm if they contain ${set}`, async () => {
      await assert.rejects(render(set), says);
    });
  }

  const spec = { connectorRef: { name: 'acme' }, user: { email: 'alice@acme.example' } };
  const misdeclared: { values: Values; says: RegExp; because: string }[] = [
    {
      values: { grants: { licenses: { alice: { spec: { ...spec, licence: 'Enterprise' } } } } },
      says: /grants\/licenses\/alice\/spec.*additional properties 'licence' not allowed/s,
      because: 'a field is misspelt',
    },
    {
      values: { grants: { licences: { alice: { spec } } } },
      says: /additional properties 'licences' not allowed/,
      because: 'the kind is misspelt',
    },
    {
      values: { grants: { teams: { alice: { spec } } } },
      says: /teams\/alice\/spec.*missing property 'team'/s,
      because: 'a field is missing',
    },
    {
      values: { grants: { licenses: { Alice: { spec } } } },
      says: /Alice/,
      because: 'the name is invalid',
    },
    {
      values: { connectors: { acme: { spec: { credentials: { secretRef: { name: 'x' }, type: 'SA' } } } } },
      says: /connectors\/acme\/spec\/credentials\/type/,
      because: 'the type of the token is unknown',
    },
  ];
  for (const { values, says, because } of misdeclared) {
    test(`are rejected by helm if ${because} in a declared object`, async () => {
      await assert.rejects(renderValues(values), says);
    });
  }
});
