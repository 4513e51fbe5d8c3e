import type { Holding } from '../asana/holding.ts';
import type { EffectType } from './effect.ts';
import type { Grant } from './objects.ts';

/** How to judge one kind of grant: the rows of the contract's table that are specific to it. */
export interface KindModel {
  readonly kind: string;
  /** The address that the object names; `null` if it names a gid. */
  readonly email: (grant: Grant) => string | null;
  /** Names the right within one account: grants with the same name contend. */
  readonly right: (grant: Grant) => string;
  /** Whether the person has what the object declares. */
  readonly has: (grant: Grant, holding: Holding | null) => boolean;
  /** The effects that a live object asks for, given what the person has. */
  readonly live: (grant: Grant, holding: Holding | null) => readonly EffectType[];
  /** The effects that an object with policy Revoke asks for when it ends. `made`: the operator created the account. */
  readonly ended: (grant: Grant, holding: Holding | null, made: boolean) => readonly EffectType[];
}

const isMember = (holding: Holding | null): holding is Holding =>
  holding?.kind === 'member' && holding.active;

const license: KindModel = {
  kind: 'AsanaLicenseGrant',
  email: ({ spec }) => spec.user?.email ?? null,
  right: () => 'License',
  has: ({ spec }, holding) => isMember(holding) && holding.license === (spec.license ?? 'Enterprise'),
  live: ({ spec, status }, holding) => {
    const wanted = spec.license ?? 'Enterprise';
    if (!isMember(holding)) {
      const creates = spec.onMissingAccount === 'Create' && status?.user?.gid === undefined;
      return holding === null && creates ? ['CreateAccount'] : [];
    }
    if (holding.license === wanted) return [];
    return [wanted === 'Enterprise' ? 'GrantEnterprise' : 'RevokeEnterprise'];
  },
  ended: ({ status }, holding, made) => {
    const applied = status?.applied?.license;
    if (!isMember(holding) || applied !== holding.license) return [];
    if (applied === 'Enterprise') return ['RevokeEnterprise'];
    // Whether the operator really created the account is judged by a rule of its own.
    return made || status?.applied?.adopted === false ? ['Deprovision'] : [];
  },
};

const team: KindModel = {
  kind: 'AsanaTeamGrant',
  email: ({ spec }) => spec.user?.email ?? null,
  right: ({ spec, status }) => `Team ${status?.team?.gid ?? spec.team?.gid ?? spec.team?.name ?? ''}`,
  has: (grant, holding) => holding?.teams.includes(teamOf(grant)) ?? false,
  live: (grant, holding) => (holding?.active && !holding.teams.includes(teamOf(grant)) ? ['AddToTeam'] : []),
  ended: (grant, holding) => {
    const applied = grant.status?.applied;
    if (!applied || (applied.adopted && applied.membership !== 'Member') || !holding?.active) return [];
    return holding.teams.includes(teamOf(grant)) ? ['RemoveFromTeam'] : [];
  },
};

/** Returns the gid of an object's team; empty while the team is not found, and for other kinds. */
export function teamOf({ spec, status }: Grant): string {
  return status?.team?.gid ?? spec.team?.gid ?? '';
}

const workspace: KindModel = {
  kind: 'AsanaWorkspaceGrant',
  email: ({ spec }) => spec.user?.email ?? null,
  right: ({ spec }) => `Workspace ${spec.workspace ?? ''}`,
  has: ({ spec }, holding) => holding?.workspaces.includes(spec.workspace ?? '') ?? false,
  live: ({ spec }, holding) =>
    holding?.workspaces.includes(spec.workspace ?? '') ? [] : ['AddToWorkspace', 'CreateAccount'],
  ended: ({ spec, status }, holding) => {
    if (!status?.applied || status.applied.adopted) return [];
    return holding?.workspaces.includes(spec.workspace ?? '') ? ['RemoveFromWorkspace', 'Deprovision'] : [];
  },
};

/** Whether the person is in the workspace that the object is about: the organization, until another is known. */
function isThere(grant: Grant, holding: Holding | null): boolean {
  if (holding === null) return false;
  const there = holding.workspaces.includes(accountPlaceOf(grant) ?? holding.organization);
  return isBeside(grant, holding) ? there : holding.active && there;
}

function isBeside(grant: Grant, { organization }: Holding): boolean {
  return (accountPlaceOf(grant) ?? organization) !== organization;
}

function accountPlaceOf({ spec, status }: Grant): string | undefined {
  return status?.workspace ?? spec.workspace;
}

const account: KindModel = {
  kind: 'AsanaAccount',
  email: ({ spec }) => spec.email ?? null,
  right: () => 'Account',
  has: (grant, holding) => isThere(grant, holding) === (grant.spec.ensure !== 'Absent'),
  live: (grant, holding) => {
    if (grant.spec.ensure === 'Absent') return isMember(holding) ? ['Deprovision'] : [];
    if (holding === null) return ['CreateAccount'];
    // A member of the organization may be invited into a workspace beside it.
    return isBeside(grant, holding) && !isThere(grant, holding) ? ['CreateAccount'] : [];
  },
  ended: ({ spec, status }, holding) => {
    if (spec.ensure === 'Absent' || !status?.applied || status.applied.adopted) return [];
    return isMember(holding) ? ['Deprovision'] : [];
  },
};

/** Every kind of grant that can be judged. */
export const kindModels: readonly KindModel[] = [license, team, workspace, account];

/** Returns the model of a kind; undefined if it is not a kind of grant. */
export function modelOf(kind: string): KindModel | undefined {
  return kindModels.find((row) => row.kind === kind);
}

/** Returns the `deletionPolicy` of an object, or the default of its kind. */
export function deletionPolicyOf({ kind, spec }: Grant): 'Revoke' | 'Retain' {
  if (spec.deletionPolicy) return spec.deletionPolicy;
  return kind === 'AsanaLicenseGrant' || kind === 'AsanaTeamGrant' ? 'Revoke' : 'Retain';
}
