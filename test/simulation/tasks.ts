import type { TaskRequest } from '../../src/provisioning/task-request.ts';

/** The right that a ConductorOne task is about. */
export type TaskRight =
  | { readonly type: 'License'; readonly license: 'Enterprise' | 'ViewOnly' }
  | { readonly type: 'Team'; readonly team: string }
  | { readonly type: 'Workspace'; readonly workspace: string }
  | { readonly type: 'Account'; readonly workspace: string | null };

export interface TaskWish {
  readonly want: 'Give' | 'Take';
  readonly right: TaskRight;
  /** gid; for an account that is to be created, its address. */
  readonly user: string;
  /** `namespace/name`. */
  readonly connector: string;
}

/** Returns a task as the operator's task host takes it. */
export function requestOf({ want, right, user }: TaskWish): TaskRequest {
  if (right.type === 'Account') return { wish: right, want, user: { email: user, name: null } };
  const wish = right.type === 'Team' ? ({ type: 'Team', team: { gid: right.team } } as const) : right;
  return { wish, want, user: { gid: user } };
}

/** Returns the changes in Asana that a task stands for, by the judge's names. */
export function effectsOf({ want, right }: TaskWish): string[] {
  const gives = want === 'Give';
  switch (right.type) {
    case 'License':
      if (right.license === 'ViewOnly') return gives ? [] : ['Deprovision'];
      return [gives ? 'GrantEnterprise' : 'RevokeEnterprise'];
    case 'Team':
      return [gives ? 'AddToTeam' : 'RemoveFromTeam'];
    case 'Workspace':
      return gives ? ['AddToWorkspace', 'CreateAccount'] : ['RemoveFromWorkspace', 'Deprovision'];
    case 'Account':
      return ['CreateAccount', 'AddToWorkspace'];
  }
}
