import type { Redacted } from '../core/redacted.ts';
import { Budget, type BudgetDeps, type BudgetLimits } from './budget.ts';

/** Above this many, budgets that nobody uses and that hold nothing back are forgotten: tokens rotate. */
const BUDGETS_BEFORE_SWEEP = 16;

/** A budget in use; `giveBack` once, when no further request will be sent. */
export interface BorrowedBudget {
  readonly budget: Budget;
  readonly giveBack: () => void;
}

/**
 * The budgets of one process, one a token: whoever sends with a token takes from the same budget, which
 * outlives its users, so that opening a connection again refills nothing.
 */
export class BudgetRegistry {
  readonly #limits: BudgetLimits;
  readonly #deps: BudgetDeps;
  readonly #budgets = new Map<string, { readonly budget: Budget; users: number }>();

  constructor(limits: BudgetLimits, deps: BudgetDeps) {
    this.#limits = limits;
    this.#deps = deps;
  }

  /** The budget of a token, told by its fingerprint; made when first asked for. */
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

  /** Brings the gauges of all budgets up to date; called before metrics are read. */
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
