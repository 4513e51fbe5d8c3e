import { type AsanaAccount, asanaAccountKind } from './asana-account.ts';
import { asanaConnectorKind } from './asana-connector.ts';
import { type AsanaLicenseGrant, asanaLicenseGrantKind } from './asana-license-grant.ts';
import { type AsanaTeamGrant, asanaTeamGrantKind } from './asana-team-grant.ts';
import { type AsanaWorkspaceGrant, asanaWorkspaceGrantKind } from './asana-workspace-grant.ts';
import type { KindDefinition } from './kind.ts';

/** A grant of any kind, discriminated by `kind`; `status` and the shared part of `spec` can be read directly. */
export type GrantObject = AsanaLicenseGrant | AsanaTeamGrant | AsanaWorkspaceGrant | AsanaAccount;

/** The values of `kind` for the grant kinds. */
export type GrantKindName = GrantObject['kind'];

/** The kinds that declare a right; code for all of them iterates over this list. */
export const grantKinds: readonly KindDefinition<GrantKindName>[] = [
  asanaLicenseGrantKind,
  asanaTeamGrantKind,
  asanaWorkspaceGrantKind,
  asanaAccountKind,
];

/** Every kind of the group. */
export const kinds: readonly KindDefinition[] = [asanaConnectorKind, ...grantKinds];
