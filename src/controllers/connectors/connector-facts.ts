import type { AsanaConnector, AsanaConnectorStatus } from '../../api/asana-connector.ts';
import type { DirectoryCounts } from '../../directory/directory.ts';
import { type Doubt, describeIncomplete } from '../../directory/doubt.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import type { RemovalsRecord } from '../../provisioning/removals/record.ts';
import type { LinkState } from '../conductorone/link.ts';
import type { ConnectorSession } from './connector-session.ts';
import type { GrantTally } from './grant-tally.ts';
import { writeMeasure } from './measure-record.ts';
import type { Obstacle } from './obstacle.ts';
import type { RunningSync, SyncReport } from './sync-runner.ts';

/** Everything that the status of a connector is computed from. */
export interface ConnectorFacts {
  readonly object: AsanaConnector;
  /** What keeps the connector from working; `null` if nothing does. */
  readonly obstacle: Obstacle | null;
  /** Why the Secret cannot currently be read; `null` if it can. */
  readonly secretUnreadable: Obstacle | null;
  /** True if there are Asana clients, created from the Secret as it was last read. */
  readonly hasClients: boolean;
  /** True if no sync has shown yet which organization the current tokens belong to. */
  readonly tokensUnproven: boolean;
  readonly running: RunningSync | null;
  readonly report: SyncReport | null;
  readonly snapshot: Snapshot | null;
  readonly counts: DirectoryCounts | null;
  readonly tally: GrantTally;
  /** Gids of the organizations on record; empty before the first reading over REST. */
  readonly organizations: readonly string[];
  /** `null` before anything was measured. */
  readonly measure: NonNullable<AsanaConnectorStatus['measure']> | null;
  /** What the removal desk has to keep across restarts. */
  readonly removals: RemovalsRecord;
  /** The doubts about the reading that currently stand. */
  readonly doubts: readonly Doubt[];
  /** `null` without `spec.conductorOne`. */
  readonly conductorOne: LinkState | null;
  /** The request (annotation requestedAt) that the last finished sync answered; `null` if there is none. */
  readonly handledRequest: string | null;
}

/** Returns what a connector's session currently knows. */
export function factsOf(
  object: AsanaConnector,
  session: ConnectorSession,
  others: { readonly obstacle: Obstacle | null; readonly tally: GrantTally },
): ConnectorFacts {
  const { directory, measure } = session;
  const snapshot = directory.current();
  return {
    object,
    ...others,
    secretUnreadable: session.clients.unreadable,
    hasClients: session.asana !== null,
    tokensUnproven: session.clients.areUnproven && !session.isForeign,
    running: session.syncs.running,
    report: session.syncs.report,
    snapshot,
    counts: snapshot ? directory.counts() : null,
    organizations: session.organizations,
    measure: measure && writeMeasure(measure, directory.removedSince(measure)),
    removals: session.desk.toRecord(),
    doubts: session.doubts,
    conductorOne: object.spec.conductorOne ? session.link.state : null,
    handledRequest: session.syncs.lastCause?.requestedAt ?? null,
  };
}

/** Whether the sync read everything completely. */
export function isComplete(report: SyncReport): boolean {
  return report.error === null && describeMissing(report).length === 0;
}

/** Describes in sentences what a sync did not read completely. */
export function describeMissing({ result }: SyncReport): string[] {
  if (result?.snapshot) return describeIncomplete(result.snapshot);
  return [result && !result.rest.ok ? result.rest.error.message : 'Nothing could be read.'];
}
