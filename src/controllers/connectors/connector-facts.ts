import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { DirectoryCounts } from '../../directory/directory.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import type { RemovalLedger, RemovalLimits } from '../../provisioning/removal-ledger.ts';
import type { LinkState } from './conductorone-link.ts';
import type { Obstacle } from './connector-obstacle.ts';
import type { RunningSync, SyncReport } from './connector-session.ts';

/** How the grants of a connector stand. */
export interface GrantTally {
  readonly grants: number;
  readonly grantsReady: number;
  readonly grantsPlanned: number;
  readonly grantsBlocked: number;
  readonly unmanagedEnterpriseLicenses: number;
}

/** Everything the status of a connector is made of. */
export interface ConnectorFacts {
  readonly object: AsanaConnector;
  /** Null when nothing does. */
  readonly obstacle: Obstacle | null;
  readonly running: RunningSync | null;
  /** The sync that is running, or due, answers a person (first, new generation, request). */
  readonly reconciling: boolean;
  readonly report: SyncReport | null;
  readonly snapshot: Snapshot | null;
  readonly counts: DirectoryCounts | null;
  readonly tally: GrantTally;
  readonly ledger: RemovalLedger;
  readonly pendingRemovals: number;
  readonly limits: RemovalLimits;
  /** Null without `spec.conductorOne`. */
  readonly conductorOne: LinkState | null;
  /** The request (annotation requestedAt) the last finished sync has answered; null before any. */
  readonly handledRequest: string | null;
}

/** Each part of the reading that was not read whole, with the reason. */
export function incompleteParts({ result }: SyncReport): string[] {
  if (!result?.snapshot)
    return [result && !result.rest.ok ? result.rest.error.message : 'nothing could be read'];
  const { accounts, licenses, teams } = result.snapshot.parts;
  return Object.entries({ accounts, licenses, teams }).flatMap(([name, part]) =>
    part && !part.complete ? [`${name} (${part.incompleteBecause ?? 'unknown'})`] : [],
  );
}
