import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { readSelector } from '../../../src/commands/asana-reading/asana-flags.ts';

suite('a selector', () => {
  const taken: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ['team=design', { team: 'design' }],
    ['team=design, acme.com/tier=a_1.B', { team: 'design', 'acme.com/tier': 'a_1.B' }],
    ['team=', { team: '' }],
    [`${'k'.repeat(63)}=${'v'.repeat(63)}`, { ['k'.repeat(63)]: 'v'.repeat(63) }],
  ];
  for (const [text, labels] of taken)
    test(`${text.slice(0, 40)} selects by these labels`, () => assert.deepEqual(readSelector(text), labels));

  const refused: readonly (readonly [string, string])[] = [
    ['team!=design', 'it would select by a label "team!"'],
    ['team==design', 'an operator of kubectl that is not supported'],
    ['!team', 'no value'],
    ['team in (design)', 'no value'],
    ['team in (design)=x', 'no key of a label has spaces'],
    ['team=design!', 'no value of a label ends so'],
    ['team=a,team=b', 'no object has both'],
    ['=design', 'no key'],
    ['team=design,', 'an empty pair'],
    ['Acme.com/team=design', 'a prefix is a DNS name, in lower case'],
    ['a/b/team=design', 'one prefix at most'],
    [`${'k'.repeat(64)}=design`, 'a key of 64 characters'],
    [`team=${'v'.repeat(64)}`, 'a value of 64 characters'],
    ['team=' + 'a-'.repeat(31) + '!', 'many places to begin anew'],
  ];
  for (const [text, why] of refused)
    test(`${text.slice(0, 40)} is refused: ${why}`, () =>
      assert.throws(() => readSelector(text), /It must be key=value, .* such as !=, are not supported/));
});
