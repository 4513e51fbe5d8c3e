import { CodedError } from '../../core/errors.ts';
import type { Action } from '../../provisioning/action.ts';
import type { ActionRequest } from '../../provisioning/executor.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { GrantSubject } from './grant-context.ts';
import { identityOf } from './grant-view.ts';

/** The connector's credentials disappeared while an action was prepared; the grant is decided again without them. */
export class CredentialsGoneError extends CodedError {
  constructor() {
    super(
      'CredentialsGone',
      'transient',
      'The credentials of the connector went away while the action was prepared.',
    );
  }
}

/**
 * Builds the executor request for a grant's action.
 * @throws CredentialsGoneError
 */
export function requestFor(
  { kind, object, connector }: GrantSubject,
  session: ConnectorSession,
  action: Action,
  signal: AbortSignal,
): ActionRequest {
  const { asana, directory } = session;
  if (!asana) throw new CredentialsGoneError();
  const { namespace, name } = connector.metadata;
  return {
    connector: { namespace, name },
    session: asana,
    directory,
    noteLoss: (note) => session.noteLoss(note),
    userTypes: connector.spec.scim.userTypes,
    action,
    requester: { type: 'Object', ...identityOf({ kind, object }) },
    reason: object.spec.reason ?? null,
    signal,
  };
}
