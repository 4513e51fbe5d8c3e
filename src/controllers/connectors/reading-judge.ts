import type { AsanaConnectorStatus } from '../../api/asana-connector.ts';
import { type Directory } from '../../directory/directory.ts';
import { type Doubt, type DoubtReason, isWorse, restoreDoubt } from '../../directory/doubt.ts';
import { accept, doubtWorkspaces, type Judgement, judgeReading } from '../../directory/judgement.ts';
import type { Measure } from '../../directory/measure.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import type { ReadingDoubts } from '../../provisioning/removals/reading-doubts.ts';
import { readMeasure } from './measure-record.ts';

/** The parts that a reading judge works with. */
export interface ReadingJudgeParts {
  readonly directory: Directory;
  /** The holds over readings, each with its token. */
  readonly holds: ReadingDoubts;
  /** The status that an earlier process recorded. */
  readonly status: AsanaConnectorStatus | undefined;
}

/**
 * Admits readings of Asana to the directory after comparing each with the measure. Until a person accepts it, a reading
 * of another organization is not admitted, and parts that are suddenly smaller do not replace the earlier ones.
 */
export class ReadingJudge {
  readonly #directory: Directory;
  readonly #holds: ReadingDoubts;
  #measure: Measure | null;
  #organizations: readonly string[];
  #doubts: readonly Doubt[];
  /** The last reading and its judgement; `null` before the first of this process. */
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

  /** Gids of the organizations on record. A reading of entirely different ones counts only once a person accepts it. */
  get organizations(): readonly string[] {
    return this.#organizations;
  }

  /** The doubts that currently stand. */
  get doubts(): readonly Doubt[] {
    return this.#doubts;
  }

  /** True while the doubt OrganizationChanged stands: no reading is admitted. */
  get isForeign(): boolean {
    return this.#doubts.some(({ reason }) => reason === 'OrganizationChanged');
  }

  /**
   * Judges a reading and admits as much of it as the doubts allow.
   * @param workspaces the workspaces that the connector names
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
   * Checks the workspaces that the token is shown, before any account is read: if they are of another organization,
   * nothing is changed from then on.
   * @param workspaces gids
   * @param now epoch milliseconds
   */
  see(workspaces: readonly string[], now: number): void {
    if (this.isForeign) return;
    const foreign = doubtWorkspaces(this.#organizations, workspaces);
    if (foreign) this.#stand([...this.#doubts, foreign], now);
  }

  /** Whether the last reading of this process shows a doubt, so that a person can accept it. */
  canAccept(reason: DoubtReason): boolean {
    return this.#last?.judgement.doubts.some((doubt) => doubt.reason === reason) ?? false;
  }

  /** Accepts the last reading as it is, on a person's answer. */
  accept(reason: DoubtReason): void {
    if (!this.#last) return;
    const { snapshot, judgement } = this.#last;
    const { measure, organizations } = accept(judgement, reason);
    const others = (doubts: readonly Doubt[]) => doubts.filter((doubt) => doubt.reason !== reason);
    const doubts = others(judgement.doubts);
    this.#last = { snapshot, judgement: { ...judgement, measure, organizations, doubts } };
    this.#measure = measure;
    this.#organizations = organizations;
    // Doubts that `see` raised after that reading are not part of its judgement, and stand.
    this.#doubts = others(this.#doubts);
    this.#adopt(snapshot);
  }

  /** Begins, worsens and ends the holds, so that each token stands for exactly what it names. */
  #stand(doubts: readonly Doubt[], now: number): void {
    for (const { reason } of this.#doubts) {
      if (!doubts.some((doubt) => doubt.reason === reason)) this.#holds.drop(reason);
    }
    for (const doubt of doubts) {
      const before = this.#doubts.find(({ reason }) => reason === doubt.reason);
      // A doubt about another place needs a new answer, whatever its count: the old token must not answer it.
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
