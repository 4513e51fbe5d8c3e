import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../../src/core/clock.ts';
import { between, pick } from '../../simulation/random.ts';
import type { Arena } from './arena.ts';
import { judgeChanges, judgeConduct, judgeOneWay } from './judge.ts';
import { type Loss, losses } from './losses.ts';
import { type Step, Trap } from './steps.ts';
import type { WatchedReplica } from './watched-replica.ts';
import { type ActionName, actions, type Wish } from './wishes.ts';

/** How soon a process that lost its lease must be gone, whatever hangs: the hard stop of main.ts, and some slack. */
const HARD_STOP_MS = 65_000;
/** Nothing takes this long, even on a busy machine, unless it never happens. */
const RECOVERY_MS = 600_000;
/** The operator looks for a one-way change for four minutes, and then sends it again. */
const LOOKED_FOR_MS = 300_000;
/** Number of wishes in a random round. */
const WISHES = 3;
/** A kill comes at any moment within this time: during the actions, or after them. */
const LONGEST_WAIT_MS = 800;

/** The result of one kill. */
export interface Outcome {
  /** The step, or the way the lease was lost. */
  readonly what: string;
  readonly action: string;
  /** Number of changes that Asana did not show yet at that moment. */
  readonly underWay: number;
  /** Milliseconds from the kill until everything was as wished; `null` while something is being looked for. */
  readonly recoveredMs: number | null;
  /** Milliseconds until a process that lost its lease had ended by itself; `null` for a process that was killed. */
  readonly endedMs: number | null;
  readonly findings: readonly string[];
}

/** Kills in one arena, one after the other, each judged afterwards. */
export class Rounds {
  readonly #arena: Arena;
  readonly #random: Random;
  /** One-way wishes whose request may not have arrived before the kill; judged at the end. */
  readonly #lookedFor: Wish[] = [];
  readonly #told = new Set<string>();
  /** How many processes were made to end by themselves. */
  #ends = 0;

  constructor(arena: Arena, random: Random) {
    this.#arena = arena;
    this.#random = random;
  }

  /** Kills the leader at one step of one action. */
  async atStep(step: Step, action: ActionName): Promise<Outcome> {
    const arena = this.#arena;
    await arena.leader();
    const wish = await arena.wishFor(this.#random, action);
    let killedAt = 0;
    const trap = new Trap(step, wish);
    arena.strike = (side, request, replica) =>
      trap.strike(side, request, () => {
        killedAt = performance.now();
        replica.process.signal('SIGKILL');
      });
    await arena.until(`the leader comes to: ${step.name} (${action})`, () => killedAt > 0);
    arena.strike = () => null;
    return this.#conclude({ what: step.name, action, underWay: 1 }, [wish], killedAt);
  }

  /** How many processes ended by themselves unprovoked: the machine was too slow for their lease. */
  get starved(): number {
    return this.#arena.endedThemselves - this.#ends;
  }

  /** Takes the lease or the leader away at a random moment, in one of many ways. */
  async atRandom(): Promise<Outcome> {
    const arena = this.#arena;
    const loss = this.#drawLoss();
    await arena.rig.setAsana({ latencyMs: pick(this.#random, [0, 20, 100]) });
    const leader = await arena.leader();
    const drawn = Array.from({ length: WISHES }, () => pick(this.#random, actions));
    const wishes = (
      await Promise.all(drawn.map((action) => arena.wishes.declare(this.#random, action)))
    ).filter((wish) => wish !== null);
    await sleep(between(this.#random, 0, LONGEST_WAIT_MS));
    const struckAt = performance.now();
    const underWay = wishes.filter(({ email, to }) => arena.ledger.standing(email) !== to).length;
    await loss.strike(arena, leader);
    if (loss.endsItself) this.#ends += 1;
    const told = { what: loss.name, action: wishes.map(({ action }) => action).join(', '), underWay };
    const [endedMs, outcome] = await Promise.all([
      loss.endsItself ? this.#untilEnded(leader) : null,
      this.#conclude(told, wishes, struckAt),
    ]);
    if (!loss.endsItself || endedMs !== null) return { ...outcome, endedMs };
    const hangs = `${loss.name}: the process has not ended within ${HARD_STOP_MS / 1000} s`;
    return { ...outcome, findings: [...outcome.findings, hangs] };
  }

  /** Waits for the wishes that are being looked for, and judges everything once more. */
  async end(): Promise<readonly string[]> {
    const lost = await this.#arena.settle(this.#lookedFor, { patienceMs: LOOKED_FOR_MS });
    this.#lookedFor.length = 0;
    return [...(await this.#tellAll(lost)), ...(await this.#judge())];
  }

  get lookedFor(): number {
    return this.#lookedFor.length;
  }

  /** Returns the milliseconds until a process that lost its lease has ended by itself; `null` if it hangs. */
  async #untilEnded({ process }: WatchedReplica): Promise<number | null> {
    const since = performance.now();
    const hangs = sleep(HARD_STOP_MS, null, { ref: false });
    const ended = process.ended.then(() => performance.now() - since);
    return Promise.race([ended, hangs]);
  }

  async #conclude(
    told: Pick<Outcome, 'what' | 'action' | 'underWay'>,
    wishes: readonly Wish[],
    since: number,
  ): Promise<Outcome> {
    const arena = this.#arena;
    await arena.fill();
    const open = [...(await this.#settle(wishes))];
    const lost: Wish[] = [];
    for (const wish of open) ((await arena.wishes.isLookedFor(wish)) ? this.#lookedFor : lost).push(wish);
    const recoveredMs = open.length > 0 ? null : performance.now() - since;
    for (const wish of wishes) if (!open.includes(wish)) arena.wishes.conclude(wish);
    return {
      ...told,
      endedMs: null,
      recoveredMs,
      findings: [...(await this.#tellAll(lost)), ...(await this.#judge())],
    };
  }

  /** Does not wait for wishes that are being looked for: the next kills come meanwhile. */
  async #settle(wishes: readonly Wish[]): Promise<readonly Wish[]> {
    const twice = wishes.filter(({ oneWay }) => !oneWay);
    const begun = performance.now();
    const lost = await this.#arena.settle(twice, { patienceMs: RECOVERY_MS });
    const once = wishes.filter(({ oneWay }) => oneWay);
    let open = await this.#arena.settle(once, { patienceMs: 100 });
    while (open.length > 0 && performance.now() - begun < RECOVERY_MS) {
      const waiting = await Promise.all(open.map((wish) => this.#arena.wishes.isLookedFor(wish)));
      const quick = open.filter((_, index) => !waiting[index]);
      // A standby needs some seconds to take over and to look; a change that was made shows by then.
      if (quick.length === 0 && performance.now() - begun > 12_000) break;
      open = await this.#arena.settle(open, { patienceMs: 500 });
    }
    return [...lost, ...open];
  }

  #tellAll(wishes: readonly Wish[]): Promise<readonly string[]> {
    return Promise.all(wishes.map((wish) => this.#arena.wishes.tell(wish)));
  }

  async #judge(): Promise<readonly string[]> {
    const { ledger, wishes, ever, rig } = this.#arena;
    ledger.note();
    const judged = wishes.all.filter((wish) => !this.#lookedFor.includes(wish));
    const open = new Set(this.#lookedFor.map(({ email }) => email));
    const turns = ledger.turns.filter(({ email }) => !open.has(email));
    const tookOver = takeovers(rig.logs);
    const conducts = ever.map(({ asks, renewals, process }, index) => {
      const name = `process ${index + 1}`;
      return { name, asks, renewals, tookOver: tookOver.has(process.knownAs ?? '') };
    });
    const findings = [
      ...judgeChanges(
        judged.filter(({ email }) => !open.has(email)),
        turns,
      ),
      ...judgeOneWay(
        wishes.all,
        ever.flatMap(({ asks }) => asks),
      ),
      ...conducts.flatMap((conduct) => judgeConduct(conduct, wishes.all)),
    ];
    const fresh = findings.filter((finding) => !this.#told.has(finding));
    for (const finding of fresh) this.#told.add(finding);
    return fresh;
  }

  #drawLoss(): Loss {
    return pick(
      this.#random,
      losses.flatMap((loss) => Array.from({ length: loss.weight }, () => loss)),
    );
  }
}

/** Returns the processes that logged that they took the lease from a holder that had not released it. */
function takeovers(logs: readonly string[]): Set<string> {
  const lines = logs.filter((line) => line.includes('"leading"'));
  return new Set(
    lines
      .map((line) => JSON.parse(line) as { identity?: string; takenOver?: boolean })
      .filter(({ takenOver }) => takenOver === true)
      .map(({ identity }) => identity ?? ''),
  );
}
