import { accountRules } from './account/rules.ts';
import type { ActionType } from './action.ts';
import { licenseRules } from './license/rules.ts';
import type { Policies } from './policies.ts';
import { organizationOf, type Reading } from './reading.ts';
import type { Right, RightType, Wish } from './right.ts';
import { type RightRules, refused, type Step } from './right-rules.ts';
import { refuseTeam, teamRules } from './team/rules.ts';
import { workspaceRules } from './workspace/rules.ts';

const table: { readonly [T in RightType]: RightRules<Extract<Right, { type: T }>> } = {
  License: licenseRules,
  Team: teamRules,
  Workspace: workspaceRules,
  Account: accountRules,
};

/** Returns the rules of a right. */
export function rightRulesOf<R extends Right>({ type }: R): RightRules<R> {
  return table[type] as unknown as RightRules<R>;
}

/** The actions that lead to each right. */
const givenBy: Readonly<Record<RightType, readonly ActionType[]>> = {
  License: ['GrantEnterprise', 'RevokeEnterprise', 'CreateAccount'],
  Team: ['AddToTeam'],
  Workspace: ['AddToWorkspace', 'CreateAccount', 'InviteAccount'],
  Account: ['CreateAccount', 'InviteAccount'],
};

/** Whether an action of this type, to this value, leads to the right. */
export function leadsTo(
  right: Right,
  { type, to }: { readonly type: ActionType; readonly to: string | null },
): boolean {
  return givenBy[right.type].includes(type) && (right.type !== 'License' || to === right.license);
}

/** Resolves a wish to a right on this reading, or returns why it cannot. */
export function resolveWish(
  wish: Wish,
  reading: Reading,
  { defaultWorkspace }: Pick<Policies, 'defaultWorkspace'>,
): { readonly right: Right } | { readonly refusal: Extract<Step, { kind: 'Refused' }> } {
  switch (wish.type) {
    case 'License':
    case 'Workspace':
      return { right: wish };
    case 'Team':
      return resolveTeam(wish.team, reading);
    case 'Account': {
      const workspace = wish.workspace ?? defaultWorkspace;
      if (workspace !== null) return { right: { type: 'Account', workspace } };
      const message =
        'No workspace is specified for the account. Specify one, or set defaultWorkspace of the connector.';
      return refusal(refused('WorkspaceNotSet', message));
    }
  }
}

function resolveTeam(
  team: { readonly gid: string } | { readonly name: string },
  reading: Reading,
): ReturnType<typeof resolveWish> {
  if ('gid' in team) return { right: { type: 'Team', team: team.gid } };
  const named = [...reading.snapshot.teams.values()].filter(({ name }) => name === team.name);
  const [first, second] = named;
  if (!first) return refusal(refuseTeam(reading, `"${team.name}"`));
  if (!second) {
    // A team that was not read may have the same name, and the gid is kept once found.
    const doubt = reading.doubtAbout(['teams']);
    return doubt
      ? refusal(refuseTeam(reading, `"${team.name}"`))
      : { right: { type: 'Team', team: first.gid } };
  }
  // Sorted: each reading lists the teams in another order, and the message must stay the same.
  const gids = named
    .map(({ gid }) => gid)
    .toSorted()
    .slice(0, 5);
  const message = `${named.length} teams are named "${team.name}" (${gids.join(', ')}). Specify the gid of the team instead.`;
  return refusal(refused('TeamAmbiguous', message));
}

function refusal(step: Step): ReturnType<typeof resolveWish> {
  if (step.kind !== 'Refused') throw new TypeError('a refusal was expected');
  return { refusal: step };
}

/** Whether the team or workspace of a right was read: only then an account's absence from it is meaningful. */
export function isPlaceRead(right: Right, { snapshot }: Reading): boolean {
  switch (right.type) {
    case 'License':
      return true;
    case 'Team':
      return snapshot.teams.has(right.team);
    case 'Workspace':
    case 'Account':
      return snapshot.workspaces.some(({ gid }) => gid === right.workspace);
  }
}

/** Returns the gid of the workspace or organization that a right is in; `null` if it is not known. */
export function placeOfRight(right: Right, reading: Reading): string | null {
  switch (right.type) {
    case 'License':
      return organizationOf(reading);
    case 'Team':
      return reading.snapshot.teams.get(right.team)?.organization ?? null;
    case 'Workspace':
    case 'Account':
      return right.workspace;
  }
}
