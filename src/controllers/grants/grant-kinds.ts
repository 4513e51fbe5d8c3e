import type { TObject } from 'typebox';
import { type AsanaAccount, asanaAccountKind } from '../../api/asana-account.ts';
import { type AsanaLicenseGrant, asanaLicenseGrantKind } from '../../api/asana-license-grant.ts';
import { type AsanaTeamGrant, asanaTeamGrantKind } from '../../api/asana-team-grant.ts';
import { type AsanaWorkspaceGrant, asanaWorkspaceGrantKind } from '../../api/asana-workspace-grant.ts';
import type { GrantKindName, GrantObject } from '../../api/kinds.ts';
import {
  asanaAccounts,
  asanaLicenseGrants,
  asanaTeamGrants,
  asanaWorkspaceGrants,
  type ResourceNames,
} from '../../api/resources.ts';
import type { Right, Wish } from '../../provisioning/right.ts';

/** The status field that shows the right; each kind has one of its own. */
export type ValueField = 'license' | 'membership' | 'account';

/** One grant kind: how its objects provide what the engine needs. */
export interface GrantKind {
  readonly resource: ResourceNames<GrantKindName>;
  /** The schema of the status. */
  readonly status: TObject;
  /** The field of `status.observed` and `status.applied` that shows the right. */
  readonly field: ValueField;
  /** The value of that field for a person without the right; `null` if the field is left out. */
  readonly nothing: string | null;
  wish(object: GrantObject): Wish;
  /** Returns the right behind `status.applied`; `null` if the status does not say where it is. */
  applied(object: GrantObject): Right | null;
  ensure(object: GrantObject): 'Present' | 'Absent';
  user(object: GrantObject): { readonly email: string | null; readonly gid: string | null };
  /** Returns the name for an account that is created. */
  accountName(object: GrantObject): string | null;
  /** Whether a missing account is created. */
  mayCreate(object: GrantObject): boolean;
}

/** All grant kinds. Code that applies to every kind iterates over them. */
export const grantKinds: readonly GrantKind[] = [
  row<AsanaLicenseGrant>({
    resource: asanaLicenseGrants,
    status: asanaLicenseGrantKind.status,
    field: 'license',
    nothing: null,
    wish: ({ spec }) => ({ type: 'License', license: spec.license }),
    applied: ({ status }) => {
      const license = status?.applied?.license;
      return license === undefined ? null : { type: 'License', license };
    },
    user: userOf,
    mayCreate: ({ spec }) => spec.onMissingAccount === 'Create',
  }),
  row<AsanaTeamGrant>({
    resource: asanaTeamGrants,
    status: asanaTeamGrantKind.status,
    field: 'membership',
    nothing: 'None',
    wish: ({ spec, status }) => {
      const gid = status?.team?.gid ?? spec.team.gid;
      return { type: 'Team', team: gid === undefined ? { name: spec.team.name ?? '' } : { gid } };
    },
    applied: ({ spec, status }) => {
      const team = status?.team?.gid ?? spec.team.gid;
      return team === undefined ? null : { type: 'Team', team };
    },
    user: userOf,
    mayCreate: () => false,
  }),
  row<AsanaWorkspaceGrant>({
    resource: asanaWorkspaceGrants,
    status: asanaWorkspaceGrantKind.status,
    field: 'membership',
    nothing: 'None',
    wish: ({ spec }) => ({ type: 'Workspace', workspace: spec.workspace }),
    applied: ({ spec }) => ({ type: 'Workspace', workspace: spec.workspace }),
    user: userOf,
    mayCreate: () => false,
  }),
  row<AsanaAccount>({
    resource: asanaAccounts,
    status: asanaAccountKind.status,
    field: 'account',
    nothing: 'Absent',
    wish: ({ spec, status }) => ({ type: 'Account', workspace: spec.workspace ?? status?.workspace ?? null }),
    applied: ({ spec, status }) => {
      const workspace = spec.workspace ?? status?.workspace;
      return workspace === undefined ? null : { type: 'Account', workspace };
    },
    ensure: ({ spec }) => spec.ensure,
    user: ({ spec }) => ({ email: spec.email, gid: null }),
    accountName: ({ spec }) => spec.name ?? null,
    mayCreate: ({ spec }) => spec.ensure === 'Present',
  }),
];

type Row<T> = {
  readonly [K in 'resource' | 'status' | 'field' | 'nothing']: GrantKind[K];
} & {
  wish(object: T): Wish;
  applied(object: T): Right | null;
  ensure?(object: T): 'Present' | 'Absent';
  user(object: T): { readonly email: string | null; readonly gid: string | null };
  accountName?(object: T): string | null;
  mayCreate(object: T): boolean;
};

/** Completes a row. The cast is safe: a store holds the objects of one kind only, so a row never sees another kind. */
function row<T extends GrantObject>(kind: Row<T>): GrantKind {
  return {
    ensure: () => 'Present',
    accountName: () => null,
    ...(kind as unknown as Row<GrantObject>),
  };
}

function userOf({ spec }: { spec: { user: { email?: string; gid?: string } } }): {
  email: string | null;
  gid: string | null;
} {
  return { email: spec.user.email ?? null, gid: spec.user.gid ?? null };
}
