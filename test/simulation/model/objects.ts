/** Objects as the judge reads them: as the contract describes them, without types of the code that is judged. */
export interface Seen {
  readonly kind: string;
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly generation: number;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

export interface Planned {
  readonly action: string;
  readonly notBefore?: string;
  readonly hold?: string;
  readonly answer?: string;
}

/** Whether the declared right was applied: it has begun, wherever `startsAt` is now. An absence is never applied. */
export function hasBegun({ spec, status }: Grant): boolean {
  if (!status?.applied || spec.ensure === 'Absent') return false;
  return spec.license === undefined || spec.license === status.applied.license;
}

export interface Grant extends Seen {
  readonly spec: {
    readonly connectorRef: { readonly name: string; readonly namespace?: string };
    readonly deletionPolicy?: 'Revoke' | 'Retain';
    readonly startsAt?: string;
    readonly expiresAt?: string;
    readonly duration?: string;
    readonly suspend?: boolean;
    readonly user?: { readonly email?: string; readonly gid?: string };
    readonly license?: 'Enterprise' | 'ViewOnly';
    readonly onMissingAccount?: 'Wait' | 'Create';
    readonly team?: { readonly gid?: string; readonly name?: string };
    readonly workspace?: string;
    readonly email?: string;
    readonly ensure?: 'Present' | 'Absent';
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly lastHandledReconcileAt?: string;
    readonly conditions?: readonly Condition[];
    readonly user?: { readonly gid?: string; readonly email?: string; readonly organization?: string };
    readonly team?: { readonly gid?: string };
    readonly workspace?: string;
    readonly observed?: {
      readonly license?: string;
      readonly membership?: string;
      readonly account?: string;
    };
    readonly applied?: {
      readonly license?: string;
      readonly membership?: string;
      readonly at: string;
      readonly adopted: boolean;
    };
    readonly created?: { readonly gid: string; readonly at: string };
    readonly expiresAt?: string;
    readonly planned?: Planned;
    readonly drift?: { readonly count: number; readonly since: string };
    readonly lastAction?: {
      readonly id: string;
      readonly type: string;
      readonly at: string;
      readonly result: string;
    };
  };
}

export interface Hold {
  readonly reason: string;
  readonly id?: string;
  readonly token?: string;
  readonly count?: number;
}

export const MEASURED_PARTS = ['accounts', 'licenses', 'teams', 'teamMemberships'] as const;
export type MeasuredPart = (typeof MEASURED_PARTS)[number];

export interface Connector extends Seen {
  readonly spec: {
    readonly suspend?: boolean;
    readonly credentials: { readonly type: string; readonly secretRef: { readonly name: string } };
    readonly workspaces?: readonly string[];
    readonly defaultWorkspace?: string;
    readonly scim?: { readonly enabled?: boolean };
    readonly sync?: { readonly interval?: string };
    readonly provisioning?: {
      readonly mode?: 'Plan' | 'Apply';
      readonly allowDeprovision?: boolean;
      readonly allowedNamespaces?: readonly string[];
      readonly protectedUsers?: readonly string[];
      readonly protectAdmins?: boolean;
      readonly maxEnterpriseLicenses?: number;
      readonly removalDelay?: string;
      readonly maxRemovals?: {
        readonly percent?: number;
        readonly atLeast?: number;
        readonly window?: string;
      };
      readonly maxDeprovisions?: number;
      readonly maxDuration?: string;
    };
    readonly conductorOne?: { readonly provision?: boolean };
  };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly conditions?: readonly Condition[];
    readonly organizations?: readonly string[];
    /** The measure, by part, and the workspaces that it was read from. */
    readonly measure?: { readonly scope?: readonly string[] } & Readonly<
      Partial<Record<MeasuredPart, { readonly at?: string; readonly count?: number }>>
    >;
    readonly holds?: readonly Hold[];
    /** A single hold, from versions before there could be several. */
    readonly hold?: Hold;
    readonly removals?: { readonly windowStartedAt?: string; readonly done?: number };
    readonly sync?: { readonly completedAt?: string; readonly complete?: boolean };
  };
}

export const CONNECTOR_KIND = 'AsanaConnector';
const PREFIX = 'asana-connector.dev';
export const ANNOTATIONS = {
  requestedAt: `${PREFIX}/requestedAt`,
  acknowledge: `${PREFIX}/acknowledge`,
  discard: `${PREFIX}/discard`,
  abandon: `${PREFIX}/abandon`,
} as const;

export function keyOf({ metadata }: Seen): string {
  return `${metadata.namespace}/${metadata.name}`;
}

/** Returns kind and key, the name people know an object by. */
export function nameOf(object: Seen): string {
  return `${object.kind} ${keyOf(object)}`;
}

export function connectorKeyOf(grant: Grant): string {
  const { name, namespace } = grant.spec.connectorRef;
  return `${namespace ?? grant.metadata.namespace}/${name}`;
}

export function conditionOf(object: Grant | Connector, type: string): Condition | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type);
}

/** Returns the holds of a connector that stand. */
export function holdsOf({ status }: Connector): readonly Hold[] {
  return status?.holds ?? (status?.hold ? [status.hold] : []);
}

/** Returns the milliseconds of a duration such as `1h30m`; `fallback` if there is none. */
export function durationMs(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    total += Number(amount) * (units[unit ?? ''] ?? 0);
  return total;
}

export function modeOf({ spec }: Connector): 'Plan' | 'Apply' {
  return spec.provisioning?.mode ?? 'Plan';
}
