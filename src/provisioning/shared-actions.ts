import { type AsanaError, isAsanaError } from '../asana/errors.ts';
import type { AsanaSession, ScimClient } from '../asana/session.ts';
import type { Action } from './action.ts';
import { RefusedError } from './refusal.ts';

/** Explains SCIM's 404 for an account that disappeared after the fresh read. */
export function explainMissing(error: AsanaError, { gid, email }: Action): RefusedError | null {
  if (!isAsanaError(error, 'NotFound')) return null;
  const message = `Asana has no account ${email ?? gid ?? ''} in this organization.`;
  return new RefusedError('AccountNotFound', message, { cause: error });
}

/** Returns the SCIM client. Decisions ask for no change over SCIM while it is off. */
export function scimOf({ scim }: AsanaSession): ScimClient {
  if (!scim) throw new TypeError('a change over SCIM was decided although SCIM is off');
  return scim;
}

/** Returns the refusal for Asana's 403, which means that the person was removed before or the token may not invite. */
export function removedFromWorkspace(who: string, workspace: string, cause: unknown): RefusedError {
  const message = `Asana rejected adding ${who} to workspace ${workspace} (403): a person who was removed before cannot be added again through the API, or the token lacks the permission to invite. Invite the person in Asana.`;
  return new RefusedError('PreviouslyRemoved', message, { cause });
}
