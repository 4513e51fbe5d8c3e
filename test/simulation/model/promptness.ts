import type { Clock } from '../../../src/core/clock.ts';
import type { EventRecord } from '../cluster/simulated-cluster.ts';
import type { Judge } from './judge.ts';
import { modelOf } from './kinds.ts';
import { CONNECTOR_KIND, conditionOf, type Grant, nameOf, type Seen } from './objects.ts';
import type { Commit } from './records.ts';
import type { NamedRule } from './rule.ts';

export interface PromptnessOptions {
  readonly judge: Judge;
  readonly clock: Clock;
  readonly events: () => readonly EventRecord[];
  /** Reports whether one leader has been at work, undisturbed, for this many milliseconds. */
  readonly isCalm: (forMs: number) => boolean;
}

/** The contract's 5 s, plus the time that a watch and a write take. */
const OBSERVED_WITHIN_MS = 6_000;
/** A new leader reads everything first, so less calm than this is not judged. */
const CALM_MS = 40_000;
/** Events are written one after the other, after the status. */
const TOLD_WITHIN_MS = 10_000;

const OBSERVED = {
  name: 'ObservedSoon',
  sentence: '`observedGeneration` shows every edit within 5 s',
};
const TOLD = {
  name: 'StallIsTold',
  sentence: 'a grant that begins to stall gets a Warning event',
};

/** Rules about what must happen soon. */
export const promptRules: readonly NamedRule[] = [OBSERVED, TOLD];

/** Checks that the operator does in time what it must do soon. */
export class Promptness {
  readonly #options: PromptnessOptions;

  constructor(options: PromptnessOptions) {
    this.#options = options;
  }

  commit({ verb, kind, before, after }: Commit): void {
    if (!after || (kind !== CONNECTOR_KIND && !modelOf(kind))) return;
    if (verb !== 'status' && before?.metadata.generation !== after.metadata.generation)
      this.#expectObserved(after);
    if (verb === 'status' && kind !== CONNECTOR_KIND)
      this.#expectTold(before as Grant | null, after as Grant);
  }

  #expectObserved(object: Seen): void {
    const { judge, clock, isCalm } = this.#options;
    const { uid, generation } = object.metadata;
    clock.schedule(OBSERVED_WITHIN_MS, () => {
      if (!isCalm(CALM_MS)) return;
      const { facts } = judge;
      const now = facts.grants.get(uid) ?? facts.connectors.get(uid);
      if (!now || now.metadata.generation !== generation) return;
      const seen = now.status?.observedGeneration ?? 0;
      if (seen < generation)
        judge.report(OBSERVED, `${nameOf(now)}: generation ${generation}, observed ${seen}`);
    });
  }

  #expectTold(before: Grant | null, after: Grant): void {
    const { judge, clock, isCalm, events } = this.#options;
    const stalled = conditionOf(after, 'Stalled');
    if (!stalled || (before && conditionOf(before, 'Stalled'))) return;
    const { uid } = after.metadata;
    clock.schedule(TOLD_WITHIN_MS, () => {
      if (!isCalm(CALM_MS) || !judge.facts.grants.has(uid)) return;
      const told = events().some(({ type, regarding }) => type === 'Warning' && regarding.uid === uid);
      if (!told)
        judge.report(TOLD, `${nameOf(after)} stalls with ${stalled.reason} and has no Warning event`);
    });
  }
}
