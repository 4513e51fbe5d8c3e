import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { ComeAndGo, type Held } from './come-and-go.ts';

/** The long form of this is `npm run bench -- come-and-go`. */
const WAVE = { connectors: 20, grants: 150 };
const WAVES = 5;
/** An object with its status weighs some 8 KiB in memory; of one that is gone nothing is left but what V8 makes of code. */
const MOST_LEFT_BYTES = 1024;

suite('objects that come and go', () => {
  test('leave no metric series, no timer and no memory behind', async () => {
    const world = new ComeAndGo();
    await world.start();
    const held: Held[] = [];
    for (let wave = 0; wave < WAVES; wave += 1) held.push(await world.wave(WAVE));
    await world.stop();
    // The first two fill what is bounded: vocabularies, series of kinds and reasons, code that is compiled.
    const [, from, ...later] = held;
    const to = later.at(-1);
    assert.ok(from && to);
    assert.equal(to.series, from.series);
    assert.equal(to.timers, from.timers);
    const objects = later.length * (WAVE.connectors + WAVE.grants);
    const left = (to.heap - from.heap) / objects;
    assert.ok(left < MOST_LEFT_BYTES, `${left.toFixed(0)} bytes an object: ${JSON.stringify(held)}`);
  });
});
