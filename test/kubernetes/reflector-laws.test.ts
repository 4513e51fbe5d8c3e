import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import { lawRuns } from '../core/law-runs.ts';
import { Scene } from './reflector-scene.ts';
import { step } from './reflector-schedule.ts';

suite('a reflector after any sequence of faults between it and the server', () => {
  for (const seed of [20_261_129, 4_711]) {
    test(`holds the objects of the server, has reported each change once, and has listed at most once per fault (${seed})`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 50 }), async (steps) => {
          const scene = await Scene.open();
          try {
            for (const act of steps) await scene.do(act);
            await scene.settle();
            scene.check();
          } finally {
            await scene.close();
          }
        }),
        lawRuns(40, seed),
      );
    });
  }
});
