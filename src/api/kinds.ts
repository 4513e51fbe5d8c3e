import { type AsanaAccount, asanaAccountKind } from './asana-account.ts';
import { asanaConnectorKind } from './asana-connector.ts';
import { type AsanaLicenseGrant, asanaLicenseGrantKind } from './asana-license-grant.ts';
import { type AsanaTeamGrant, asanaTeamGrantKind } from './asana-team-grant.ts';
import { type AsanaWorkspaceGrant, asanaWorkspaceGrantKind } from './asana-workspace-grant.ts';
import type { KindDefinition } from './kind.ts';

/** A grant of whatever kind. `kind` tells which; `status` and the shared part of `spec` need no telling. */
export type GrantObject = AsanaLicenseGrant | AsanaTeamGrant | AsanaWorkspaceGrant | AsanaAccount;

/** The names of the grant kinds, as `kind` has them. */
export type GrantKindName = GrantObject['kind'];

/** The kinds that declare a right: what holds for all of them goes over this. */
export const grantKinds: readonly KindDefinition<GrantKindName>[] = [
  asanaLicenseGrantKind,
  asanaTeamGrantKind,
  asanaWorkspaceGrantKind,
  asanaAccountKind,
];

/** Every kind of the group. */
export const kinds: readonly KindDefinition[] = [asanaConnectorKind, ...grantKinds];
