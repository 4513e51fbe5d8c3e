import type { AsanaConnectorStatus } from '../../api/asana-connector.ts';
import { type Directory } from '../../directory/directory.ts';
import { type Doubt, type DoubtReason, isWorse, restoreDoubt } from '../../directory/doubt.ts';
import { accept, doubtWorkspaces, type Judgement, judgeReading } from '../../directory/judgement.ts';
import type { Measure } from '../../directory/measure.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import type { ReadingDoubts } from '../../provisioning/removals/reading-doubts.ts';
import { readMeasure } from './measure-record.ts';

/** What a judge of readings works on. */
export interface ReadingJudgeParts {
  readonly directory: Directory;
  /** Where the holds over readings stand, each with its token. */
  readonly holds: ReadingDoubts;
  /** What a process before this one has recorded. */
  readonly status: AsanaConnectorStatus | undefined;
}

/**
 * Lets readings of Asana into the directory. Each is compared with the measure first; one of another organization never
 * gets there, and what is suddenly smaller does not take the place of what was there, until a person accepts it.
 */
export class ReadingJudge {
  readonly #directory: Directory;
  readonly #holds: ReadingDoubts;
  #measure: Measure | null;
  #organizations: readonly string[];
  #doubts: readonly Doubt[];
  /** The last reading, and what was said of it; null before the first of this process. */
  #last: { readonly snapshot: Snapshot; readonly judgement: Judgement } | null = null;

  constructor({ directory, holds, status }: ReadingJudgeParts) {
    this.#directory = directory;
    this.#holds = holds;
    this.#measure = readMeasure(status);
    this.#organizations = status?.organizations ?? [];
    this.#doubts = holds.list().map(restoreDoubt);
  }

  get measure(): Measure | null {
    return this.#measure;
  }

  /** Gids of the organizations that were read: only these count, and only a person can put others in their place. */
  get organizations(): readonly string[] {
    return this.#organizations;
  }

  /** The doubts that stand. */
  get doubts(): readonly Doubt[] {
    return this.#doubts;
  }

  /** A reading of another organization stands: nothing counts. */
  get isForeign(): boolean {
    return this.#doubts.some(({ reason }) => reason === 'OrganizationChanged');
  }

  /**
   * Takes a reading in, as far as it may be.
   * @param workspaces those that the connector names
   * @param now epoch milliseconds
   */
  take(snapshot: Snapshot, workspaces: readonly string[] | undefined, now: number): void {
    const judgement = judgeReading(this.#measure, snapshot, {
      organizations: this.#organizations,
      workspaces,
      removed: this.#directory.removedSince(this.#measure),
      doubts: this.#doubts,
      streak: this.#last?.judgement.streak ?? null,
    });
    this.#last = { snapshot, judgement };
    this.#measure = judgement.measure;
    this.#organizations = judgement.organizations;
    this.#stand(judgement.doubts, now);
    this.#adopt(snapshot);
  }

  /**
   * Sees what the token is shown before anybody is read: of another organization nothing is changed from then on.
   * @param workspaces gids
   * @param now epoch milliseconds
   */
  see(workspaces: readonly string[], now: number): void {
    if (this.isForeign) return;
    const foreign = doubtWorkspaces(this.#organizations, workspaces);
    if (foreign) this.#stand([...this.#doubts, foreign], now);
  }

  /** Whether a reading of this process shows what a doubt is about, so that a person can accept it. */
  canAccept(reason: DoubtReason): boolean {
    return this.#last?.judgement.doubts.some((doubt) => doubt.reason === reason) ?? false;
  }

  /** A person says that the last reading is right as it is. */
  accept(reason: DoubtReason): void {
    if (!this.#last) return;
    const { snapshot, judgement } = this.#last;
    const { measure, organizations } = accept(judgement, reason);
    const others = (doubts: readonly Doubt[]) => doubts.filter((doubt) => doubt.reason !== reason);
    const doubts = others(judgement.doubts);
    this.#last = { snapshot, judgement: { ...judgement, measure, organizations, doubts } };
    this.#measure = measure;
    this.#organizations = organizations;
    // What was seen since that reading is no part of its judgement, and stands.
    this.#doubts = others(this.#doubts);
    this.#adopt(snapshot);
  }

  /** Begins, worsens and ends the holds, so that each token stands for what it names. */
  #stand(doubts: readonly Doubt[], now: number): void {
    for (const { reason } of this.#doubts) {
      if (!doubts.some((doubt) => doubt.reason === reason)) this.#holds.drop(reason);
    }
    for (const doubt of doubts) {
      const before = this.#doubts.find(({ reason }) => reason === doubt.reason);
      // Another place is another question, however many items it is about: the old token must not answer it.
      if (before && isWorse(before, doubt) && doubt.count <= this.#countOf(doubt.reason))
        this.#holds.drop(doubt.reason);
      this.#holds.raise(doubt, now);
    }
    this.#doubts = doubts;
  }

  #countOf(reason: DoubtReason): number {
    return this.#holds.list().find((hold) => hold.reason === reason)?.count ?? 0;
  }

  #adopt(snapshot: Snapshot): void {
    if (this.isForeign) return;
    const before = this.#directory.current();
    if (before === null) return this.#directory.adopt(snapshot);
    const shrunk = this.#doubts.find(({ reason }) => reason === 'DirectoryShrunk')?.parts ?? [];
    if (shrunk.includes('accounts') || shrunk.includes('licenses')) return;
    const keepsTeams = shrunk.includes('teams') || shrunk.includes('teamMemberships');
    this.#directory.adopt(keepsTeams ? withTeamsOf(before, snapshot) : snapshot);
  }
}

function withTeamsOf({ teams, parts }: Snapshot, snapshot: Snapshot): Snapshot {
  return { ...snapshot, teams, parts: { ...snapshot.parts, teams: parts.teams } };
}
