import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  chooseScope,
  leaveOutRefused,
  requireOneOrganization,
  scopeOverScim,
} from '../../src/directory/scope.ts';

const org = (gid: string) => ({ gid, name: `Org ${gid}`, organization: true });
const plain = (gid: string) => ({ gid, name: `Plain ${gid}`, organization: false });

const guestIn = new Set<string>();

suite('the workspaces of a connector', () => {
  test('are all that the token sees if none are named', () => {
    const scope = chooseScope([org('1'), plain('2')], { workspaces: undefined, guestIn });
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

  test('are the named ones in their order, without duplicates', () => {
    const scope = chooseScope([org('1'), plain('2'), plain('3')], {
      workspaces: ['3', '1', '3'],
      guestIn,
    });
    assert.deepEqual(
      scope.workspaces.map(({ gid }) => gid),
      ['3', '1'],
    );
  });

  test('a named workspace that the token does not see is rejected with a list of the visible ones', () => {
    assert.throws(() => chooseScope([org('1')], { workspaces: ['1', '9'], guestIn }), {
      code: 'WorkspaceNotFound',
      errorClass: 'stalling',
      message: /workspace 9 .* 1 \(Org 1\)/,
    });
  });

  test('the error lists the visible workspaces in the same order, however Asana lists them', () => {
    const messageFor = (seen: readonly ReturnType<typeof org>[]): string => {
      try {
        chooseScope(seen, { workspaces: ['9'], guestIn });
      } catch (error) {
        if (error instanceof Error) return error.message;
      }
      return '';
    };
    const seen = [org('1'), plain('2')];
    assert.match(messageFor(seen), /Org 1/);
    assert.equal(messageFor(seen.toReversed()), messageFor(seen));
  });

  test('a token that sees no workspace is rejected with WorkspaceNotFound', () => {
    assert.throws(() => chooseScope([], { workspaces: [], guestIn }), { code: 'WorkspaceNotFound' });
  });

  test('SCIM requires exactly one organization, and the connector can name it', () => {
    const seen = [org('1'), org('2'), plain('3')];
    assert.throws(() => requireOneOrganization(chooseScope(seen, { workspaces: undefined, guestIn })), {
      code: 'AmbiguousOrganization',
      message: /1 \(Org 1\), 2 \(Org 2\)/,
    });
    assert.throws(
      () => requireOneOrganization(chooseScope([plain('3')], { workspaces: undefined, guestIn })),
      {
        code: 'AmbiguousOrganization',
      },
    );
    assert.equal(chooseScope(seen, { workspaces: ['2'], guestIn }).organization?.gid, '2');
  });

  test("a workspace in which the token's account is a guest is left out unless it is named", () => {
    const seen = [org('1'), org('2')];
    const scope = chooseScope(seen, { workspaces: undefined, guestIn: new Set(['2']) });
    assert.deepEqual(scope.leftOut, [{ ...org('2'), leftOut: 'Guest' }]);
    assert.equal(scope.organization?.gid, '1');
    const named = chooseScope(seen, { workspaces: ['2'], guestIn: new Set(['2']) });
    assert.deepEqual([named.organization?.gid, named.leftOut], ['2', []]);
  });

  test('an account that is a guest in every workspace is rejected with WorkspaceNotFound', () => {
    assert.throws(() => chooseScope([org('1')], { workspaces: undefined, guestIn: new Set(['1']) }), {
      code: 'WorkspaceNotFound',
      message: /guest in every workspace/,
    });
  });

  test('workspaces that reject the token are left out, like those in which its account is a guest', () => {
    const scope = chooseScope([org('1'), org('2'), plain('3')], {
      workspaces: undefined,
      guestIn: new Set(['3']),
    });
    const { leftOut, organization } = leaveOutRefused(scope, new Set(['2']));
    assert.deepEqual(
      leftOut.map(({ gid, leftOut: why }) => [gid, why]),
      [
        ['3', 'Guest'],
        ['2', 'Refused'],
      ],
    );
    assert.equal(organization?.gid, '1');
  });

  test('over SCIM alone, the organization is the only named workspace or else the default workspace', () => {
    assert.equal(scopeOverScim({ workspaces: ['1', '2'], defaultWorkspace: '2' }).organization?.gid, '2');
    assert.equal(scopeOverScim({ workspaces: ['1', '1'] }).organization?.gid, '1');
    assert.equal(scopeOverScim({ workspaces: ['1'], defaultWorkspace: '9' }).organization?.gid, '1');
    assert.throws(() => scopeOverScim({ workspaces: ['1', '2'], defaultWorkspace: '9' }), {
      code: 'WorkspaceNotSet',
    });
    for (const workspaces of [undefined, [], ['1', '2']])
      assert.throws(() => scopeOverScim({ workspaces }), { code: 'WorkspaceNotSet' });
  });

  test('all of several organizations are in scope, and organization is then null', () => {
    const scope = chooseScope([org('1'), org('2')], { workspaces: undefined, guestIn });
    assert.equal(scope.organization, null);
    assert.equal(scope.organizations.length, 2);
  });
});
