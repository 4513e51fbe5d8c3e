import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AsanaError, type AsanaErrorCode } from '../../src/asana/errors.ts';
import type { Action } from '../../src/provisioning/action.ts';
import { mayHaveTakenEffect, rulesOf } from '../../src/provisioning/actions.ts';

const license: Action = {
  type: 'GrantEnterprise',
  gid: '1',
  email: 'ann@acme.example',
  from: 'ViewOnly',
  to: 'Enterprise',
};
const creation: Action = {
  type: 'CreateAccount',
  gid: null,
  email: 'ann@acme.example',
  knownGid: null,
  name: null,
  from: null,
  to: 'ViewOnly',
};
const team: Action = {
  type: 'AddToTeam',
  gid: '1',
  email: null,
  team: '7',
  organization: '5',
  guestsLast: false,
  from: null,
  to: 'Member',
};
const workspace: Action = {
  type: 'AddToWorkspace',
  gid: '1',
  email: null,
  workspace: '6',
  from: null,
  to: 'Member',
};

interface Row {
  readonly action: Action;
  readonly code: AsanaErrorCode;
  readonly status: number;
  readonly operation?: string;
  readonly expect: string;
  readonly because: string;
}

suite('a refusal by Asana', () => {
  const rows: readonly Row[] = [
    {
      action: creation,
      code: 'Conflict',
      status: 409,
      expect: 'PreviouslyRemoved',
      because: 'an account with the address existed, and none is active now',
    },
    {
      action: license,
      code: 'Conflict',
      status: 409,
      expect: 'Conflict',
      because: 'a license change conflicts with another change',
    },
    {
      action: team,
      code: 'Forbidden',
      status: 403,
      operation: 'teams.add_user',
      expect: 'NotTeamMember',
      because: 'only members of a team can change it',
    },
    {
      action: team,
      code: 'Forbidden',
      status: 403,
      operation: 'workspace_memberships.get',
      expect: 'Forbidden',
      because: 'a read was refused, not the change of the team',
    },
    {
      action: license,
      code: 'Forbidden',
      status: 403,
      expect: 'Forbidden',
      because: 'the token lacks the permission',
    },
    {
      action: workspace,
      code: 'Forbidden',
      status: 403,
      expect: 'PreviouslyRemoved',
      because: 'Asana answers this for a person who was removed there before',
    },
    {
      action: team,
      code: 'NotFound',
      status: 404,
      expect: 'TeamNotFound',
      because: 'the path names the team',
    },
    {
      action: team,
      code: 'NotFound',
      status: 400,
      expect: 'AccountNotFound',
      because: 'the body names the person',
    },
    {
      action: workspace,
      code: 'NotFound',
      status: 404,
      expect: 'WorkspaceNotFound',
      because: 'the path names the workspace',
    },
    {
      action: workspace,
      code: 'NotFound',
      status: 400,
      expect: 'AccountNotFound',
      because: 'the body names the person',
    },
    {
      action: license,
      code: 'NotFound',
      status: 404,
      expect: 'AccountNotFound',
      because: 'the SCIM path names the person',
    },
    {
      action: license,
      code: 'AsanaUnavailable',
      status: 503,
      expect: 'AsanaUnavailable',
      because: 'the error is temporary',
    },
  ];
  for (const { action, code, status, operation = 'users.patch', expect, because } of rows) {
    test(`with status ${status} for ${action.type} means ${expect}, because ${because}`, () => {
      const error = new AsanaError(code, 'as Asana said', { surface: 'rest', status, operation });
      const explained = rulesOf(action).explain(error, action) ?? error;
      assert.ok(explained instanceof Error && 'code' in explained);
      assert.equal(explained.code, expect, because);
      assert.ok(explained === error || explained.cause === error, 'the refusal is kept as the cause');
    });
  }

  test('may have taken effect if its answer was lost or the change may already have been made', () => {
    const of = (code: AsanaErrorCode, outcomeUnknown = false) =>
      new AsanaError(code, 'as Asana said', { surface: 'rest', outcomeUnknown });
    assert.ok(mayHaveTakenEffect(license, of('AsanaUnavailable', true)), 'the answer was lost');
    assert.ok(!mayHaveTakenEffect(license, of('AsanaUnavailable')), 'the request never arrived');
    assert.ok(mayHaveTakenEffect(creation, of('Conflict')), 'somebody may have created it meanwhile');
    assert.ok(mayHaveTakenEffect(team, of('AsanaRefused')), 'they may be in the team already');
    assert.ok(mayHaveTakenEffect(workspace, of('NotFound')), 'they may be gone already');
    assert.ok(!mayHaveTakenEffect(license, of('AsanaRefused')), 'a SCIM refusal has no other meaning');
    assert.ok(!mayHaveTakenEffect(team, of('Forbidden')), 'the change was not made');
  });
});
