import type { License } from '../directory/snapshot.ts';

/** What an account can be given. Declared grants and ConductorOne's tasks ask for the same rights. */
export type Right = LicenseRight | TeamRight | WorkspaceRight | AccountRight;

export interface LicenseRight {
  readonly type: 'License';
  readonly license: License;
}

/** Membership of a team, in whatever role. */
export interface TeamRight {
  readonly type: 'Team';
  readonly team: string;
}

/** Membership of a workspace. */
export interface WorkspaceRight {
  readonly type: 'Workspace';
  readonly workspace: string;
}

/** The account itself: membership of an organization or, without one, of a plain workspace. */
export interface AccountRight {
  readonly type: 'Account';
  readonly workspace: string;
}

export type RightType = Right['type'];

/**
 * A right as requested: a team may be given by name instead of gid, and an account without a workspace goes to the
 * connector's `defaultWorkspace`.
 */
export type Wish =
  | LicenseRight
  | WorkspaceRight
  | {
      readonly type: 'Team';
      readonly team: { readonly gid: string } | { readonly name: string };
    }
  | { readonly type: 'Account'; readonly workspace: string | null };

export function isSameRight(a: Right, b: Right): boolean {
  switch (a.type) {
    case 'License':
      return b.type === 'License' && a.license === b.license;
    case 'Team':
      return b.type === 'Team' && a.team === b.team;
    case 'Workspace':
      return b.type === 'Workspace' && a.workspace === b.workspace;
    case 'Account':
      return b.type === 'Account' && a.workspace === b.workspace;
  }
}

/** Returns the name of a right for messages. */
export function describeRight(right: Right): string {
  switch (right.type) {
    case 'License':
      return `license ${right.license}`;
    case 'Team':
      return `team ${right.team}`;
    case 'Workspace':
      return `workspace ${right.workspace}`;
    case 'Account':
      return `account in ${right.workspace}`;
  }
}

/** Returns the gid of the team or workspace that the right names; `null` for a license, which names none. */
export function ownPlaceOf(right: Right): string | null {
  if (right.type === 'Team') return right.team;
  return right.type === 'License' ? null : right.workspace;
}
