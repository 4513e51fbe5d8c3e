import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { tempFolderIn } from '../../../src/controllers/conductorone/open-service.ts';

test('temporary files go to BATON_TMPDIR, or to the folder of the system if it is unset or blank', () => {
  assert.equal(tempFolderIn({ BATON_TMPDIR: '/scratch' }), '/scratch');
  for (const environment of [{}, { BATON_TMPDIR: undefined }, { BATON_TMPDIR: '' }, { BATON_TMPDIR: ' ' }])
    assert.equal(tempFolderIn(environment), tmpdir());
});
