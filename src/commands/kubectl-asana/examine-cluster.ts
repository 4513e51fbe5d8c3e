import { grantKinds } from '../../api/kinds.ts';
import { asanaConnectors, GROUP } from '../../api/resources.ts';
import { systemClock } from '../../core/clock.ts';
import { LEASE_NAME } from '../../kubernetes/leader-election.ts';
import type { Cluster } from './cluster.ts';
import { bad, type Finding, ok, sentenceOf, unknown } from './diagnosis.ts';

/** A permission that the user or the operator needs. */
interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** Name of the object; absent for any object. */
  readonly name?: string;
}

interface Review {
  readonly status?: { readonly allowed?: boolean };
}

const OPERATOR = 'the operator';

interface Lease {
  readonly metadata: { readonly namespace: string };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly renewTime?: string;
    readonly leaseDurationSeconds?: number;
  };
}

interface Deployment {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly serviceAccountName?: string;
        readonly containers?: readonly { readonly args?: readonly string[] }[];
      };
    };
  };
}

const REVIEWS = '/apis/authorization.k8s.io/v1';
const LEASES = 'coordination.k8s.io';
const YOURS: readonly Right[] = [
  { verb: 'list', group: GROUP, resource: asanaConnectors.plural },
  { verb: 'patch', group: GROUP, resource: asanaConnectors.plural },
  ...grantKinds.map(({ names }) => ({ verb: 'list', group: GROUP, resource: names.plural })),
];
/** The permissions that the chart grants the operator in each namespace it watches. */
const OPERATORS: readonly Right[] = [
  ...[asanaConnectors.plural, ...grantKinds.map(({ names }) => names.plural)].flatMap((resource): Right[] => [
    { verb: 'get', group: GROUP, resource },
    { verb: 'list', group: GROUP, resource },
    { verb: 'watch', group: GROUP, resource },
    { verb: 'patch', group: GROUP, resource, subresource: 'status' },
  ]),
  ...grantKinds.map(({ names }): Right => ({ verb: 'patch', group: GROUP, resource: names.plural })),
  { verb: 'get', group: '', resource: 'secrets' },
  { verb: 'get', group: '', resource: 'namespaces' },
  { verb: 'create', group: 'events.k8s.io', resource: 'events' },
  { verb: 'patch', group: 'events.k8s.io', resource: 'events' },
];

/** The permissions that the chart grants the operator in its own namespace, for leader election. */
const LEADERS: readonly Right[] = [
  { verb: 'create', group: LEASES, resource: 'leases' },
  { verb: 'get', group: LEASES, resource: 'leases', name: LEASE_NAME },
  { verb: 'update', group: LEASES, resource: 'leases', name: LEASE_NAME },
];

/**
 * Checks the permissions of the user, whether an operator runs, and the permissions of each operator.
 * @param namespaces the namespaces in which permissions are checked: those of the examined connectors
 */
export async function examineCluster(cluster: Cluster, namespaces: readonly string[]): Promise<Finding[]> {
  const user = await inEach(namespaces, (namespace) => examineUser(cluster, namespace));
  try {
    const operators = await listOperators(cluster);
    // Without leader election, no operator holds a lease.
    const elects = operators.length === 0 || operators.some(doesElect);
    const lease = elects ? await examineLease(cluster) : ok(OPERATOR, 'runs without leader election');
    const rights = await inEach(namespaces, (namespace) =>
      Promise.all(operators.map((operator) => examineOperator(cluster, operator, namespace))),
    );
    return [...user, lease, ...rights.flat()];
  } catch (error) {
    const rights = unknown(
      'rights of the operator',
      sentenceOf(error),
      'Ask a cluster administrator to run this.',
    );
    return [...user, await examineLease(cluster), rights];
  }
}

/** Examines one namespace after the other, because each takes dozens of requests. */
async function inEach<T>(
  namespaces: readonly string[],
  look: (namespace: string) => Promise<T>,
): Promise<T[]> {
  const found: T[] = [];
  for (const namespace of namespaces) found.push(await look(namespace));
  return found;
}

async function examineUser({ connection }: Cluster, namespace: string): Promise<Finding> {
  const what = `your rights in namespace ${namespace}`;
  const denied = await deniedOf(YOURS, (right) =>
    connection.send<Review>({
      method: 'POST',
      path: `${REVIEWS}/selfsubjectaccessreviews`,
      body: { spec: { resourceAttributes: attributesOf(right, namespace) } },
    }),
  );
  return denied.length === 0
    ? ok(what, 'you can read everything and answer holds')
    : bad(what, `you cannot ${denied.join(', ')}`, 'Ask for the built-in role edit in this namespace.');
}

async function examineLease({ connection }: Cluster): Promise<Finding> {
  try {
    const { items } = await connection.send<{ items: Lease[] }>({
      method: 'GET',
      path: '/apis/coordination.k8s.io/v1/leases',
      query: { fieldSelector: `metadata.name=${LEASE_NAME}` },
    });
    return findLeader(items, systemClock.now());
  } catch (error) {
    return unknown(OPERATOR, sentenceOf(error), 'Ask somebody who can list leases in all namespaces.');
  }
}

/** Reports whether an operator renews one of the leases, which come from all namespaces. */
export function findLeader(leases: readonly Lease[], now: number): Finding {
  const live = leases.find((lease) => isLive(lease, now));
  if (live)
    return ok(
      OPERATOR,
      `${live.spec?.holderIdentity ?? ''} leads (lease in namespace ${live.metadata.namespace})`,
    );
  const remedy = 'Check its pods: kubectl get pods -A -l app.kubernetes.io/part-of=asana-connector';
  return bad(OPERATOR, 'no operator holds the lease', remedy);
}

function isLive({ spec }: Lease, now: number): boolean {
  if (!spec?.holderIdentity || spec.renewTime === undefined) return false;
  return now - Date.parse(spec.renewTime) < 4 * (spec.leaseDurationSeconds ?? 15) * 1000;
}

/** Lists the operators' Deployments by a label that no value of the chart can change. */
async function listOperators({ connection }: Cluster): Promise<readonly Deployment[]> {
  const { items } = await connection.send<{ items: Deployment[] }>({
    method: 'GET',
    path: '/apis/apps/v1/deployments',
    query: { labelSelector: 'app.kubernetes.io/part-of=asana-connector' },
  });
  return items;
}

function doesElect({ spec }: Deployment): boolean {
  const args = spec.template.spec.containers?.flatMap((container) => container.args ?? []) ?? [];
  return !args.includes('--no-leader-elect');
}

async function examineOperator(
  { connection }: Cluster,
  operator: Deployment,
  namespace: string,
): Promise<Finding> {
  const { metadata, spec } = operator;
  const account = `system:serviceaccount:${metadata.namespace}:${spec.template.spec.serviceAccountName ?? 'default'}`;
  const reviewIn = (where: string) => (right: Right) =>
    connection.send<Review>({
      method: 'POST',
      path: `${REVIEWS}/subjectaccessreviews`,
      body: { spec: { user: account, resourceAttributes: attributesOf(right, where) } },
    });
  const denied = [
    ...(await deniedOf(OPERATORS, reviewIn(namespace))),
    ...(doesElect(operator) ? await deniedOf(LEADERS, reviewIn(metadata.namespace)) : []),
  ];
  const what = `rights of ${account} in namespace ${namespace}`;
  return denied.length === 0
    ? ok(what, 'has all required permissions')
    : bad(
        what,
        `lacks permission to ${denied.join(', ')}`,
        'Upgrade the chart with rbac.create, or add the namespace to watchNamespaces.',
      );
}

async function deniedOf(
  rights: readonly Right[],
  review: (right: Right) => Promise<Review>,
): Promise<string[]> {
  const answers = await Promise.all(rights.map(review));
  return rights
    .filter((_, index) => answers[index]?.status?.allowed !== true)
    .map(({ verb, resource, subresource }) => `${verb} ${resource}${subresource ? `/${subresource}` : ''}`);
}

function attributesOf(right: Right, namespace: string) {
  return { namespace, ...right };
}
