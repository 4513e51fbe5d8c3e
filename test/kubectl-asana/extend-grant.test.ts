import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { changeOf, extendGrant, readTime } from '../../src/commands/kubectl-asana/extend-grant.ts';
import { kubectlAsanaCommand } from '../../src/commands/kubectl-asana/kubectl-asana-command.ts';
import { grantObject } from '../controllers/objects.ts';

const UNTIL = Date.parse('2026-04-01T00:00:00Z');
const applied = { license: 'Enterprise', at: '2026-01-01T00:00:00Z', adopted: false } as const;

suite('kubectl asana extend', () => {
  test('counts a duration from the recorded beginning, even after an edit that was not observed yet', () => {
    const status = { expiresAt: '2026-01-11T00:00:00Z', endDuration: '240h', applied };
    for (const duration of ['240h', '480h'])
      assert.deepEqual(changeOf(grantObject({ spec: { duration }, status }), UNTIL), { duration: '2160h' });
  });

  test('compares the new end with expiresAt of the spec, even if the recorded end is earlier', () => {
    const status = { expiresAt: '2026-02-01T00:00:00Z', applied };
    const grant = grantObject({ spec: { expiresAt: '2026-05-01T00:00:00Z' }, status });
    assert.throws(() => changeOf(grant, UNTIL), {
      message: '--until: must be later than the current end, 2026-05-01T00:00:00Z',
    });
  });

  for (const { why, spec, says } of [
    { why: 'never ends', spec: {}, says: /has no end/ },
    { why: 'has not begun', spec: { duration: '240h' }, says: /has not begun yet/ },
  ]) {
    test(`rejects a grant that ${why}`, () => {
      assert.throws(() => changeOf(grantObject({ spec }), UNTIL), { message: says });
    });
  }

  test('rejects a grant that is being deleted, since a later end would not keep it', () => {
    const metadata = { deletionTimestamp: '2026-01-05T00:00:00Z' };
    const grant = grantObject({ metadata, spec: { expiresAt: '2026-02-01T00:00:00Z' }, status: { applied } });
    assert.throws(() => changeOf(grant, UNTIL), { field: 'GRANT', message: /is being deleted/ });
  });

  for (const { text, because } of [
    { text: '2027-02-31T00:00:00Z', because: 'February has no 31st, although Date reads it as 3 March' },
    { text: '2027-02-29T00:00:00Z', because: '2027 is not a leap year' },
    { text: '2027-13-01T00:00:00Z', because: 'there is no thirteenth month' },
    { text: '2027-01-31T24:00:00Z', because: '24:00 is the next day' },
    { text: '2027-01-31T00:00:00', because: 'without an offset it would be a local time' },
    { text: '2028', because: 'a year is not a time' },
    { text: 'in 3000 days', because: 'Date would read the number as a year' },
  ]) {
    test(`rejects ${text} as an end, because ${because}`, () => {
      assert.throws(() => readTime(text), { field: '--until' });
    });
  }

  test('accepts an end with an offset or a fraction of a second', () => {
    assert.equal(readTime('2028-02-29T01:30:00+02:00'), Date.UTC(2028, 1, 28, 23, 30));
    assert.equal(readTime('2027-01-31T00:00:00.5Z'), Date.UTC(2027, 0, 31, 0, 0, 0, 500));
  });

  for (const name of ['', 'alg/', '/alice', 'alg/a/b', 'xyz/alice'])
    test(`rejects ${JSON.stringify(name)}, which does not name a grant, before it asks the API server`, async () => {
      const output = { write: () => true };
      await assert.rejects(extendGrant(name, { until: '2999-01-01T00:00:00Z' }, output), { field: 'GRANT' });
    });

  test('has no flag for all namespaces, since it is about one grant', () => {
    const extend = kubectlAsanaCommand().commands.find((command) => command.name() === 'extend');
    const flags = extend?.options.map(({ long }) => long) ?? [];
    assert.ok(flags.includes('--namespace'));
    assert.ok(!flags.includes('--all-namespaces'));
  });
});
