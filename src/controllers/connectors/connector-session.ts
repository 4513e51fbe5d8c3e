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
 * `Link`: service mode. `AllSeen`: every grant of the start has been decided; removals may go, and holds be answered.
 * `Clients`: there are other credentials, and a reading from before them to act on.
 */
export type SessionChange = SyncChange | 'Link' | 'AllSeen' | 'Clients';

export interface SessionDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** By default nothing is traced. */
  readonly tracer?: Tracer | undefined;
  /** Names a hold: lower-case letters and digits, never the same twice. */
  readonly newHoldId: () => string;
  /** One for all connectors of the process. */
  readonly organizations: Organizations;
  /** Called when something was learnt. */
  readonly onChange: (what: SessionChange) => void;
}

/**
 * What one connector object knows and does between two reconciles: its Asana clients, its reading of the directory, the
 * desk before its removals and the sync under way. It decides nothing; the reconcilers do. An object of the same name
 * with another uid has a session of its own, and inherits nothing.
 */
export class ConnectorSession {
  /** "namespace/name". */
  readonly key: string;
  readonly uid: string;
  readonly directory: Directory;
  readonly desk: RemovalDesk;
  readonly seats: ConnectorSeats;
  /** The syncs of its directory; begun by `startSync`. */
  readonly syncs: SyncRunner;
  readonly clients = new AsanaClients();
  /** Service mode; idle without `spec.conductorOne`. */
  readonly link: ConductorOneLink;
  readonly #deps: SessionDeps;
  readonly #judge: ReadingJudge;
  readonly #answers: HoldAnswers;
  /** Grants that were there at the start and that were not decided since. */
  readonly #undecided: Set<string>;
  #connector: AsanaConnector;
  /** Of the connector: asked for with every reading. */
  #intervals: PartIntervals;
  #asked = '';

  /** @param connector its status is what a process before this one has left */
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

  /** The clients for the credentials last given; null before any were right. */
  get asana(): AsanaSession | null {
    return this.clients.current;
  }

  /** What the next reading is compared with. */
  get measure(): Measure | null {
    return this.#judge.measure;
  }

  /** Gids of the organizations that this connector is of. */
  get organizations(): readonly string[] {
    return this.#judge.organizations;
  }

  /** The last reading is of another organization: nothing counts. */
  get isForeign(): boolean {
    return this.#judge.isForeign;
  }

  /** The doubts about the last reading. */
  get doubts(): readonly Doubt[] {
    return this.#judge.doubts;
  }

  /** Takes note of the object as it is now: its limits and its intervals. */
  follow(connector: AsanaConnector): void {
    this.#connector = connector;
    this.#intervals = intervalsOf(connector);
    this.desk.setLimits(removalLimitsOf(connector));
  }

  /**
   * The directory as a decision may read it: null before the first reading, of another organization's, while nobody knows whose
   * new tokens are, and without REST, since then admins and guests cannot be told.
   * @param holder the grant's uid, or the task's id: its own seat does not count against it
   * @param directory another one than the connector's: that of a single account
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

  /** Sees what the token is shown, gids: of another organization nothing is changed from then on. */
  see(workspaces: readonly string[]): void {
    this.#judge.see(workspaces, this.#deps.clock.now());
  }

  /** Notes what an action of this connector took away, for every connector of the organization. */
  noteLoss(note: LossNote): void {
    note(this.directory);
    this.#deps.organizations.noteLoss(this.key, note);
  }

  /** A grant was decided on a reading of this process: the desk may count on having heard of it. */
  noteDecided(grantUid: string): void {
    if (!this.#undecided.delete(grantUid) || this.#undecided.size > 0) return;
    this.desk.allSeen(this.#deps.clock.now());
    this.#deps.onChange('AllSeen');
  }

  /** What a grant wants cannot be told now: no removal of this connector goes ahead before it is decided again. */
  noteUndecided(grantUid: string): void {
    this.#undecided.add(grantUid);
    this.desk.recount();
  }

  /** Keeps the desk's count of people abreast of what grants have applied. */
  noteGrant({ uid, person, applied }: RosterEntry): void {
    if (applied && person !== null) this.desk.roster.apply(uid, person);
    else this.desk.roster.unapply(uid);
  }

  /** The object is gone. */
  forgetGrant(uid: string): void {
    this.desk.forget(uid);
    this.seats.forget(uid);
    this.noteDecided(uid);
  }

  /** Follows what people have answered to the holds by annotation; an accepted reading makes a sync due at once. */
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

  /** True once for each generation and each request: a person who asks wants everything looked at anew. */
  isAskedAnew({ metadata }: AsanaConnector): boolean {
    const asked = `${metadata.generation} ${metadata.annotations?.[REQUESTED_AT_ANNOTATION] ?? ''}`;
    const anew = asked !== this.#asked;
    this.#asked = asked;
    return anew;
  }

  /** Takes up credentials; clients are made anew only when `tokens` moved (a rotated Secret) or another setting. */
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

  /** Drops the clients, and says for want of what. */
  async dropCredentials(obstacle: Obstacle): Promise<void> {
    await this.syncs.stop('its credentials are gone');
    this.clients.drop(obstacle);
  }

  /** Begins a sync in the background; does nothing while one runs, or without credentials. */
  startSync(cause: SyncCause, { answering }: { readonly answering: boolean }): void {
    if (!this.asana || this.syncs.running) return;
    this.syncs.start({
      asana: this.asana,
      spec: this.#connector.spec,
      cause,
      answering,
      intervals: this.#intervals,
      previous: this.directory.current(),
      restKnown: this.organizations.length > 0,
      acceptedShortfall: this.measure?.acceptedShortfall ?? null,
      onEnd: this.#deps.organizations.beginReading(),
    });
  }

  /** Whether the schedule would have a sync by now if nobody had asked for anything since the last one. */
  isSyncDue(): boolean {
    const { finished } = this.syncs;
    const now = this.#deps.clock.monotonic();
    const next = finished && nextSyncAt(finished, finished.cause, this.#intervals.intervalMs, now);
    return !finished || (next !== null && next <= now);
  }

  /** Begins one that neither the interval nor a person asks for; for the interval it counts like any other. */
  startUnaskedSync(): void {
    this.startSync(this.syncs.finished?.cause ?? NO_CAUSE, { answering: false });
  }

  /** Ends everything that is under way; the session is of no use afterwards. */
  async close(): Promise<void> {
    await this.link.close();
    await this.syncs.stop('the connector is gone');
    this.clients.drop(null);
    this.seats.close();
    this.#deps.organizations.remove(this.key);
  }

  /** A reading that the judge has taken shows whose the tokens are that it was made with. */
  #proveTokens(): void {
    const result = this.syncs.report?.result;
    if (result?.snapshot && result.rest.ok && !this.isForeign) this.clients.prove();
  }

  /** What several connectors count together goes by the organizations that each of them reads. */
  #place(): void {
    const { organizations, desk: counter, directory } = this;
    const readAt = seatsReadAt(directory);
    this.#deps.organizations.place(this.key, { organizations, counter, directory, readAt });
  }
}
