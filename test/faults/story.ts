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
 * What people want while something goes wrong, and what must have become of it in the end: alice's enterprise license
 * goes with its grant, carol is given one, and nobody else is touched. It is told once in each world.
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

  /** Up to where nothing has gone wrong yet: two grants are granted, one is for nobody and has no finalizer. */
  static async begin(world: World): Promise<Story> {
    await world.declareSomebodyWhoStays();
    await world.createGrant('leaves', alice);
    await world.createGrant('vanishes', 'nobody@acme.example');
    await world.untilReason('leaves', 'Granted');
    await world.untilReason('vanishes', 'UserNotFound');
    return new Story(world, await peopleOf(world));
  }

  /**
   * The edits: two grants are deleted, another is declared.
   * @param afterFirst what has to be seen of the first before the others are made
   */
  async edit(afterFirst: () => Promise<void> = async () => {}): Promise<void> {
    await this.#world.deleteGrant('leaves');
    await afterFirst();
    await this.#world.deleteGrant('vanishes');
    await this.#world.createGrant('comes', carol);
  }

  /**
   * What was asked for is so, nothing else is, and Asana was changed once for each edit.
   * @param unheard writes that ended without an answer and did nothing
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

  /** Changes that were sent since the edits began, whatever became of them. */
  sent(): readonly RequestEntry[] {
    return this.#world.writesSince(this.mark);
  }

  /** Changes that Asana took since the edits began; the ones whose answer was lost among them. */
  taken(): readonly RequestEntry[] {
    return this.sent().filter(({ status }) => status === 0 || status === 200);
  }

  /** Whether somebody holds an enterprise license in Asana itself. */
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
