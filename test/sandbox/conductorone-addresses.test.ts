import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAddress } from '../../src/sandbox/conductorone/message-rules.ts';

const cases: readonly (readonly [address: string, taken: boolean, because: string])[] = [
  ['ada@acme.com', true, 'it is an ordinary address'],
  ["o'hara+tag@acme-corp.co.uk", true, 'atoms may contain punctuation'],
  ['ada@localhost', true, 'one label is a host name'],
  ['élodie@acme.com', true, 'mailboxes may go beyond ASCII'],
  [`${'a'.repeat(64)}@acme.com`, true, '64 bytes before the @ are allowed'],
  ['', false, 'it is empty'],
  ['ada', false, 'there is no @'],
  ['@acme.com', false, 'there is no mailbox'],
  ['ada@', false, 'there is no host'],
  ['ada@@acme.com', false, 'there are two @'],
  ['Ada <ada@acme.com>', false, 'it has a display name'],
  ['ada lovelace@acme.com', false, 'it has a space'],
  ['.ada@acme.com', false, 'it begins with a dot'],
  ['a..b@acme.com', false, 'it has two dots in a row'],
  ['ada@acme..com', false, 'its host has an empty label'],
  ['ada@-acme.com', false, 'a label begins with a hyphen'],
  ['ada@acme_corp.com', false, 'a host must not contain an underscore'],
  ['ada@exämple.com', false, 'a host must be ASCII'],
  [`${'a'.repeat(65)}@acme.com`, false, 'it has 65 bytes before the @'],
  [`ada@${'a'.repeat(64)}.com`, false, 'a label has 64 characters'],
  [`ada@${'abc.'.repeat(70)}com`, false, 'it is longer than 254 bytes'],
];

test('an email address is accepted or refused as by protobuf validation', () => {
  for (const [address, taken, because] of cases) assert.equal(isAddress(address), taken, because);
});
