import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Account, License, Snapshot, Team, Workspace } from '../../src/directory/snapshot.ts';
import { decideTask, subjectOfTask } from '../../src/provisioning/decide-task.ts';
import type { Policies } from '../../src/provisioning/decision.ts';
import type { TaskDecision, TaskView } from '../../src/provisioning/task-case.ts';
import type { TaskRequest } from '../../src/provisioning/task-request.ts';
import { ALICE, ORGANIZATION, type PersonShape, person, policies, reading } from './small-world.ts';

const SECOND: Workspace = { gid: '600', name: 'Skunkworks', organization: false };
const NEW = 'ada.byron@acme.com';

interface Around {
  readonly policies?: Partial<Policies>;
  readonly used?: number;
  readonly untrusted?: string;
  readonly self?: string | null;
  readonly declared?: License;
  /** Alice is in team 7. */
  readonly inTeam?: boolean;
  readonly teamsComplete?: boolean;
  /** Nobody shows a `userType`. */
  readonly noLicenses?: boolean;
  readonly organization?: null;
  readonly unread?: boolean;
}

interface Row {
  readonly request: TaskRequest;
  /** Null: nobody. */
  readonly account?: PersonShape | null;
  readonly around?: Around;
  readonly expect: string;
  readonly says?: RegExp;
  readonly because: string;
}

/** A decision in one line. */
function summary(decision: TaskDecision): string {
  if (decision.kind === 'Refused') return decision.code;
  if (decision.kind === 'AlreadySo') return 'already so';
  const { action } = decision;
  const { type, removal } = action;
  const place = 'team' in action ? ` ${action.team}` : 'workspace' in action ? ` ${action.workspace}` : '';
  return `${type}${place}${removal ? ' (removal)' : ''}`;
}

function viewOf(accounts: readonly Account[], around: Around): TaskView {
  const { snapshot } = reading(accounts, { self: around.self === undefined ? '999' : around.self });
  const part = {
    at: 0,
    startedAt: 0,
    begunAt: 0,
    complete: around.teamsComplete ?? true,
    incompleteBecause: null,
  };
  const membership = { gid: 'tm', user: '1', admin: false, guest: false, limitedAccess: false };
  const team: Team = {
    gid: '7',
    name: 'Design',
    organization: ORGANIZATION.gid,
    memberships: around.inTeam ? [membership] : [],
  };
  const whole: Snapshot = {
    ...snapshot,
    parts: { ...snapshot.parts, teams: part },
    workspaces: [ORGANIZATION, SECOND],
    organization: around.organization === null ? null : ORGANIZATION,
    teams: new Map([['7', team]]),
  };
  return {
    policies: policies(around.policies),
    directory: {
      current: () => (around.unread ? null : whole),
      teamMembership: (gid, user) =>
        whole.teams.get(gid)?.memberships.find((known) => known.user === user) ?? null,
    },
    enterpriseLicenses: () => around.used ?? 0,
    untrusted: () =>
      around.untrusted === undefined ? null : { reason: 'AsanaUnavailable', message: around.untrusted },
    declaredFor: () =>
      around.declared === undefined
        ? null
        : { license: around.declared, object: 'AsanaLicenseGrant iga/alice' },
  };
}

function decide({
  request,
  account = {},
  around = {},
}: Pick<Row, 'request' | 'account' | 'around'>): TaskDecision {
  const subject = account && person(account);
  const colleague = person({
    gid: '2',
    email: 'bob@acme.com',
    ...(around.noLicenses ? { license: null } : {}),
  });
  return decideTask(request, subject, viewOf([...(subject ? [subject] : []), colleague], around));
}

function check(rows: readonly Row[]): void {
  for (const row of rows) {
    test(`${row.because}: ${row.expect}`, () => {
      const decision = decide(row);
      assert.equal(summary(decision), row.expect, row.because);
      if (row.says) assert.match('message' in decision ? decision.message : '', row.says, row.because);
    });
  }
}

const grant: TaskRequest = { type: 'GrantLicense', license: 'Enterprise', user: '1' };
const grantViewOnly: TaskRequest = { type: 'GrantLicense', license: 'ViewOnly', user: '1' };
const revoke: TaskRequest = { type: 'RevokeLicense', license: 'Enterprise', user: '1' };
const revokeViewOnly: TaskRequest = { type: 'RevokeLicense', license: 'ViewOnly', user: '1' };
const join: TaskRequest = { type: 'AddToTeam', team: '7', user: '1' };
const leave: TaskRequest = { type: 'RemoveFromTeam', team: '7', user: '1' };
const enter: TaskRequest = { type: 'AddToWorkspace', workspace: SECOND.gid, user: '1' };
const exit: TaskRequest = { type: 'RemoveFromWorkspace', workspace: ORGANIZATION.gid, user: '1' };
const createAt = (workspace: string | null, email = NEW): TaskRequest => ({
  type: 'CreateAccount',
  email,
  name: null,
  workspace,
});
const create = createAt(null);
const holder: PersonShape = { license: 'Enterprise' };
const deprovisions = { allowDeprovision: true };
const noScim = { scimEnabled: false };

suite('granting Enterprise', () => {
  check([
    { request: grant, expect: 'GrantEnterprise', because: 'view-only is held' },
    { request: grant, account: holder, expect: 'already so', because: 'it is held already' },
    { request: grant, account: null, expect: 'AccountNotFound', because: 'there is nobody' },
    {
      request: grant,
      account: { active: false },
      expect: 'AccountNotFound',
      because: 'the account has left',
    },
    {
      request: grant,
      account: { role: 'Guest', license: null },
      expect: 'UserIsGuest',
      because: 'guests hold none',
    },
    {
      request: grant,
      around: { policies: noScim },
      expect: 'LicensesUnavailable',
      says: /scim\.enabled/,
      because: 'licenses need SCIM',
    },
    {
      request: grant,
      account: { license: null },
      expect: 'LicensesUnavailable',
      says: /shows no license/,
      because: 'where Asana shows none, nothing is known of it',
    },
    {
      request: grant,
      account: { license: null, userType: 'Starter' },
      expect: 'LicensesUnavailable',
      says: /"Starter".*userTypes/,
      because: 'a license nobody named is left alone',
    },
    {
      request: grant,
      around: { policies: { maxEnterpriseLicenses: 3 }, used: 3 },
      expect: 'LicenseLimitReached',
      says: /3 of 3/,
      because: 'the limit is never exceeded',
    },
    {
      request: grant,
      around: { policies: { maxEnterpriseLicenses: 3 }, used: 2 },
      expect: 'GrantEnterprise',
      because: 'below the limit there is one left',
    },
    {
      request: grant,
      account: holder,
      around: { policies: { maxEnterpriseLicenses: 3 }, used: 9 },
      expect: 'already so',
      because: 'who holds one needs no other, whatever the limit',
    },
    {
      request: grant,
      around: { declared: 'ViewOnly' },
      expect: 'DeclaredOtherwise',
      says: /iga\/alice declares ViewOnly/,
      because: 'Git declares view-only',
    },
    {
      request: grant,
      account: holder,
      around: { declared: 'ViewOnly' },
      expect: 'DeclaredOtherwise',
      because: 'what Git is about to take is not called held',
    },
    {
      request: grant,
      around: { declared: 'Enterprise' },
      expect: 'GrantEnterprise',
      because: 'Git says the same',
    },
    {
      request: grant,
      around: { untrusted: 'not all was read' },
      expect: 'GrantEnterprise',
      because: 'giving needs no whole reading',
    },
    {
      request: grant,
      around: { policies: { protectedUsers: [ALICE] } },
      expect: 'GrantEnterprise',
      because: 'protection is from removals only',
    },
    {
      request: grant,
      around: { policies: { suspended: true } },
      expect: 'Suspended',
      because: 'it is the emergency stop',
    },
    { request: grant, around: { unread: true }, expect: 'NotReady', because: 'nothing was read yet' },
  ]);
});

suite('granting view-only', () => {
  check([
    { request: grantViewOnly, expect: 'already so', because: 'it is held' },
    {
      request: grantViewOnly,
      account: holder,
      expect: 'HoldsEnterprise',
      says: /revoke the enterprise license instead/,
      because: 'a grant lowers nobody',
    },
    {
      request: grantViewOnly,
      account: holder,
      around: { declared: 'Enterprise' },
      expect: 'DeclaredOtherwise',
      because: 'the way out would be refused too',
    },
    { request: grantViewOnly, account: null, expect: 'AccountNotFound', because: 'there is nobody' },
  ]);
});

suite('revoking Enterprise', () => {
  check([
    { request: revoke, account: holder, expect: 'RevokeEnterprise (removal)', because: 'view-only is left' },
    { request: revoke, expect: 'already so', because: 'it is not held' },
    { request: revoke, account: null, expect: 'AccountNotFound', because: 'there is nobody' },
    {
      request: revoke,
      account: { ...holder, active: false },
      expect: 'already so',
      because: 'whoever has left holds nothing',
    },
    {
      request: revoke,
      account: { role: 'Guest', license: null },
      expect: 'already so',
      because: 'guests hold nothing',
    },
    {
      request: revoke,
      account: { license: null, userType: 'Starter' },
      expect: 'LicensesUnavailable',
      because: 'an unknown license is not called revoked',
    },
    {
      request: revoke,
      account: holder,
      around: { policies: { protectedUsers: ['ALICE@acme.com'] } },
      expect: 'ProtectedUser',
      says: /protectedUsers/,
      because: 'no removal touches the protected, however they are written',
    },
    {
      request: revoke,
      account: { ...holder, role: 'Admin' },
      expect: 'ProtectedUser',
      says: /admin/,
      because: 'nor admins',
    },
    {
      request: revoke,
      account: { ...holder, role: 'Admin' },
      around: { policies: { protectAdmins: false } },
      expect: 'RevokeEnterprise (removal)',
      because: 'unless they are not protected',
    },
    {
      request: revoke,
      account: holder,
      around: { self: '1', policies: { protectAdmins: false } },
      expect: 'ProtectedUser',
      says: /token's own account/,
      because: "nor ever the token's own account",
    },
    {
      request: revoke,
      account: holder,
      around: { untrusted: 'not all was read' },
      expect: 'NotReady',
      says: /not all was read/,
      because: 'a doubtful reading removes nobody',
    },
    {
      request: revoke,
      account: holder,
      around: { self: null },
      expect: 'NotReady',
      because: 'whose token it is has to be known',
    },
    {
      request: revoke,
      account: holder,
      around: { declared: 'Enterprise' },
      expect: 'DeclaredOtherwise',
      because: 'Git declares Enterprise',
    },
    {
      request: revoke,
      around: { declared: 'Enterprise' },
      expect: 'DeclaredOtherwise',
      because: 'what Git is about to give is not called revoked',
    },
    {
      request: revoke,
      account: holder,
      around: { declared: 'ViewOnly' },
      expect: 'RevokeEnterprise (removal)',
      because: 'Git says the same',
    },
  ]);
});

suite('revoking view-only', () => {
  check([
    {
      request: revokeViewOnly,
      around: { policies: deprovisions },
      expect: 'Deprovision (removal)',
      because: 'nothing is left of the account',
    },
    {
      request: revokeViewOnly,
      expect: 'DeprovisionNotAllowed',
      says: /allowDeprovision/,
      because: 'it takes a second switch',
    },
    {
      request: revokeViewOnly,
      account: holder,
      expect: 'already so',
      because: 'Enterprise is held, not view-only',
    },
    {
      request: revokeViewOnly,
      account: { active: false },
      expect: 'already so',
      because: 'a task repeated after its deprovision ends well',
    },
    {
      request: revokeViewOnly,
      around: { policies: { ...deprovisions, protectedUsers: [ALICE] } },
      expect: 'ProtectedUser',
      because: 'no removal touches the protected',
    },
    {
      request: revokeViewOnly,
      around: { policies: deprovisions, declared: 'ViewOnly' },
      expect: 'DeclaredOtherwise',
      because: 'Git declares view-only',
    },
    {
      request: revokeViewOnly,
      around: { policies: deprovisions, declared: 'Enterprise' },
      expect: 'DeclaredOtherwise',
      because: 'the account would go from under the license that Git is about to give',
    },
    {
      request: revokeViewOnly,
      account: holder,
      around: { declared: 'Enterprise' },
      expect: 'already so',
      because: 'Git says the same: no view-only',
    },
    {
      request: revokeViewOnly,
      around: { policies: deprovisions, untrusted: 'stale' },
      expect: 'NotReady',
      because: 'a doubtful reading removes nobody',
    },
  ]);
});

suite('teams', () => {
  check([
    { request: join, expect: 'AddToTeam 7', because: 'she is not in it' },
    { request: join, around: { inTeam: true }, expect: 'already so', because: 'she is in it' },
    { request: join, account: null, expect: 'AccountNotFound', because: 'there is nobody' },
    {
      request: join,
      account: { active: false },
      expect: 'AccountNotFound',
      says: /organization/,
      because: 'a team takes members of its organization only',
    },
    { request: join, account: { role: 'Guest' }, expect: 'AddToTeam 7', because: 'guests may be in teams' },
    { request: join, around: { policies: noScim }, expect: 'AddToTeam 7', because: 'teams need no SCIM' },
    {
      request: join,
      around: { organization: null, policies: noScim },
      expect: 'AddToTeam 7',
      because: 'where there are several organizations, that of the team counts',
    },
    { request: { ...join, team: '8' }, expect: 'TeamNotFound', because: 'there is no such team' },
    {
      request: { ...join, team: '8' },
      around: { teamsComplete: false },
      expect: 'NotReady',
      because: 'an incomplete reading may only lack it',
    },
    {
      request: leave,
      around: { inTeam: true },
      expect: 'RemoveFromTeam 7 (removal)',
      because: 'she is in it',
    },
    { request: leave, expect: 'already so', because: 'she is not in it' },
    {
      request: leave,
      account: { active: false },
      around: { inTeam: true },
      expect: 'RemoveFromTeam 7 (removal)',
      because: 'what is left of somebody who has left can be taken away',
    },
    {
      request: leave,
      around: { inTeam: true, policies: { protectedUsers: [ALICE] } },
      expect: 'ProtectedUser',
      because: 'leaving a team is a removal too',
    },
    {
      request: leave,
      around: { inTeam: true, untrusted: 'stale' },
      expect: 'NotReady',
      because: 'a doubtful reading removes nobody',
    },
    {
      request: leave,
      around: { inTeam: true, declared: 'Enterprise' },
      expect: 'RemoveFromTeam 7 (removal)',
      because: 'a declared license says nothing of teams',
    },
    { request: { ...leave, team: '8' }, expect: 'TeamNotFound', because: 'there is no such team' },
  ]);
});

suite('workspaces', () => {
  check([
    { request: enter, expect: 'AddToWorkspace 600', because: 'she is not in it' },
    { request: { ...enter, workspace: ORGANIZATION.gid }, expect: 'already so', because: 'she is in it' },
    { request: { ...enter, workspace: '601' }, expect: 'WorkspaceNotFound', because: 'it is not in scope' },
    { request: enter, account: null, expect: 'AccountNotFound', because: 'there is nobody' },
    {
      request: enter,
      around: { untrusted: 'stale' },
      expect: 'NotReady',
      because: 'it may send an invitation',
    },
    {
      request: exit,
      around: { policies: deprovisions },
      expect: 'RemoveFromWorkspace 500 (removal)',
      because: 'the connector allows it',
    },
    { request: exit, expect: 'DeprovisionNotAllowed', because: 'out of the organization is deprovisioned' },
    { request: { ...exit, workspace: SECOND.gid }, expect: 'already so', because: 'she is not in it' },
    { request: exit, account: { active: false }, expect: 'already so', because: 'she has left already' },
    { request: exit, account: null, expect: 'AccountNotFound', because: 'there is nobody' },
    { request: { ...exit, workspace: '601' }, expect: 'WorkspaceNotFound', because: 'it is not in scope' },
    {
      request: exit,
      around: { policies: { ...deprovisions, protectedUsers: [ALICE] } },
      expect: 'ProtectedUser',
      because: 'no removal touches the protected',
    },
    {
      request: exit,
      around: { policies: deprovisions, declared: 'ViewOnly' },
      expect: 'DeclaredOtherwise',
      because: 'the declared license would go with the account',
    },
    {
      request: exit,
      around: { policies: deprovisions, untrusted: 'stale' },
      expect: 'NotReady',
      because: 'a doubtful reading removes nobody',
    },
  ]);
});

suite('a new account', () => {
  check([
    {
      request: create,
      account: null,
      expect: 'CreateAccount',
      because: 'SCIM speaks of one organization only',
    },
    {
      request: createAt(ORGANIZATION.gid),
      account: null,
      around: { policies: { defaultWorkspace: null } },
      expect: 'CreateAccount',
      because: 'the organization is named',
    },
    {
      request: create,
      account: null,
      around: { policies: { defaultWorkspace: null } },
      expect: 'CreateAccount',
      because: 'with SCIM there is only one place',
    },
    {
      request: createAt(SECOND.gid),
      account: null,
      expect: 'InviteAccount 600',
      because: 'SCIM cannot create in a plain workspace',
    },
    {
      request: create,
      account: null,
      around: { policies: noScim },
      expect: 'InviteAccount 500',
      because: 'the default workspace takes whoever is invited',
    },
    {
      request: createAt(SECOND.gid),
      account: null,
      around: { policies: noScim },
      expect: 'InviteAccount 600',
      because: 'the task says where',
    },
    {
      request: create,
      account: null,
      around: { policies: { ...noScim, defaultWorkspace: null } },
      expect: 'WorkspaceNotSet',
      says: /defaultWorkspace/,
      because: 'nothing says where',
    },
    {
      request: createAt('601'),
      account: null,
      expect: 'WorkspaceNotFound',
      because: 'it is not in scope, with SCIM',
    },
    {
      request: create,
      account: null,
      around: { policies: { ...noScim, defaultWorkspace: '601' } },
      expect: 'WorkspaceNotFound',
      because: 'nor is the default',
    },
    { request: create, account: { email: NEW }, expect: 'already so', because: 'there is one' },
    {
      request: create,
      account: { email: NEW, role: 'Guest', license: null, scim: false },
      expect: 'already so',
      because: 'a guest has an account too',
    },
    {
      request: create,
      account: { email: NEW, active: false },
      expect: 'CreateAccount',
      because: 'whether somebody who left may come back is for Asana to say',
    },
    {
      request: createAt(SECOND.gid),
      account: { email: NEW },
      expect: 'InviteAccount 600',
      because: 'an account elsewhere is none there',
    },
    {
      request: create,
      account: null,
      around: { untrusted: 'stale' },
      expect: 'NotReady',
      because: 'a doubtful reading creates nobody',
    },
    {
      request: create,
      account: null,
      around: { noLicenses: true },
      expect: 'LicensesUnavailable',
      because: 'it might hold a full license',
    },
    {
      request: create,
      account: null,
      around: { noLicenses: true, policies: noScim },
      expect: 'InviteAccount 500',
      because: 'without SCIM nobody shows a license',
    },
  ]);

  const bad: readonly [because: string, email: string][] = [
    ['it is empty', ''],
    ['it has no @', 'ada.acme.com'],
    ['it has two', 'ada@byron@acme.com'],
    ['its domain has an underscore', 'ada@acme_corp.com'],
    ['its domain ends in a dot', 'ada@acme.'],
    ['it has a space', 'ada byron@acme.com'],
    ['it has a line break', 'ada@acme.com\nbcc@evil.example'],
    ['it has a quote', 'ada"@acme.com'],
    ['it has a name beside it', 'Ada <ada@acme.com>'],
    ['it has half a character', 'ad\ud800@acme.com'],
    ['it is longer than an address can be', `${'a'.repeat(60)}@${'b'.repeat(200)}.com`],
    ['its local part is longer than 64', `${'a'.repeat(65)}@acme.com`],
  ];
  for (const [because, email] of bad) {
    test(`is refused where ${because}, without echoing it`, () => {
      const decision = decide({ request: createAt(null, email), account: null });
      assert.equal(summary(decision), 'InvalidEmail');
      assert.ok(decision.kind === 'Refused' && (email === '' || !decision.message.includes(email)));
      assert.equal(subjectOfTask(createAt(null, email), viewOf([], {})), null, 'nor is it asked for');
    });
  }

  for (const email of ['Ada.Byron+x@Acme.COM', 'ä@mueller.example', "o'hara@acme.co.uk"]) {
    test(`${email} is an address, and is written in lower case`, () => {
      const decision = decide({ request: createAt(null, email), account: null });
      assert.ok(decision.kind === 'Act');
      assert.equal(decision.action.email, email.toLowerCase());
    });
  }
});

suite('whom a task is about, for a look at Asana', () => {
  const view = viewOf([], {});
  const rows: readonly [because: string, request: TaskRequest, subject: unknown][] = [
    ['a license is the organization’s', grant, { gid: '1', email: null }],
    [
      'a team is looked for in its organization',
      join,
      { gid: '1', email: null, workspace: '500', team: '7' },
    ],
    ['an unknown team cannot be', { ...join, team: '8' }, null],
    ['a workspace is looked at itself', enter, { gid: '1', email: null, workspace: '600' }],
    ['an unknown workspace would make everybody look gone', { ...exit, workspace: '601' }, null],
    ['a new account by its address', create, { gid: null, email: NEW, workspace: '500' }],
    ['and not where it cannot go', createAt('601'), null],
  ];
  for (const [because, request, subject] of rows) {
    test(because, () => assert.deepEqual(subjectOfTask(request, view), subject));
  }
});
