import type { Static } from 'typebox';
import {
  endTakesBack,
  type GrantStatus,
  grantFields,
  grantRules,
  grantStatus,
  immutable,
  userField,
  workspaceField,
} from './grant.ts';
import { grantColumns, selectableConnector, selectableUser, userColumn } from './grant-columns.ts';
import type { KindDefinition, ObjectOf } from './kind.ts';
import { asanaWorkspaceGrants } from './resources.ts';
import { choice, gid, object } from './schema.ts';

const ROLES = ['Member', 'Admin', 'Guest'] as const;

const spec = object(
  'The person, the workspace, and when the grant begins and ends.',
  {
    ...grantFields({
      fallback: 'Retain',
      revoke:
        'the person is removed from the workspace if this grant added them, and loses what they had there; this counts as a deprovision, which the connector must allow (provisioning.allowDeprovision). A person who was found in the workspace stays.',
    }),
    ...userField,
    workspace: gid(
      'The gid of the workspace, in quotes. It must be one of those that the connector reads. A person who is not in it is invited by Asana with an email; in an organization with SCIM an account is created instead. Immutable: to name another workspace, delete the grant and create a new one.',
    ),
  },
  { rules: [...grantRules, endTakesBack, immutable('user'), immutable('workspace')] },
);

const status = grantStatus({
  observed: {
    membership: choice('The role of the person in the workspace; None for somebody who is not in it.', [
      ...ROLES,
      'None',
    ] as const),
  },
  applied: { membership: choice('The role with which the membership was first seen.', ROLES) },
  actions: ['AddToWorkspace', 'RemoveFromWorkspace', 'CreateAccount', 'InviteAccount', 'Deprovision'],
  further: workspaceField,
});

export type AsanaWorkspaceGrantSpec = Static<typeof spec>;
export type AsanaWorkspaceGrant = ObjectOf<AsanaWorkspaceGrantSpec, GrantStatus, 'AsanaWorkspaceGrant'>;

/** AsanaWorkspaceGrant: the membership of one person in one workspace. */
export const asanaWorkspaceGrantKind: KindDefinition<'AsanaWorkspaceGrant'> = {
  names: asanaWorkspaceGrants,
  description:
    'The membership of one person in one Asana workspace. The operator adds the person. When the object is deleted or the grant ends, the person stays, unless deletionPolicy is Revoke and this grant added them. Roles within the workspace are managed in Asana.',
  spec,
  status,
  selectableFields: [...selectableConnector, ...selectableUser, '.spec.workspace'],
  columns: grantColumns(
    [
      userColumn,
      {
        name: 'Workspace',
        type: 'string',
        jsonPath: '.spec.workspace',
        description: 'The gid of the workspace.',
      },
    ],
    'membership',
  ),
};
