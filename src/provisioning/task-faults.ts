import { isAsanaError } from '../asana/errors.ts';
import type { PlannedAction } from './decision.ts';
import { RefusedError } from './task-request.ts';

/** What Asana's refusal of an action means for the task that asked for it; every other error as it is. */
export function explainRefusal(action: PlannedAction, error: unknown): unknown {
  if (isAsanaError(error, 'Conflict') && action.type === 'CreateAccount') {
    const message = `Asana did not create the account of ${action.email ?? 'this user'}: somebody who was removed before is not taken back by API. Invite the person in the Admin Console.`;
    return new RefusedError('PreviouslyRemoved', message, { cause: error });
  }
  if (isAsanaError(error, 'Forbidden') && 'team' in action && error.operation?.startsWith('teams.')) {
    const message = `Asana lets only members of team ${action.team} change who is in it, and refused the token's account (403): add it to the team.`;
    return new RefusedError('NotTeamMember', message, { cause: error });
  }
  return isAsanaError(error, 'NotFound') ? explainMissing(action, error.status, error) : error;
}

/** An unknown object in the path is 404, one in the body 400 (Asana OpenAPI, errors): the place, or the person. */
function explainMissing(action: PlannedAction, status: number | null, cause: unknown): RefusedError {
  if (status === 404 && 'team' in action)
    return new RefusedError('TeamNotFound', `Asana has no team ${action.team} (any more).`, { cause });
  if (status === 404 && 'workspace' in action)
    return new RefusedError('WorkspaceNotFound', `Asana has no workspace ${action.workspace} (any more).`, {
      cause,
    });
  const who = action.email ?? action.gid ?? 'this user';
  return new RefusedError('AccountNotFound', `Asana has no account ${who} there (any more).`, { cause });
}
