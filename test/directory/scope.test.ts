import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { chooseScope } from '../../src/directory/scope.ts';

const org = (gid: string) => ({ gid, name: `Org ${gid}`, organization: true });
const plain = (gid: string) => ({ gid, name: `Plain ${gid}`, organization: false });

suite('the workspaces of a connector', () => {
  test('all that the token sees, unless some are named', () => {
    const scope = chooseScope([org('1'), plain('2')], { workspaces: undefined, scim: true });
    assert.deepEqual(
      scope.workspaces.map(({ gid }) => gid),
      ['1', '2'],
    );
    assert.equal(scope.organization?.gid, '1');
    assert.deepEqual(
      scope.organizations.map(({ gid }) => gid),
      ['1'],
    );
  });

  test('those that are named, each once, in their order', () => {
    const scope = chooseScope([org('1'), plain('2'), plain('3')], {
      workspaces: ['3', '1', '3'],
      scim: false,
    });
    assert.deepEqual(
      scope.workspaces.map(({ gid }) => gid),
      ['3', '1'],
    );
  });

  test('one that the token does not see is named, with those it does', () => {
    assert.throws(() => chooseScope([org('1')], { workspaces: ['1', '9'], scim: false }), {
      code: 'WorkspaceNotFound',
      errorClass: 'stalling',
      message: /workspace 9 .* 1 \(Org 1\)/,
    });
  });

  test('a token that sees nothing at all is no empty directory', () => {
    assert.throws(() => chooseScope([], { workspaces: [], scim: false }), { code: 'WorkspaceNotFound' });
  });

  test('SCIM needs exactly one organization, and one can be chosen', () => {
    const seen = [org('1'), org('2'), plain('3')];
    assert.throws(() => chooseScope(seen, { workspaces: undefined, scim: true }), {
      code: 'AmbiguousOrganization',
      message: /1 \(Org 1\), 2 \(Org 2\)/,
    });
    assert.throws(() => chooseScope([plain('3')], { workspaces: undefined, scim: true }), {
      code: 'AmbiguousOrganization',
    });
    assert.equal(chooseScope(seen, { workspaces: ['2'], scim: true }).organization?.gid, '2');
  });

  test('without SCIM several organizations are read, and none is the one', () => {
    const scope = chooseScope([org('1'), org('2')], { workspaces: undefined, scim: false });
    assert.equal(scope.organization, null);
    assert.equal(scope.organizations.length, 2);
  });
});
