import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Attempt } from '../../src/provisioning/attempt.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { Grant } from '../../src/provisioning/grant.ts';
import type { Reading } from '../../src/provisioning/reading.ts';
import {
  account,
  adopted,
  type ContextShape,
  context,
  deleted,
  enterprise,
  expired,
  given,
  grant,
  ORGANIZATION,
  PLAIN,
  person,
  plain,
  reading,
  TEAM,
  team,
  told,
  viewOnly,
} from './world.ts';

/** The table of what each kind means, row by row. */
interface Row {
  readonly row: string;
  readonly grant: Grant;
  readonly asana: Reading;
  readonly context?: ContextShape;
  readonly expect: string;
}

function check(rows: readonly Row[]): void {
  for (const { row, grant: subject, asana, context: around, expect } of rows)
    test(`${row}: ${expect}`, () => {
      const decision = decideGrant(subject, context(asana, around));
      assert.equal(told(decision), expect, decision.message);
    });
}

const nobody = reading([]);
const viewer = reading([person()]);
const holder = reading([person({ license: 'Enterprise' })]);
const guest = reading([person({ role: 'Guest' })]);
const leaver = reading([person({ active: false })]);
const inTeam = reading([person()], { members: { 1: {} } });
const inPlain = reading([person({ plain: 'Member' })]);
const unknown = { recorded: null };
const ends = { ending: deleted };
const gone: Attempt = { id: 'a', type: 'CreateAccount', at: 0, to: 'ViewOnly', result: 'Succeeded' };

suite('a license', () => {
  check([
    {
      row: 'Enterprise is declared, view-only is held',
      grant: grant(enterprise),
      asana: viewer,
      expect: 'Act GrantEnterprise',
    },
    {
      row: 'Enterprise is declared and held',
      grant: grant(enterprise),
      asana: holder,
      expect: 'Settled Granted adopted',
    },
    {
      row: 'Enterprise is declared, held, and recorded as given already',
      grant: grant(enterprise, { applied: given(enterprise, 'Enterprise') }),
      asana: holder,
      expect: 'Settled Granted given',
    },
    {
      row: 'view-only is declared, Enterprise is held',
      grant: grant(viewOnly),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'view-only is declared and held',
      grant: grant(viewOnly),
      asana: viewer,
      expect: 'Settled Granted adopted',
    },
    {
      row: 'there is no account, and the grant waits',
      grant: grant(enterprise, unknown),
      asana: nobody,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the account is not active, and the grant waits',
      grant: grant(viewOnly),
      asana: leaver,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'there is no account, and the grant creates',
      grant: grant(enterprise, { ...unknown, mayCreate: true }),
      asana: reading([person({ gid: '2', email: 'bob@acme.com' })]),
      expect: 'Act CreateAccount',
    },
    { row: 'they are a guest', grant: grant(enterprise), asana: guest, expect: 'Blocked UserIsGuest' },
    {
      row: 'it ends, Enterprise was given',
      grant: grant(enterprise, { ...ends, applied: given(enterprise, 'Enterprise') }),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'it ends, Enterprise was found',
      grant: grant(enterprise, { ...ends, applied: adopted(enterprise, 'Enterprise') }),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'it ends, it is view-only, and the object created the account',
      grant: grant(viewOnly, { ...ends, applied: given(viewOnly, 'ViewOnly'), created: true }),
      asana: viewer,
      expect: 'Act Deprovision',
    },
    {
      row: 'the same where the connector deprovisions nobody',
      grant: grant(viewOnly, { ...ends, applied: given(viewOnly, 'ViewOnly'), created: true }),
      asana: viewer,
      context: { policies: { allowDeprovision: false } },
      expect: 'Release DeprovisionNotAllowed !',
    },
    {
      row: 'it ends, it is view-only, and we found the account',
      grant: grant(viewOnly, { ...ends, applied: given(viewOnly, 'ViewOnly') }),
      asana: viewer,
      expect: 'Release Adopted',
    },
  ]);
});

suite('a team', () => {
  check([
    { row: 'they are not in it, and active', grant: grant(team), asana: viewer, expect: 'Act AddToTeam' },
    { row: 'they are in it', grant: grant(team), asana: inTeam, expect: 'Settled Granted adopted' },
    {
      row: 'they are in it, in whatever role',
      grant: grant(team),
      asana: reading([person()], { members: { 1: { admin: true } } }),
      expect: 'Settled Granted adopted',
    },
    {
      row: 'there is no such account',
      grant: grant(team, unknown),
      asana: nobody,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the account is not active',
      grant: grant(team),
      asana: leaver,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'there is no such team',
      grant: grant(team),
      asana: reading([person()], { teams: [] }),
      expect: 'Blocked TeamNotFound',
    },
    {
      row: 'no team has that name',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Sales' } } }),
      asana: viewer,
      expect: 'Blocked TeamNotFound',
    },
    {
      row: 'one team has that name',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Design' } } }),
      asana: viewer,
      expect: 'Act AddToTeam',
    },
    {
      row: 'two teams have that name',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Design' } } }),
      asana: reading([person()], {
        teams: [
          { gid: TEAM, name: 'Design' },
          { gid: '701', name: 'Design' },
        ],
      }),
      expect: 'Blocked TeamAmbiguous',
    },
    {
      row: 'one team of that name was read, and not all teams were',
      grant: grant(team, { wish: { type: 'Team', team: { name: 'Design' } } }),
      asana: reading([person()], { doubted: ['teams'] }),
      expect: 'Blocked ReadingIncomplete',
    },
    {
      row: 'it ends, it was given',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: inTeam,
      expect: 'Act RemoveFromTeam',
    },
    {
      row: 'it ends, they were found as a member',
      grant: grant(team, { ...ends, applied: adopted(team, 'Member') }),
      asana: inTeam,
      expect: 'Act RemoveFromTeam',
    },
    {
      row: 'it ends, they were found in another role',
      grant: grant(team, { ...ends, applied: adopted(team, 'Admin') }),
      asana: reading([person()], { members: { 1: { admin: true } } }),
      expect: 'Release Adopted',
    },
    {
      row: 'it ends, and it is the last team of a guest',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: reading([person({ role: 'Guest' })], { members: { 1: { guest: true } } }),
      expect: 'Release GuestsLastTeam !',
    },
    {
      row: 'it ends, and the guest is in another team too',
      grant: grant(team, { ...ends, applied: given(team, 'Member') }),
      asana: reading([person({ role: 'Guest' })], { members: { 1: { guest: true } }, teamsOfEach: 2 }),
      expect: 'Act RemoveFromTeam',
    },
  ]);
});

suite('a workspace', () => {
  const organization = { type: 'Workspace', workspace: ORGANIZATION.gid } as const;
  check([
    {
      row: 'they are known in another workspace',
      grant: grant(plain),
      asana: viewer,
      expect: 'Act AddToWorkspace',
    },
    {
      row: 'it is the organization, SCIM is on, and they are known elsewhere',
      grant: grant(organization),
      asana: reading([person({ role: null, plain: 'Member' }), person({ gid: '2', email: 'bob@acme.com' })]),
      expect: 'Act CreateAccount',
    },
    {
      row: 'it is the organization, SCIM is off, and they are known elsewhere',
      grant: grant(organization),
      asana: reading([person({ role: null, plain: 'Member' })]),
      context: { policies: { scimEnabled: false } },
      expect: 'Act AddToWorkspace',
    },
    {
      row: 'they are known nowhere',
      grant: grant(plain, unknown),
      asana: nobody,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'they are known nowhere, and it is the organization with SCIM',
      grant: grant(organization, unknown),
      asana: nobody,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the workspace is out of scope',
      grant: grant(plain),
      asana: reading([person()], { workspaces: [ORGANIZATION] }),
      expect: 'Blocked WorkspaceNotFound',
    },
    { row: 'they are in it', grant: grant(plain), asana: inPlain, expect: 'Settled Granted adopted' },
    {
      row: 'it ends, it was given',
      grant: grant(plain, { ...ends, applied: given(plain, 'Member') }),
      asana: inPlain,
      expect: 'Act RemoveFromWorkspace',
    },
    {
      row: 'it ends, they were found in it',
      grant: grant(plain, { ...ends, applied: adopted(plain, 'Member') }),
      asana: inPlain,
      expect: 'Release Adopted',
    },
  ]);
});

suite('an account', () => {
  const absent = { ensure: 'Absent' } as const;
  const anybody = reading([person({ gid: '2', email: 'bob@acme.com' })]);
  const elsewhere = { type: 'Account', workspace: PLAIN.gid } as const;
  check([
    {
      row: 'it is absent, in the organization with SCIM',
      grant: grant(account, unknown),
      asana: anybody,
      expect: 'Act CreateAccount',
    },
    {
      row: 'it is absent, and SCIM is off',
      grant: grant(account, unknown),
      asana: anybody,
      context: { policies: { scimEnabled: false } },
      expect: 'Act InviteAccount',
    },
    {
      row: 'SCIM is off, and the licenses were therefore not read',
      grant: grant(account, unknown),
      asana: reading([], { doubted: ['licenses'] }),
      context: { policies: { scimEnabled: false } },
      expect: 'Act InviteAccount',
    },
    {
      row: 'it is absent, in a plain workspace',
      grant: grant(elsewhere, unknown),
      asana: anybody,
      expect: 'Act InviteAccount',
    },
    {
      row: 'nothing says which workspace',
      grant: grant(account, { ...unknown, wish: { type: 'Account', workspace: null } }),
      asana: anybody,
      context: { policies: { defaultWorkspace: null } },
      expect: 'Blocked WorkspaceNotSet',
    },
    {
      row: "the connector's workspace serves where none is named",
      grant: grant(account, { ...unknown, wish: { type: 'Account', workspace: null } }),
      asana: anybody,
      expect: 'Act CreateAccount',
    },
    { row: 'it is active', grant: grant(account), asana: viewer, expect: 'Settled Granted adopted' },
    { row: 'it is a guest', grant: grant(account), asana: guest, expect: 'Blocked UserIsGuest' },
    {
      row: 'it is to be absent, and is active',
      grant: grant(account, absent),
      asana: viewer,
      expect: 'Act Deprovision',
    },
    {
      row: 'it is to be absent in a plain workspace, and is active there',
      grant: grant(elsewhere, absent),
      asana: inPlain,
      expect: 'Act RemoveFromWorkspace',
    },
    {
      row: 'it is to be absent, was seen so, and has appeared again',
      grant: grant(account, { ...absent, absenceSeen: true }),
      asana: viewer,
      expect: 'Blocked Contended',
    },
    {
      row: 'it is to be absent, and is absent after a look',
      grant: grant(account, absent),
      asana: nobody,
      expect: 'Settled Removed',
    },
    {
      row: 'it is to be absent, and only the listing lacks it',
      grant: grant(account, absent),
      asana: nobody,
      context: { lookedUp: false },
      expect: 'LookUp',
    },
    {
      row: 'it is to be absent, and is a guest',
      grant: grant(account, absent),
      asana: guest,
      expect: 'Blocked UserIsGuest',
    },
    {
      row: 'it ends, it was given',
      grant: grant(account, { ...ends, applied: given(account, 'Active') }),
      asana: viewer,
      expect: 'Act Deprovision',
    },
    {
      row: 'it ends, it was found',
      grant: grant(account, { ...ends, applied: adopted(account, 'Active') }),
      asana: viewer,
      expect: 'Release Adopted',
    },
    {
      row: 'an absence ends',
      grant: grant(account, { ...ends, ...absent }),
      asana: viewer,
      expect: 'Release NothingApplied',
    },
    {
      row: 'it was created by this object and is gone: nobody comes back',
      grant: grant(account, { ...unknown, created: true, attempt: gone }),
      asana: anybody,
      expect: 'Blocked AccountNotFound',
    },
  ]);
});

suite('whatever the kind', () => {
  const held = { applied: given(enterprise, 'Enterprise') };
  const stopped = { policies: { suspended: true } };
  const planned = { policies: { mode: 'Plan' as const } };
  check([
    {
      row: 'it ends with Retain',
      grant: grant(enterprise, { ...ends, ...held, deletionPolicy: 'Retain' }),
      asana: holder,
      expect: 'Release Retained',
    },
    {
      row: 'it ends, nothing was applied and nothing is under way',
      grant: grant(enterprise, ends),
      asana: holder,
      expect: 'Release NothingApplied',
    },
    {
      row: 'it ends, and another right is held than was applied',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: viewer,
      expect: 'Release ChangedElsewhere',
    },
    {
      row: 'it ends, and the account is gone',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: nobody,
      expect: 'Release AccountGone',
    },
    {
      row: 'it ends, and they are a guest by now',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: guest,
      expect: 'Release ChangedElsewhere',
    },
    {
      row: 'it is deleted with its own suspend',
      grant: grant(enterprise, { ...ends, ...held, suspended: true }),
      asana: holder,
      expect: 'Release Suspended',
    },
    {
      row: 'it is deleted with its own suspend, and the connector is suspended too',
      grant: grant(enterprise, { ...ends, ...held, suspended: true }),
      asana: holder,
      context: stopped,
      expect: 'Release Suspended',
    },
    {
      row: 'it is deleted with the connector suspended',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: holder,
      context: stopped,
      expect: 'Blocked Suspended',
    },
    {
      row: 'it expires with the connector suspended',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: holder,
      context: stopped,
      expect: 'Blocked Suspended',
    },
    {
      row: 'it is deleted with the connector suspended and in mode Plan',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: holder,
      context: { policies: { suspended: true, mode: 'Plan' } },
      expect: 'Blocked Suspended',
    },
    {
      row: 'it is deleted in mode Plan',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: holder,
      context: planned,
      expect: 'Release Planned',
    },
    {
      row: 'it expires in mode Plan, and would be taken back',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: holder,
      context: planned,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'it expires in mode Plan, and would be released',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: viewer,
      context: planned,
      expect: 'Settled Expired',
    },
    {
      row: 'it expires while suspended',
      grant: grant(enterprise, { ...held, ending: expired, suspended: true }),
      asana: holder,
      expect: 'Blocked Suspended',
    },
    {
      row: 'it expires after Apply and resume',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
  ]);
});
