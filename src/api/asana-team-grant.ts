import { type Static, Type } from 'typebox';
import {
  type GrantStatus,
  grantFields,
  grantRules,
  grantStatus,
  immutable,
  teamField,
  userField,
} from './grant.ts';
import { grantColumns, selectableConnector, selectableUser, userColumn } from './grant-columns.ts';
import type { KindDefinition, ObjectOf } from './kind.ts';
import { asanaTeamGrants } from './resources.ts';
import { choice, displayName, gid, object } from './schema.ts';

const ROLES = ['Member', 'Admin', 'Guest', 'LimitedAccess'] as const;

const team = object(
  'The team: set exactly one of gid and name. Immutable: to name another team, delete the grant and create a new one.',
  {
    gid: Type.Optional(gid('The gid of the team in Asana, in quotes.')),
    name: Type.Optional(
      displayName(
        'The name of the team, exactly as Asana shows it. It is used to find the team once; from then on the gid in status.team identifies the team, even if the name changes. If several teams have the name, the grant is Stalled with reason TeamAmbiguous.',
      ),
    ),
  },
  {
    rules: [
      {
        rule: 'has(self.gid) != has(self.name)',
        message: 'specify exactly one of team.gid and team.name',
        holds: ({ gid, name }) => (gid === undefined) !== (name === undefined),
      },
    ],
  },
);

const spec = object(
  'The person, the team, and when the grant begins and ends.',
  {
    ...grantFields({
      fallback: 'Revoke',
      revoke:
        'the person is removed from the team. A person who was found in the team with a role other than Member stays, and so does a guest who is in no other team.',
    }),
    ...userField,
    team,
  },
  { rules: [...grantRules, immutable('user'), immutable('team')] },
);

const status = grantStatus({
  observed: {
    membership: choice('The role of the person in the team; None for somebody who is not in it.', [
      ...ROLES,
      'None',
    ] as const),
  },
  applied: { membership: choice('The role with which the membership was first seen.', ROLES) },
  actions: ['AddToTeam', 'RemoveFromTeam'],
  further: teamField,
});

export type AsanaTeamGrantSpec = Static<typeof spec>;
export type AsanaTeamGrant = ObjectOf<AsanaTeamGrantSpec, GrantStatus, 'AsanaTeamGrant'>;

/** AsanaTeamGrant: the membership of one person in one team. */
export const asanaTeamGrantKind: KindDefinition<'AsanaTeamGrant'> = {
  names: asanaTeamGrants,
  description:
    'The membership of one person in one Asana team. The operator adds the person, adds them again if they are removed elsewhere, and removes them when the object is deleted or the grant ends. Roles within the team are managed in Asana.',
  spec,
  status,
  selectableFields: [...selectableConnector, ...selectableUser, '.spec.team.gid'],
  columns: grantColumns(
    [
      userColumn,
      {
        name: 'Team',
        type: 'string',
        // Matches the name or the gid, of which exactly one is set.
        jsonPath: '.spec.team.*',
        description: 'The team, by name or by gid as it is declared.',
      },
    ],
    'membership',
  ),
};
