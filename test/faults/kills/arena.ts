import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../src/core/clock.ts';
import { OperatorRig } from '../../operator/rig.ts';
import { Ledger } from './ledger.ts';
import { type ReplicaOptions, type Strike, WatchedReplica } from './watched-replica.ts';
import { type ActionName, isGiving, opposite, type Wish, Wishes } from './wishes.ts';

/** The fields of the lease that these runs read. */
export interface SeenLease {
  readonly metadata: { readonly resourceVersion: string };
  readonly spec: { readonly holderIdentity?: string };
}

const UNLIMITED = { percent: 100, atLeast: 100_000, window: '1m' };

export interface ArenaOptions {
  readonly maxRemovals?: { readonly percent: number; readonly atLeast: number; readonly window: string };
  /** Returns flags and variables of a process, given how many were started before it. */
  readonly optionsOf?: (number: number) => ReplicaOptions;
}

/** Nothing that is awaited here takes this long unless it never happens. */
const PATIENCE_MS = 300_000;
const POLL_MS = 25;

/** Two real operator processes, a real API server, and a simulated Asana whose every change is recorded. */
export class Arena {
  readonly rig: OperatorRig;
  readonly ledger: Ledger;
  readonly wishes: Wishes;
  /** Chooses the fault for each request of all processes. */
  strike: Strike = () => null;
  /** How many processes have ended by themselves, not by a signal. */
  endedThemselves = 0;
  #running: WatchedReplica[] = [];
  #filling: Promise<void> | null = null;
  /** All processes so far, in the order in which they started. */
  readonly ever: WatchedReplica[] = [];

  readonly #optionsOf: (number: number) => ReplicaOptions;

  private constructor(
    parts: Pick<Arena, 'rig' | 'ledger' | 'wishes'>,
    optionsOf: (number: number) => ReplicaOptions,
  ) {
    this.rig = parts.rig;
    this.ledger = parts.ledger;
    this.wishes = parts.wishes;
    this.#optionsOf = optionsOf;
  }

  static async open(
    purpose: string,
    { maxRemovals = UNLIMITED, optionsOf = () => ({}) }: ArenaOptions = {},
  ): Promise<Arena> {
    const rig = await OperatorRig.start(purpose, { accounts: 40, membersPerTeam: 0 });
    await rig.createSecret();
    await rig.createConnector({
      defaultWorkspace: rig.sandbox.workspace,
      provisioning: {
        allowDeprovision: true,
        maxRemovals,
        maxDeprovisions: 100_000,
      },
    });
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
    await rig.stopOperator();
    const ledger = new Ledger(rig.sandbox);
    const wishes = await Wishes.prepare(rig, ledger);
    const arena = new Arena({ rig, ledger, wishes }, optionsOf);
    await arena.fill();
    await arena.leader();
    return arena;
  }

  async close(): Promise<void> {
    await Promise.all(this.#running.map((replica) => replica.close('SIGTERM')));
    await this.rig.close();
  }

  get running(): readonly WatchedReplica[] {
    return this.#running;
  }

  /** Replaces each process that has ended, as a kubelet does. */
  fill(): Promise<void> {
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = null;
    });
    return this.#filling;
  }

  async #fill(): Promise<void> {
    const ended = this.#running.filter(({ process }) => process.hasEnded);
    this.#running = this.#running.filter((replica) => !ended.includes(replica));
    this.endedThemselves += ended.filter(({ process }) => process.exitCode !== null).length;
    await Promise.all(ended.map((replica) => replica.close()));
    while (this.#running.length < 2) {
      const strike: Strike = (side, request, asking) => this.strike(side, request, asking);
      const replica = await WatchedReplica.start(
        this.rig,
        { ledger: this.ledger, strike },
        this.#optionsOf(this.ever.length),
      );
      this.#running.push(replica);
      this.ever.push(replica);
    }
  }

  /** Waits until one of the running processes holds the lease. */
  async leader(): Promise<WatchedReplica> {
    let leader: WatchedReplica | undefined;
    await this.until('one of the two leads', async () => {
      const holder = (await this.lease())?.spec.holderIdentity;
      leader = this.#running.find(({ process }) => process.knownAs === holder && !process.hasEnded);
      return leader !== undefined;
    });
    return leader as WatchedReplica;
  }

  async lease(): Promise<SeenLease | null> {
    return this.rig.client.getLease<SeenLease>(
      this.rig.namespace,
      'asana-connector',
      AbortSignal.timeout(PATIENCE_MS),
    );
  }

  /** @returns the wishes that are still not fulfilled when patience ends */
  async settle(wishes: readonly Wish[], { patienceMs = PATIENCE_MS } = {}): Promise<readonly Wish[]> {
    const open = new Set(wishes);
    const deadline = performance.now() + patienceMs;
    while (open.size > 0 && performance.now() < deadline) {
      for (const wish of open) if (await this.wishes.isFulfilled(wish)) open.delete(wish);
      await this.fill();
      if (open.size > 0) await sleep(POLL_MS);
    }
    return [...open];
  }

  /** Wishes for this action. If nobody is ready for it, the opposite is wished for and fulfilled first. */
  async wishFor(random: Random, action: ActionName): Promise<Wish> {
    const wish = await this.wishes.declare(random, action);
    if (wish) return wish;
    const first = isGiving(action) ? null : await this.wishes.declare(random, opposite(action));
    if (!first) throw new Error(`nobody is free for ${action}: every person waits for something`);
    if ((await this.settle([first])).length > 0)
      throw new Error(`${first.action} of ${first.email} never came`);
    this.wishes.conclude(first);
    return this.wishFor(random, action);
  }

  /** Waits until something is seen, and keeps two processes running meanwhile. */
  async until(what: string, seen: () => boolean | Promise<boolean>, withinMs = PATIENCE_MS): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!(await seen())) {
      await this.fill();
      if (performance.now() > deadline) throw new Error(`waited ${withinMs / 1000} s for: ${what}`);
      await sleep(POLL_MS);
    }
  }
}
