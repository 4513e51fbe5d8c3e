import type { Random } from '../../../src/core/clock.ts';
import { isNotFound, KubernetesError } from '../../../src/kubernetes/errors.ts';
import { Teams } from '../../operator/console.ts';
import { conditionOf, type OperatorRig } from '../../operator/rig.ts';
import { pick } from '../../simulation/random.ts';
import { ABSENT, type Ledger, standingOf } from '../kills/ledger.ts';

/** One object of a soak, as the model has it. */
interface Entry {
  readonly ref: string;
  readonly email: string;
  readonly kind: 'license' | 'team' | 'account';
  /** What the object declares; `null` while it does not exist. */
  declares: string | null;
  /** True if the object ever existed. An account that was removed does not come back. */
  spent: boolean;
}

const TEAM = 'Soak guild';
const PEOPLE = 20;

/** The declared objects, which are edited all the time and compared with Asana at the end. */
export class Declared {
  readonly #rig: OperatorRig;
  readonly #ledger: Ledger;
  readonly #team: string;
  readonly #entries: Entry[] = [];
  edits = 0;

  private constructor(rig: OperatorRig, ledger: Ledger, team: string) {
    this.#rig = rig;
    this.#ledger = ledger;
    this.#team = team;
  }

  static async prepare(rig: OperatorRig, ledger: Ledger): Promise<Declared> {
    const declared = new Declared(rig, ledger, await new Teams(rig.sandbox).create(TEAM));
    const { state, people } = rig.sandbox;
    for (let number = 1; number <= PEOPLE; number++) {
      for (const kind of ['license', 'team'] as const) {
        const email = `soak-${kind}-${number}@acme.example`;
        const person = state.addPerson('member', { email, name: email, license: 'view only' });
        state.joinWorkspace(person, people.organization);
        const ref = `${kind === 'license' ? 'alg' : 'atg'}/soak-${kind}-${number}`;
        declared.#entries.push({ ref, email, kind, declares: null, spent: false });
      }
    }
    ledger.forgive();
    return declared;
  }

  /** Makes one edit: creates, changes or deletes an object, whatever is under way for it. */
  async edit(random: Random): Promise<void> {
    this.edits += 1;
    if (this.edits % 10 === 0) this.#addAccount();
    const entry = pick(
      random,
      this.#entries.filter((candidate) => !isOver(candidate)),
    );
    try {
      if (entry.declares === null) await this.#create(entry);
      else if (entry.kind === 'license' && random() < 0.5) await this.#change(entry);
      else await this.#delete(entry);
    } catch (error) {
      // The previous object of that name is still being deleted, or is gone already.
      const isTaken = error instanceof KubernetesError && error.status === 409;
      if (!isTaken && !isNotFound(error)) throw error;
    }
  }

  /** Returns a sentence for each person who is not as declared, and for each object that does not show it. */
  async differences(): Promise<readonly string[]> {
    this.#ledger.note();
    const found = await Promise.all(this.#entries.map((entry) => this.#differenceOf(entry)));
    return found.filter((difference) => difference !== null);
  }

  async #differenceOf(entry: Entry): Promise<string | null> {
    const { ref, email, declares } = entry;
    const standing = this.#ledger.standing(email);
    const expected = expectedOf(entry);
    if (!expected.includes(standing)) return `${email} is ${standing}, and not ${expected.join(' or ')}`;
    const object = await this.#rig.grant(ref);
    if (declares === null) return object === null ? null : `${ref} is still there`;
    const reason = conditionOf(object, 'Ready')?.reason ?? 'without a status';
    return reason === 'Granted' ? null : `${ref} is ${reason}`;
  }

  async #create(entry: Entry): Promise<void> {
    const { ref, email, kind } = entry;
    const user = { user: { email } };
    if (kind === 'license') await this.#rig.declare(ref, { ...user, license: 'Enterprise' });
    else if (kind === 'team') await this.#rig.declare(ref, { ...user, team: { gid: this.#team } });
    else await this.#rig.declare(ref, { email, deletionPolicy: 'Revoke' });
    entry.declares = kind === 'license' ? 'enterprise' : kind;
    entry.spent = true;
  }

  async #change(entry: Entry): Promise<void> {
    const next = entry.declares === 'enterprise' ? 'view only' : 'enterprise';
    const license = next === 'enterprise' ? 'Enterprise' : 'ViewOnly';
    await this.#rig.patchGrant(entry.ref, { spec: { license } });
    entry.declares = next;
  }

  async #delete(entry: Entry): Promise<void> {
    await this.#rig.deleteGrant(entry.ref);
    entry.declares = null;
  }

  #addAccount(): void {
    const number = this.edits / 10;
    const email = `soak-account-${number}@acme.example`;
    const ref = `aac/soak-account-${number}`;
    this.#entries.push({ ref, email, kind: 'account', declares: null, spent: false });
  }
}

function isOver({ kind, spent, declares }: Entry): boolean {
  return kind === 'account' && spent && declares === null;
}

/** Returns the standings that a person may have in Asana when all is quiet. */
function expectedOf({ kind, declares, spent }: Entry): readonly string[] {
  if (kind === 'account') {
    if (declares !== null) return [standingOf({ license: 'view only' })];
    // An object that was deleted before anything was done for it left nothing behind.
    return spent ? [standingOf(null), ABSENT] : [ABSENT];
  }
  if (kind === 'team')
    return [standingOf({ license: 'view only', team: declares === null ? undefined : TEAM })];
  return [standingOf({ license: declares ?? 'view only' })];
}
