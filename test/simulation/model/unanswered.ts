import type { AsanaAnswer, AsanaRequest } from '../asana/front.ts';
import { type Effect, type EffectType } from './effect.ts';
import type { Grant } from './objects.ts';

/** Effects that must not happen twice. */
const ONE_WAY: readonly EffectType[] = ['CreateAccount', 'Deprovision', 'RemoveFromWorkspace'];
/** How long Asana may take to show what it has done. */
const SHOWN_WITHIN_MS = 180_000;

/** One-way writes for grants whose outcome is unknown: lost, or never answered. */
export class Unanswered {
  readonly #open = new Map<string, { readonly number: number; readonly at: number }>();

  /**
   * Records that a write leaves.
   * @returns whether the same object has sent the same before, and may not know yet whether it was done
   */
  leaves({ number }: AsanaRequest, effect: Effect, grant: Grant | null, now: number): boolean {
    if (!grant || !ONE_WAY.includes(effect.type)) return false;
    const { uid, generation } = grant.metadata;
    const key = `${uid} ${generation} ${effect.type}`;
    const before = this.#open.get(key);
    this.#open.set(key, { number, at: now });
    return before !== undefined && now - before.at < SHOWN_WITHIN_MS;
  }

  /** Records a clear answer, yes or no; a request that failed on Asana's side may have been carried out. */
  answers({ number, status }: AsanaAnswer): void {
    if (status === 0 || status >= 500) return;
    for (const [key, open] of this.#open) if (open.number === number) this.#open.delete(key);
  }
}
