import type { ConnectorHold } from '../../api/asana-connector-status.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import { parseHoldToken } from '../../provisioning/removals/hold-token.ts';
import type { Output } from '../command-line/output.ts';
import { textTable } from '../command-line/text-table.ts';
import { type Cluster, type ClusterFlags, inScope, takeInventory, withCluster } from './cluster.ts';
import { describeNotShown, listGrantsOf, type NotShown, notShownOf } from './connector-grants.ts';
import { grantName, personOf } from './grant-words.ts';
import { describeLack, isOfRemovals } from './hold-words.ts';
import { writeJson } from './screen.ts';

/** One removal that a hold stops. */
export interface HeldRemoval {
  readonly connector: string;
  readonly namespace: string;
  readonly grant: string;
  readonly person: string;
  readonly action: string;
  /** `<id>.<n>`: a token with the same id and at least this n names the removal. */
  readonly hold: string;
  readonly why: string;
}

/** Everything that is held in a scope. */
interface Holds {
  readonly removals: readonly HeldRemoval[];
  readonly readings: readonly (ConnectorHold & { readonly connector: string })[];
  readonly notShown: readonly NotShown[];
}

/** `kubectl asana hold`: shows every held removal, not just the twenty that the connector's status names. */
export async function showHeld(flags: ClusterFlags, output: Output): Promise<void> {
  const holds = await withCluster(flags, findHolds);
  const { removals, readings, notShown } = holds;
  if (flags.output === 'json') {
    writeJson(output, holds);
    return;
  }
  if (removals.length + readings.length + notShown.length === 0) output.write(`No holds ${inScope(flags)}\n`);
  if (removals.length > 0) output.write(heldTable(removals));
  for (const missing of notShown) output.write(`${describeNotShown(missing)}\n`);
  if (readings.length > 0)
    output.write(
      textTable(
        ['CONNECTOR', 'HOLD', 'SINCE', 'TOKEN', 'WHY'],
        readings.map(({ connector, ...hold }) => [
          connector,
          hold.reason,
          hold.since,
          hold.token,
          describeLack(hold),
        ]),
      ),
    );
}

/** Finds what is held among the grants in the scope, and among those elsewhere that name a connector of the scope. */
async function findHolds(cluster: Cluster): Promise<Holds> {
  const { connectors, grants } = await takeInventory(cluster);
  const found = await Promise.all(
    connectors.map(async (connector) => ({ connector, ...(await listGrantsOf(cluster.client, connector)) })),
  );
  const everything = [...grants, ...found.flatMap((of) => of.grants)];
  const removals = heldAmong([...new Map(everything.map((grant) => [grant.metadata.uid, grant])).values()]);
  const holds = found.flatMap(({ connector: { metadata, status }, unlisted }) => {
    const connector = `${metadata.namespace}/${metadata.name}`;
    return (status?.holds ?? []).map((hold) => ({ connector, hold, unlisted }));
  });
  return {
    removals,
    readings: holds.flatMap(({ connector, hold }) => (isOfRemovals(hold) ? [] : [{ connector, ...hold }])),
    notShown: holds.flatMap(({ connector, hold, unlisted }) => {
      const missing = notShownOf(connector, hold, { held: removals, unlisted });
      // If every namespace was listed, a difference is temporary: grants and connector are written one after the other.
      return missing && unlisted.length > 0 ? [missing] : [];
    }),
  };
}

/** Returns the removals of these grants that a hold stops, sorted by connector and person. */
export function heldAmong(grants: readonly GrantObject[]): HeldRemoval[] {
  return grants
    .flatMap((grant): HeldRemoval[] => {
      const { planned, discardedGeneration, observedGeneration } = grant.status ?? {};
      if (planned?.hold === undefined || planned.answer !== undefined) return [];
      // A person discarded the removal. The answer is valid until the grant is edited.
      if (discardedGeneration !== undefined && discardedGeneration === observedGeneration) return [];
      return [
        {
          connector: connectorKeyOf(grant),
          namespace: grant.metadata.namespace,
          grant: grantName(grant),
          person: personOf(grant),
          action: planned.action,
          hold: planned.hold,
          why: planned.reason,
        },
      ];
    })
    .toSorted((a, b) => a.connector.localeCompare(b.connector) || a.person.localeCompare(b.person));
}

export function heldTable(held: readonly HeldRemoval[]): string {
  return textTable(
    ['CONNECTOR', 'HOLD', 'NAMESPACE', 'GRANT', 'USER', 'ACTION', 'WHY'],
    held.map(({ connector, hold, namespace, grant, person, action, why }) => [
      connector,
      hold,
      namespace,
      grant,
      person,
      action,
      why,
    ]),
  );
}

/** Whether a token names a removal: both are of one hold, and the removal did not join or change after the token. */
export function isNamedBy(token: string, { hold }: HeldRemoval): boolean {
  const [asked, joined] = [parseHoldToken(token), parseHoldToken(hold)];
  return asked !== null && joined !== null && asked.id === joined.id && joined.n <= asked.n;
}
