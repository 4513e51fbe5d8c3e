import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { chartValues } from '../../scripts/manifests/chart-values.ts';
import { at, CHART, renderValues, type Values } from './helm.ts';
import { INSTALLATIONS } from './matrix.ts';

const valuesYaml = await readFile(join(CHART, 'values.yaml'), 'utf8');
const defaults = parse(valuesYaml) as Values;

/** Returns the values without one of them, which leaves it at its default. */
function without(values: Values, [name = '', ...rest]: readonly string[]): Values {
  if (rest.length > 0) return { ...values, [name]: without(values[name] as Values, rest) };
  const { [name]: _, ...others } = values;
  return others;
}

const FLAGS = ['--api-versions', 'security.openshift.io/v1'];

describe('every value of the chart', async () => {
  const rendered = new Map(
    await Promise.all(
      INSTALLATIONS.map(async ({ values }) => [values, await renderValues(values, ...FLAGS)] as const),
    ),
  );
  for (const { path } of chartValues(valuesYaml)) {
    const keys = path.split('.');
    test(`${path} is set in the test matrix, and changes what is installed`, async () => {
      const installation = INSTALLATIONS.find(({ values }) => at(values, ...keys) !== undefined);
      assert.ok(installation, 'no installation sets it');
      const { values } = installation;
      assert.notDeepEqual(at(values, ...keys), at(defaults, ...keys), 'it is set to its default');
      // It also counts as a change if the chart fails to render without the value.
      const unset = await renderValues(without(values, keys), ...FLAGS).catch((error: Error) => error);
      assert.notDeepEqual(rendered.get(values), unset);
    });
  }
});
