import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { ConnectorHold } from '../../api/asana-connector-status.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { connectorKeyOf, namespacesOf } from '../../controllers/grants/grant-identity.ts';
import type { KubernetesClient } from '../../kubernetes/client.ts';
import { isForbidden } from '../command-line/permission.ts';
import { listGrants } from './cluster.ts';
import { isOfRemovals } from './hold-words.ts';

/** The grants that name a connector, in all namespaces. */
export interface ConnectorGrants {
  readonly grants: readonly GrantObject[];
  /** Namespaces whose grants may name the connector but cannot be listed, as text for the user. */
  readonly unlisted: readonly string[];
}

const EVERYWHERE = 'other namespaces';

/**
 * Lists the grants that name the connector, in its own namespace and in those it allows. A hold counts all of them, so
 * the person who answers it has to see all of them.
 */
export async function listGrantsOf(
  client: Pick<KubernetesClient, 'list'>,
  connector: AsanaConnector,
): Promise<ConnectorGrants> {
  const { namespace, name } = connector.metadata;
  const named = namespacesOf(connector);
  const unlisted: string[] = [];
  const listIn = async (place: string | null): Promise<GrantObject[] | null> => {
    try {
      return await listGrants(client, place);
    } catch (error) {
      if (!isForbidden(error)) throw error;
      unlisted.push(place ?? EVERYWHERE);
      return null;
    }
  };
  const all = named.includes('*') ? await listIn(null) : null;
  const each = named.filter((place) => place !== '*');
  const found = all ?? (await Promise.all(each.map(listIn))).flatMap((grants) => grants ?? []);
  return { grants: found.filter((grant) => connectorKeyOf(grant) === `${namespace}/${name}`), unlisted };
}

/** Removals of a hold that are not among those listed. */
export interface NotShown {
  /** As `namespace/name`. */
  readonly connector: string;
  readonly count: number;
  readonly unlisted: readonly string[];
}

/** Counts the removals of a hold that are not among those listed; `null` if none is missing. */
export function notShownOf(
  connector: string,
  hold: ConnectorHold,
  {
    held,
    unlisted,
  }: {
    readonly held: readonly { readonly connector: string; readonly hold: string }[];
    readonly unlisted: readonly string[];
  },
): NotShown | null {
  if (!isOfRemovals(hold)) return null;
  const listed = held.filter((one) => one.connector === connector && one.hold.startsWith(`${hold.id}.`));
  const count = hold.count - listed.length;
  return count > 0 ? { connector, count, unlisted } : null;
}

/** Describes how many removals are not shown, and why. */
export function describeNotShown({ connector, count, unlisted }: NotShown): string {
  const why =
    unlisted.length > 0
      ? `you cannot list the grants in ${unlisted.join(', ')}`
      : 'their grants do not name the hold at the moment';
  return `Not shown: ${count} more removals that this hold of ${connector} contains, because ${why}.`;
}
