import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { changeOf } from '../../src/commands/kubectl-asana/extend-grant.ts';
import { grantObject } from '../controllers/objects.ts';

const UNTIL = Date.parse('2026-04-01T00:00:00Z');
const applied = { license: 'Enterprise', at: '2026-01-01T00:00:00Z', adopted: false } as const;

suite('kubectl asana extend', () => {
  test('counts a duration from the beginning that is recorded, also after an edit that was not observed yet', () => {
    const status = { expiresAt: '2026-01-11T00:00:00Z', endDuration: '240h', applied };
    for (const duration of ['240h', '480h'])
      assert.deepEqual(changeOf(grantObject({ spec: { duration }, status }), UNTIL), { duration: '2160h' });
  });

  test('compares with the end that the spec says, also where the recorded one is earlier', () => {
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
    test(`refuses a grant that ${why}`, () => {
      assert.throws(() => changeOf(grantObject({ spec }), UNTIL), { message: says });
    });
  }
});
