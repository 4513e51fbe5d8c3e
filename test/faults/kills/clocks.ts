import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { debianFile } from '../../ground/debian-program.ts';
import { conditionOf, SERVICE_ACCOUNT } from '../../operator/rig.ts';
import { Arena } from './arena.ts';

const HOUR_S = 3_600;
/** Removals allowed in one window. */
const MOST = 3;
/** Number of grants that end within the hour. */
const ENDING = 6;
const RENEWALS = 10;

/** One thing that a jump of the clock must not change. */
export interface ClockRow {
  readonly what: string;
  readonly run: (world: ClockWorld) => Promise<void>;
}

/** What must hold, in the order in which it is checked. */
export const clockRows: readonly ClockRow[] = [
  { what: 'one hour forward and one hour back: the leader stays the leader', run: keepTheLeader },
  { what: 'one hour forward: no grant expires early', run: expireNobody },
  { what: 'one hour back: an expired grant waits until the clock is correct, and then ends', run: endLater },
  { what: 'one hour back: a token that was replaced is not kept in any cache', run: keepNoCredential },
  // Last, because what it holds stays held.
  { what: 'one hour forward: no new removal window opens', run: openNoWindow },
];

/** Two real processes whose clock is moved while they run; Asana, the API server and this process keep theirs. */
export class ClockWorld {
  readonly arena: Arena;
  readonly #folder: string;

  private constructor(arena: Arena, folder: string) {
    this.arena = arena;
    this.#folder = folder;
  }

  static async open(): Promise<ClockWorld> {
    const library = await debianFile({
      name: 'libfaketimeMT.so.1',
      package: 'libfaketime',
      purpose: 'The clock of a process is moved by libfaketime.',
    });
    const folder = await mkdtemp(join(tmpdir(), 'asana-connector-clock-'));
    await writeFile(offsetFile(folder), '+0s\n');
    const environment = {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: offsetFile(folder),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    const maxRemovals = { percent: 0, atLeast: MOST, window: '1h' };
    const arena = await Arena.open('clocks', { maxRemovals, optionsOf: () => ({ environment }) });
    const world = new ClockWorld(arena, folder);
    await world.#declare();
    return world;
  }

  async close(): Promise<void> {
    await this.arena.close();
    await rm(this.#folder, { recursive: true });
  }

  /** Sets the clock of both processes to this many seconds from the true time. */
  async jumpTo(offsetS: number): Promise<void> {
    await writeFile(offsetFile(this.#folder), `${offsetS < 0 ? '' : '+'}${offsetS}s\n`);
  }

  get ending(): readonly string[] {
    return Array.from({ length: ENDING }, (_, index) => `ending-${index}`);
  }

  async license(name: string): Promise<string | null> {
    return this.arena.rig.licenseInAsana(emailOf(name));
  }

  async reason(name: string): Promise<string | undefined> {
    return conditionOf(await this.arena.rig.grant(name), 'Ready')?.reason;
  }

  async untilReasons(names: readonly string[], reason: string): Promise<void> {
    await this.arena.until(`${names.join(', ')}: ${reason}`, async () => {
      const reasons = await Promise.all(names.map((name) => this.reason(name)));
      return reasons.every((seen) => seen === reason);
    });
  }

  /** Declares a grant for a person who has a view-only license. */
  async give(name: string, spec: Record<string, unknown> = {}): Promise<void> {
    const { rig } = this.arena;
    await rig.changeInConsole(emailOf(name), { license: 'view only' }).catch(() => {});
    await rig.createGrant(name, emailOf(name), spec);
  }

  async #declare(): Promise<void> {
    const { rig, ledger } = this.arena;
    const expiresAt = new Date(Date.now() + 40 * 60_000).toISOString();
    const removed = Array.from({ length: MOST + 1 }, (_, index) => `removed-${index}`);
    for (const name of [...this.ending, ...removed, 'late']) {
      rig.sandbox.state.joinWorkspace(
        rig.sandbox.state.addPerson('member', {
          email: emailOf(name),
          name,
          license: 'view only',
        }),
        rig.sandbox.people.organization,
      );
    }
    ledger.forgive();
    await rig.sync();
    for (const name of this.ending) await this.give(name, { expiresAt });
    for (const name of removed) await this.give(name);
    await this.untilReasons([...this.ending, ...removed], 'Granted');
  }
}

function offsetFile(folder: string): string {
  return join(folder, 'offset');
}

function emailOf(name: string): string {
  return `${name}@acme.example`;
}

async function keepTheLeader(world: ClockWorld): Promise<void> {
  const { arena } = world;
  const leader = await arena.leader();
  for (const offset of [HOUR_S, -HOUR_S, 0]) {
    await world.jumpTo(offset);
    const renewals = leader.renewals.length;
    await arena.until('the leader renews its lease', () => leader.renewals.length >= renewals + RENEWALS);
    assert.equal(await arena.leader(), leader);
  }
}

async function expireNobody(world: ClockWorld): Promise<void> {
  await world.jumpTo(HOUR_S);
  await world.arena.rig.sync();
  await world.untilReasons(world.ending, 'ClockSkew');
  for (const name of world.ending) assert.equal(await world.license(name), 'enterprise');
  await world.jumpTo(0);
  await world.arena.rig.sync();
  await world.untilReasons(world.ending, 'Granted');
}

async function openNoWindow(world: ClockWorld): Promise<void> {
  const { rig } = world.arena;
  for (let index = 0; index < MOST; index++) {
    await rig.deleteGrant(`removed-${index}`);
    await world.arena.until(
      'a removal within the limit is carried out',
      async () => (await world.license(`removed-${index}`)) === 'view only',
    );
  }
  await world.jumpTo(HOUR_S + 60);
  await rig.deleteGrant(`removed-${MOST}`);
  await rig.untilHeld('TooManyRemovals');
  assert.equal(await world.license(`removed-${MOST}`), 'enterprise');
  await world.jumpTo(0);
}

async function endLater(world: ClockWorld): Promise<void> {
  const { rig } = world.arena;
  const expiresAt = new Date(Date.now() + 20_000).toISOString();
  await world.give('late', { expiresAt });
  await world.untilReasons(['late'], 'Granted');
  await world.jumpTo(-HOUR_S);
  await world.arena.until('the grant has ended', () => Date.now() > Date.parse(expiresAt));
  await rig.sync();
  assert.equal(await world.license('late'), 'enterprise');
  await world.jumpTo(0);
  await rig.sync();
  await world.arena.until('the grant ends', async () => (await world.license('late')) === 'view only');
}

async function keepNoCredential(world: ClockWorld): Promise<void> {
  const { rig } = world.arena;
  await world.jumpTo(-HOUR_S);
  const replaced = `${SERVICE_ACCOUNT}-replaced`;
  rig.sandbox.tokenRegister.issue(replaced, 'serviceAccount', rig.sandbox.people.serviceAccount);
  await rig.patchSecret({ BATON_TOKEN: replaced });
  rig.sandbox.tokenRegister.revoke(SERVICE_ACCOUNT);
  await rig.sync();
  await rig.untilPhase('Connected');
  await world.jumpTo(0);
}
