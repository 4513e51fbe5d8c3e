import type { AxiosAdapter } from 'axios';
import type { BudgetRegistry } from '../asana/budget-registry.ts';
import type { Tracer } from '../core/tracer.ts';
import type { OperatorDeps } from '../kubernetes/operator.ts';
import type { AuditSink } from '../provisioning/audit.ts';
import type { ConductorOneSettings, openConductorOne } from './conductorone/open-service.ts';
import type { Leadership } from './leadership.ts';

export interface AsanaOperatorOptions extends OperatorDeps {
  /** Namespaces to watch; null for all. */
  readonly namespaces: readonly string[] | null;
  /** Grants of one kind and connector that are decided on at once. */
  readonly concurrency: number;
  readonly asanaApiUrl: string;
  readonly budgets: BudgetRegistry;
  readonly actionTimeoutMs: number;
  readonly leadership: Leadership;
  /** Names this process in events. */
  readonly identity: string;
  readonly audit: AuditSink;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
  readonly conductorOne: ConductorOneSettings;
  /** Where this process is not to be on its own wires or use its own luck; each by default the real thing. */
  readonly means?: OperatorMeans;
}

/** What connects a process with the outside, so that all of it can run without sockets and the same way twice. */
export interface OperatorMeans {
  /** Carries the requests to Asana. */
  readonly asanaAdapter?: AxiosAdapter;
  readonly openConductorOne?: typeof openConductorOne;
  /** A new UUID: names of events, actions and reconciles. */
  readonly newId?: () => string;
  /** A new word that names a hold. */
  readonly newHoldId?: () => string;
}
