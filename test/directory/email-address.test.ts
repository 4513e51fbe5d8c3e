import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isEmailAddress } from '../../src/directory/email-address.ts';

suite('an email address', () => {
  for (const text of [
    'ada@acme.com',
    'Ada.Love-lace+asana@sub.acme.co',
    "o'brien@acme.com",
    'zoë@acme.com',
    'a@localhost',
    `${'a'.repeat(64)}@acme.com`,
  ]) {
    test(`may be ${text.slice(0, 30)}`, () => assert.ok(isEmailAddress(text)));
  }

  for (const { text, because } of [
    { text: '', because: 'it is empty' },
    { text: 'ada', because: 'it has no @' },
    { text: '@acme.com', because: 'its local part is empty' },
    { text: 'ada@', because: 'its host is empty' },
    { text: 'a@b@acme.com', because: 'it has two @' },
    { text: 'a..b@acme.com', because: 'it has two consecutive dots' },
    { text: '.a@acme.com', because: 'its local part begins with a dot' },
    { text: 'a b@acme.com', because: 'it has a space' },
    { text: 'a\u0007b@acme.com', because: 'it has a control character' },
    { text: 'Ada <ada@acme.com>', because: 'it has a display name' },
    { text: 'ada@acme_corp.com', because: 'its host has an underscore' },
    { text: 'ada@-acme.com', because: 'a label of its host begins with a hyphen' },
    { text: `${'é'.repeat(33)}@acme.com`, because: 'its local part is longer than 64 bytes' },
    {
      text: `ada@${'a'.repeat(60)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(63)}`,
      because: 'it is longer than 254 bytes',
    },
  ]) {
    test(`is rejected if ${because}`, () => assert.ok(!isEmailAddress(text)));
  }
});
