import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import type { Output } from '../command-line/output.ts';
import { textTable } from '../command-line/text-table.ts';
import { type ClusterFlags, type Inventory, inScope, takeInventory, withCluster } from './cluster.ts';
import { grantName, isBlocked, personOf, readinessOf } from './grant-words.ts';
import { heading, writeJson } from './screen.ts';

/** Number of blocked grants that fit on one screen. */
const MOST_BLOCKED = 20;

/** `kubectl asana status`: shows connectors, holds, and which grants are blocked and why, on one screen. */
export async function showStatus(flags: ClusterFlags, output: Output): Promise<void> {
  const inventory = await withCluster(flags, takeInventory);
  if (flags.output === 'json') {
    writeJson(output, summaryOf(inventory));
    return;
  }
  const { connectors, grants } = inventory;
  if (connectors.length === 0) output.write(`No AsanaConnector ${inScope(flags)}\n`);
  else output.write(connectorTable(connectors));
  output.write(holdTable(connectors));
  output.write(blockedTable(grants.filter(isBlocked)));
}

function summaryOf({ connectors, grants }: Inventory): unknown {
  return {
    connectors: connectors.map((connector) => {
      const { metadata, status } = connector;
      return {
        namespace: metadata.namespace,
        name: metadata.name,
        phase: status?.phase ?? null,
        ...readinessOf(connector),
        counts: status?.counts ?? null,
        lastSync: status?.sync?.completedAt ?? null,
        holds: status?.holds ?? [],
      };
    }),
    blocked: grants.filter(isBlocked).map((grant) => ({
      kind: grant.kind,
      namespace: grant.metadata.namespace,
      name: grant.metadata.name,
      connector: connectorKeyOf(grant),
      person: personOf(grant),
      ...readinessOf(grant),
    })),
  };
}

function connectorTable(connectors: readonly AsanaConnector[]): string {
  return textTable(
    [
      'NAMESPACE',
      'NAME',
      'STATUS',
      'REASON',
      'ACCOUNTS',
      'ENTERPRISE',
      'GRANTS',
      'READY',
      'BLOCKED',
      'LAST SYNC',
    ],
    connectors.map((connector) => {
      const { metadata, status } = connector;
      const counts = status?.counts;
      return [
        metadata.namespace,
        metadata.name,
        status?.phase ?? 'Pending',
        readinessOf(connector).reason,
        counted(counts?.accounts),
        counted(counts?.enterpriseLicenses),
        counted(counts?.grants),
        counted(counts?.grantsReady),
        counted(counts?.grantsBlocked),
        status?.sync?.completedAt ?? '',
      ];
    }),
  );
}

function holdTable(connectors: readonly AsanaConnector[]): string {
  const rows = connectors.flatMap(({ metadata, status }) =>
    (status?.holds ?? []).map(({ reason, since, count, people, token }) => [
      `${metadata.namespace}/${metadata.name}`,
      reason,
      String(count),
      String(people),
      since,
      token,
    ]),
  );
  if (rows.length === 0) return '';
  return `\n${heading('Holds')} (see who: kubectl asana hold; answer: kubectl asana acknowledge TOKEN, or discard TOKEN)\n${textTable(
    ['CONNECTOR', 'REASON', 'COUNT', 'PEOPLE', 'SINCE', 'TOKEN'],
    rows,
  )}`;
}

function blockedTable(blocked: readonly GrantObject[]): string {
  if (blocked.length === 0) return '';
  const rows = blocked.slice(0, MOST_BLOCKED).map((grant) => {
    const { reason, message } = readinessOf(grant);
    return [grant.metadata.namespace, grantName(grant), personOf(grant), reason, message];
  });
  const more = blocked.length - rows.length;
  return `\n${heading('Not ready')}\n${textTable(['NAMESPACE', 'GRANT', 'USER', 'REASON', 'MESSAGE'], rows)}${
    more > 0 ? `… and ${more} more: kubectl get asana -A\n` : ''
  }`;
}

function counted(count: number | undefined): string {
  return count === undefined ? '' : String(count);
}
