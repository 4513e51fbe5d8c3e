import type { Holding } from '../asana/holding.ts';
import type { EffectType } from './effect.ts';
import type { Grant } from './objects.ts';

/** How one kind of grant is to be judged: the rows of the contract's table that are peculiar to it. */
export interface KindModel {
  readonly kind: string;
  /** The address the object names; null for one that goes by gid. */
  readonly email: (grant: Grant) => string | null;
  /** Names the right within one account: grants with equal words contend. */
  readonly right: (grant: Grant) => string;
  /** Whether the person has what the object declares. */
  readonly has: (grant: Grant, holding: Holding | null) => boolean;
  /** What an object that is live asks for, as the person stands. */
  readonly live: (grant: Grant, holding: Holding | null) => readonly EffectType[];
  /** What an object that ends with the policy Revoke asks for. `made`: the operator created the account. */
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
    // Whether we really made the account is a rule of its own.
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

/** The gid of the team that an object is about; empty while it is not found, and of other kinds. */
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
    // Somebody of the organization may be invited into a workspace beside it.
    return isBeside(grant, holding) && !isThere(grant, holding) ? ['CreateAccount'] : [];
  },
  ended: ({ spec, status }, holding) => {
    if (spec.ensure === 'Absent' || !status?.applied || status.applied.adopted) return [];
    return isMember(holding) ? ['Deprovision'] : [];
  },
};

/** Every kind of grant that can be judged. */
export const kindModels: readonly KindModel[] = [license, team, workspace, account];

/** The row of an object; undefined for what is no grant. */
export function modelOf(kind: string): KindModel | undefined {
  return kindModels.find((row) => row.kind === kind);
}

/** What `deletionPolicy` is where the object does not say. */
export function deletionPolicyOf({ kind, spec }: Grant): 'Revoke' | 'Retain' {
  if (spec.deletionPolicy) return spec.deletionPolicy;
  return kind === 'AsanaLicenseGrant' || kind === 'AsanaTeamGrant' ? 'Revoke' : 'Retain';
}
