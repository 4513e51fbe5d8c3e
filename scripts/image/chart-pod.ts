import { isDeepStrictEqual } from 'node:util';

/** The container of the chart's Deployment, as the API server returns it. */
export interface ChartContainer {
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryBytes: number;
}

interface Deployment {
  readonly spec: { readonly template: { readonly spec: PodSpec } };
}

interface PodSpec {
  readonly securityContext?: { readonly runAsUser?: number; readonly runAsGroup?: number };
  readonly containers: readonly {
    readonly args: readonly string[];
    readonly env?: readonly { readonly name: string; readonly value?: string }[];
    readonly resources: { readonly limits?: { readonly memory?: string } };
    readonly securityContext?: unknown;
    readonly volumeMounts: readonly { readonly mountPath: string; readonly readOnly?: boolean }[];
  }[];
}

/** The restrictions that the engines apply to every container. */
const RESTRICTIONS = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};

const UNITS: Readonly<Record<string, number>> = { Ki: 1024, Mi: 1024 ** 2, Gi: 1024 ** 3 };

/**
 * Returns how the chart starts the image.
 * @throws Error if the chart asks for other restrictions than those that a container gets here
 */
export function chartContainer(deployment: unknown): ChartContainer {
  const pod = (deployment as Deployment).spec.template.spec;
  const [container] = pod.containers;
  if (container === undefined) throw new Error('the Deployment has no container');
  if (!isDeepStrictEqual(container.securityContext, RESTRICTIONS))
    throw new Error(
      `the chart restricts its container otherwise: ${JSON.stringify(container.securityContext)}`,
    );
  const written = container.volumeMounts.filter(({ readOnly }) => readOnly !== true);
  if (written.length !== 1 || written[0]?.mountPath !== '/tmp')
    throw new Error(`the chart lets its container write elsewhere than /tmp: ${JSON.stringify(written)}`);
  return {
    args: container.args,
    environment: Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? ''])),
    memoryBytes: bytesOf(container.resources.limits?.memory ?? ''),
  };
}

/** Returns the bytes of a Kubernetes quantity in binary units. */
function bytesOf(quantity: string): number {
  const [, number, unit = ''] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity) ?? [];
  const factor = UNITS[unit];
  if (number === undefined || factor === undefined)
    throw new Error(`the chart's memory limit "${quantity}" is not in Ki, Mi or Gi`);
  return Number(number) * factor;
}
