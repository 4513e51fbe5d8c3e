import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import type { GrantObject } from '../../src/api/kinds.ts';

/** An object with a status as the operator writes it, and the health that GitOps tools must compute. */
export interface Recorded {
  readonly name: string;
  readonly object: AsanaConnector | GrantObject;
  /** The condition that the object is an example of, if any. */
  readonly shows?: { readonly type: string; readonly reason: string };
  readonly argo: 'Healthy' | 'Progressing' | 'Suspended' | 'Degraded';
  readonly flux: 'Current' | 'InProgress' | 'Failed';
}
