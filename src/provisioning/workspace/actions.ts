import { type AsanaError, isAsanaError } from '../../asana/errors.ts';
import { isMemberOf } from '../../directory/account.ts';
import type { WorkspaceAction } from '../action.ts';
import type { ActionRules } from '../action-rules.ts';
import { RefusedError } from '../refusal.ts';
import { removedFromWorkspace } from '../shared-actions.ts';

type Rules<T extends WorkspaceAction['type']> = ActionRules<WorkspaceAction & { readonly type: T }>;

const shared = {
  // Adding sends an invitation by email, and a removal cannot be undone.
  oneWay: true,
  takesSeat: false,
  readsMembership: true,
  refusalIsFinal: false,
  subject: ({ gid, email, workspace }: WorkspaceAction) => ({ gid, email, workspace }),
  explain: explainWorkspace,
} satisfies Partial<ActionRules<WorkspaceAction>>;

/** Changes of workspace membership. */
export const workspaceActions: {
  readonly AddToWorkspace: Rules<'AddToWorkspace'>;
  readonly RemoveFromWorkspace: Rules<'RemoveFromWorkspace'>;
} = {
  AddToWorkspace: {
    ...shared,
    removal: false,
    deprovisions: () => false,
    send: ({ rest }, { workspace, gid }, _, call) => rest.addUserToWorkspace(workspace, gid, call),
    shows: ({ workspace }, { account }, organization) =>
      account !== null && isMemberOf(account, workspace, organization),
    event: 'AddedToWorkspace',
    describe: ({ workspace }, who) => `${who} is in workspace ${workspace}.`,
  },
  RemoveFromWorkspace: {
    ...shared,
    removal: true,
    deprovisions: () => true,
    send: ({ rest }, { workspace, gid }, _, call) => rest.removeUserFromWorkspace(workspace, gid, call),
    shows: ({ workspace }, { account }, organization) =>
      account === null || !isMemberOf(account, workspace, organization),
    event: 'RemovedFromWorkspace',
    describe: ({ workspace }, who) => `${who} was removed from workspace ${workspace}.`,
  },
};

/** Explains errors: an unknown workspace (path) is 404, an unknown person (body) 400 (Asana's OpenAPI document). */
function explainWorkspace(
  error: AsanaError,
  { type, workspace, email, gid }: WorkspaceAction,
): RefusedError | null {
  if (type === 'AddToWorkspace' && isAsanaError(error, 'Forbidden'))
    return removedFromWorkspace(email ?? gid, workspace, error);
  if (!isAsanaError(error, 'NotFound', 'WorkspaceNotFound')) return null;
  return error.code === 'WorkspaceNotFound' || error.status === 404
    ? new RefusedError('WorkspaceNotFound', `Asana has no workspace ${workspace}.`, {
        cause: error,
      })
    : new RefusedError('AccountNotFound', `Asana has no account ${email ?? gid} in this organization.`, {
        cause: error,
      });
}
