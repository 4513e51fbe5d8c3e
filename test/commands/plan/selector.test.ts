import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readSelector } from '../../../src/commands/asana-reading/asana-flags.ts';

suite('a label selector', () => {
  const taken: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['team=design', { team: 'design' }],
    ['team=design, acme.com/tier=a_1.B', { team: 'design', 'acme.com/tier': 'a_1.B' }],
    ['team=', { team: '' }],
    [`${'k'.repeat(63)}=${'v'.repeat(63)}`, { ['k'.repeat(63)]: 'v'.repeat(63) }],
  ];
  for (const [text, labels] of taken)
    test(`${text.slice(0, 40)} is read as a set of labels`, () =>
      assert.deepEqual(readSelector(text), labels));

  const refused: readonly (readonly [string, string])[] = [
    ['team!=design', 'the operator != is not supported'],
    ['team==design', 'the operator == is not supported'],
    ['!team', 'no value'],
    ['team in (design)', 'no value'],
    ['team in (design)=x', 'a key cannot contain spaces'],
    ['team=design!', 'a value cannot end with an exclamation mark'],
    ['team=a,team=b', 'one key with two values'],
    ['=design', 'no key'],
    ['team=design,', 'an empty pair'],
    ['Acme.com/team=design', 'a prefix must be a DNS name in lower case'],
    ['a/b/team=design', 'a key has at most one prefix'],
    [`${'k'.repeat(64)}=design`, 'a key of 64 characters'],
    [`team=${'v'.repeat(64)}`, 'a value of 64 characters'],
    ['team=' + 'a-'.repeat(31) + '!', 'a value that could cause excessive backtracking'],
  ];
  for (const [text, why] of refused)
    test(`${text.slice(0, 40)} is rejected: ${why}`, () =>
      assert.throws(() => readSelector(text), /It must be key=value, .* such as !=, are not supported/));
});
