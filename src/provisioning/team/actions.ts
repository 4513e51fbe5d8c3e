import { type AsanaError, isAsanaError } from '../../asana/errors.ts';
import type { TeamAction } from '../action.ts';
import type { ActionRules } from '../action-rules.ts';
import { RefusedError } from '../refusal.ts';

type Rules<T extends TeamAction['type']> = ActionRules<TeamAction & { readonly type: T }>;

const shared = {
  oneWay: false,
  takesSeat: false,
  readsMembership: true,
  refusalIsFinal: false,
  subject: ({ gid, email, organization, team }: TeamAction) => ({
    gid,
    email,
    workspace: organization,
    team,
  }),
  explain: explainTeam,
} satisfies Partial<ActionRules<TeamAction>>;

/** Changes of team membership. */
export const teamActions: {
  readonly AddToTeam: Rules<'AddToTeam'>;
  readonly RemoveFromTeam: Rules<'RemoveFromTeam'>;
} = {
  AddToTeam: {
    ...shared,
    removal: false,
    deprovisions: () => false,
    send: ({ rest }, { team, gid }, _, call) => rest.addUserToTeam(team, gid, call),
    shows: (_, { teamMembership }) => teamMembership !== null,
    event: 'AddedToTeam',
    describe: ({ team }, who) => `${who} is in team ${team}.`,
  },
  RemoveFromTeam: {
    ...shared,
    removal: true,
    deprovisions: ({ guestsLast }) => guestsLast,
    send: ({ rest }, { team, gid }, _, call) => rest.removeUserFromTeam(team, gid, call),
    shows: (_, { teamMembership }) => teamMembership === null,
    event: 'RemovedFromTeam',
    describe: ({ team }, who) => `${who} was removed from team ${team}.`,
  },
};

/** Explains errors: an unknown team (path) is 404, an unknown person (body) 400 (Asana's OpenAPI document). */
function explainTeam(error: AsanaError, { team, email, gid }: TeamAction): RefusedError | null {
  if (isAsanaError(error, 'Forbidden') && error.operation?.startsWith('teams.')) {
    const message = `Asana rejects the change (403): only members of team ${team} can change its members, and the settings of the team may leave that to its admins. Add the account of the token to the team, or check the team's settings.`;
    return new RefusedError('NotTeamMember', message, { cause: error });
  }
  if (!isAsanaError(error, 'NotFound')) return null;
  return error.status === 404
    ? new RefusedError('TeamNotFound', `Asana has no team ${team}.`, { cause: error })
    : new RefusedError('AccountNotFound', `Asana has no account ${email ?? gid} in this organization.`, {
        cause: error,
      });
}
