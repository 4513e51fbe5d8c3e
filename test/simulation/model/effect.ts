import type { AsanaRequest } from '../asana/front.ts';

/** What a write asks of Asana, in the words of the contract. */
export interface Effect {
  readonly type: EffectType;
  /** The person by gid, or by email where a request names one so. */
  readonly gid: string | null;
  readonly email: string | null;
  readonly team: string | null;
  readonly workspace: string | null;
}

export type EffectType =
  | 'GrantEnterprise'
  | 'RevokeEnterprise'
  | 'CreateAccount'
  | 'AddToWorkspace'
  | 'RemoveFromWorkspace'
  | 'AddToTeam'
  | 'RemoveFromTeam'
  | 'Deprovision';

const REMOVALS: readonly EffectType[] = [
  'RevokeEnterprise',
  'RemoveFromWorkspace',
  'RemoveFromTeam',
  'Deprovision',
];

/** Whether somebody has less access afterwards. */
export function isRemoval({ type }: Effect): boolean {
  return REMOVALS.includes(type);
}

/** Whether no API undoes it. */
export function isDeprovision({ type }: Effect): boolean {
  return type === 'Deprovision' || type === 'RemoveFromWorkspace';
}

/** Reads a write off the wire; null for one that the contract knows nothing of. */
export function effectOf({ operation, params, body, site }: AsanaRequest): Effect | null {
  const { data, userName, Operations } = (body ?? {}) as {
    data?: { user?: string };
    userName?: string;
    Operations?: { path?: string; value?: unknown }[];
  };
  const who = params['id'] ?? data?.user ?? userName ?? '';
  const person = { gid: who.includes('@') ? null : who, email: who.includes('@') ? who.toLowerCase() : null };
  const base = { ...person, team: params['team'] ?? null, workspace: params['workspace'] ?? null };
  switch (operation) {
    case 'scimCreateUser':
      return { ...base, type: 'CreateAccount' };
    case 'scimDeleteUser':
      return { ...base, type: 'Deprovision' };
    case 'scimPatchUser': {
      const [change] = Operations ?? [];
      if (change?.path === 'active') return { ...base, type: 'Deprovision' };
      if (change?.path !== 'userType') return null;
      return { ...base, type: change.value === 'enterprise' ? 'GrantEnterprise' : 'RevokeEnterprise' };
    }
    case 'addUserForWorkspace':
      return { ...base, type: person.gid === null ? 'CreateAccount' : 'AddToWorkspace' };
    case 'removeUserForWorkspace':
      return {
        ...base,
        type: params['workspace'] === site.organization.gid ? 'Deprovision' : 'RemoveFromWorkspace',
      };
    case 'addUserForTeam':
      return { ...base, type: 'AddToTeam' };
    case 'removeUserForTeam':
      return { ...base, type: 'RemoveFromTeam' };
    default:
      return null;
  }
}
