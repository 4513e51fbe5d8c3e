import assert from 'node:assert/strict';
import { askControl } from '../../../scripts/sandbox-control.ts';
import type { Random } from '../../../src/core/clock.ts';
import { Teams } from '../../operator/console.ts';
import { conditionOf, type OperatorRig } from '../../operator/rig.ts';
import { pick } from '../../simulation/random.ts';
import { ABSENT, type Ledger, standingOf } from './ledger.ts';

/** The actions that wishes lead to. Rights come and go with the object that declares them. */
export const actions = [
  'GrantEnterprise',
  'RevokeEnterprise',
  'AddToTeam',
  'RemoveFromTeam',
  'CreateAccount',
  'Deprovision',
] as const;
export type ActionName = (typeof actions)[number];

/** One change that an object asks for: exactly one effective change of one person in Asana. */
export interface Wish {
  readonly action: ActionName;
  /** When it was declared (`performance.now`). */
  readonly at: number;
  /** The object, as `ClusterObjects` names it. */
  readonly ref: string;
  readonly email: string;
  /** `null` for a person who does not exist yet. */
  readonly gid: string | null;
  readonly from: string;
  readonly to: string;
  readonly removal: boolean;
  /** True if it may not be sent twice: the operator looks for it for four minutes before it sends it again. */
  readonly oneWay: boolean;
}

const TEAM = 'Kill switch guild';
const PEOPLE = 12;

/** A person or an address, and the object that declares a right of theirs while it exists. */
interface Slot {
  readonly kind: 'alg' | 'atg' | 'aac';
  readonly number: number;
  readonly email: string;
  declared: boolean;
  busy: boolean;
}

/** The people of a run, and the wishes for them. */
export class Wishes {
  readonly #rig: OperatorRig;
  readonly #ledger: Ledger;
  readonly #team: string;
  readonly #slots: Slot[] = [];
  #accounts = 0;
  /** Every wish so far. */
  readonly all: Wish[] = [];

  private constructor(rig: OperatorRig, ledger: Ledger, team: string) {
    this.#rig = rig;
    this.#ledger = ledger;
    this.#team = team;
  }

  /** Creates the people that wishes are about. */
  static async prepare(rig: OperatorRig, ledger: Ledger): Promise<Wishes> {
    const wishes = new Wishes(rig, ledger, await new Teams(rig.sandbox).create(TEAM));
    for (let number = 1; number <= PEOPLE; number++) {
      for (const kind of ['alg', 'atg'] as const) {
        const email = `${kind}-${number}@acme.example`;
        await askControl(rig.sandbox, 'POST', '/users', { email, license: 'view only' });
        wishes.#slots.push({ kind, number, email, declared: false, busy: false });
      }
      wishes.#addAccount();
    }
    ledger.forgive();
    return wishes;
  }

  /** Wishes for one such change now; `null` if nobody who is free has the right state for it. */
  async declare(random: Random, action: ActionName): Promise<Wish | null> {
    const gives = isGiving(action);
    const kind = kindOf(action);
    const free = this.#slots.filter((slot) => slot.kind === kind && !slot.busy && slot.declared !== gives);
    if (free.length === 0) return null;
    const slot = pick(random, free);
    const wish = this.#wishOf(slot, action);
    slot.busy = true;
    slot.declared = gives;
    this.all.push(wish);
    if (gives) await this.#rig.declare(wish.ref, this.#specOf(slot));
    else await this.#rig.deleteGrant(wish.ref);
    return wish;
  }

  /** Frees the person of a wish that was judged for the next one. A person who was removed does not come back. */
  conclude(wish: Wish): void {
    const index = this.#slots.findIndex(({ email }) => email === wish.email);
    const slot = this.#slots[index];
    assert.ok(slot);
    slot.busy = false;
    if (wish.action !== 'Deprovision') return;
    this.#slots.splice(index, 1);
    this.#addAccount();
  }

  /** Whether the object and Asana are as wished. */
  async isFulfilled(wish: Wish): Promise<boolean> {
    if (this.#ledger.standing(wish.email) !== wish.to) return false;
    const object = await this.#rig.grant(wish.ref);
    if (!isGiving(wish.action)) return object === null;
    return object !== null && conditionOf(object, 'Ready')?.reason === 'Granted';
  }

  /** Whether the object shows that the one-way change was begun, but not yet whether it was made. */
  async isLookedFor(wish: Wish): Promise<boolean> {
    if (!wish.oneWay) return false;
    return (await this.#rig.grant(wish.ref))?.status?.lastAction?.result === 'Pending';
  }

  /** Describes the state of a wish that was not fulfilled, for a finding. */
  async tell({ action, email, ref }: Wish): Promise<string> {
    const object = await this.#rig.grant(ref);
    const { reason, message } = conditionOf(object, 'Ready') ?? {};
    const shown = object === null ? 'gone' : `${reason}: ${message}`;
    return `not fulfilled: ${action} of ${email}, who is ${this.#ledger.standing(email)}; ${ref} is ${shown}`;
  }

  #addAccount(): void {
    this.#accounts += 1;
    const number = this.#accounts;
    const email = `aac-${number}@acme.example`;
    this.#slots.push({ kind: 'aac', number, email, declared: false, busy: false });
  }

  #wishOf(slot: Slot, action: ActionName): Wish {
    const { email, kind, number } = slot;
    return {
      action,
      at: performance.now(),
      ref: `${kind}/${kind}-${number}`,
      email,
      gid: this.#rig.sandbox.state.personByEmail(email)?.gid ?? null,
      from: this.#ledger.standing(email),
      to: standingAfter(action),
      removal: !isGiving(action),
      oneWay: action === 'CreateAccount' || action === 'Deprovision',
    };
  }

  #specOf({ kind, email }: Slot): Record<string, unknown> {
    if (kind === 'alg') return { user: { email }, license: 'Enterprise' };
    if (kind === 'atg') return { user: { email }, team: { gid: this.#team } };
    return { email, deletionPolicy: 'Revoke' };
  }
}

/** Whether creating an object asks for the action; the other actions follow from deleting one. */
export function isGiving(action: ActionName): boolean {
  return action === 'GrantEnterprise' || action === 'AddToTeam' || action === 'CreateAccount';
}

/** Returns the action that must come first so that this one can be wished for. */
export function opposite(action: ActionName): ActionName {
  const index = actions.indexOf(action);
  return actions[isGiving(action) ? index + 1 : index - 1] ?? action;
}

function kindOf(action: ActionName): Slot['kind'] {
  if (action === 'GrantEnterprise' || action === 'RevokeEnterprise') return 'alg';
  return action === 'AddToTeam' || action === 'RemoveFromTeam' ? 'atg' : 'aac';
}

function standingAfter(action: ActionName): string {
  if (action === 'Deprovision') return standingOf(null);
  if (action === 'AddToTeam') return standingOf({ license: 'view only', team: TEAM });
  return standingOf({ license: action === 'GrantEnterprise' ? 'enterprise' : 'view only' });
}

/** Whether the person does not exist before the wish: the ledger knows such an address only once somebody has it. */
export function beginsAbsent({ from }: Wish): boolean {
  return from === ABSENT;
}
