import { type AsanaError, isAsanaError } from '../asana/errors.ts';
import type { AsanaSession, ScimClient } from '../asana/session.ts';
import type { Action } from './action.ts';
import { RefusedError } from './refusal.ts';

/** SCIM answers 404 for somebody who is gone since the look before. */
export function explainMissing(error: AsanaError, { gid, email }: Action): RefusedError | null {
  if (!isAsanaError(error, 'NotFound')) return null;
  const message = `Asana has no account ${email ?? gid ?? ''} in this organization.`;
  return new RefusedError('AccountNotFound', message, { cause: error });
}

/** The client for SCIM; decisions ask for no change over SCIM while it is off. */
export function scimOf({ scim }: AsanaSession): ScimClient {
  if (!scim) throw new TypeError('a change over SCIM was decided although SCIM is off');
  return scim;
}

/** Asana answers 403 for somebody who was removed before, as it does where the token may not invite. */
export function removedFromWorkspace(who: string, workspace: string, cause: unknown): RefusedError {
  const message = `Asana rejected adding ${who} to workspace ${workspace} (403): a person who was removed before cannot be added again through the API, or the token lacks the permission to invite. Invite the person in Asana.`;
  return new RefusedError('PreviouslyRemoved', message, { cause });
}
