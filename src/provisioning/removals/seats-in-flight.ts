/** Enterprise licenses of one organization that are under way: sent or about to be, and in no reading yet. */
export class SeatsInFlight {
  readonly #byHolder = new Map<string, { readonly account: string }>();
  /** Holders by account: a grant and a task may be about the same person, who gets one license. */
  readonly #holders = new Map<string, number>();

  get isEmpty(): boolean {
    return this.#byHolder.size === 0;
  }

  /** @returns what frees this seat, and no later one of the same holder */
  take(holder: string, account: string): () => void {
    const before = this.#byHolder.get(holder);
    if (before) this.#free(holder, before);
    const seat = { account };
    this.#byHolder.set(holder, seat);
    this.#holders.set(account, (this.#holders.get(account) ?? 0) + 1);
    return () => this.#free(holder, seat);
  }

  /** Accounts but the one of this holder. */
  countBeside(holder: string): number {
    return this.#holders.size - (this.#byHolder.has(holder) ? 1 : 0);
  }

  #free(holder: string, seat: { readonly account: string }): void {
    if (this.#byHolder.get(holder) !== seat) return;
    this.#byHolder.delete(holder);
    const left = (this.#holders.get(seat.account) ?? 1) - 1;
    if (left === 0) this.#holders.delete(seat.account);
    else this.#holders.set(seat.account, left);
  }
}
