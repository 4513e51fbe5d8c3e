import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { mutants } from './mutants/all.ts';
import { everyRule, readFaults, renderFaults, renderRules, withSection } from './reliability.ts';

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md');
/** The number of seeds within which each fault must be found. */
const SEEDS = 2000;

test('docs/reliability.md has every rule of the judge, with its sentence', async () => {
  const document = await readFile(DOCUMENT, 'utf8');
  assert.equal(withSection(document, 'rules', renderRules()), document);
});

test('docs/reliability.md has every fault that is put back, with the seed that found it', async () => {
  const document = await readFile(DOCUMENT, 'utf8');
  const found = readFaults(document);
  assert.equal(withSection(document, 'faults', renderFaults(mutants, found)), document);
  const missing = mutants.filter(({ name }) => !found.some((one) => one.name === name && one.seed <= SEEDS));
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
    'run `npm run simulate -- --mutants --write`',
  );
});

test('every fault names existing rules, and was found by one of them', async () => {
  const found = readFaults(await readFile(DOCUMENT, 'utf8'));
  const names = everyRule.map(({ name }) => name);
  for (const { name, breaks } of mutants) {
    assert.ok(breaks.length > 0, name);
    for (const rule of breaks) assert.ok(names.includes(rule), `${name}: there is no rule ${rule}`);
    const rule = found.find((one) => one.name === name)?.rule ?? '';
    assert.ok(breaks.includes(rule), `${name} breaks ${breaks.join(', ')} and was found by ${rule}`);
  }
});

test('no two rules have the same name', () => {
  assert.equal(new Set(everyRule.map(({ name }) => name)).size, everyRule.length);
});
