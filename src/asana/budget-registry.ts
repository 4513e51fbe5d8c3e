import type { Redacted } from '../core/redacted.ts';
import { Budget, type BudgetDeps, type BudgetLimits } from './budget.ts';

/** From this many on, budgets without users that hold nothing back are dropped, since tokens rotate. */
const BUDGETS_BEFORE_SWEEP = 16;

/** A budget in use; call `giveBack` once no further request will be sent. */
export interface BorrowedBudget {
  readonly budget: Budget;
  readonly giveBack: () => void;
}

/**
 * The budgets of one process, one per token: all clients that use a token share its budget, which outlives
 * them, so that opening a new connection does not refill it.
 */
export class BudgetRegistry {
  readonly #limits: BudgetLimits;
  readonly #deps: BudgetDeps;
  readonly #budgets = new Map<string, { readonly budget: Budget; users: number }>();

  constructor(limits: BudgetLimits, deps: BudgetDeps) {
    this.#limits = limits;
    this.#deps = deps;
  }

  /** Returns the budget of a token, identified by its fingerprint; creates it at the first request. */
  borrow(token: Redacted): BorrowedBudget {
    const fingerprint = token.fingerprint();
    let entry = this.#budgets.get(fingerprint);
    if (!entry) {
      if (this.#budgets.size >= BUDGETS_BEFORE_SWEEP) this.#sweep();
      entry = { budget: new Budget(this.#limits, this.#deps, fingerprint.slice(0, 8)), users: 0 };
      this.#budgets.set(fingerprint, entry);
    }
    const { budget } = entry;
    entry.users += 1;
    let borrowed = true;
    const giveBack = () => {
      if (borrowed) entry.users -= 1;
      borrowed = false;
    };
    return { budget, giveBack };
  }

  /** Updates the metrics of all budgets; called before metrics are read. */
  refresh(): void {
    for (const { budget } of this.#budgets.values()) budget.refresh();
  }

  #sweep(): void {
    for (const [fingerprint, { budget, users }] of this.#budgets) {
      if (users > 0 || !budget.isIdle()) continue;
      budget.retire();
      this.#budgets.delete(fingerprint);
    }
  }
}
