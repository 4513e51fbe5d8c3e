import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import type { GrantObject } from '../../src/api/kinds.ts';

/** An object with a status as the operator writes it, and what GitOps tools are to make of it. */
export interface Recorded {
  readonly name: string;
  readonly object: AsanaConnector | GrantObject;
  /** The condition that it is recorded for; none where that is something else. */
  readonly shows?: { readonly type: string; readonly reason: string };
  readonly argo: 'Healthy' | 'Progressing' | 'Suspended' | 'Degraded';
  readonly flux: 'Current' | 'InProgress' | 'Failed';
}
