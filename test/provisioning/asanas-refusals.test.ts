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

suite('what a refusal of Asana means', () => {
  const rows: readonly Row[] = [
    {
      action: creation,
      code: 'Conflict',
      status: 409,
      expect: 'PreviouslyRemoved',
      because: 'there was somebody, and nobody active is there now',
    },
    {
      action: license,
      code: 'Conflict',
      status: 409,
      expect: 'Conflict',
      because: 'a license conflicts with a change',
    },
    {
      action: team,
      code: 'Forbidden',
      status: 403,
      operation: 'teams.add_user',
      expect: 'NotTeamMember',
      because: 'only members of a team change it',
    },
    {
      action: team,
      code: 'Forbidden',
      status: 403,
      operation: 'workspace_memberships.get',
      expect: 'Forbidden',
      because: 'what was refused was a look, not the team',
    },
    {
      action: license,
      code: 'Forbidden',
      status: 403,
      expect: 'Forbidden',
      because: 'the token may not do it',
    },
    {
      action: workspace,
      code: 'Forbidden',
      status: 403,
      expect: 'PreviouslyRemoved',
      because: 'Asana answers so for somebody who was removed there before',
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
      because: 'the path names it',
    },
    {
      action: workspace,
      code: 'NotFound',
      status: 400,
      expect: 'AccountNotFound',
      because: 'the body names them',
    },
    {
      action: license,
      code: 'NotFound',
      status: 404,
      expect: 'AccountNotFound',
      because: 'SCIM names the person',
    },
    {
      action: license,
      code: 'AsanaUnavailable',
      status: 503,
      expect: 'AsanaUnavailable',
      because: 'it passes',
    },
  ];
  for (const { action, code, status, operation = 'users.patch', expect, because } of rows) {
    test(`${status} of ${action.type} is ${expect}: ${because}`, () => {
      const error = new AsanaError(code, 'as Asana said', { surface: 'rest', status, operation });
      const explained = rulesOf(action).explain(error, action) ?? error;
      assert.ok(explained instanceof Error && 'code' in explained);
      assert.equal(explained.code, expect, because);
      assert.ok(explained === error || explained.cause === error, 'the refusal stays as the cause');
    });
  }

  test('which may have taken effect all the same is looked at before it is believed', () => {
    const of = (code: AsanaErrorCode, outcomeUnknown = false) =>
      new AsanaError(code, 'as Asana said', { surface: 'rest', outcomeUnknown });
    assert.ok(mayHaveTakenEffect(license, of('AsanaUnavailable', true)), 'the answer was lost');
    assert.ok(!mayHaveTakenEffect(license, of('AsanaUnavailable')), 'it never came');
    assert.ok(mayHaveTakenEffect(creation, of('Conflict')), 'somebody made it meanwhile');
    assert.ok(mayHaveTakenEffect(team, of('AsanaRefused')), 'they may be in the team already');
    assert.ok(mayHaveTakenEffect(workspace, of('NotFound')), 'they may be gone already');
    assert.ok(!mayHaveTakenEffect(license, of('AsanaRefused')), 'SCIM says no more than no');
    assert.ok(!mayHaveTakenEffect(team, of('Forbidden')), 'it was not done');
  });
});
