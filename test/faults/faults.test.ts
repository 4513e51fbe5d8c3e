import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, suite, test } from 'node:test';
import { withSection } from '../simulation/reliability.ts';
import { type Outcome, runFaults } from './bench.ts';
import { renderBench } from './page.ts';
import { faults } from './table.ts';
import { tenantFaults } from './tenants/table.ts';

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');

suite('a fault injected into real processes', () => {
  const short = faults.filter(({ isShort }) => isShort);
  let outcomes: readonly Outcome[] = [];
  before(async () => {
    outcomes = await runFaults(short);
  });

  for (const { name, what, holds } of short) {
    test(`${name}: ${what}. ${holds}`, () => {
      const outcome = outcomes.find(({ fault }) => fault.name === name);
      assert.ok(outcome, 'the fault was not run');
      assert.equal(outcome.problem, null);
    });
  }
});

suite('the table of faults', () => {
  test('has unique names', () => {
    const all = [...faults, ...tenantFaults];
    assert.equal(new Set(all.map(({ name }) => name)).size, all.length);
  });

  test('is up to date in docs/reliability.md; if not, run `npm run faults -- --write`', async () => {
    const document = await readFile(DOCUMENT, 'utf8');
    assert.equal(withSection(document, 'bench', renderBench([...faults, ...tenantFaults])), document);
  });
});
