import type { Action } from '../../provisioning/action.ts';
import type { ActionRequest } from '../../provisioning/executor.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { GrantSubject } from './grant-context.ts';
import { identityOf } from './grant-view.ts';

/** The request of a grant's action. The session has its clients. */
export function requestFor(
  { kind, object, connector }: GrantSubject,
  session: ConnectorSession,
  action: Action,
  signal: AbortSignal,
): ActionRequest {
  const { asana, directory } = session;
  if (!asana) throw new TypeError('an action without clients');
  const { namespace, name } = connector.metadata;
  return {
    connector: { namespace, name },
    session: asana,
    directory,
    userTypes: connector.spec.scim.userTypes,
    action,
    requester: { type: 'Object', ...identityOf({ kind, object }) },
    reason: object.spec.reason ?? null,
    signal,
  };
}
