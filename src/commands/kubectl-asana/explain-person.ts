import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { type GrantReason, grantReasons } from '../../api/reasons.ts';
import { asanaConnectors } from '../../api/resources.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import { foldAddress } from '../../directory/email-address.ts';
import { keyOf, splitKey } from '../../kubernetes/resource.ts';
import type { Output } from '../command-line/output.ts';
import { isForbidden } from '../command-line/permission.ts';
import { oneLine, textTable } from '../command-line/text-table.ts';
import { readAuditLines } from '../review/audit-reading.ts';
import { type Cluster, type ClusterFlags, inScope, takeInventory, withCluster } from './cluster.ts';
import { declaredPerson, declaredRight, observedRight, readinessOf } from './grant-words.ts';
import { heading, writeJson } from './screen.ts';
import { type TaskAbout, tasksAbout } from './tasks-about.ts';

/** What is known about one grant of a person. */
interface Explanation {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly connector: string;
  readonly declares: string;
  readonly observed: string;
  readonly applied: { readonly at: string; readonly adopted: boolean } | null;
  readonly ready: string;
  readonly reason: string;
  readonly message: string;
  /** What the reason means, and what to do. */
  readonly remedy: string;
  readonly planned: NonNullable<GrantObject['status']>['planned'] | null;
  readonly expiresAt: string | null;
  readonly deletedAt: string | null;
  /** True if protectedUsers of the connector exempts the person from removals; `null` if it cannot be read. */
  readonly protected: boolean | null;
}

export interface WhyFlags extends ClusterFlags {
  /** Paths of audit logs, the only record of tasks: Kubernetes objects contain none. */
  readonly auditLog?: readonly string[];
}

/** `kubectl asana why EMAIL`: shows every grant and task about a person, and the rule that decided. */
export async function explainPerson(email: string, flags: WhyFlags, output: Output): Promise<void> {
  const lines = flags.auditLog ? await readAuditLines(flags.auditLog) : null;
  const { connectors, about } = await withCluster(flags, async (cluster) => {
    const inventory = await takeInventory(cluster);
    const named = inventory.grants.filter((grant) => namesOf(grant).has(foldAddress(email)));
    return { about: named, connectors: await withConnectorsOf(named, inventory.connectors, cluster) };
  });
  const explanations = about.map((grant) => explain(grant, connectors));
  // Addresses change, so tasks are matched by every email and gid that the person's grants contain.
  const names = new Set([foldAddress(email), ...about.flatMap((grant) => [...namesOf(grant)])]);
  const tasks = lines && tasksAbout(lines, (name) => names.has(foldAddress(name)));
  if (flags.output === 'json') {
    writeJson(output, { person: email, grants: explanations, tasks });
    return;
  }
  if (explanations.length === 0) output.write(`No grant for ${email} ${inScope(flags)}\n`);
  for (const explanation of explanations) output.write(textOf(explanation));
  output.write(textOfTasks(tasks, connectors));
}

/** Adds to the known connectors those of other namespaces that the grants name, as far as they can be read. */
async function withConnectorsOf(
  grants: readonly GrantObject[],
  known: readonly AsanaConnector[],
  { client }: Cluster,
): Promise<readonly AsanaConnector[]> {
  const here = new Set(known.map(keyOf));
  const elsewhere = [...new Set(grants.map(connectorKeyOf))].filter((key) => !here.has(key));
  const found = await Promise.all(
    elsewhere.map(async (key) => {
      const { namespace, name } = splitKey(key);
      try {
        return await client.get<AsanaConnector>(asanaConnectors, namespace, name);
      } catch (error) {
        if (isForbidden(error)) return null;
        throw error;
      }
    }),
  );
  return [...known, ...found.filter((connector) => connector !== null)];
}

/** Returns all names of a grant's person. Emails compare as in Asana: ignoring case, in one normal form. */
function namesOf(grant: GrantObject): ReadonlySet<string> {
  const { email, gid } = grant.status?.user ?? {};
  return new Set([declaredPerson(grant), email, gid].flatMap((name) => (name ? [foldAddress(name)] : [])));
}

function explain(grant: GrantObject, connectors: readonly AsanaConnector[]): Explanation {
  const { kind, metadata, status } = grant;
  const connector = connectors.find((candidate) => keyOf(candidate) === connectorKeyOf(grant));
  const readiness = readinessOf(grant);
  return {
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    connector: connectorKeyOf(grant),
    declares: declaredRight(grant),
    observed: observedRight(grant),
    applied: status?.applied ? { at: status.applied.at, adopted: status.applied.adopted } : null,
    ...readiness,
    remedy: grantReasons[readiness.reason as GrantReason]?.remedy ?? '',
    planned: status?.planned ?? null,
    expiresAt: status?.expiresAt ?? grant.spec.expiresAt ?? null,
    deletedAt: metadata.deletionTimestamp ?? null,
    protected: connector ? isProtected(grant, connector) : null,
  };
}

function isProtected(grant: GrantObject, { spec }: AsanaConnector): boolean {
  const shielded = new Set(spec.provisioning.protectedUsers?.map(foldAddress));
  return [declaredPerson(grant), grant.status?.user?.email].some(
    (known) => known !== undefined && shielded.has(foldAddress(known)),
  );
}

function textOf(about: Explanation): string {
  const { applied, planned } = about;
  const lines: [string, string | null | undefined][] = [
    ['declares', `${about.declares} (connector ${about.connector})`],
    ['in Asana', about.observed || 'not seen yet'],
    ['applied', applied && `${applied.adopted ? 'adopted' : 'given'}, ${applied.at}`],
    ['decided', `${about.reason || 'not decided yet'}: ${about.message}`],
    ['rule', about.remedy || null],
    ['planned', planned && `${planned.action}: ${planned.reason}`],
    ['held', planned?.hold === undefined ? null : `by hold ${planned.hold} (kubectl asana hold)`],
    ['ends', about.expiresAt],
    ['deleted', about.deletedAt],
    ['protected', describeProtection(about)],
  ];
  const shown = lines.flatMap(([label, text]) => (!text ? [] : [`  ${label.padEnd(10)}${oneLine(text)}\n`]));
  return `${heading(`${about.kind} ${about.namespace}/${about.name}`)}\n${shown.join('')}`;
}

function describeProtection({ protected: isProtected, connector }: Explanation): string | null {
  if (isProtected === null)
    return `unknown, because AsanaConnector ${connector} does not exist or cannot be read`;
  return isProtected
    ? 'in protectedUsers of the connector: the access of this person is never reduced'
    : null;
}

/** @param tasks `null` if no audit log was given, which is only mentioned if a connector carries out tasks */
function textOfTasks(tasks: readonly TaskAbout[] | null, connectors: readonly AsanaConnector[]): string {
  if (tasks === null) {
    const served = connectors.filter(({ spec }) => spec.conductorOne?.provision === true);
    return served
      .map(({ metadata: { namespace, name }, status }) => {
        const last = status?.conductorOne?.lastTaskAt;
        const when = last === undefined ? 'it has received none yet' : `it received the last at ${last}`;
        return `AsanaConnector ${namespace}/${name} carries out tasks of ConductorOne; ${when}. To see the tasks about this person, specify the audit log with --audit-log.\n`;
      })
      .join('');
  }
  if (tasks.length === 0) return 'No task in the audit log is about this person.\n';
  const rows = tasks.map(({ time, task, connector, action, place, before, after, result }) => [
    time,
    action,
    place ?? '',
    `${before ?? '–'} → ${after ?? '–'}`,
    result,
    connector,
    task,
  ]);
  const head = ['TIME', 'ACTION', 'WHERE', 'CHANGE', 'RESULT', 'CONNECTOR', 'TASK'];
  return `${heading('Tasks of ConductorOne')}\n${textTable(head, rows)}`;
}
