import { grantKinds } from '../../api/kinds.ts';
import { asanaConnectors, GROUP } from '../../api/resources.ts';
import { systemClock } from '../../core/clock.ts';
import { LEASE_NAME } from '../../kubernetes/leader-election.ts';
import type { Cluster } from './cluster.ts';
import { bad, type Finding, ok, sentenceOf, unknown } from './diagnosis.ts';

/** One thing that somebody must be allowed to do. */
interface Right {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
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
  readonly spec: { readonly template: { readonly spec: { readonly serviceAccountName?: string } } };
}

const REVIEWS = '/apis/authorization.k8s.io/v1';
const YOURS: readonly Right[] = [
  { verb: 'list', group: GROUP, resource: asanaConnectors.plural },
  { verb: 'patch', group: GROUP, resource: asanaConnectors.plural },
  ...grantKinds.map(({ names }) => ({ verb: 'list', group: GROUP, resource: names.plural })),
];
/** What the chart grants in each namespace that the operator watches. */
const OPERATORS: readonly Right[] = [
  ...[asanaConnectors.plural, ...grantKinds.map(({ names }) => names.plural)].flatMap((resource): Right[] => [
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

/** Looks at what the user may do, whether an operator runs, and what that operator may do. */
export async function examineCluster(cluster: Cluster): Promise<Finding[]> {
  return [await examineUser(cluster), await examineLease(cluster), ...(await examineOperators(cluster))];
}

async function examineUser({ connection, namespace }: Cluster): Promise<Finding> {
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

/** What the leases of all namespaces tell: whether some operator renews one. */
export function findLeader(leases: readonly Lease[], now: number): Finding {
  const live = leases.find((lease) => isLive(lease, now));
  if (live)
    return ok(
      OPERATOR,
      `${live.spec?.holderIdentity ?? ''} leads (lease in namespace ${live.metadata.namespace})`,
    );
  const remedy = 'Check its pods: kubectl get pods -A -l app.kubernetes.io/name=asana-connector';
  return bad(OPERATOR, 'no operator holds the lease', remedy);
}

function isLive({ spec }: Lease, now: number): boolean {
  if (!spec?.holderIdentity || spec.renewTime === undefined) return false;
  return now - Date.parse(spec.renewTime) < 4 * (spec.leaseDurationSeconds ?? 15) * 1000;
}

async function examineOperators({ connection, namespace }: Cluster): Promise<Finding[]> {
  try {
    const { items } = await connection.send<{ items: Deployment[] }>({
      method: 'GET',
      path: '/apis/apps/v1/deployments',
      query: { labelSelector: 'app.kubernetes.io/name=asana-connector' },
    });
    return await Promise.all(
      items.map(async ({ metadata, spec }) => {
        const account = `system:serviceaccount:${metadata.namespace}:${spec.template.spec.serviceAccountName ?? 'default'}`;
        const denied = await deniedOf(OPERATORS, (right) =>
          connection.send<Review>({
            method: 'POST',
            path: `${REVIEWS}/subjectaccessreviews`,
            body: { spec: { user: account, resourceAttributes: attributesOf(right, namespace) } },
          }),
        );
        const what = `rights of ${account} in namespace ${namespace}`;
        return denied.length === 0
          ? ok(what, 'has all required permissions')
          : bad(
              what,
              `lacks permission to ${denied.join(', ')}`,
              'Upgrade the chart with rbac.create, or add the namespace to watchNamespaces.',
            );
      }),
    );
  } catch (error) {
    return [unknown('rights of the operator', sentenceOf(error), 'Ask a cluster administrator to run this.')];
  }
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

function attributesOf({ verb, group, resource, subresource }: Right, namespace: string) {
  return { namespace, verb, group, resource, ...(subresource === undefined ? {} : { subresource }) };
}
