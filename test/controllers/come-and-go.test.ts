import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ComeAndGo, type Held } from './come-and-go.ts';

const WAVE = { connectors: 40, grants: 150 };
const WAVES = 12;
/** These fill what is bounded: vocabularies, series of kinds and reasons, code that is compiled. */
const WARM_UP = 7;
/** An object with its status weighs some 8 KiB in memory; of one that is gone next to nothing is left, and less each wave. */
const MOST_LEFT_BYTES = 300;

suite('objects that come and go', () => {
  test('leave no metric series, no timer and no memory behind, nor a key in the queues of a standby', async () => {
    const world = new ComeAndGo();
    await world.start();
    const held: Held[] = [];
    for (let wave = 0; wave < WAVES; wave += 1) held.push(await world.wave(WAVE));
    await world.come(WAVE);
    assert.deepEqual(world.undecided, { connectors: 0, grants: 0 }, 'nobody did anything');
    await world.stop();
    const [from, ...later] = held.slice(WARM_UP);
    const to = later.at(-1);
    assert.ok(from && to);
    assert.equal(to.series, from.series);
    assert.equal(to.timers, from.timers);
    assert.equal(to.waiting, 0);
    const objects = later.length * (WAVE.connectors + WAVE.grants);
    const left = (to.heap - from.heap) / objects;
    assert.ok(left < MOST_LEFT_BYTES, `${left.toFixed(0)} bytes an object: ${JSON.stringify(held)}`);
  });

  test('are all decided on by a standby that leads, also those that came while nobody led', async () => {
    const world = new ComeAndGo();
    await world.start();
    await world.stopLeader();
    await world.come(WAVE);
    assert.deepEqual(world.undecided, WAVE, 'a standby acts');
    await world.takeOver();
    assert.deepEqual(world.undecided, { connectors: 0, grants: 0 });
    await world.stop();
  });
});
