import * as fc from 'fast-check';
import type { License, PartName, WorkspaceRole } from '../../src/directory/snapshot.ts';
import type { Attempt } from '../../src/provisioning/attempt.ts';
import type { Contest } from '../../src/provisioning/contest.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { Decision, GrantContext } from '../../src/provisioning/decision.ts';
import type { Declaration } from '../../src/provisioning/declarations.ts';
import type { Grant } from '../../src/provisioning/grant.ts';
import { type Right } from '../../src/provisioning/right.ts';
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
  team,
  viewOnly,
} from './world.ts';

/** Random grants, people and connectors, for laws that hold in every world. */

const emails = [ALICE, 'alice.smith@acme.com', 'bob@acme.com'] as const;
const roles = fc.constantFrom<WorkspaceRole>('Guest', 'Admin', 'Member', 'Member', 'Member');
const organization: Right = { type: 'Workspace', workspace: ORGANIZATION.gid };
const elsewhere: Right = { type: 'Account', workspace: PLAIN.gid };
export const anyRight = fc.constantFrom<Right>(
  enterprise,
  viewOnly,
  team,
  plain,
  organization,
  account,
  elsewhere,
);
const valueOf = (right: Right) =>
  right.type === 'License' ? right.license : right.type === 'Account' ? 'Active' : 'Member';

export const anyPerson = fc
  .record({
    email: fc.constantFrom<string | null>(ALICE, ALICE, ALICE, ALICE, ...emails, null),
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
        { gid: '1', email: null, organization: null },
        { gid: '1', email: ALICE, organization: '501' },

        { gid: '2', email: null, organization: null },
      ),
      ensure: fc.constantFrom<'Present' | 'Absent'>('Present', 'Present', 'Absent'),
      mayCreate: fc.boolean(),
      deletionPolicy: fc.constantFrom<'Revoke' | 'Retain'>('Revoke', 'Revoke', 'Retain'),
      ending: fc.constantFrom(null, null, deleted, expired),
      startsAt: fc.constantFrom(null, NOW - 1, NOW + 1),
      durationMs: fc.constantFrom(null, 1_000),
      suspended: fc.boolean(),
      abandoned: fc.boolean(),
      created: fc.boolean(),
      attempt: anyAttempt,
      sameNamespace: fc.boolean(),
      namespaceAllowed: fc.boolean(),
      setBacks: fc.constantFrom(0, 0, 2, 3),
      discarded: fc.boolean(),
      absenceSeen: fc.boolean(),
      wasSeen: fc.boolean(),
      askedAnew: fc.boolean(),
    }),
  })
  .map(({ right, held, changes }) => {
    // Only a license can have had another value before: all other rights are immutable.
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
  anyRight.map<Contest>((right) => ({
    kind: 'Succeeded',
    successor: contender(right, 'heir'),
    heldUpBy: null,
  })),
);

export const anyContext: fc.Arbitrary<GrantContext> = fc
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

/** Removes what blocks every action from a world, so that many of the decisions are actions. */
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
    { ...around, contest: { kind: 'Uncontested' }, obstacle: null, policies },
  ];
}

/** Also removes what protects single accounts. */
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

/** Makes the person unknown to both the grant and Asana. */
function newcomer(world: World): World {
  const [subject, around] = easy(world);
  const unknown = { recorded: null, created: false, applied: null, ending: null, mayCreate: true };
  const read = around.reading && {
    ...around.reading,
    account: () => undefined,
    accountByEmail: () => undefined,
    teamMembership: () => null,
  };
  return [
    { ...subject, ...unknown, user: { email: ALICE, gid: null } },
    { ...around, reading: read, accountDeclaredBy: null },
  ];
}

const worlds = { wild: (world: World) => world, calm, easy, newcomer };

/** Checks a law for random grants in random worlds. */
export function law(
  check: (decision: Decision, subject: Grant, around: GrantContext) => void,
  numRuns = 5_000,
): void {
  const kinds = fc.constantFrom<keyof typeof worlds>('wild', 'calm', 'easy', 'easy', 'newcomer');
  fc.assert(
    fc.property(anyGrant, anyContext, kinds, (subject, around, kind) => {
      const [one, world] = worlds[kind]([subject, around]);
      check(decideGrant(one, world), one, world);
    }),
    { numRuns },
  );
}
