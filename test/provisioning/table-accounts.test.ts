import { suite } from 'node:test';
import { check, ends, gone, guest, inPlain, nobody, unknown, viewer } from './table.ts';
import { account, adopted, given, grant, ORGANIZATION, PLAIN, person, plain, reading } from './world.ts';

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
      grant: grant(organization, { recorded: { gid: '1', email: null, organization: null } }),
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
      row: 'it ends, and who was invited by it is a guest: that is no access to be silent about',
      grant: grant(account, { ...ends, created: true }),
      asana: guest,
      expect: 'Release NothingApplied !',
    },
    {
      row: 'it was created by this object and is gone: nobody comes back',
      grant: grant(account, { ...unknown, created: true, attempt: gone }),
      asana: anybody,
      expect: 'Blocked AccountNotFound',
    },
  ]);
});
