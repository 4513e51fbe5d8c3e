import type { AsanaAnswer, AsanaRequest } from '../asana/front.ts';
import { type Effect, type EffectType } from './effect.ts';
import type { Grant } from './objects.ts';

/** What must not be done twice. */
const ONE_WAY: readonly EffectType[] = ['CreateAccount', 'Deprovision', 'RemoveFromWorkspace'];
/** Asana may take so long to show what it has done. */
const SHOWN_WITHIN_MS = 180_000;

/** The one-way writes of grants of which nobody knows what became of them: lost, or never answered. */
export class Unanswered {
  readonly #open = new Map<string, { readonly number: number; readonly at: number }>();

  /**
   * A write leaves.
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

  /** Asana said yes or no; what failed on its side may have been done. */
  answers({ number, status }: AsanaAnswer): void {
    if (status === 0 || status >= 500) return;
    for (const [key, open] of this.#open) if (open.number === number) this.#open.delete(key);
  }
}
