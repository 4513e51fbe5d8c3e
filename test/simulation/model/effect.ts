import type { AsanaRequest } from '../asana/front.ts';

/** The change that a write asks Asana for, in terms of the contract. */
export interface Effect {
  readonly type: EffectType;
  /** The person by gid, or by email if the request names one. */
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

/** Whether the person has less access afterwards. */
export function isRemoval({ type }: Effect): boolean {
  return REMOVALS.includes(type);
}

/** Whether no API can undo the effect. */
export function isDeprovision({ type }: Effect): boolean {
  return type === 'Deprovision' || type === 'RemoveFromWorkspace';
}

/** Returns the effect of a write; `null` if the contract does not know such a write. */
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
