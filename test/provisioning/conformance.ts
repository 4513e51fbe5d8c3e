import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account, PartName } from '../../src/directory/snapshot.ts';
import type { ActionType } from '../../src/provisioning/action.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { Grant } from '../../src/provisioning/grant.ts';
import type { Reading } from '../../src/provisioning/reading.ts';
import type { Right, RightType } from '../../src/provisioning/right.ts';
import {
  account,
  adopted,
  type ContextShape,
  context,
  deleted,
  enterprise,
  expired,
  given,
  grant,
  type PersonShape,
  person,
  plain,
  type ReadingShape,
  reading,
  team,
  told,
} from './world.ts';

/**
 * What the conformance suite needs to know about a right. A new right does not compile without a sample here and a
 * column in every row of the conformance tests.
 */
export interface Sample {
  readonly right: Right;
  /** The value in the status of a grant whose right is held. */
  readonly value: string;
  /** The parts of the directory that the right is read from. */
  readonly parts: readonly PartName[];
  /** The actions that give the right and remove it. */
  readonly gives: ActionType;
  readonly takes: ActionType;
  /** Whether a grant removes a right that it adopted. */
  readonly takesWhatWasFound: boolean;
  /** Whether removing the right is a deprovision. */
  readonly deprovisions: boolean;
  /** Alice without the right, and with it; `shape` overrides her other properties. */
  without(shape?: PersonShape): Account | null;
  holder(shape?: PersonShape): Account;
  /** What else a reading contains if Alice holds the right. */
  readonly held: ReadingShape;
  /** Alice with a different value of the right, and the reading that shows it. */
  other(): { readonly account: Account; readonly reading: ReadingShape };
}

const inTheTeam: ReadingShape = { members: { 1: {} }, teamsOfEach: 2 };

export const samples: Readonly<Record<RightType, Sample>> = {
  License: {
    right: enterprise,
    value: 'Enterprise',
    parts: ['accounts', 'licenses'],
    gives: 'GrantEnterprise',
    takes: 'RevokeEnterprise',
    takesWhatWasFound: true,
    deprovisions: false,
    without: (shape) => person({ license: 'ViewOnly', ...shape }),
    holder: (shape) => person({ license: 'Enterprise', ...shape }),
    held: {},
    other: () => ({ account: person({ license: null, userType: 'division' }), reading: {} }),
  },
  Team: {
    right: team,
    value: 'Member',
    parts: ['accounts', 'teams', 'teamMemberships'],
    gives: 'AddToTeam',
    takes: 'RemoveFromTeam',
    takesWhatWasFound: true,
    deprovisions: false,
    without: (shape) => person(shape),
    holder: (shape) => person(shape),
    held: inTheTeam,
    other: () => ({ account: person(), reading: { members: { 1: { admin: true } } } }),
  },
  Workspace: {
    right: plain,
    value: 'Member',
    parts: ['accounts'],
    gives: 'AddToWorkspace',
    takes: 'RemoveFromWorkspace',
    takesWhatWasFound: false,
    deprovisions: true,
    without: (shape) => person(shape),
    holder: (shape) => person({ plain: 'Member', ...shape }),
    held: {},
    other: () => ({ account: person({ plain: 'Guest' }), reading: {} }),
  },
  Account: {
    right: account,
    value: 'Active',
    parts: ['accounts', 'licenses'],
    gives: 'CreateAccount',
    takes: 'Deprovision',
    takesWhatWasFound: false,
    deprovisions: true,
    without: () => null,
    holder: (shape) => person(shape),
    held: {},
    other: () => ({ account: person({ role: 'Guest' }), reading: {} }),
  },
};

export const rightTypes = Object.keys(samples) as readonly RightType[];

/** Another person, so that Asana shows a license at all. */
const bob = person({ gid: '2', email: 'bob@acme.com' });

/** Returns a reading in which Alice holds the right. */
export function heldIn(sample: Sample, shape: PersonShape = {}, more: ReadingShape = {}) {
  return reading([sample.holder(shape), bob], { ...sample.held, ...more });
}

/** Returns a reading in which Alice does not hold the right. */
export function notHeldIn(sample: Sample, shape: PersonShape = {}, more: ReadingShape = {}) {
  const alice = sample.without(shape);
  return reading(alice ? [alice, bob] : [bob], more);
}

/** Returns a reading in which no account has Alice's address or gid. */
export function withoutAliceIn(more: ReadingShape = {}) {
  return reading([bob], more);
}

/** Returns the state before the account was seen, if the account does not exist without the right. */
export function unseen(sample: Sample): Partial<Grant> {
  return sample.without() === null ? { recorded: null } : {};
}

/** A situation, and the expected decision for every right: one for all, or one for each. */
export interface Situation {
  readonly what: string;
  readonly because: string;
  readonly grant?: Partial<Grant> | ((sample: Sample) => Partial<Grant>);
  readonly asana: (sample: Sample) => Reading | null;
  readonly context?: ContextShape | ((sample: Sample) => ContextShape);
  readonly expect: string | Readonly<Record<RightType, string>>;
}

/** Tests the decision in each situation for each right. */
export function check(situations: readonly Situation[]): void {
  for (const { what, because, grant: changes = {}, asana, context: around = {}, expect } of situations)
    for (const type of rightTypes) {
      const sample = samples[type];
      const wanted = typeof expect === 'string' ? expect : expect[type];
      test(`${type}: the decision is "${wanted}" if ${what}, because ${because}`, () => {
        const own = typeof changes === 'function' ? changes(sample) : changes;
        const shape = typeof around === 'function' ? around(sample) : around;
        const decision = decideGrant(grant(sample.right, own), context(asana(sample), shape));
        assert.equal(told(decision), wanted, decision.message);
      });
    }
}

/** Makes a column for each right. */
export function mapped(expect: (type: RightType) => string): Readonly<Record<RightType, string>> {
  return {
    License: expect('License'),
    Team: expect('Team'),
    Workspace: expect('Workspace'),
    Account: expect('Account'),
  };
}

export const itGave = ({ right, value }: Sample): Partial<Grant> => ({ applied: given(right, value) });
export const itFound = ({ right, value }: Sample): Partial<Grant> => ({ applied: adopted(right, value) });
export const deletedOf =
  (rest: (sample: Sample) => Partial<Grant>, more: Partial<Grant> = {}) =>
  (sample: Sample): Partial<Grant> => ({ ...rest(sample), ending: deleted, ...more });

export const expiredOf =
  (rest: (sample: Sample) => Partial<Grant>, more: Partial<Grant> = {}) =>
  (sample: Sample): Partial<Grant> => ({ ...rest(sample), ending: expired, ...more });

/** The actions that give each right and remove it, as expectations. */
export const gives = mapped((type) => `Act ${samples[type].gives}`);
export const takes = mapped((type) => `Act ${samples[type].takes}`);
