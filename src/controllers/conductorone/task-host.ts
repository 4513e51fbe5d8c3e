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
  /** The current session and connector; both functions throw once the connector is gone. */
  readonly session: () => ConnectorSession;
  readonly connector: () => AsanaConnector;
  readonly provisioner: TaskProvisioner;
  /** Throws unless this process may act for the connector; for a removal, the API server is asked. */
  readonly guard: (removal: boolean) => void | Promise<void>;
  /** Returns what live grants of connectors that act declare for a person, in workspaces that this one reads too. */
  readonly findDeclarations: (
    person: { readonly gid: string | null; readonly email: string | null },
    workspaces: readonly string[],
    now: number,
  ) => readonly Declaration[];
  /** Saves what the removal desk has booked, for all connectors of the organization, so that a restart finds it. */
  readonly saveRemovals: () => Promise<void>;
  /** How long, in ms, changes that must not be repeated wait because another process led before; default 0. */
  readonly settlingMs?: (() => number) | undefined;
  /** True if no other connector can have the same organization; default false. */
  readonly alone?: boolean | undefined;
  /** Called when a task has changed something. */
  readonly onChanged?: (() => void) | undefined;
  readonly actionTimeoutMs: number;
  readonly clock: Clock;
}

/** The maximum age of a reading that a sync task accepts, in ms. */
const FRESH_MS = 600_000;

/** Serves ConductorOne's tasks with the session of a connector. */
export class ConnectorTaskHost implements TaskHost {
  readonly #options: TaskHostOptions;
  readonly #turns = new PersonTurns();
  /** Gids of people whose deprovision is booked but not saved yet. */
  readonly #unsaved = new Set<string>();

  constructor(options: TaskHostOptions) {
    this.#options = options;
  }

  async readDirectory(signal: AbortSignal): Promise<Snapshot> {
    const { running, finished } = this.#options.session().syncs;
    /** The last sync before the awaited one, which may be stopped without a result; `undefined` if none is awaited. */
    let last = running ? finished : undefined;
    for (let synced = false; ; synced = true) {
      const session = await this.#idleSession(signal);
      const doubt = doubtOf(session);
      const snapshot = session.directory.effective();
      const awaited = last === undefined || session.syncs.finished === last ? null : session.syncs.finished;
      if (!doubt && snapshot && this.#isFresh(snapshot, awaited)) return snapshot;
      if (synced || !mayReadAgain(session)) throw doubt ?? whyNot(session, snapshot);
      last = session.syncs.finished;
      const teams = snapshot?.parts.teams ?? null;
      session.startUnaskedSync({ readsTeams: !this.#isWithin(teams, this.#teamsWithinMs(), null) });
    }
  }

  /** Runs tasks that may conflict in the order in which they come: a grant after a revoke finds the right gone. */
  provision(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<TaskOutcome> {
    return this.#turns.take(turnKeyOf(request), signal, () => this.#provision(request, taskId, signal));
  }

  async #provision(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<TaskOutcome> {
    const { settlingMs, onChanged, clock } = this.#options;
    const { directory } = this.#options.session();
    const single = await this.#readEnough(request, taskId, signal);
    // If a second request would be a second invitation or removal, the previous leader's last action gets time to end.
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
   * Reads as much of Asana as the task needs. A task that gives something needs a reading without doubts, even while a
   * sync is running, or a reading of the one account. Returns `null` to use the connector's own directory.
   */
  async #readEnough(request: TaskRequest, taskId: string, signal: AbortSignal): Promise<Directory | null> {
    const { session, connector, alone = false, clock } = this.#options;
    if (request.want === 'Give' && !this.#doubtAbout(request, taskId)) return null;
    const options = { session: session(), asana: asanaOf(session()), connector: connector(), alone };
    const single = await lookAtOne(request, { ...options, clock, signal });
    // Rules that need more than one account (a license limit, a creation) refuse a reading of one.
    if (single && decideTask(request, this.#viewOf(taskId, single)).kind !== 'Refused') return single;
    await this.#ensureReading(request, taskId, signal);
    return null;
  }

  /** Returns why the current reading does not justify everything that the right may require; `null` if it does. */
  #doubtAbout({ wish }: TaskRequest, taskId: string): RefusalCode | null {
    const reading = this.#options.session().read(taskId);
    const rules = rightRulesOf({ type: wish.type } as Right);
    if (!reading) return 'NotReady';
    return reading.doubtAbout(rules.parts(policiesOf(this.#options.connector())))?.code ?? null;
  }

  /**
   * Reads the directory again if the current reading justifies no removal and a sync is allowed. If the new one does
   * not either, a task that takes nothing away proceeds with it; its one account is read again anyway.
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
      // If the token belongs to another organization or is refused, nothing is changed at all.
      const stalled = session.syncs.finished?.outcome === 'Stalled';
      if (!session.read(taskId) || session.isForeign || stalled)
        throw doubtOf(session) ?? whyNot(session, null);
      return;
    }
  }

  /** Returns the session once no sync is running in it. */
  async #idleSession(signal: AbortSignal): Promise<ConnectorSession> {
    const session = this.#options.session();
    await session.syncs.untilIdle(signal);
    asanaOf(session);
    return session;
  }

  /**
   * Whether every part is complete and at most ten minutes old; teams may have an interval of their own.
   * @param awaited the sync that was waited for: if it was complete, ages count from its start, however long it took
   */
  #isFresh({ parts }: Snapshot, awaited: FinishedSync | null): boolean {
    const { scim } = this.#options.connector().spec;
    return (
      this.#isWithin(parts.accounts, FRESH_MS, awaited) &&
      (!scim.enabled || this.#isWithin(parts.licenses, FRESH_MS, awaited)) &&
      this.#isWithin(parts.teams, this.#teamsWithinMs(), awaited)
    );
  }

  #isWithin(part: Part | null, ms: number, awaited: FinishedSync | null): boolean {
    const asOf = awaited?.outcome === 'Complete' ? awaited.begunAt : this.#options.clock.monotonic();
    return part !== null && part.complete && asOf - part.begunAt <= ms;
  }

  /** Returns the maximum age of teams in ms: ten minutes, unless they are to be read more rarely than the rest. */
  #teamsWithinMs(): number {
    const { intervalMs, teamIntervalMs } = intervalsOf(this.#options.connector());
    return teamIntervalMs > intervalMs ? Math.max(FRESH_MS, teamIntervalMs) : FRESH_MS;
  }

  #contextFor(request: TaskRequest, taskId: string, directory: Directory): TaskContext {
    const { connector, session, guard } = this.#options;
    return {
      // The tokens may be replaced while the task waits.
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
    // Edited limits apply at once, before the connector's turn in the queue has come.
    session().follow(connector());
    const { desk, directory } = session();
    // With several organizations, the deprovision counts in the one that the person is removed from.
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

/** Returns the key of a task's turn: an account with its license, or a single team, so that teams run in parallel. */
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

/** Whether a sync task may read the directory again: not after a refusal, until a person has acted on it. */
function mayReadAgain({ syncs: { finished } }: ConnectorSession): boolean {
  return finished?.outcome !== 'Stalled';
}

/** Whether a provisioning task may start a sync: only if the schedule has one due, and no hold waits for an answer. */
function maySync(session: ConnectorSession, doubt: RefusalCode): boolean {
  const isHeld = doubt === 'ReadingHeld' || session.isForeign;
  return session.syncs.finished === null || (!isHeld && session.isSyncDue());
}

/** Returns why a reading must not be uploaded, however complete it is; `null` if it may be. */
function doubtOf({ doubts, syncs: { report } }: ConnectorSession): Error | null {
  const [doubt] = doubts;
  if (doubt) {
    const message = `The reading of the directory is in doubt (${doubt.reason}) and is not used: see the hold of the connector. ${doubt.message}`;
    return new RefusedError('NotReady', message);
  }
  // REST access was lost: SCIM alone shows less than was uploaded before.
  const result = report?.result;
  return result && !result.snapshot && !result.rest.ok ? result.rest.error : null;
}

/** Whether sending the request twice has the same effect as once, and takes nothing away. */
function isRepeatable({ want, wish }: TaskRequest): boolean {
  return want === 'Give' && (wish.type === 'License' || wish.type === 'Team');
}

/** Returns why the sync that has just ended is not sufficient. */
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
