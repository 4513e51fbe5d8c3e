import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../src/provisioning/attempt.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { Grant } from '../../src/provisioning/grant.ts';
import type { Reading } from '../../src/provisioning/reading.ts';
import { type ContextShape, context, deleted, person, reading, told } from './world.ts';

/** A row of the table of what a grant means. */
export interface Row {
  readonly row: string;
  readonly grant: Grant;
  readonly asana: Reading;
  readonly context?: ContextShape;
  readonly expect: string;
}

/** Tests the decision of each row. */
export function check(rows: readonly Row[]): void {
  for (const { row, grant: subject, asana, context: around, expect } of rows)
    test(`the decision is "${expect}" if ${row}`, () => {
      const decision = decideGrant(subject, context(asana, around));
      assert.equal(told(decision), expect, decision.message);
    });
}

export const nobody = reading([]);
export const viewer = reading([person()]);
export const holder = reading([person({ license: 'Enterprise' })]);
export const guest = reading([person({ role: 'Guest' })]);
export const leaver = reading([person({ active: false })]);
export const inTeam = reading([person()], { members: { 1: {} } });
export const inPlain = reading([person({ plain: 'Member' })]);
export const unknown = { recorded: null };
export const ends = { ending: deleted };
export const gone: Attempt = { id: 'a', type: 'CreateAccount', at: 0, to: 'ViewOnly', result: 'Succeeded' };
