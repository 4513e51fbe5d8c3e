import { type Static, Type } from 'typebox';
import {
  endTakesBack,
  type GrantStatus,
  grantFields,
  grantRules,
  grantStatus,
  immutable,
  workspaceField,
} from './grant.ts';
import { grantColumns, selectableConnector, userColumn } from './grant-columns.ts';
import type { KindDefinition, ObjectOf } from './kind.ts';
import { asanaAccounts } from './resources.ts';
import { choice, displayName, email, gid, object } from './schema.ts';

const spec = object(
  'The account that must or must not exist, and when the declaration begins and ends.',
  {
    ...grantFields({
      fallback: 'Retain',
      revoke:
        'the account is deprovisioned if this object created it and the connector allows it (provisioning.allowDeprovision). An account that was found stays. An object with ensure Absent takes nothing back.',
    }),
    email: email(
      'Email address of the person, in lower case. It is used to find the account once; from then on the gid in status.user identifies the account, even if the address changes. Immutable: to name another person, delete the object and create a new one.',
    ),
    name: Type.Optional(
      displayName(
        'Name that the account is created with. It is ignored if the account already exists. Default: a name derived from the part of the email address before the @.',
      ),
    ),
    workspace: Type.Optional(
      gid(
        'The gid of the workspace of the account, in quotes. In an organization with SCIM the account is created with a view-only license; elsewhere Asana invites the person with an email. Immutable, even if it is omitted. Default: the value of defaultWorkspace of the connector when the workspace is first needed.',
      ),
    ),
    ensure: choice(
      'Whether the account must exist. Present: it is created if it is missing. Absent: it is deprovisioned, even if this operator did not create it; the connector must allow this (provisioning.allowDeprovision), and the object must be in the namespace of the connector. A deprovision cannot be undone. The account is removed at most once for each generation of the object. Default Present.',
      ['Present', 'Absent'],
      'Present',
    ),
  },
  {
    rules: [
      ...grantRules,
      endTakesBack,
      {
        rule: "!has(self.duration) || self.ensure == 'Present'",
        message:
          'duration requires ensure Present: it runs from when the account first exists. With Absent, use expiresAt',
        fieldPath: '.duration',
        holds: ({ duration, ensure }) => duration === undefined || ensure === 'Present',
      },
      immutable('email'),
      immutable('workspace', true),
    ],
  },
);

const status = grantStatus({
  observed: { account: choice('Whether there is an active account in Asana.', ['Active', 'Absent']) },
  applied: { account: choice('The account that this object declares and Asana has.', ['Active']) },
  actions: ['CreateAccount', 'InviteAccount', 'Deprovision', 'RemoveFromWorkspace'],
  further: workspaceField,
});

export type AsanaAccountSpec = Static<typeof spec>;
export type AsanaAccount = ObjectOf<AsanaAccountSpec, GrantStatus, 'AsanaAccount'>;

/** AsanaAccount: the account of one person, declared present or absent. */
export const asanaAccountKind: KindDefinition<'AsanaAccount'> = {
  names: asanaAccounts,
  description:
    'The Asana account of one person. With ensure Present the operator creates or invites it. With ensure Absent the operator deprovisions the account; use this to offboard a person. When the object is deleted or ends, the account stays, unless deletionPolicy is Revoke and this object created it.',
  spec,
  status,
  selectableFields: [...selectableConnector, '.spec.email', '.spec.workspace', '.spec.ensure'],
  columns: grantColumns(
    [
      userColumn,
      {
        name: 'Ensure',
        type: 'string',
        jsonPath: '.spec.ensure',
        description: 'Whether the account must exist.',
      },
    ],
    'account',
  ),
};
