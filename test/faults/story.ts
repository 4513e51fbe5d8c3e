import { askControl, userPath } from '../../scripts/sandbox-control.ts';
import type { RequestEntry } from '../../src/sandbox/request-log.ts';
import { conditionOf } from '../operator/cluster-objects.ts';
import type { World } from './world.ts';

const alice = 'alice@acme.example';
const carol = 'carol@acme.example';

interface Person {
  readonly gid: string;
  readonly email: string;
  readonly license: string | null;
  readonly active: boolean;
  readonly teams: readonly string[];
}

/**
 * The edits made while something goes wrong, and what they must lead to in the end: alice's enterprise license goes
 * with its grant, carol is given one, and nobody else changes. There is one story in each world.
 */
export class Story {
  readonly #world: World;
  readonly #before: readonly Person[];
  /** The number of the last request to Asana before the edits. */
  readonly mark: number;

  private constructor(world: World, before: readonly Person[]) {
    this.#world = world;
    this.#before = before;
    this.mark = world.sandbox.requests.last;
  }

  /** Creates the state before anything goes wrong: two grants are granted, one is for nobody and has no finalizer. */
  static async begin(world: World): Promise<Story> {
    await world.declareSomebodyWhoStays();
    await world.createGrant('leaves', alice);
    await world.createGrant('vanishes', 'nobody@acme.example');
    await world.untilReason('leaves', 'Granted');
    await world.untilReason('vanishes', 'UserNotFound');
    return new Story(world, await peopleOf(world));
  }

  /**
   * Makes the edits: deletes two grants, and declares another.
   * @param afterFirst waits for what must be seen of the first edit before the others are made
   */
  async edit(afterFirst: () => Promise<void> = async () => {}): Promise<void> {
    await this.#world.deleteGrant('leaves');
    await afterFirst();
    await this.#world.deleteGrant('vanishes');
    await this.#world.createGrant('comes', carol);
  }

  /**
   * Checks that everything asked for holds, that nothing else changed, and that Asana was changed once for each edit.
   * @param unheard writes that ended without an error status and changed nothing
   * @param others grants beside those of the story
   */
  async end({ patienceMs = 90_000, unheard = 0, others = 0 } = {}): Promise<void> {
    const world = this.#world;
    await world.expectSoon('the deleted grant is gone', async () => (await world.grant('leaves')) === null, {
      patienceMs,
      detail: async () => (await world.grant('leaves'))?.status,
    });
    await world.expectSoon(
      'the new grant is Granted',
      async () => conditionOf(await world.grant('comes'), 'Ready')?.reason === 'Granted',
      { patienceMs, detail: async () => (await world.grant('comes'))?.status },
    );
    const after = await peopleOf(world);
    const changed = after
      .filter((person, i) => JSON.stringify(person) !== JSON.stringify(this.#before[i]))
      .map(({ email, license }) => `${email.toLowerCase()}: ${license}`);
    world.expect(
      'Asana is as after an undisturbed run: the two who were meant have changed, nobody else',
      JSON.stringify(changed.toSorted()) === JSON.stringify([`${alice}: view only`, `${carol}: enterprise`]),
      () => changed,
    );
    const taken = this.taken();
    world.expect('Asana took one change for each edit', taken.length === 2 + unheard, () => taken);
    await world.expectSoon(
      'no deletion was missed: the operator counts the two grants that are left',
      async () => (await world.operator.metric('grants')) === 2 + others,
      { detail: () => world.operator.metric('grants') },
    );
  }

  /** Returns the changes that were sent since the edits began, whatever their outcome. */
  sent(): readonly RequestEntry[] {
    return this.#world.writesSince(this.mark);
  }

  /** Returns the changes that Asana took since the edits began, including those whose answer was lost. */
  taken(): readonly RequestEntry[] {
    return this.sent().filter(({ status }) => status === 0 || status === 200);
  }

  /** Whether a person holds an enterprise license in Asana itself. */
  async holdsEnterprise(who: 'alice' | 'carol'): Promise<boolean> {
    const { license } = await askControl<Person>(
      this.#world.sandbox,
      'GET',
      userPath(who === 'alice' ? alice : carol),
    );
    return license === 'enterprise';
  }
}

async function peopleOf({ sandbox }: World): Promise<readonly Person[]> {
  return (await askControl<{ people: Person[] }>(sandbox, 'GET', '/state')).people;
}
