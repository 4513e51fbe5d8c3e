import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import type { Account, License, PartName, WorkspaceRole } from '../../src/directory/snapshot.ts';
import { isRemoval, rulesOf } from '../../src/provisioning/actions.ts';
import type { Attempt } from '../../src/provisioning/attempt.ts';
import type { Contest } from '../../src/provisioning/contest.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { Decision, GrantContext } from '../../src/provisioning/decision.ts';
import type { Declaration } from '../../src/provisioning/declarations.ts';
import type { Grant } from '../../src/provisioning/grant.ts';
import { isSameRight, type Right } from '../../src/provisioning/right.ts';
import type { RightCase, Step } from '../../src/provisioning/right-rules.ts';
import { rightRulesOf } from '../../src/provisioning/rights.ts';
import {
  ALICE,
  account,
  adopted,
  contender,
  context,
  deleted,
  enterprise,
  expired,
  given,
  grant,
  NOW,
  ORGANIZATION,
  PLAIN,
  person,
  plain,
  reading,
  rightCase,
  team,
  viewOnly,
} from './world.ts';

const emails = [ALICE, 'alice.smith@acme.com', 'bob@acme.com'] as const;
const roles = fc.constantFrom<WorkspaceRole>('Guest', 'Admin', 'Member', 'Member', 'Member');
const organization: Right = { type: 'Workspace', workspace: ORGANIZATION.gid };
const elsewhere: Right = { type: 'Account', workspace: PLAIN.gid };
const anyRight = fc.constantFrom<Right>(enterprise, viewOnly, team, plain, organization, account, elsewhere);
const valueOf = (right: Right) =>
  right.type === 'License' ? right.license : right.type === 'Account' ? 'Active' : 'Member';

const anyPerson = fc
  .record({
    email: fc.constantFrom<string | null>(...emails, null),
    license: fc.constantFrom<License | null>('Enterprise', 'ViewOnly', 'ViewOnly', null),
    role: fc.option(roles, { freq: 8 }),
    plain: fc.option(roles),
    active: fc.constantFrom(true, true, true, false),
  })
  .map(({ role, ...shape }) => ({ ...shape, role }));

const anyAttempt: fc.Arbitrary<Attempt | null> = fc.option(
  fc.record({
    id: fc.constant('a'),
    type: fc.constantFrom<Attempt['type']>(
      'GrantEnterprise',
      'RevokeEnterprise',
      'CreateAccount',
      'AddToTeam',
      'AddToWorkspace',
      'InviteAccount',
      'Deprovision',
    ),
    at: fc.constantFrom(NOW - 1_000, NOW - 400_000),
    to: fc.constantFrom<string | null>('Enterprise', 'ViewOnly', 'Member', 'Active', null),
    result: fc.constantFrom<Attempt['result']>('Pending', 'Succeeded', 'Failed', 'Unconfirmed'),
  }),
);

const anyGrant: fc.Arbitrary<Grant> = fc
  .record({
    right: anyRight,
    held: fc.option(fc.tuple(anyRight, fc.boolean(), fc.boolean())),
    changes: fc.record({
      user: fc.constantFrom<Grant['user']>({ email: ALICE, gid: null }, { email: null, gid: '1' }),
      recorded: fc.constantFrom<Grant['recorded']>(
        null,
        { gid: '1', email: ALICE, organization: ORGANIZATION.gid },
        { gid: '1', email: ALICE, organization: '501' },
        { gid: '2', email: null, organization: null },
      ),
      ensure: fc.constantFrom<'Present' | 'Absent'>('Present', 'Present', 'Absent'),
      mayCreate: fc.boolean(),
      deletionPolicy: fc.constantFrom<'Revoke' | 'Retain'>('Revoke', 'Revoke', 'Retain'),
      ending: fc.constantFrom(null, deleted, expired),
      startsAt: fc.constantFrom(null, NOW - 1, NOW + 1),
      durationMs: fc.constantFrom(null, 1_000),
      suspended: fc.boolean(),
      abandoned: fc.boolean(),
      created: fc.boolean(),
      attempt: anyAttempt,
      sameNamespace: fc.boolean(),
      namespaceAllowed: fc.boolean(),
      setBacks: fc.integer({ min: 0, max: 4 }),
      discarded: fc.boolean(),
      absenceSeen: fc.boolean(),
    }),
  })
  .map(({ right, held, changes }) => {
    // Only a license can have been another one before: all else is immutable.
    const was = held && right.type === 'License' && held[0].type === 'License' ? held[0] : right;
    const applied = held && (held[1] ? given : adopted)(was, held[2] ? valueOf(was) : 'Admin');
    const ensure = right.type === 'Account' ? changes.ensure : 'Present';
    const value = applied && was.type === 'License' ? { ...applied, value: was.license } : applied;
    return grant(right, { ...changes, ensure, applied: ensure === 'Absent' ? null : value });
  });

const anyDeclaration: fc.Arbitrary<Declaration> = fc.record({
  ensure: fc.constantFrom<'Present' | 'Absent'>('Present', 'Absent'),
  right: anyRight,
  place: fc.constantFrom(ORGANIZATION.gid, PLAIN.gid, null),
  object: fc.constant('AsanaGrant iga/other'),
});

const anyContest: fc.Arbitrary<Contest> = fc.oneof(
  fc.constant<Contest>({ kind: 'Uncontested' }),
  fc.constant<Contest>({ kind: 'Lost', winner: 'iga/a' }),
  anyRight.map<Contest>((right) => ({ kind: 'Succeeded', successor: contender(right, 'heir') })),
);

const anyContext: fc.Arbitrary<GrantContext> = fc
  .record({
    people: fc.option(fc.array(anyPerson, { minLength: 1, maxLength: 3 }), { freq: 10 }),
    inTeam: fc.option(fc.record({ admin: fc.boolean(), guest: fc.boolean() })),
    teamsOfEach: fc.constantFrom(1, 2),
    doubted: fc.subarray<PartName>(['accounts', 'licenses', 'teams', 'teamMemberships']),
    doubt: fc.constantFrom<'ReadingIncomplete' | 'ReadingHeld'>('ReadingIncomplete', 'ReadingHeld'),
    self: fc.constantFrom(null, '1', '2', '999', '999'),
    around: fc.record({
      policies: fc.record({
        mode: fc.constantFrom<'Plan' | 'Apply'>('Plan', 'Apply'),
        suspended: fc.boolean(),
        scimEnabled: fc.constantFrom(true, true, false),
        allowDeprovision: fc.boolean(),
        protectedUsers: fc.subarray([...emails]),
        protectAdmins: fc.boolean(),
        maxEnterpriseLicenses: fc.constantFrom(null, 0, 2),
        defaultWorkspace: fc.constantFrom(null, ORGANIZATION.gid, PLAIN.gid),
        maxDurationMs: fc.constantFrom(null, null, 3_600_000),
      }),
      contest: anyContest,
      obstacle: fc.constantFrom(null, null, null, 'No credentials.'),
      declared: fc.array(anyDeclaration, { maxLength: 2 }),
      accountDeclaredBy: fc.constantFrom(null, null, 'AsanaAccount iga/alice'),
      lookedUp: fc.boolean(),
    }),
  })
  .map(({ people, inTeam, around, ...shape }) => {
    const accounts = people?.map((one, index) => person({ ...one, gid: String(index + 1) })) ?? null;
    const members = inTeam ? { members: { 1: inTeam } } : {};
    return context(accounts && reading(accounts, { ...shape, ...members }), around);
  });

type World = [Grant, GrantContext];

/** The same without what stops everything, so that a good part of the decisions are actions. */
function calm([subject, around]: World): World {
  const quiet = {
    suspended: false,
    abandoned: false,
    discarded: false,
    namespaceAllowed: true,
    startsAt: null,
  };
  const policies = { ...around.policies, suspended: false, scimEnabled: true, maxDurationMs: null };
  return [
    { ...subject, ...quiet },
    { ...around, contest: { kind: 'Uncontested' }, obstacle: null, lookedUp: true, policies },
  ];
}

/** And without what keeps single accounts from being touched. */
function easy(world: World): World {
  const [subject, around] = calm(world);
  const read = around.reading && {
    ...around.reading,
    snapshot: { ...around.reading.snapshot, self: '999' },
    doubtAbout: () => null,
  };
  const policies = { ...around.policies, protectedUsers: [], protectAdmins: false, allowDeprovision: true };
  const recorded = subject.recorded && { ...subject.recorded, organization: null };
  return [
    { ...subject, recorded, deletionPolicy: 'Revoke', setBacks: 0, sameNamespace: true },
    { ...around, reading: read, policies, declared: [] },
  ];
}

const worlds = { wild: (world: World) => world, calm, easy };

/** Holds for every grant in every world. */
function law(check: (decision: Decision, subject: Grant, around: GrantContext) => void): void {
  const kinds = fc.constantFrom<keyof typeof worlds>('wild', 'calm', 'easy');
  fc.assert(
    fc.property(anyGrant, anyContext, kinds, (subject, around, kind) => {
      const [one, world] = worlds[kind]([subject, around]);
      check(decideGrant(one, world), one, world);
    }),
    { numRuns: 4_000 },
  );
}

const removes = (decision: Decision) => decision.kind === 'Act' && isRemoval(decision.action);
const deprovisions = (decision: Decision) =>
  decision.kind === 'Act' && rulesOf(decision.action).deprovisions(decision.action);

suite('whatever is declared, found and configured', () => {
  test('a decision is made, and its message is a sentence', () => {
    law((decision) => assert.match(decision.message, /\S.*[.)"]$/s));
  });

  test('the worlds these laws look at hold enough of every action to mean something', () => {
    const seen = new Map<string, number>();
    law((decision) => {
      const what = decision.kind === 'Act' ? decision.action.type : decision.kind;
      seen.set(what, (seen.get(what) ?? 0) + 1);
    });
    const wanted =
      'GrantEnterprise RevokeEnterprise Deprovision CreateAccount InviteAccount AddToTeam RemoveFromTeam AddToWorkspace RemoveFromWorkspace Settled Release Blocked LookUp';
    for (const what of wanted.split(' ')) assert.ok((seen.get(what) ?? 0) >= 5, `${what}: ${seen.get(what)}`);
  });

  test('the same question has the same answer, and Plan decides as Apply while a grant is in force', () => {
    law((decision, subject, around) => {
      assert.deepEqual(decideGrant(subject, around), decision);
      if (subject.ending) return;
      const other = around.policies.mode === 'Plan' ? 'Apply' : 'Plan';
      const policies = { ...around.policies, mode: other } as const;
      assert.deepEqual(decideGrant(subject, { ...around, policies }), decision);
    });
  });

  test('what ends in mode Plan is never let go of but by deletion, and a deletion never acts', () => {
    law((decision, { ending }, { policies }) => {
      if (policies.mode === 'Apply' || !ending) return;
      if (ending.because === 'Deleted') assert.notEqual(decision.kind, 'Act');
      else assert.notEqual(decision.kind, 'Release');
    });
  });

  test('nobody is deprovisioned whom the object did not create or add, unless it says Absent', () => {
    law((decision, { ensure, ending, applied, created, attempt }) => {
      if (!deprovisions(decision) || ensure === 'Absent') return;
      assert.ok(ending, 'a grant in force deprovisions nobody');
      const gave = applied ? !applied.adopted : attempt?.result === 'Pending';
      const made = created || (attempt?.type === 'CreateAccount' && attempt.result === 'Pending');
      const isLicense = decision.right?.type === 'License';
      assert.ok(isLicense ? made : gave, JSON.stringify({ applied, created, attempt }));
    });
  });

  test('deprovisioning takes the word of the connector, its own namespace, and that nothing is declared there', () => {
    law((decision, { sameNamespace }, { policies, declared }) => {
      if (!deprovisions(decision) || decision.kind !== 'Act') return;
      assert.ok(policies.allowDeprovision && sameNamespace);
      const place = 'workspace' in decision.action ? decision.action.workspace : ORGANIZATION.gid;
      assert.ok(
        !declared.some((one) => one.ensure === 'Present' && (one.place === null || one.place === place)),
      );
    });
  });

  test('nothing is taken away or created, or let go of for what is seen, on a doubtful reading', () => {
    law((decision, subject, { reading: read, policies }) => {
      if (decision.kind !== 'Act' && !(decision.kind === 'Release' && decision.account !== undefined)) return;
      if (decision.kind === 'Release' && decision.reason === 'Superseded') return;
      const isGift =
        decision.kind === 'Act' && !isRemoval(decision.action) && !/Create|Invite/.test(decision.action.type);
      if (isGift || decision.right === null) return;
      assert.equal(
        read?.doubtAbout(rightRulesOf(decision.right).parts(policies)) ?? null,
        null,
        subject.object.name,
      );
    });
  });

  test('the protected keep what they have', () => {
    law((decision, { user, recorded }, { policies, reading: read }) => {
      if (!removes(decision) || decision.kind !== 'Act') return;
      const who = decision.account;
      const known = [user.email, recorded?.email, who?.email, who?.scim?.userName];
      assert.ok(!policies.protectedUsers.some((email) => known.includes(email)));
      assert.notEqual(read?.snapshot.self, null);
      assert.notEqual(who?.gid, read?.snapshot.self);
      if (!policies.protectAdmins) return;
      const places = [ORGANIZATION.gid, 'workspace' in decision.action ? decision.action.workspace : ''];
      assert.ok(
        !who?.memberships.some(({ role, workspace }) => role === 'Admin' && places.includes(workspace)),
      );
    });
  });

  test('a grant of another namespace takes nothing away that it did not give', () => {
    law((decision, { sameNamespace, applied, attempt, ending }) => {
      if (sameNamespace || !removes(decision) || decision.kind !== 'Act') return;
      const gaveIt = applied && !applied.adopted;
      const sentIt = ending && (attempt?.result === 'Pending' || attempt?.result === 'Unconfirmed');
      assert.ok(gaveIt || sentIt, JSON.stringify({ applied, attempt }));
    });
  });

  test('nothing is done where something stops everything', () => {
    law(
      (
        decision,
        { suspended, namespaceAllowed, abandoned, ending },
        { policies, reading: read, obstacle },
      ) => {
        const isStopped = suspended || policies.suspended || !namespaceAllowed || !read || obstacle !== null;
        if (isStopped || (ending && abandoned)) assert.notEqual(decision.kind, 'Act');
      },
    );
  });

  test('a suspended connector loses no ended grant but one that asks for it', () => {
    law((decision, { ending, suspended, abandoned }, { policies }) => {
      if (ending && policies.suspended && !suspended && !abandoned)
        assert.equal(decision.kind === 'Blocked' && decision.code, 'Suspended');
    });
  });

  test('a grant in force is never released, and none acts that lost its contest', () => {
    law((decision, { ending }, { contest }) => {
      if (!ending) assert.notEqual(decision.kind, 'Release');
      if (!ending && contest.kind === 'Lost') assert.notEqual(decision.kind, 'Act');
    });
  });

  test('what a successor declares and is held is never taken away', () => {
    law((decision, { ending }, { contest }) => {
      if (!ending || contest.kind !== 'Succeeded' || decision.kind !== 'Act') return;
      const { right } = contest.successor;
      assert.ok(right && !isSameRight(right, decision.right));
    });
  });

  test('what was discarded is not taken away until it is edited', () => {
    law((decision, { discarded, ending }) => {
      if (discarded && ending?.because !== 'Deleted') assert.ok(!removes(decision));
    });
  });

  test('applied that names the same right is never rewritten', () => {
    law((decision, { applied }) => {
      if (decision.kind !== 'Settled' || !decision.applied || !applied) return;
      if (isSameRight(applied.right, decision.applied.right)) assert.equal(decision.applied, applied);
    });
  });

  test('what is settled as granted is held, and an absence is settled after a look only', () => {
    law((decision, { ensure, absenceSeen }, { lookedUp }) => {
      if (decision.kind !== 'Settled') return;
      if (decision.reason === 'Granted') assert.notEqual(decision.observed, null);
      if (decision.reason === 'Removed') assert.ok(ensure === 'Absent' && (lookedUp || absenceSeen));
    });
  });

  test('nobody is created who was there before, by a license grant', () => {
    law((decision, { recorded, created, ending, mayCreate }, { accountDeclaredBy }) => {
      if (decision.kind !== 'Act' || decision.right.type !== 'License') return;
      if (!/Create|Invite/.test(decision.action.type)) return;
      assert.ok(!recorded && !created && !ending && mayCreate && accountDeclaredBy === null);
    });
  });

  test('no license is given at the limit', () => {
    law((decision, _, { policies: { maxEnterpriseLicenses: limit }, reading: read }) => {
      if (decision.kind !== 'Act' || decision.action.type !== 'GrantEnterprise') return;
      assert.ok(limit === null || (read?.enterpriseLicenses() ?? 0) < limit);
    });
  });

  test('no guest is taken out of their last team by a grant', () => {
    law((decision, _, { reading: read }) => {
      if (decision.kind !== 'Act' || decision.action.type !== 'RemoveFromTeam') return;
      assert.ok(!decision.action.guestsLast);
      const isGuest = decision.account?.memberships.some(
        ({ role, workspace }) => role === 'Guest' && workspace === ORGANIZATION.gid,
      );
      assert.ok(!isGuest || (read?.countTeamsOf(decision.action.gid) ?? 0) > 1);
    });
  });
});

suite('one rule for grants and tasks', () => {
  /** What is meant to differ: Git is the master of what it declares, and a task is one decision of a person. */
  const differ = new Set(['StillDeclared', 'UserIsGuest', 'HoldsEnterprise', 'GuestsLastTeam']);
  const codeOf = (step: Step) => (step.kind === 'Refused' ? step.code : null);

  const anyCase = fc
    .tuple(anyRight, fc.option(anyPerson, { freq: 6 }), anyContext)
    .map(([right, shape, { reading: read, policies, declared }]) => {
      const who: Account | null = shape ? person(shape) : null;
      const around = read ?? reading(who ? [who] : []);
      return rightCase(right, who, { reading: around, policies, declared });
    });

  const check = (move: 'give' | 'take') => (subject: RightCase) => {
    const rules = rightRulesOf(subject.right);
    const asked = (asker: 'Grant' | 'Task') => rules[move]({ ...subject, asker });
    const [byGrant, byTask] = [asked('Grant'), asked('Task')];
    const codes = [codeOf(byGrant), codeOf(byTask)];
    if (codes.some((code) => code !== null && differ.has(code))) return;
    // To declare view-only is to lower; a task is told to revoke instead.
    if (subject.right.type === 'License' && subject.right.license === 'ViewOnly' && move === 'give') return;
    assert.deepEqual(
      byGrant.kind === 'Act' ? byGrant.action.type : byGrant,
      byTask.kind === 'Act' ? byTask.action.type : byTask,
    );
  };

  test('gives the same refusal, or the same action, before giving', () => {
    fc.assert(fc.property(anyCase, check('give')), { numRuns: 3_000 });
  });

  test('gives the same refusal, or the same action, before taking', () => {
    fc.assert(fc.property(anyCase, check('take')), { numRuns: 3_000 });
  });
});
