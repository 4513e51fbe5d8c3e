import type { AxiosAdapter } from 'axios';
import type { BudgetRegistry } from '../asana/budget-registry.ts';
import type { Tracer } from '../core/tracer.ts';
import type { OperatorDeps } from '../kubernetes/operator.ts';
import type { AuditSink } from '../provisioning/audit.ts';
import type { ConductorOneSettings, openConductorOne } from './conductorone/open-service.ts';
import type { Leadership } from './leadership.ts';

export interface AsanaOperatorOptions extends OperatorDeps {
  /** Namespaces to watch; `null` for all. */
  readonly namespaces: readonly string[] | null;
  /** Maximum number of grants of one kind and one connector that are reconciled at once. */
  readonly concurrency: number;
  readonly asanaApiUrl: string;
  readonly budgets: BudgetRegistry;
  readonly actionTimeoutMs: number;
  readonly leadership: Leadership;
  /** The name of this process in events. */
  readonly identity: string;
  readonly audit: AuditSink;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
  readonly conductorOne: ConductorOneSettings;
  /** Replacements for the network and for randomness; each defaults to the real implementation. */
  readonly means?: OperatorMeans;
}

/** Network access and randomness, replaceable so that a process can run without sockets and deterministically. */
export interface OperatorMeans {
  /** The HTTP adapter for requests to Asana. */
  readonly asanaAdapter?: AxiosAdapter;
  readonly openConductorOne?: typeof openConductorOne;
  /** Returns a new UUID, used to name events, actions and reconciles. */
  readonly newId?: () => string;
  /** Returns a new hold id. */
  readonly newHoldId?: () => string;
}
