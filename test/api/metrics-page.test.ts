import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const ROOT = join(import.meta.dirname, '../..');

/** A declaration through a Meter in any variable: `meter.counter('name', …`. */
const THROUGH_METER = /\.(counter|gauge|histogram)\(\s*'([a-z_]+)'/g;
/** A declaration with prom-client itself: `new PromCounter({ name: `${PREFIX}name`, …`. */
const BY_HAND = /new Prom(Counter|Gauge|Histogram)\(\{\s*name: `\$\{PREFIX\}([a-z_]+)`/g;

/** A row of one of the page's tables. */
const ROW = /^\| `asana_connector_([a-z_]+)` \| (\w+) \|/gm;

/** Returns `name type` of every metric that is declared below src. */
async function declaredMetrics(): Promise<string[]> {
  const declared = new Set<string>();
  for await (const path of glob('src/**/*.ts', { cwd: ROOT })) {
    const source = await readFile(join(ROOT, path), 'utf8');
    for (const [, type = '', name] of [...source.matchAll(THROUGH_METER), ...source.matchAll(BY_HAND)]) {
      declared.add(`${name} ${type.toLowerCase()}`);
    }
  }
  return [...declared].toSorted();
}

describe('docs/reference/metrics.md', () => {
  test('has a row for every metric declared in src, with its type, and for no other', async () => {
    const page = await readFile(join(ROOT, 'docs/reference/metrics.md'), 'utf8');
    const documented = [...page.matchAll(ROW)].map(([, name, type]) => `${name} ${type}`);
    const declared = await declaredMetrics();
    assert.ok(declared.includes('leader gauge'), 'declarations are found at all');
    assert.deepEqual(documented.toSorted(), declared);
  });
});
