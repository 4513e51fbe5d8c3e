import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ComeAndGo, type Held } from './come-and-go.ts';

const WAVE = { connectors: 40, grants: 150 };
const WAVES = 15;
/** Waves that fill everything of bounded size: vocabularies, series of kinds and reasons, compiled code. */
const WARM_UP = 7;
/** An object with its status takes about 8 KiB of memory; after its deletion almost nothing remains. */
const MOST_LEFT_BYTES = 300;

function medianOf(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

suite('connectors and grants that are created and deleted', () => {
  test('leave no metric series, timer or memory behind, and no key in the queues of a standby', async () => {
    const world = new ComeAndGo();
    await world.start();
    const held: Held[] = [];
    for (let wave = 0; wave < WAVES; wave += 1) held.push(await world.wave(WAVE));
    await world.come(WAVE);
    assert.deepEqual(world.undecided, { connectors: 0, grants: 0 }, 'the leader has decided every object');
    await world.stop();
    const [from, ...later] = held.slice(WARM_UP);
    const to = later.at(-1);
    assert.ok(from && to);
    assert.equal(to.series, from.series);
    assert.equal(to.timers, from.timers);
    assert.equal(to.waiting, 0);
    // The median: a leak shows in every wave; a table that doubles, or newly compiled code, in only one.
    const grown = later.map(({ heap }, index) => heap - (held[WARM_UP + index]?.heap ?? heap));
    const left = medianOf(grown) / (WAVE.connectors + WAVE.grants);
    assert.ok(left < MOST_LEFT_BYTES, `${left.toFixed(0)} bytes per object: ${JSON.stringify(held)}`);
  });

  test('that were created without a leader are decided by the standby once it takes over, and not before', async () => {
    const world = new ComeAndGo();
    await world.start();
    await world.stopLeader();
    await world.come(WAVE);
    assert.deepEqual(world.undecided, WAVE, 'a standby decides nothing');
    assert.deepEqual(await world.seriesOfStandby(), [], 'a standby exports no condition series');
    await world.takeOver();
    assert.deepEqual(world.undecided, { connectors: 0, grants: 0 });
    assert.notDeepEqual(await world.seriesOfStandby(), []);
    await world.stop();
  });
});
