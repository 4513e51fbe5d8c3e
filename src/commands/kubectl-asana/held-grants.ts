import type { GrantObject } from '../../api/kinds.ts';
import { parseHoldToken } from '../../provisioning/removals/hold-token.ts';
import type { Output } from '../command-line/output.ts';
import { textTable } from '../command-line/text-table.ts';
import { type ClusterFlags, takeInventory, withCluster } from './cluster.ts';
import { connectorOf, grantName, personOf } from './grant-words.ts';
import { describeLack, isOfRemovals } from './hold-words.ts';
import { writeJson } from './screen.ts';

/** One removal that a hold stops. */
export interface HeldRemoval {
  readonly connector: string;
  readonly namespace: string;
  readonly grant: string;
  readonly person: string;
  readonly action: string;
  /** `<id>.<n>`: a token of the same id and at least this n names it. */
  readonly hold: string;
  readonly why: string;
}

/** `kubectl asana hold`: every removal that is held, not just the twenty that the connector's status names. */
export async function showHeld(flags: ClusterFlags, output: Output): Promise<void> {
  const { connectors, grants } = await withCluster(flags, takeInventory);
  const held = heldAmong(grants);
  const readings = connectors.flatMap(({ metadata, status }) =>
    (status?.holds ?? [])
      .filter((hold) => !isOfRemovals(hold))
      .map((hold) => ({ connector: `${metadata.namespace}/${metadata.name}`, ...hold })),
  );
  if (flags.output === 'json') {
    writeJson(output, { removals: held, readings });
    return;
  }
  if (held.length === 0 && readings.length === 0) output.write('No holds in this namespace.\n');
  if (held.length > 0) output.write(heldTable(held));
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

/** The removals among the grants that a hold stops, by connector. */
export function heldAmong(grants: readonly GrantObject[]): HeldRemoval[] {
  return grants
    .flatMap((grant): HeldRemoval[] => {
      const { planned, discardedGeneration, observedGeneration } = grant.status ?? {};
      if (planned?.hold === undefined || planned.answer !== undefined) return [];
      // Let be by a person, until the grant is edited.
      if (discardedGeneration !== undefined && discardedGeneration === observedGeneration) return [];
      return [
        {
          connector: connectorOf(grant),
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

/** Whether a token names a removal: the same hold, and not a change that came later. */
export function isNamedBy(token: string, { hold }: HeldRemoval): boolean {
  const [asked, joined] = [parseHoldToken(token), parseHoldToken(hold)];
  return asked !== null && joined !== null && asked.id === joined.id && joined.n <= asked.n;
}
