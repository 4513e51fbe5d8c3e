import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { AsanaSession } from '../../asana/session.ts';
import type { TaskHost } from '../../conductorone/task-host.ts';
import type { Clock } from '../../core/clock.ts';
import type { Account, Part, Snapshot } from '../../directory/snapshot.ts';
import type { Declaration } from '../../provisioning/declarations.ts';
import { RefusedError } from '../../provisioning/refusal.ts';
import type { Right } from '../../provisioning/right.ts';
import { rightRulesOf } from '../../provisioning/rights.ts';
import type { TaskContext } from '../../provisioning/task-context.ts';
import type { TaskProvisioner } from '../../provisioning/task-provisioner.ts';
import type { TaskOutcome, TaskRequest } from '../../provisioning/task-request.ts';
import { intervalsOf, policiesOf, removalLimitsOf } from '../connectors/connector-policies.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import { personKey } from '../connectors/person.ts';

export interface TaskHostOptions {
  /** As they are now; both throw once the connector is gone. */
  readonly session: () => ConnectorSession;
  readonly connector: () => AsanaConnector;
  readonly provisioner: TaskProvisioner;
  /** Throws unless this process may act for the connector; what takes is judged by the API server. */
  readonly guard: (removal: boolean) => void | Promise<void>;
  /** What live grants of connectors that act declare for somebody. */
  readonly findDeclarations: (
    person: { readonly gid: string | null; readonly email: string | null },
    organization: string | null,
  ) => readonly Declaration[];
  /** Keeps what the removal desk has booked, for all connectors of the organization, where a restart finds it. */
  readonly saveRemovals: () => Promise<void>;
  /** How long nothing may be taken away yet, since another process led before; default 0. */
  readonly settlingMs?: (() => number) | undefined;
  /** Called when a task has changed something. */
  readonly onChanged?: (() => void) | undefined;
  readonly actionTimeoutMs: number;
  readonly clock: Clock;
}

/** A sync task takes a reading that is no older. */
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
      session.startUnaskedSync();
    }
  }

  async provision(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<TaskOutcome> {
    const { provisioner, actionTimeoutMs, clock, settlingMs, onChanged } = this.#options;
    await this.#ensureReading(request, taskId, signal);
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
  async #ensureReading({ wish }: TaskRequest, taskId: string, signal: AbortSignal): Promise<void> {
    const rules = rightRulesOf({ type: wish.type } as Right);
    const parts = rules.parts(policiesOf(this.#options.connector()));
    for (let synced = false; ; synced = true) {
      const session = await this.#idleSession(signal);
      const reading = session.read(taskId);
      if (reading && !reading.doubtAbout(parts)) return;
      if (!synced) {
        session.startUnaskedSync();
        continue;
      }
      // Of another organization nothing is changed at all.
      if (!reading || session.isForeign) throw doubtOf(session) ?? whyNot(session, null);
      return;
    }
  }

  /** The session once no sync is running in it. */
  async #idleSession(signal: AbortSignal): Promise<ConnectorSession> {
    const session = this.#options.session();
    await session.untilIdle(signal);
    asanaOf(session);
    return session;
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
    const { connector, session, guard, findDeclarations } = this.#options;
    const { directory } = session();
    return {
      session: asanaOf(session()),
      directory,
      userTypes: connector().spec.scim.userTypes,
      view: () => ({
        policies: policiesOf(connector()),
        reading: session().read(taskId),
        declaredFor: (account, email) =>
          findDeclarations(
            { gid: account?.gid ?? null, email: account?.email ?? email },
            directory.current()?.organization?.gid ?? null,
          ),
      }),
      takeSeat: ({ gid, email }) => session().takeSeat(taskId, gid ?? email ?? taskId),
      guard,
      reserveDeprovision: (account) => this.#reserveDeprovision(account),
    };
  }

  async #reserveDeprovision({ gid, email }: Account): Promise<void> {
    const { session, connector, saveRemovals, clock } = this.#options;
    const { desk, directory } = session();
    const organization = directory.current()?.organization?.gid ?? '';
    const outcome = desk.reserveDeprovision(organization, personKey(organization, gid), clock.now());
    if (outcome.kind === 'Refused') {
      const minutes = Math.round(removalLimitsOf(connector()).windowMs / 60_000);
      const message = `${email ?? gid} is not deprovisioned: ${outcome.done ?? 'an unknown number'} within ${minutes} min are done or under way already, and maxDeprovisions allows ${outcome.limit}.`;
      throw new RefusedError('TooManyDeprovisions', message);
    }
    await saveRemovals();
  }
}

function asanaOf({ asana, credentialsObstacle }: ConnectorSession): AsanaSession {
  if (asana) return asana;
  const message = credentialsObstacle?.message ?? "The connector's credentials are not there yet.";
  throw new RefusedError('NotReady', message);
}

/** Why a reading must not be uploaded, however whole it is; null when it may. */
function doubtOf({ doubts, report }: ConnectorSession): Error | null {
  const [doubt] = doubts;
  if (doubt) {
    const message = `The directory looks wrong (${doubt.reason}), so it is neither uploaded nor relied on: see the connector's hold. ${doubt.message}`;
    return new RefusedError('NotReady', message);
  }
  // REST was there and is lost: what SCIM alone shows is less than was uploaded before.
  const result = report?.result;
  return result && !result.snapshot && !result.rest.ok ? result.rest.error : null;
}

/** Twice is the same as once, and takes nothing away. */
function isRepeatable({ want, wish }: TaskRequest): boolean {
  return want === 'Give' && (wish.type === 'License' || wish.type === 'Team');
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
