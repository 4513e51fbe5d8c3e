import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { AsanaSession } from '../../asana/session.ts';
import type { TaskHost } from '../../conductorone/task-host.ts';
import type { Clock } from '../../core/clock.ts';
import type { Directory } from '../../directory/directory.ts';
import { describeIncomplete } from '../../directory/doubt.ts';
import type { Account, Part, Snapshot } from '../../directory/snapshot.ts';
import { decideTask, type TaskView } from '../../provisioning/decide-task.ts';
import type { Declaration } from '../../provisioning/declarations.ts';
import { PersonTurns } from '../../provisioning/person-turns.ts';
import { type RefusalCode, RefusedError } from '../../provisioning/refusal.ts';
import type { Right } from '../../provisioning/right.ts';
import { rightRulesOf } from '../../provisioning/rights.ts';
import type { TaskContext } from '../../provisioning/task-context.ts';
import type { TaskProvisioner } from '../../provisioning/task-provisioner.ts';
import type { TaskOutcome, TaskRequest } from '../../provisioning/task-request.ts';
import { TOKENS_UNPROVEN } from '../connectors/connector-obstacle.ts';
import { intervalsOf, policiesOf, removalLimitsOf } from '../connectors/connector-policies.ts';
import type { ConnectorSession } from '../connectors/connector-session.ts';
import type { FinishedSync } from '../connectors/sync-schedule.ts';
import { lookAtOne } from './look-at-one.ts';

export interface TaskHostOptions {
  /** As they are now; both throw once the connector is gone. */
  readonly session: () => ConnectorSession;
  readonly connector: () => AsanaConnector;
  readonly provisioner: TaskProvisioner;
  /** Throws unless this process may act for the connector; what takes is judged by the API server. */
  readonly guard: (removal: boolean) => void | Promise<void>;
  /** What live grants of connectors that act declare for somebody, in workspaces that this one reads too. */
  readonly findDeclarations: (
    person: { readonly gid: string | null; readonly email: string | null },
    workspaces: readonly string[],
    now: number,
  ) => readonly Declaration[];
  /** Keeps what the removal desk has booked, for all connectors of the organization, where a restart finds it. */
  readonly saveRemovals: () => Promise<void>;
  /** How long nothing may be taken away yet, since another process led before; default 0. */
  readonly settlingMs?: (() => number) | undefined;
  /** No other connector can have the same organization; default false. */
  readonly alone?: boolean | undefined;
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
  readonly #turns = new PersonTurns();
  /** Whose deprovisions are booked, and not where a restart finds them. */
  readonly #unsaved = new Set<string>();

  constructor(options: TaskHostOptions) {
    this.#options = options;
  }

  async readDirectory(signal: AbortSignal): Promise<Snapshot> {
    const { running, finished } = this.#options.session().syncs;
    /** The sync before the one that is waited for, which may be stopped and leave no trace; undefined while none is. */
    let last = running ? finished : undefined;
    for (let synced = false; ; synced = true) {
      const session = await this.#idleSession(signal);
      const doubt = doubtOf(session);
      const snapshot = session.directory.effective();
      const awaited = last === undefined || session.syncs.finished === last ? null : session.syncs.finished;
      if (!doubt && snapshot && this.#isFresh(snapshot, awaited)) return snapshot;
      if (synced) throw doubt ?? whyNot(session, snapshot);
      last = session.syncs.finished;
      session.startUnaskedSync();
    }
  }

  /** Tasks that may meet are done in the order in which they come: a grant after a revoke finds the right gone. */
  provision(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<TaskOutcome> {
    return this.#turns.take(turnKeyOf(request), signal, () => this.#provision(request, taskId, signal));
  }

  async #provision(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<TaskOutcome> {
    const { settlingMs, onChanged, clock } = this.#options;
    const { directory } = this.#options.session();
    const single = await this.#readEnough(request, taskId, signal);
    // What another leader began last is given time to end, where a second request would be a second invitation or removal.
    const settling = isRepeatable(request) ? 0 : (settlingMs?.() ?? 0);
    if (settling > 0) await clock.sleep(settling, signal);
    try {
      const outcome = await this.#carryOut(request, taskId, single ?? directory, signal);
      if (outcome.changed) onChanged?.();
      return outcome;
    } finally {
      if (single) directory.inherit(single);
    }
  }

  #carryOut(
    request: TaskRequest,
    taskId: string,
    directory: Directory,
    signal: AbortSignal,
  ): Promise<TaskOutcome> {
    const { provisioner, connector, actionTimeoutMs } = this.#options;
    const { namespace, name } = connector().metadata;
    return provisioner.carryOut(request, this.#contextFor(request, taskId, directory), {
      id: taskId,
      connector: { namespace, name },
      actionTimeoutMs,
      signal,
    });
  }

  /**
   * Reads as much of Asana as the task needs. What gives needs a reading that nobody doubts, also while it is read anew, or a
   * look at the one account: null for the connector's own directory.
   */
  async #readEnough(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<Directory | null> {
    const { session, connector, alone = false, clock } = this.#options;
    if (request.want === 'Give' && !this.#doubtAbout(request, taskId)) return null;
    const options = { session: session(), asana: asanaOf(session()), connector: connector(), alone };
    const single = await lookAtOne(request, { ...options, clock, signal });
    // A rule that needs more than one account (a license limit, a creation) refuses to go by it.
    if (single && decideTask(request, this.#viewOf(taskId, single)).kind !== 'Refused') return single;
    await this.#ensureReading(request, taskId, signal);
    return null;
  }

  /** Why the reading there is does not justify whatever the right may ask for; null when it does. */
  #doubtAbout({ wish }: TaskRequest, taskId: string): RefusalCode | null {
    const reading = this.#options.session().read(taskId);
    const rules = rightRulesOf({ type: wish.type } as Right);
    if (!reading) return 'NotReady';
    return reading.doubtAbout(rules.parts(policiesOf(this.#options.connector())))?.code ?? null;
  }

  /**
   * Reads the directory once more where the reading justifies no removal, and it may be read. If it still does not, what takes
   * nothing away goes on with the one there is; the one account is read afresh anyway.
   */
  async #ensureReading(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<void> {
    for (let synced = false; ; synced = true) {
      const session = await this.#idleSession(signal);
      const doubt = this.#doubtAbout(request, taskId);
      if (!doubt) return;
      if (!synced && maySync(session, doubt)) {
        session.startUnaskedSync();
        continue;
      }
      // Of another organization, or with a token that is refused, nothing is changed at all.
      const stalled = session.syncs.finished?.outcome === 'Stalled';
      if (!session.read(taskId) || session.isForeign || stalled)
        throw doubtOf(session) ?? whyNot(session, null);
      return;
    }
  }

  /** The session once no sync is running in it. */
  async #idleSession(signal: AbortSignal): Promise<ConnectorSession> {
    const session = this.#options.session();
    await session.syncs.untilIdle(signal);
    asanaOf(session);
    return session;
  }

  /**
   * Every part is whole, and none older than ten minutes; teams have an interval of their own.
   * @param awaited the sync that was waited for: what is whole after it is as new as can be, however long it took
   */
  #isFresh({ parts }: Snapshot, awaited: FinishedSync | null): boolean {
    const { clock, connector } = this.#options;
    const { scim } = connector().spec;
    const { teamIntervalMs } = intervalsOf(connector());
    const asOf = awaited?.outcome === 'Complete' ? awaited.begunAt : clock.monotonic();
    const within = (part: Part | null, ms: number) =>
      part !== null && part.complete && asOf - part.begunAt <= ms;
    return (
      within(parts.accounts, FRESH_MS) &&
      (!scim.enabled || within(parts.licenses, FRESH_MS)) &&
      within(parts.teams, Math.max(FRESH_MS, teamIntervalMs))
    );
  }

  #contextFor(request: TaskRequest, taskId: string, directory: Directory): TaskContext {
    const { connector, session, guard } = this.#options;
    return {
      // Its tokens may be replaced while the task waits.
      get session() {
        return asanaOf(session());
      },
      directory,
      noteLoss: (note) => session().noteLoss(note),
      userTypes: connector().spec.scim.userTypes,
      view: (now) => this.#viewOf(taskId, directory, now),
      takeSeat: ({ gid, email }) => session().seats.take(taskId, gid ?? email ?? taskId, directory),
      guard,
      reserveDeprovision: (account) => this.#reserveDeprovision(account, request),
    };
  }

  #viewOf(taskId: string, directory: Directory, now?: number): TaskView {
    const { connector, session, findDeclarations, clock } = this.#options;
    return {
      policies: policiesOf(connector()),
      reading: session().read(taskId, directory),
      declaredFor: (account, email) =>
        findDeclarations(
          { gid: account?.gid ?? null, email: account?.email ?? email },
          directory.current()?.workspaces.map(({ gid }) => gid) ?? [],
          now ?? clock.now(),
        ),
    };
  }

  async #reserveDeprovision({ gid, email }: Account, { wish }: TaskRequest): Promise<boolean> {
    const { session, connector, saveRemovals, clock } = this.#options;
    // An edit of the limits counts at once, not when its turn in the queue has come.
    session().follow(connector());
    const { desk, directory } = session();
    // A connector of several organizations counts in the one that somebody is taken out of.
    const place = 'workspace' in wish ? wish.workspace : null;
    const organization = directory.current()?.organization?.gid ?? place ?? '';
    const outcome = desk.reserveDeprovision(organization, gid, clock.now());
    if (outcome.kind === 'Refused') {
      const minutes = Math.round(removalLimitsOf(connector()).windowMs / 60_000);
      const message = `${email ?? gid} is not deprovisioned: maxDeprovisions allows ${outcome.limit} within ${minutes} min, and ${outcome.done ?? 'an unknown number'} are done or in progress. Request the deprovision again later, or raise maxDeprovisions of the connector.`;
      throw new RefusedError('TooManyDeprovisions', message);
    }
    if (outcome.kind === 'Standing' && !this.#unsaved.has(gid)) return false;
    this.#unsaved.add(gid);
    await saveRemovals();
    this.#unsaved.delete(gid);
    return true;
  }
}

/** What tasks take turns about: an account with its license, or one of its teams. Many teams of a leaver do not wait for one another. */
function turnKeyOf({ wish, user }: TaskRequest): string {
  const person = 'gid' in user ? user.gid : user.email;
  if (wish.type !== 'Team') return person;
  return `${person} ${'gid' in wish.team ? wish.team.gid : wish.team.name}`;
}

function asanaOf({ asana, clients: { obstacle, unreadable } }: ConnectorSession): AsanaSession {
  if (asana) return asana;
  const why = obstacle ?? unreadable;
  throw new RefusedError(
    'NotReady',
    why?.message ?? 'The credentials of the connector have not been read yet.',
  );
}

/** For a task nothing is read sooner than the schedule has it, nor again where a person has to answer first. */
function maySync(session: ConnectorSession, doubt: RefusalCode): boolean {
  const isHeld = doubt === 'ReadingHeld' || session.isForeign;
  return session.syncs.finished === null || (!isHeld && session.isSyncDue());
}

/** Why a reading must not be uploaded, however whole it is; null when it may. */
function doubtOf({ doubts, syncs: { report } }: ConnectorSession): Error | null {
  const [doubt] = doubts;
  if (doubt) {
    const message = `The reading of the directory is in doubt (${doubt.reason}) and is not used: see the hold of the connector. ${doubt.message}`;
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
function whyNot({ syncs: { report }, clients }: ConnectorSession, snapshot: Snapshot | null): Error {
  const rest = report?.result?.rest;
  if (report?.error) return report.error;
  if (rest && !rest.ok) return rest.error;
  if (clients.areUnproven) return new RefusedError('NotReady', TOKENS_UNPROVEN);
  const missing = snapshot ? describeIncomplete(snapshot) : [];
  const why = missing.length > 0 ? missing.join(' ') : 'No reading was made.';
  return new RefusedError(
    'NotReady',
    `The directory was not read completely. ${why} The next sync tries again.`,
  );
}
