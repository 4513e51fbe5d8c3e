import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { CHART, render } from './helm.ts';

type Values = Record<string, unknown>;

const values = parse(await readFile(join(CHART, 'values.yaml'), 'utf8')) as Values;
const schema = JSON.parse(await readFile(join(CHART, 'values.schema.json'), 'utf8')) as Values;

/** Values whose parts are the reader's business and are documented as a whole. */
const WHOLE = new Set(['resources', 'uninstall.resources', 'podSecurityContext', 'securityContext']);

/** Every documented value as `path` and default: those that hold no further values of ours. */
function leaves(object: Values, prefix = ''): [path: string, value: unknown][] {
  return Object.entries(object).flatMap(([key, value]) => {
    const path = prefix + key;
    const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (isGroup && Object.keys(value).length > 0 && !WHOLE.has(path))
      return leaves(value as Values, `${path}.`);
    return [[path, value] as [string, unknown]];
  });
}

describe('the values of the chart', () => {
  test('are all listed in its README with their defaults', async () => {
    const readme = await readFile(join(CHART, 'README.md'), 'utf8');
    const rows = new Map(
      [...readme.matchAll(/^\| `([\w.]+)` \| `(.*?)` \| .+ \|$/gm)].map(([, path, value]) => [path, value]),
    );
    const expected = leaves(values);
    for (const [path, value] of expected) {
      assert.ok(rows.has(path), `README.md lacks a row for ${path}`);
      assert.deepEqual(JSON.parse(rows.get(path) ?? ''), value, `README.md: default of ${path}`);
    }
    assert.deepEqual(
      [...rows.keys()].filter((path) => !expected.some(([known]) => known === path)),
      [],
    );
  });

  test('are all known to the schema, which lets nothing unknown in at any depth', () => {
    const check = new Ajv.default({ strict: true, strictTypes: false }).compile(schema);
    assert.ok(check(values), JSON.stringify(check.errors));
    for (const [path] of leaves(values)) {
      const typo = structuredClone(values);
      const keys = path.split('.');
      const parent = keys.slice(0, -1).reduce<Values>((object, key) => object[key] as Values, typo);
      parent['typo'] = 1;
      assert.ok(!check(typo), `a misspelt value beside ${path} should be refused`);
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
  ];
  for (const { set, says } of refused) {
    test(`are refused by helm when somebody sets ${set}`, async () => {
      await assert.rejects(render(set), says);
    });
  }
});
