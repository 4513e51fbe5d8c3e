import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { Account, PartName } from '../../src/directory/snapshot.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { AppliedRight } from '../../src/provisioning/grant.ts';
import type { Right } from '../../src/provisioning/right.ts';
import { account, context, given, grant, person, plain, reading, team, told } from './world.ts';

const enterprise = { type: 'License', license: 'Enterprise' } as const satisfies Right;

/** The right that was given, what the reading lists now, and the part of the reading that may be in doubt. */
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
    lacks: 'a missing person with a license',
    applied: given(enterprise, 'Enterprise'),
    people: [],
    part: 'accounts',
    inDoubt: 'Blocked ReadingIncomplete',
    known: 'Blocked AccountNotFound ~',
  },
  {
    lacks: 'a missing person with an account',
    applied: given(account, 'Active'),
    people: [person({ gid: '2', email: 'bob@acme.com' })],
    part: 'accounts',
    inDoubt: 'Blocked ReadingIncomplete',
    known: 'Blocked AccountNotFound ~',
  },
  {
    lacks: 'a missing person with a workspace',
    applied: given(plain, 'Member'),
    people: [],
    part: 'accounts',
    inDoubt: 'Blocked ReadingIncomplete',
    known: 'Blocked AccountNotFound ~',
  },
  {
    lacks: 'a missing team membership',
    applied: given(team, 'Member'),
    people: [person()],
    part: 'teamMemberships',
    inDoubt: 'Act AddToTeam',
    known: 'Act AddToTeam ~',
  },
];

suite('a reading that lacks an applied right', () => {
  for (const { lacks, applied, people, teams, part, inDoubt, known } of rows) {
    const decide = (doubted: readonly PartName[]) => {
      const asana = reading(people, { doubted, ...(teams ? { teams } : {}) });
      return decideGrant(grant(applied.right, { applied }), context(asana, { lookedUp: false }));
    };

    test(`reports no drift for ${lacks} while the ${part} are in doubt: ${inDoubt}`, () => {
      const decision = decide([part]);
      assert.equal(told(decision), inDoubt, decision.message);
      assert.equal(decision.observed, undefined);
    });

    test(`reports drift for ${lacks} if nothing is in doubt: ${known}`, () => {
      const decision = decide([]);
      assert.equal(told(decision), known, decision.message);
      assert.equal(decision.observed, null);
    });
  }
});

test('a reading that lacks the team reports no drift, since the team may be hidden from the token', () => {
  const applied = given(team, 'Member');
  const asana = reading([person()], { teams: [] });
  const decision = decideGrant(grant(applied.right, { applied }), context(asana, { lookedUp: false }));
  assert.equal(told(decision), 'Blocked TeamNotFound', decision.message);
  assert.equal(decision.observed, undefined);
});

interface Unshown {
  readonly because: string;
  readonly scimEnabled: boolean;
  readonly doubted?: readonly PartName[];
  readonly lookedUp?: boolean;
  readonly told: string;
}

const unshown: readonly Unshown[] = [
  {
    because: 'the licenses are in doubt',
    scimEnabled: true,
    doubted: ['licenses'],
    told: 'Blocked ReadingIncomplete',
  },
  {
    because: 'Asana shows no userType, as in an organization without view-only licenses',
    scimEnabled: true,
    told: 'Blocked LicensesUnavailable',
  },
  {
    because: 'an individual read shows no userType either',
    scimEnabled: true,
    doubted: ['licenses'],
    lookedUp: true,
    told: 'Blocked LicensesUnavailable',
  },
  { because: 'SCIM was turned off', scimEnabled: false, told: 'Blocked LicensesUnavailable' },
];

suite('a given license that Asana does not show', () => {
  for (const { because, scimEnabled, doubted = [], lookedUp = false, told: expected } of unshown) {
    test(`is not reported as drift if ${because}: ${expected}`, () => {
      const asana = reading([person({ license: null })], { doubted });
      const applied = given(enterprise, 'Enterprise');
      const around = context(asana, { lookedUp, policies: { scimEnabled } });
      const decision = decideGrant(grant(enterprise, { applied }), around);
      assert.equal(told(decision), expected, decision.message);
      assert.equal(decision.observed, undefined, 'the status keeps the last observation');
    });
  }

  test('is reported as drift if the person is now a guest', () => {
    const asana = reading([person({ license: null, role: 'Guest' })]);
    const applied = given(enterprise, 'Enterprise');
    const decision = decideGrant(grant(enterprise, { applied }), context(asana, { lookedUp: false }));
    assert.equal(told(decision), 'Blocked UserIsGuest ~', decision.message);
  });
});
