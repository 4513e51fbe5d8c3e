import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { type GrantReason, grantReasons } from '../../api/reasons.ts';
import type { Output } from '../command-line/output.ts';
import { oneLine } from '../command-line/text-table.ts';
import { type ClusterFlags, takeInventory, withCluster } from './cluster.ts';
import { connectorOf, declaredPerson, declaredRight, observedRight, readinessOf } from './grant-words.ts';
import { heading, writeJson } from './screen.ts';

/** What is known of one grant about a person. */
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
  /** Named in protectedUsers of the connector: no removal touches this person. */
  readonly protected: boolean;
}

/** `kubectl asana why EMAIL`: every grant about a person, and the rule that decided. */
export async function explainPerson(email: string, flags: ClusterFlags, output: Output): Promise<void> {
  const { connectors, grants } = await withCluster(flags, takeInventory);
  const explanations = grants
    .filter((grant) => isAbout(grant, email))
    .map((grant) => explain(grant, connectors));
  if (flags.output === 'json') {
    writeJson(output, { person: email, grants: explanations });
    return;
  }
  if (explanations.length === 0)
    output.write(`No grant is about ${email} here. Use -A to look in all namespaces.\n`);
  for (const explanation of explanations) output.write(textOf(explanation));
}

/** Emails are compared as Asana does: without regard to case, in one normal form. */
function isAbout(grant: GrantObject, email: string): boolean {
  const wanted = fold(email);
  return [declaredPerson(grant), grant.status?.user?.email, grant.status?.user?.gid].some(
    (known) => known !== undefined && fold(known) === wanted,
  );
}

function fold(email: string): string {
  return email.normalize('NFC').toLowerCase();
}

function explain(grant: GrantObject, connectors: readonly AsanaConnector[]): Explanation {
  const { kind, metadata, status } = grant;
  const connector = connectors.find(
    ({ metadata: { namespace, name } }) => `${namespace}/${name}` === connectorOf(grant),
  );
  const shielded = new Set(connector?.spec.provisioning.protectedUsers?.map(fold));
  const readiness = readinessOf(grant);
  return {
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    connector: connectorOf(grant),
    declares: declaredRight(grant),
    observed: observedRight(grant),
    applied: status?.applied ? { at: status.applied.at, adopted: status.applied.adopted } : null,
    ...readiness,
    remedy: grantReasons[readiness.reason as GrantReason]?.remedy ?? '',
    planned: status?.planned ?? null,
    expiresAt: status?.expiresAt ?? grant.spec.expiresAt ?? null,
    deletedAt: metadata.deletionTimestamp ?? null,
    protected: [declaredPerson(grant), status?.user?.email].some(
      (known) => known !== undefined && shielded.has(fold(known)),
    ),
  };
}

function textOf(about: Explanation): string {
  const { applied, planned } = about;
  const lines: [string, string | null | undefined][] = [
    ['declares', `${about.declares} (connector ${about.connector})`],
    ['in Asana', about.observed || 'not seen yet'],
    ['applied', applied && `${applied.adopted ? 'found so' : 'given'}, ${applied.at}`],
    ['decided', `${about.reason || 'not decided yet'}: ${about.message}`],
    ['rule', about.remedy || null],
    ['planned', planned && `${planned.action}: ${planned.reason}`],
    ['held', planned?.hold === undefined ? null : `by hold ${planned.hold} (kubectl asana hold)`],
    ['ends', about.expiresAt],
    ['deleted', about.deletedAt],
    [
      'protected',
      about.protected ? 'in protectedUsers of the connector: nothing is taken from this person' : null,
    ],
  ];
  const shown = lines.flatMap(([label, text]) => (!text ? [] : [`  ${label.padEnd(10)}${oneLine(text)}\n`]));
  return `${heading(`${about.kind} ${about.namespace}/${about.name}`)}\n${shown.join('')}`;
}
