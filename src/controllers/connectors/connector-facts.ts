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

/** Everything the status of a connector is made of. */
export interface ConnectorFacts {
  readonly object: AsanaConnector;
  /** Null when nothing does. */
  readonly obstacle: Obstacle | null;
  /** Why the Secret cannot be read now; null when it can. */
  readonly secretUnreadable: Obstacle | null;
  /** There are clients, of what the Secret held when it was last read. */
  readonly hasClients: boolean;
  /** Nothing that Asana has answered speaks of the tokens that the Secret holds now. */
  readonly tokensUnproven: boolean;
  readonly running: RunningSync | null;
  readonly report: SyncReport | null;
  readonly snapshot: Snapshot | null;
  readonly counts: DirectoryCounts | null;
  readonly tally: GrantTally;
  /** Gids, as they are recorded; empty before the first reading over REST. */
  readonly organizations: readonly string[];
  /** Null before anything was measured. */
  readonly measure: NonNullable<AsanaConnectorStatus['measure']> | null;
  /** What the desk before removals has to remember. */
  readonly removals: RemovalsRecord;
  /** What is doubtful about the last reading. */
  readonly doubts: readonly Doubt[];
  /** Null without `spec.conductorOne`. */
  readonly conductorOne: LinkState | null;
  /** The request (annotation requestedAt) the last finished sync has answered; null before any. */
  readonly handledRequest: string | null;
}

/** What a connector's session knows now. */
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

/** Whether everything that the connector reads was read whole. */
export function isComplete(report: SyncReport): boolean {
  return report.error === null && describeMissing(report).length === 0;
}

/** What a sync did not read whole, in sentences. */
export function describeMissing({ result }: SyncReport): string[] {
  if (result?.snapshot) return describeIncomplete(result.snapshot);
  return [result && !result.rest.ok ? result.rest.error.message : 'Nothing could be read.'];
}
