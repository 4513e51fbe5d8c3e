import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import type { Account } from '../../src/directory/snapshot.ts';
import type { RightCase, Step } from '../../src/provisioning/right-rules.ts';
import { rightRulesOf } from '../../src/provisioning/rights.ts';
import { anyContext, anyPerson, anyRight } from './random-world.ts';
import { person, reading, rightCase } from './world.ts';

suite('the rules of a right', () => {
  /** Intended differences: Git is authoritative for what it declares, and a task is one decision of a person. */
  const differ = new Set(['StillDeclared', 'UserIsGuest', 'HoldsEnterprise', 'GuestsLastTeam']);
  const codeOf = (step: Step) => (step.kind === 'Refused' ? step.code : null);

  const anyCase = fc
    .tuple(anyRight, fc.option(anyPerson, { freq: 6 }), anyContext)
    .map(([right, shape, { reading: read, policies, declared }]) => {
      const who: Account | null = shape ? person(shape) : null;
      const around = read ?? reading(who ? [who] : []);
      return rightCase(right, who, { reading: around, policies, declared });
    });

  const check = (move: 'give' | 'take') => {
    const seen = { compared: 0, actions: 0 };
    const compare = (subject: RightCase) => {
      const rules = rightRulesOf(subject.right);
      const asked = (asker: 'Grant' | 'Task') => rules[move]({ ...subject, asker });
      const [byGrant, byTask] = [asked('Grant'), asked('Task')];
      const codes = [codeOf(byGrant), codeOf(byTask)];
      if (codes.some((code) => code !== null && differ.has(code))) return;
      // A grant that declares ViewOnly lowers a license; a task must revoke Enterprise instead.
      if (subject.right.type === 'License' && subject.right.license === 'ViewOnly' && move === 'give') return;
      seen.compared += 1;
      if (byGrant.kind === 'Act') seen.actions += 1;
      assert.deepEqual(
        byGrant.kind === 'Act' ? byGrant.action.type : byGrant,
        byTask.kind === 'Act' ? byTask.action.type : byTask,
      );
    };
    fc.assert(fc.property(anyCase, compare), { numRuns: 3_000 });
    // If few cases can be compared, or none leads to an action, this tests nothing.
    assert.ok(seen.compared >= 1_000 && seen.actions >= 5, JSON.stringify(seen));
  };

  test('lead to the same result for a grant and a task that give it, except intended differences', () => {
    check('give');
  });

  test('lead to the same result for a grant and a task that remove it, except intended differences', () => {
    check('take');
  });
});
