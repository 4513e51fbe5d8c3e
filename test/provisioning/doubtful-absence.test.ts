import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { Right } from '../../src/provisioning/right.ts';
import { account, context, given, grant, person, plain, reading, TEAM, team, told } from './world.ts';

const enterprise = { type: 'License', license: 'Enterprise' } as const satisfies Right;

/** What was given, what a listing lacks now, and which part of it is in doubt. */
interface Row {
  readonly lacks: string;
  readonly right: Right;
  readonly value: string;
  readonly asana: (
    doubted: 'accounts' | 'licenses' | 'teams' | 'teamMemberships' | null,
  ) => ReturnType<typeof reading>;
  readonly part: 'accounts' | 'licenses' | 'teams' | 'teamMemberships';
  /** In doubt, and known. */
  readonly expect: readonly [string, string];
}

const rows: readonly Row[] = [
  {
    lacks: 'the license',
    right: enterprise,
    value: 'Enterprise',
    asana: (doubted) => reading([person({ license: null })], { doubted: doubted ? [doubted] : [] }),
    part: 'licenses',
    expect: ['Blocked ReadingIncomplete', 'Blocked LicensesUnavailable ~'],
  },
  {
    lacks: 'the person, of a license',
    right: enterprise,
    value: 'Enterprise',
    asana: (doubted) => reading([], { doubted: doubted ? [doubted] : [] }),
    part: 'accounts',
    expect: ['Blocked ReadingIncomplete', 'Blocked AccountNotFound ~'],
  },
  {
    lacks: 'the person, of an account',
    right: account,
    value: 'Active',
    asana: (doubted) =>
      reading([person({ gid: '2', email: 'bob@acme.com' })], { doubted: doubted ? [doubted] : [] }),
    part: 'accounts',
    expect: ['Blocked ReadingIncomplete', 'Blocked AccountNotFound ~'],
  },
  {
    lacks: 'the person, of a workspace',
    right: plain,
    value: 'Member',
    asana: (doubted) => reading([], { doubted: doubted ? [doubted] : [] }),
    part: 'accounts',
    expect: ['Blocked ReadingIncomplete', 'Blocked AccountNotFound ~'],
  },
  {
    lacks: 'the team',
    right: team,
    value: 'Member',
    asana: (doubted) => reading([person()], { doubted: doubted ? [doubted] : [], teams: [] }),
    part: 'teams',
    expect: ['Blocked ReadingIncomplete', 'Blocked TeamNotFound ~'],
  },
  {
    lacks: 'the membership of a team',
    right: team,
    value: 'Member',
    asana: (doubted) =>
      reading([person()], { doubted: doubted ? [doubted] : [], teams: [{ gid: TEAM, name: 'Design' }] }),
    part: 'teamMemberships',
    expect: ['Act AddToTeam', 'Act AddToTeam ~'],
  },
];

suite('a reading that lacks', () => {
  for (const { lacks, right, value, asana, part, expect } of rows) {
    const subject = grant(right, { applied: given(right, value) });
    const [inDoubt, known] = expect;

    test(`${lacks}, while the ${part} are in doubt, shows no change: ${inDoubt}`, () => {
      const decision = decideGrant(subject, context(asana(part), { lookedUp: false }));
      assert.equal(told(decision), inDoubt, decision.message);
      assert.equal(decision.observed, undefined);
    });

    test(`${lacks}, and is in no doubt, shows that somebody took it: ${known}`, () => {
      const decision = decideGrant(subject, context(asana(null), { lookedUp: false }));
      assert.equal(told(decision), known, decision.message);
      assert.equal(decision.observed, null);
    });
  }
});
