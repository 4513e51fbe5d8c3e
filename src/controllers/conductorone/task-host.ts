import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { AsanaSession } from '../../asana/session.ts';
import type { TaskHost } from '../../conductorone/task-host.ts';
import type { Clock } from '../../core/clock.ts';
import type { Account, License, Part, Snapshot } from '../../directory/snapshot.ts';
import type { TaskContext, TaskProvisioner } from '../../provisioning/task-provisioner.ts';
import { RefusedError, type TaskOutcome, type TaskRequest } from '../../provisioning/task-request.ts';
import { intervalsOf, policiesOf, removalLimitsOf } from './connector-policies.ts';
import type { ConnectorSession } from './connector-session.ts';
import { viewDirectory } from './directory-view.ts';

export interface TaskHostOptions {
  /** As they are now; both throw once the connector is gone. */
  readonly session: () => ConnectorSession;
  readonly connector: () => AsanaConnector;
  readonly provisioner: TaskProvisioner;
  /** Throws unless this process may act for the connector. */
  readonly fence: () => void | Promise<void>;
  /** The live declared grant in Apply mode that rules this account. */
  readonly declaredFor: (account: Account) => { readonly license: License; readonly object: string } | null;
  /** Keeps what the removal desk has booked, where a restart finds it. */
  readonly saveRemovals: () => Promise<void>;
  /** Declared grants with a right recorded: what the limits on removals are a share of; default none. */
  readonly appliedGrants?: (() => number) | undefined;
  /** How long nothing may be taken away yet, since another process led before; default 0. */
  readonly settlingMs?: (() => number) | undefined;
  /** Called when a task has changed something. */
  readonly onChanged?: (() => void) | undefined;
  readonly actionTimeoutMs: number;
  readonly clock: Clock;
}

/** A sync task takes a reading that is no older (DESIGN §4, ConductorOne). */
const FRESH_MS = 600_000;

/** Serves ConductorOne's tasks with what a connector's session knows and may do. */
export class ConnectorTaskHost implements TaskHost {
  readonly #options: TaskHostOptions;

  constructor(options: TaskHostOptions) {
    this.#options = options;
  }

  async readDirectory(signal: AbortSignal): Promise<Snapshot> {
    for (let synced = false; ; synced = true) {
      const session = await this.#idleSession(signal);
      const doubt = doubtOf(session);
      const snapshot = session.directory.effective();
      if (!doubt && snapshot && this.#isFresh(snapshot)) return snapshot;
      if (synced) throw doubt ?? whyNot(session, snapshot);
      this.#startSync(session);
    }
  }

  async provision(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<TaskOutcome> {
    const { provisioner, actionTimeoutMs, clock, settlingMs, onChanged } = this.#options;
    await this.#ensureReading(signal);
    // What another leader began last is given time to end, where a second request would be a second invitation or removal.
    const settling = isRepeatable(request) ? 0 : (settlingMs?.() ?? 0);
    if (settling > 0) await clock.sleep(settling, signal);
    const { namespace, name } = this.#options.connector().metadata;
    const outcome = await provisioner.carryOut(request, this.#contextFor(taskId), {
      id: taskId,
      connector: { namespace, name },
      actionTimeoutMs,
      signal,
    });
    if (outcome.changed) onChanged?.();
    return outcome;
  }

  /**
   * Reads the directory once more where the reading justifies no removal. If it still does not, what takes nothing away
   * goes on with the one there is; the one account is read afresh anyway.
   */
  async #ensureReading(signal: AbortSignal): Promise<void> {
    for (let synced = false; ; synced = true) {
      const session = await this.#idleSession(signal);
      const view = viewDirectory(session, this.#options.connector(), '', this.#options.clock);
      if (view && (synced || !view.untrusted())) {
        // Of another organization nothing is changed at all.
        const doubt = doubtOf(session);
        if (doubt && session.removals.ledger.hold?.reason === 'OrganizationChanged') throw doubt;
        return;
      }
      if (synced) throw whyNot(session, null);
      this.#startSync(session);
    }
  }

  /** The session once no sync is running in it. */
  async #idleSession(signal: AbortSignal): Promise<ConnectorSession> {
    const session = this.#options.session();
    await session.untilIdle(signal);
    this.#asana(session);
    return session;
  }

  #startSync(session: ConnectorSession): void {
    const connector = this.#options.connector();
    session.startUnaskedSync(connector.spec, intervalsOf(connector));
  }

  /** Every part is whole, and none older than ten minutes; teams have an interval of their own. */
  #isFresh({ parts }: Snapshot): boolean {
    const { clock, connector } = this.#options;
    const { scim } = connector().spec;
    const { teamIntervalMs } = intervalsOf(connector());
    const within = (part: Part | null, ms: number) =>
      part !== null && part.complete && clock.monotonic() - part.begunAt <= ms;
    return (
      within(parts.accounts, FRESH_MS) &&
      (!scim.enabled || within(parts.licenses, FRESH_MS)) &&
      within(parts.teams, Math.max(FRESH_MS, teamIntervalMs))
    );
  }

  #contextFor(taskId: string): TaskContext {
    const { clock, fence, declaredFor, saveRemovals, appliedGrants } = this.#options;
    const connector = this.#options.connector();
    const session = this.#options.session();
    const view = viewDirectory(session, connector, taskId, clock);
    if (!view) throw whyNot(session, null);
    return {
      policies: policiesOf(connector),
      session: this.#asana(session),
      directory: session.directory,
      userTypes: connector.spec.scim.userTypes,
      enterpriseLicenses: () => view.enterpriseLicenses(),
      untrusted: () => view.untrusted(),
      declaredFor,
      holdSeat: () => session.takeSeat(taskId),
      fence,
      reserveDeprovision: async (account) => {
        const limits = removalLimitsOf(connector);
        if (!session.removals.reserveDeprovision(limits, appliedGrants?.() ?? 0, clock.now()))
          throw new RefusedError(
            'TooManyDeprovisions',
            `${account.email ?? account.gid} is not deprovisioned: ${limits.maxDeprovisions} within ${Math.round(limits.windowMs / 60_000)} min are done or under way already, which is all that maxDeprovisions allows.`,
          );
        await saveRemovals();
      },
    };
  }

  #asana({ asana, credentialsObstacle }: ConnectorSession): AsanaSession {
    if (asana) return asana;
    throw new RefusedError(
      'NotReady',
      credentialsObstacle?.message ?? "The connector's credentials are not there yet.",
    );
  }
}

/** Why a reading must not be uploaded, however whole it is; null when it may. */
function doubtOf({ removals }: ConnectorSession): RefusedError | null {
  const { hold } = removals.ledger;
  if (!hold || hold.reason === 'TooManyRemovals') return null;
  return new RefusedError(
    'NotReady',
    `The directory looks wrong (${hold.reason}), so it is neither uploaded nor relied on: see the connector's hold.`,
  );
}

/** Twice is the same as once, and takes nothing away. */
function isRepeatable({ type }: TaskRequest): boolean {
  return type === 'GrantLicense' || type === 'AddToTeam';
}

/** Why a sync that has just ended is not good enough. */
function whyNot({ report }: ConnectorSession, snapshot: Snapshot | null): Error {
  const rest = report?.result?.rest;
  if (report?.error) return report.error;
  if (rest && !rest.ok) return rest.error;
  const parts = Object.entries(snapshot?.parts ?? {}).flatMap(([name, part]) =>
    part && !part.complete ? [`${name}: ${part.incompleteBecause ?? 'unknown'}`] : [],
  );
  const why = parts.length > 0 ? parts.join('; ') : 'no reading was made';
  return new RefusedError('NotReady', `The directory could not be read whole (${why}): it is tried again.`);
}
