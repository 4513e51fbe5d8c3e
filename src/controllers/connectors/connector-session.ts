import type { AsanaConnector } from '../../api/asana-connector.ts';
import { REQUESTED_AT_ANNOTATION } from '../../api/resources.ts';
import type { AsanaSession } from '../../asana/session.ts';
import type { Clock, Random } from '../../core/clock.ts';
import type { Logger } from '../../core/logger.ts';
import type { Tracer } from '../../core/tracer.ts';
import { Directory, type LossNote } from '../../directory/directory.ts';
import type { Doubt, PartIntervals } from '../../directory/doubt.ts';
import type { Measure } from '../../directory/measure.ts';
import type { Reading } from '../../provisioning/reading.ts';
import type { Organizations } from '../../provisioning/removals/organizations.ts';
import { readRecord } from '../../provisioning/removals/record-reading.ts';
import { RemovalDesk } from '../../provisioning/removals/removal-desk.ts';
import { ConductorOneLink } from '../conductorone/link.ts';
import { AsanaClients, type ClientsOrigin } from './asana-clients.ts';
import { intervalsOf, removalLimitsOf } from './connector-policies.ts';
import { ConnectorSeats } from './connector-seats.ts';
import type { ExistingGrant, RosterEntry } from './existing-grants.ts';
import { type GivenAnswer, HoldAnswers } from './hold-answers.ts';
import type { Obstacle } from './obstacle.ts';
import { ReadingJudge } from './reading-judge.ts';
import { readingOf, seatsReadAt } from './session-reading.ts';
import { type SyncChange, SyncRunner } from './sync-runner.ts';
import { NO_CAUSE, nextSyncAt, type SyncCause } from './sync-schedule.ts';

/**
 * `Link`: service mode changed. `AllSeen`: every grant has been decided, so removals may go ahead and holds may be
 * answered. `Clients`: the credentials changed, and there is an earlier reading to act on.
 */
export type SessionChange = SyncChange | 'Link' | 'AllSeen' | 'Clients';

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Returns a new hold id of lower-case letters and digits; never the same one twice. */
  readonly newHoldId: () => string;
  /** Shared by all connectors of the process. */
  readonly organizations: Organizations;
  /** Called when the session has learned something. */
  readonly onChange: (what: SessionChange) => void;
}

/**
 * The state of one connector object between two reconciles: its Asana clients, its reading of the directory, its
 * removal desk and the running sync. It decides nothing; the reconcilers do. An object with the same name but another
 * uid has its own session and inherits nothing.
 */
export class ConnectorSession {
  /** "namespace/name". */
  readonly key: string;
  readonly uid: string;
  readonly directory: Directory;
  readonly desk: RemovalDesk;
  readonly seats: ConnectorSeats;
  /** Runs the syncs of the directory; started by `startSync`. */
  readonly syncs: SyncRunner;
  readonly clients = new AsanaClients();
  /** Service mode; idle without `spec.conductorOne`. */
  readonly link: ConductorOneLink;
  readonly #deps: SessionDeps;
  readonly #judge: ReadingJudge;
  readonly #answers: HoldAnswers;
  /** Uids of existing grants that were not decided since the start, and of grants that cannot be decided now. */
  readonly #undecided: Set<string>;
  #connector: AsanaConnector;
  /** The sync intervals, cached because every reading needs them. */
  #intervals: PartIntervals;
  #asked = '';

  /** @param connector its status is what the previous process recorded */
  constructor(deps: SessionDeps, connector: AsanaConnector, grants: readonly ExistingGrant[]) {
    const { clock, random, log, tracer, organizations, newHoldId, onChange } = deps;
    const { metadata, status } = connector;
    this.#deps = deps;
    this.#connector = connector;
    this.#intervals = intervalsOf(connector);
    this.key = `${metadata.namespace}/${metadata.name}`;
    this.uid = metadata.uid;
    this.directory = new Directory(clock);
    this.desk = new RemovalDesk({
      limits: removalLimitsOf(connector),
      organizations,
      monotonic: () => clock.monotonic(),
      newHoldId,
      restored: readRecord(status, clock.now()),
    });
    this.seats = new ConnectorSeats(organizations, this);
    this.link = new ConductorOneLink(clock, log, () => onChange('Link'));
    this.#judge = new ReadingJudge({ directory: this.directory, holds: this.desk.doubts, status });
    this.syncs = new SyncRunner({
      clock,
      random,
      log,
      tracer,
      see: (workspaces) => this.see(workspaces),
      take: (snapshot, { workspaces }) => {
        this.#judge.take(snapshot, workspaces, clock.now());
        this.#place();
      },
      onChange: (what) => {
        if (what === 'Finished') this.#proveTokens();
        onChange(what);
      },
    });
    this.#answers = new HoldAnswers(connector);
    this.#undecided = new Set(grants.filter(({ ours }) => ours).map(({ uid }) => uid));
    for (const grant of grants) this.noteGrant(grant);
    this.#place();
    this.seats.takeBegun(grants, this.organizations);
    if (this.#undecided.size === 0) this.desk.allSeen(clock.now());
  }

  /** The clients for the current credentials; `null` while there are no usable ones. */
  get asana(): AsanaSession | null {
    return this.clients.current;
  }

  /** The measure that the next reading is compared with. */
  get measure(): Measure | null {
    return this.#judge.measure;
  }

  /** Gids of the organizations on record for this connector. */
  get organizations(): readonly string[] {
    return this.#judge.organizations;
  }

  /** True if the token reads another organization than the one on record: its reading is not used. */
  get isForeign(): boolean {
    return this.#judge.isForeign;
  }

  /** The doubts about the reading that currently stand. */
  get doubts(): readonly Doubt[] {
    return this.#judge.doubts;
  }

  /** Updates the session from the current object: its limits and its intervals. */
  follow(connector: AsanaConnector): void {
    this.#connector = connector;
    this.#intervals = intervalsOf(connector);
    this.desk.setLimits(removalLimitsOf(connector));
  }

  /**
   * Returns the directory as decisions may read it: `null` before the first reading, while it is not known which
   * organization new tokens belong to, and without REST, which shows who is an admin or a guest.
   * @param holder the grant's uid, or the task's id: its own seat does not count against it
   * @param directory a directory other than the connector's own: that of a single account
   */
  read(holder: string, directory = this.directory): Reading | null {
    const snapshot = directory.current();
    if (!snapshot || snapshot.scimOnly || this.syncs.report?.result?.rest.ok === false) return null;
    if (this.clients.areUnproven) return null;
    return readingOf({
      directory,
      snapshot,
      intervals: this.#intervals,
      doubts: this.doubts,
      lastFailed: this.syncs.report !== null && this.syncs.report.result === null,
      seatsBeside: () => this.seats.countBeside(holder, directory),
      isLeaving: (team, user) => this.directory.isLeaving(team, user),
      now: this.#deps.clock.now(),
    });
  }

  /** Checks the gids that the token is shown: if they are of another organization, nothing is changed from then on. */
  see(workspaces: readonly string[]): void {
    this.#judge.see(workspaces, this.#deps.clock.now());
  }

  /** Records what an action of this connector took away, for every connector of the organization. */
  noteLoss(note: LossNote): void {
    note(this.directory);
    this.#deps.organizations.noteLoss(this.key, note);
  }

  /** Records that a grant was decided. Once all are, the desk knows every removal that is wanted. */
  noteDecided(grantUid: string): void {
    if (!this.#undecided.delete(grantUid) || this.#undecided.size > 0) return;
    this.desk.allSeen(this.#deps.clock.now());
    this.#deps.onChange('AllSeen');
  }

  /** Records that a grant cannot be decided now: no removal of this connector goes ahead until it can be. */
  noteUndecided(grantUid: string): void {
    this.#undecided.add(grantUid);
    this.desk.recount();
  }

  /** Updates the desk's count of people from what a grant has applied. */
  noteGrant({ uid, person, applied }: RosterEntry): void {
    if (applied && person !== null) this.desk.roster.apply(uid, person);
    else this.desk.roster.unapply(uid);
  }

  /** Forgets a grant whose object is gone. */
  forgetGrant(uid: string): void {
    this.desk.forget(uid);
    this.seats.forget(uid);
    this.noteDecided(uid);
  }

  /** Applies the answers that people gave to holds by annotation; an accepted reading makes a sync due at once. */
  takeAnswers(connector: AsanaConnector): readonly GivenAnswer[] {
    return this.#answers.take(connector, {
      desk: this.desk,
      canAccept: (reason) => this.#judge.canAccept(reason),
      acceptReading: (reason) => {
        this.#judge.accept(reason);
        this.#place();
        this.syncs.expire();
      },
      readAgain: () => this.syncs.expire(),
    });
  }

  /** True once per generation and per requestedAt: a sync request re-evaluates everything. */
  isAskedAnew({ metadata }: AsanaConnector): boolean {
    const asked = `${metadata.generation} ${metadata.annotations?.[REQUESTED_AT_ANNOTATION] ?? ''}`;
    const anew = asked !== this.#asked;
    this.#asked = asked;
    return anew;
  }

  /** Uses these credentials. New clients are created only if `tokens` (a rotated Secret) or `settings` changed. */
  async useCredentials(
    tokens: string,
    open: () => AsanaSession,
    { settings = '', secretVersion = '' }: Partial<Omit<ClientsOrigin, 'tokens'>> = {},
  ): Promise<void> {
    const origin = { tokens, settings, secretVersion };
    const anew = !this.clients.areOf(origin);
    if (anew) await this.syncs.stop('its credentials changed');
    const hasReading = this.directory.current() !== null;
    this.clients.use(origin, hasReading, open);
    if (anew && hasReading) this.#deps.onChange('Clients');
  }

  /** Drops the clients and records the obstacle that caused it. */
  async dropCredentials(obstacle: Obstacle): Promise<void> {
    await this.syncs.stop('its credentials are gone');
    this.clients.drop(obstacle);
  }

  /** Starts a sync in the background; does nothing while one is running or without credentials. */
  startSync(
    cause: SyncCause,
    { answering, readsTeams = false }: { readonly answering: boolean; readonly readsTeams?: boolean },
  ): void {
    if (!this.asana || this.syncs.running) return;
    this.syncs.start({
      asana: this.asana,
      spec: this.#connector.spec,
      cause,
      answering,
      readsTeams,
      intervals: this.#intervals,
      previous: this.directory.current(),
      restKnown: this.organizations.length > 0,
      acceptedShortfall: this.measure?.acceptedShortfall ?? null,
      onEnd: this.#deps.organizations.beginReading(),
    });
  }

  /** Whether the schedule alone makes a sync due now, regardless of what was requested since the last one. */
  isSyncDue(): boolean {
    const { finished } = this.syncs;
    const now = this.#deps.clock.monotonic();
    const next = finished && nextSyncAt(finished, finished.cause, this.#intervals.intervalMs, now);
    return !finished || (next !== null && next <= now);
  }

  /**
   * Starts a sync that neither the interval nor a person asked for; the next interval counts from it as usual.
   * @param options readsTeams: read teams even if they are not due
   */
  startUnaskedSync(options: { readonly readsTeams?: boolean } = {}): void {
    this.startSync(this.syncs.finished?.cause ?? NO_CAUSE, { answering: false, ...options });
  }

  /**
   * Makes a sync due after Asana rejected a token, so that the status shows it: once for each version of the Secret, in
   * case Asana accepts the token for reading.
   */
  noteRejection(): void {
    if (this.clients.noteRejection()) this.syncs.expire();
  }

  /** Ends everything in progress; the session cannot be used afterwards. */
  async close(): Promise<void> {
    await this.link.close();
    await this.syncs.stop('the connector is gone');
    this.clients.drop(null);
    this.seats.close();
    this.#deps.organizations.remove(this.key);
  }

  /** Marks the tokens as proven if the last reading made with them is not of another organization. */
  #proveTokens(): void {
    const result = this.syncs.report?.result;
    if (result?.snapshot && result.rest.ok && !this.isForeign) this.clients.prove();
  }

  /** Registers the organizations of this connector, so that connectors of one organization count together. */
  #place(): void {
    const { organizations, desk: counter, directory } = this;
    const readAt = seatsReadAt(directory);
    this.#deps.organizations.place(this.key, { organizations, counter, directory, readAt });
  }
}
