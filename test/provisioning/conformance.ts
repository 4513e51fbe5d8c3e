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
 * What the conformance suite needs to know of a right. A new one must fill in a sample here, and its column in every row of
 * the files beside, to compile.
 */
export interface Sample {
  readonly right: Right;
  /** What the status shows of somebody who holds it. */
  readonly value: string;
  /** The parts it is read from. */
  readonly parts: readonly PartName[];
  /** How somebody comes to hold it, how it is taken back, and what else gives it. */
  readonly gives: ActionType;
  readonly takes: ActionType;
  /** Whether a grant takes back what it found. */
  readonly takesWhatWasFound: boolean;
  /** Taking it takes somebody out of a place. */
  readonly deprovisions: boolean;
  /** Alice without it, and with it; `shape` says what else is so of her. */
  without(shape?: PersonShape): Account | null;
  holder(shape?: PersonShape): Account;
  /** What a reading must say besides, where Alice holds it. */
  readonly held: ReadingShape;
  /** Alice, and this of the reading, where she has something else of the kind. */
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

/** Somebody else, so that Asana shows a license at all. */
const bob = person({ gid: '2', email: 'bob@acme.com' });

/** Asana where Alice holds the right. */
export function heldIn(sample: Sample, shape: PersonShape = {}, more: ReadingShape = {}) {
  return reading([sample.holder(shape), bob], { ...sample.held, ...more });
}

/** Asana where she does not. */
export function notHeldIn(sample: Sample, shape: PersonShape = {}, more: ReadingShape = {}) {
  const alice = sample.without(shape);
  return reading(alice ? [alice, bob] : [bob], more);
}

/** Asana where nobody has Alice's address or gid. */
export function withoutAliceIn(more: ReadingShape = {}) {
  return reading([bob], more);
}

/** Before the account was ever seen, where there is none without the right. */
export function unseen(sample: Sample): Partial<Grant> {
  return sample.without() === null ? { recorded: null } : {};
}

/** What every right does in one situation: the same for all, or what each does. */
export interface Situation {
  readonly what: string;
  readonly because: string;
  readonly grant?: Partial<Grant> | ((sample: Sample) => Partial<Grant>);
  readonly asana: (sample: Sample) => Reading | null;
  readonly context?: ContextShape | ((sample: Sample) => ContextShape);
  readonly expect: string | Readonly<Record<RightType, string>>;
}

/** Decides each situation for each right. */
export function check(situations: readonly Situation[]): void {
  for (const { what, because, grant: changes = {}, asana, context: around = {}, expect } of situations)
    for (const type of rightTypes) {
      const sample = samples[type];
      const wanted = typeof expect === 'string' ? expect : expect[type];
      test(`${type}: ${what}: ${wanted}, since ${because}`, () => {
        const own = typeof changes === 'function' ? changes(sample) : changes;
        const shape = typeof around === 'function' ? around(sample) : around;
        const decision = decideGrant(grant(sample.right, own), context(asana(sample), shape));
        assert.equal(told(decision), wanted, decision.message);
      });
    }
}

/** A column for each right. */
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

/** What gives each right, and what takes it back. */
export const gives = mapped((type) => `Act ${samples[type].gives}`);
export const takes = mapped((type) => `Act ${samples[type].takes}`);
