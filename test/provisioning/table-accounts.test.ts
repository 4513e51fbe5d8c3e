import { suite } from 'node:test';
import { check, ends, gone, guest, inPlain, nobody, unknown, viewer } from './table.ts';
import { account, adopted, given, grant, ORGANIZATION, PLAIN, person, plain, reading } from './world.ts';

suite('a workspace grant', () => {
  const organization = { type: 'Workspace', workspace: ORGANIZATION.gid } as const;
  check([
    {
      row: 'the person is a member of another workspace',
      grant: grant(plain),
      asana: viewer,
      expect: 'Act AddToWorkspace',
    },
    {
      row: 'the workspace is the organization, SCIM is on, and the person is in another workspace',
      grant: grant(organization, { recorded: { gid: '1', email: null, organization: null } }),
      asana: reading([person({ role: null, plain: 'Member' }), person({ gid: '2', email: 'bob@acme.com' })]),
      expect: 'Act CreateAccount',
    },
    {
      row: 'the workspace is the organization, SCIM is off, and the person is in another workspace',
      grant: grant(organization),
      asana: reading([person({ role: null, plain: 'Member' })]),
      context: { policies: { scimEnabled: false } },
      expect: 'Act AddToWorkspace',
    },
    {
      row: 'the person is unknown',
      grant: grant(plain, unknown),
      asana: nobody,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the person is unknown, and the workspace is the organization with SCIM',
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
    { row: 'the person is a member', grant: grant(plain), asana: inPlain, expect: 'Settled Granted adopted' },
    {
      row: 'the grant ends and the membership was given',
      grant: grant(plain, { ...ends, applied: given(plain, 'Member') }),
      asana: inPlain,
      expect: 'Act RemoveFromWorkspace',
    },
    {
      row: 'the grant ends and the membership was adopted',
      grant: grant(plain, { ...ends, applied: adopted(plain, 'Member') }),
      asana: inPlain,
      expect: 'Release Adopted',
    },
  ]);
});

suite('an AsanaAccount', () => {
  const absent = { ensure: 'Absent' } as const;
  const anybody = reading([person({ gid: '2', email: 'bob@acme.com' })]);
  const elsewhere = { type: 'Account', workspace: PLAIN.gid } as const;
  check([
    {
      row: 'the account is missing in the organization with SCIM',
      grant: grant(account, unknown),
      asana: anybody,
      expect: 'Act CreateAccount',
    },
    {
      row: 'the account is missing and SCIM is off',
      grant: grant(account, unknown),
      asana: anybody,
      context: { policies: { scimEnabled: false } },
      expect: 'Act InviteAccount',
    },
    {
      row: 'the account is missing, SCIM is off, and the licenses were not read',
      grant: grant(account, unknown),
      asana: reading([], { doubted: ['licenses'] }),
      context: { policies: { scimEnabled: false } },
      expect: 'Act InviteAccount',
    },
    {
      row: 'the account is missing in a plain workspace',
      grant: grant(elsewhere, unknown),
      asana: anybody,
      expect: 'Act InviteAccount',
    },
    {
      row: 'no workspace is specified',
      grant: grant(account, { ...unknown, wish: { type: 'Account', workspace: null } }),
      asana: anybody,
      context: { policies: { defaultWorkspace: null } },
      expect: 'Blocked WorkspaceNotSet',
    },
    {
      row: 'only the connector specifies a workspace',
      grant: grant(account, { ...unknown, wish: { type: 'Account', workspace: null } }),
      asana: anybody,
      expect: 'Act CreateAccount',
    },
    { row: 'the account is active', grant: grant(account), asana: viewer, expect: 'Settled Granted adopted' },
    { row: 'the account is a guest', grant: grant(account), asana: guest, expect: 'Blocked UserIsGuest' },
    {
      row: 'Absent is declared and the account is active',
      grant: grant(account, absent),
      asana: viewer,
      expect: 'Act Deprovision',
    },
    {
      row: 'Absent is declared in a plain workspace and the account is active there',
      grant: grant(elsewhere, absent),
      asana: inPlain,
      expect: 'Act RemoveFromWorkspace',
    },
    {
      row: 'Absent is declared, the absence was seen, and the account exists again',
      grant: grant(account, { ...absent, absenceSeen: true }),
      asana: viewer,
      expect: 'Blocked Contended',
    },
    {
      row: 'Absent is declared and an individual read shows no account',
      grant: grant(account, absent),
      asana: nobody,
      expect: 'Settled Removed',
    },
    {
      row: 'Absent is declared and only the listing lacks the account',
      grant: grant(account, absent),
      asana: nobody,
      context: { lookedUp: false },
      expect: 'LookUp',
    },
    {
      row: 'Absent is declared and the account is a guest',
      grant: grant(account, absent),
      asana: guest,
      expect: 'Blocked UserIsGuest',
    },
    {
      row: 'the object ends and the account was given',
      grant: grant(account, { ...ends, applied: given(account, 'Active') }),
      asana: viewer,
      expect: 'Act Deprovision',
    },
    {
      row: 'the object ends and the account was adopted',
      grant: grant(account, { ...ends, applied: adopted(account, 'Active') }),
      asana: viewer,
      expect: 'Release Adopted',
    },
    {
      row: 'the object ends and declares Absent',
      grant: grant(account, { ...ends, ...absent }),
      asana: viewer,
      expect: 'Release NothingApplied',
    },
    {
      row: 'the object ends and the person whom it invited is a guest, who keeps the access',
      grant: grant(account, { ...ends, created: true }),
      asana: guest,
      expect: 'Release NothingApplied !',
    },
    {
      row: 'the object created the account, which is gone',
      grant: grant(account, { ...unknown, created: true, attempt: gone }),
      asana: anybody,
      expect: 'Blocked AccountNotFound',
    },
  ]);
});
