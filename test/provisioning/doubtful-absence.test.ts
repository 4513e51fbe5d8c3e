import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Account, PartName } from '../../src/directory/snapshot.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { AppliedRight } from '../../src/provisioning/grant.ts';
import type { Right } from '../../src/provisioning/right.ts';
import { account, context, given, grant, person, plain, reading, team, told } from './world.ts';

const enterprise = { type: 'License', license: 'Enterprise' } as const satisfies Right;

/** What was given, who and what is listed now, and the part of the reading that may be in doubt. */
interface Row {
  readonly lacks: string;
  readonly applied: AppliedRight;
  readonly people: readonly Account[];
  readonly teams?: readonly { readonly gid: string; readonly name: string }[];
  readonly part: PartName;
  readonly inDoubt: string;
  readonly known: string;
}

const rows: readonly Row[] = [
  {
    lacks: 'the license',
    applied: given(enterprise, 'Enterprise'),
    people: [person({ license: null })],
    part: 'licenses',
    inDoubt: 'Blocked ReadingIncomplete',
    known: 'Blocked LicensesUnavailable ~',
  },
  {
    lacks: 'the person, of a license',
    applied: given(enterprise, 'Enterprise'),
    people: [],
    part: 'accounts',
    inDoubt: 'Blocked ReadingIncomplete',
    known: 'Blocked AccountNotFound ~',
  },
  {
    lacks: 'the person, of an account',
    applied: given(account, 'Active'),
    people: [person({ gid: '2', email: 'bob@acme.com' })],
    part: 'accounts',
    inDoubt: 'Blocked ReadingIncomplete',
    known: 'Blocked AccountNotFound ~',
  },
  {
    lacks: 'the person, of a workspace',
    applied: given(plain, 'Member'),
    people: [],
    part: 'accounts',
    inDoubt: 'Blocked ReadingIncomplete',
    known: 'Blocked AccountNotFound ~',
  },
  {
    lacks: 'the team',
    applied: given(team, 'Member'),
    people: [person()],
    teams: [],
    part: 'teams',
    inDoubt: 'Blocked ReadingIncomplete',
    known: 'Blocked TeamNotFound ~',
  },
  {
    lacks: 'the membership of a team',
    applied: given(team, 'Member'),
    people: [person()],
    part: 'teamMemberships',
    inDoubt: 'Act AddToTeam',
    known: 'Act AddToTeam ~',
  },
];

suite('a reading that lacks', () => {
  for (const { lacks, applied, people, teams, part, inDoubt, known } of rows) {
    const decide = (doubted: readonly PartName[]) => {
      const asana = reading(people, { doubted, ...(teams ? { teams } : {}) });
      return decideGrant(grant(applied.right, { applied }), context(asana, { lookedUp: false }));
    };

    test(`${lacks}, while the ${part} are in doubt, shows no change: ${inDoubt}`, () => {
      const decision = decide([part]);
      assert.equal(told(decision), inDoubt, decision.message);
      assert.equal(decision.observed, undefined);
    });

    test(`${lacks}, and is in no doubt, shows that somebody took it: ${known}`, () => {
      const decision = decide([]);
      assert.equal(told(decision), known, decision.message);
      assert.equal(decision.observed, null);
    });
  }
});
