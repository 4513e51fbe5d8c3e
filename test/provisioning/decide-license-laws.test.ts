import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import * as fc from 'fast-check';
import type { License, WorkspaceRole } from '../../src/directory/snapshot.ts';
import { decideLicense } from '../../src/provisioning/decide-license.ts';
import type { Contest, Decision, DecisionContext } from '../../src/provisioning/decision.ts';
import type { LicenseGrant } from '../../src/provisioning/grant.ts';
import {
  ALICE,
  adopted,
  context,
  deleted,
  expired,
  given,
  grant,
  ORGANIZATION,
  person,
} from './small-world.ts';

const licenses = fc.constantFrom<License>('Enterprise', 'ViewOnly');
const emails = [ALICE, 'alice.smith@acme.com', 'bob@acme.com'] as const;

const anyAccount = fc
  .record({
    email: fc.constantFrom<string | null>(...emails, null),
    license: fc.constantFrom<License | null>('Enterprise', 'ViewOnly', 'ViewOnly', null),
    role: fc.constantFrom<WorkspaceRole>('Guest', 'Admin', 'Member', 'Member', 'Member'),
    active: fc.constantFrom(true, true, true, false),
    scim: fc.constantFrom(true, true, true, false),
    userType: fc.constantFrom<string | null | undefined>(undefined, null, 'division'),
  })
  .map(({ userType, ...shape }) => ({ ...shape, ...(userType === undefined ? {} : { userType }) }));

const anyGrant: fc.Arbitrary<LicenseGrant> = fc
  .record({
    user: fc.constantFrom<LicenseGrant['user']>({ email: ALICE, gid: null }, { email: null, gid: '1' }),
    recorded: fc.constantFrom<LicenseGrant['recorded']>(
      null,
      { gid: '1', email: ALICE },
      { gid: '2', email: null },
    ),
    license: licenses,
    onMissingAccount: fc.constantFrom<'Wait' | 'Create'>('Wait', 'Create'),
    deletionPolicy: fc.constantFrom<'Revoke' | 'Retain'>('Revoke', 'Revoke', 'Retain'),
    ending: fc.constantFrom(null, deleted, expired),
    suspended: fc.boolean(),
    abandoned: fc.boolean(),
    applied: fc.option(fc.oneof(licenses.map(given), licenses.map(adopted))),
    accountCreated: fc.boolean(),
    sameNamespace: fc.boolean(),
    namespaceAllowed: fc.boolean(),
    setBacks: fc.integer({ min: 0, max: 4 }),
    discarded: fc.boolean(),
  })
  .map((changes) => grant(changes));

const anyContest = fc.oneof(
  fc.constant<Contest>({ kind: 'Uncontested' }),
  fc.constant<Contest>({ kind: 'Lost', winner: 'iga/a' }),
  fc.boolean().map<Contest>((sameLicense) => ({ kind: 'Succeeded', successor: 'iga/b', sameLicense })),
);

const anyContext: fc.Arbitrary<DecisionContext> = fc
  .record({
    accounts: fc.option(fc.array(anyAccount, { minLength: 1, maxLength: 3 }), { freq: 10 }),
    policies: fc.record({
      mode: fc.constantFrom<'Plan' | 'Apply'>('Plan', 'Apply'),
      suspended: fc.boolean(),
      scimEnabled: fc.boolean(),
      allowDeprovision: fc.boolean(),
      protectedUsers: fc.subarray([...emails]),
      protectAdmins: fc.boolean(),
      maxEnterpriseLicenses: fc.constantFrom(null, 0, 2),
      defaultWorkspace: fc.constantFrom(null, ORGANIZATION.gid),
    }),
    contest: anyContest,
    untrusted: fc.constantFrom(
      null,
      { reason: 'AsanaUnavailable' as const, message: 'incomplete' },
      { reason: 'RemovalsPaused' as const, message: 'shrunk' },
    ),
    self: fc.constantFrom(null, '1', '2', '999'),
  })
  .map(({ accounts, policies, contest, untrusted, self }) => {
    const people = accounts?.map((shape, index) => person({ ...shape, gid: String(index + 1) }));
    return context(people ?? null, { policies, contest, reading: { untrusted, self } });
  });

type World = [LicenseGrant, DecisionContext];

/** The same without what stops everything, so that a good part of the decisions are actions. */
function calm([subject, around]: World): World {
  const quiet = { ...subject, suspended: false, abandoned: false, discarded: false, namespaceAllowed: true };
  const policies = { ...around.policies, suspended: false, scimEnabled: true };
  return [quiet, { ...around, contest: { kind: 'Uncontested' }, policies }];
}

/** And without what keeps single accounts from being touched. */
function easy(world: World): World {
  const [subject, { directory, ...around }] = calm(world);
  const trusted = directory && {
    ...directory,
    snapshot: { ...directory.snapshot, self: '999' },
    untrusted: () => null,
  };
  const policies = { ...around.policies, protectedUsers: [], allowDeprovision: true };
  return [
    { ...subject, deletionPolicy: 'Revoke', setBacks: 0 },
    { ...around, directory: trusted, policies },
  ];
}

const worlds = { wild: (world: World) => world, calm, easy };

const removes = (decision: Decision) => decision.kind === 'Act' && decision.action.removal;

/** Holds for every grant in every world. */
function law(check: (decision: Decision, subject: LicenseGrant, around: DecisionContext) => void): void {
  const kinds = fc.constantFrom<keyof typeof worlds>('wild', 'calm', 'easy');
  fc.assert(
    fc.property(anyGrant, anyContext, kinds, (subject, around, kind) => {
      const [one, world] = worlds[kind]([subject, around]);
      check(decideLicense(one, world), one, world);
    }),
    { numRuns: 4_000 },
  );
}

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
    for (const what of [
      'GrantEnterprise',
      'RevokeEnterprise',
      'Deprovision',
      'Settled',
      'Release',
      'Blocked',
    ])
      assert.ok((seen.get(what) ?? 0) >= 5, `${what}: ${seen.get(what)}`);
  });

  test('nothing is taken from a protected user', () => {
    law((decision, { user, recorded }, { policies }) => {
      if (!removes(decision)) return;
      const known = [user.email, recorded?.email, decision.account?.email, decision.account?.scim?.userName];
      assert.ok(!policies.protectedUsers.some((email) => known.includes(email)));
    });
  });

  test('nothing is taken from an admin while admins are protected', () => {
    law((decision, _, { policies }) => {
      if (!removes(decision) || !policies.protectAdmins) return;
      assert.notEqual(decision.account?.memberships[0]?.role, 'Admin');
    });
  });

  test("nothing is taken from the token's own account, nor while nobody knows which it is", () => {
    law((decision, _, { directory }) => {
      if (!removes(decision)) return;
      assert.notEqual(directory?.snapshot.self, null);
      assert.notEqual(decision.account?.gid, directory?.snapshot.self);
    });
  });

  test('nothing is taken from a guest, and nobody is made one', () => {
    law((decision) => {
      if (decision.kind === 'Act') assert.notEqual(decision.account?.memberships[0]?.role, 'Guest');
    });
  });

  test('who had view-only before is never deprovisioned, nor anybody who holds Enterprise', () => {
    law((decision, { applied }) => {
      if (decision.kind !== 'Act' || decision.action.type !== 'Deprovision') return;
      assert.deepEqual(applied && { ...applied, at: '' }, { license: 'ViewOnly', at: '', adopted: false });
      assert.equal(decision.account?.license, 'ViewOnly');
    });
  });

  test('deprovisioning takes the word of the connector and the end of a grant with Revoke', () => {
    law((decision, { ending, deletionPolicy }, { policies }) => {
      if (decision.kind !== 'Act' || decision.action.type !== 'Deprovision') return;
      assert.ok(policies.allowDeprovision && ending && deletionPolicy === 'Revoke');
    });
  });

  test('a grant of another namespace never deprovisions, and takes nothing away that it did not give', () => {
    law((decision, { sameNamespace, applied }) => {
      if (sameNamespace || !removes(decision)) return;
      assert.equal(decision.kind === 'Act' && decision.action.type, 'RevokeEnterprise');
      assert.deepEqual(applied && { ...applied, at: '' }, { license: 'Enterprise', at: '', adopted: false });
    });
  });

  test('a grant whose namespace is not allowed never acts', () => {
    law((decision, { namespaceAllowed }) => {
      if (!namespaceAllowed) assert.notEqual(decision.kind, 'Act');
    });
  });

  test('a doubtful reading yields no removal and no creation', () => {
    law((decision, _, { directory }) => {
      if (decision.kind !== 'Act' || directory?.untrusted() === null) return;
      assert.equal(decision.action.type, 'GrantEnterprise');
    });
  });

  test('without a reading, with SCIM off, or while anything is suspended, nothing is done', () => {
    law((decision, { suspended }, { policies, directory }) => {
      if (suspended || policies.suspended || !policies.scimEnabled || directory === null)
        assert.ok(decision.kind === 'Blocked' || decision.kind === 'Release');
    });
  });

  test('in mode Plan a deleted grant is always released', () => {
    law((decision, { ending }, { policies }) => {
      if (policies.mode === 'Plan' && ending?.because === 'Deleted') assert.equal(decision.kind, 'Release');
    });
  });

  test('in mode Plan, or while suspended, nothing of an expired grant is let go', () => {
    law((decision, { ending, suspended }, { policies }) => {
      if (ending?.because === 'Expired' && (policies.mode === 'Plan' || suspended || policies.suspended))
        assert.notEqual(decision.kind, 'Release');
    });
  });

  test('a suspended connector in mode Apply loses no ended grant but one that asks for it', () => {
    law((decision, { ending, suspended, abandoned }, { policies }) => {
      if (ending && policies.suspended && policies.mode === 'Apply' && !suspended && !abandoned)
        assert.equal(decision.kind === 'Blocked' && decision.reason, 'Suspended');
    });
  });

  test('a grant in force is never released, and an abandoned one that ended never acts', () => {
    law((decision, { ending, abandoned }) => {
      if (!ending) assert.notEqual(decision.kind, 'Release');
      if (ending && abandoned) assert.notEqual(decision.kind, 'Act');
    });
  });

  test('the loser of a contest never acts', () => {
    law((decision, { ending }, { contest }) => {
      if (!ending && contest.kind === 'Lost') assert.equal(decision.kind, 'Blocked');
    });
  });

  test('what a successor will hold is never taken away', () => {
    law((decision, { ending }, { contest }) => {
      if (ending && contest.kind === 'Succeeded') assert.notEqual(decision.kind, 'Act');
    });
  });

  test('what was discarded is not taken away until it is edited', () => {
    law((decision, { discarded, ending }) => {
      if (discarded && ending?.because !== 'Deleted') assert.ok(!removes(decision));
    });
  });

  test('an account is created once, by the winner, with an email and a workspace, where licenses are shown', () => {
    law((decision, { recorded, accountCreated, ending, onMissingAccount }, around) => {
      if (decision.kind !== 'Act' || decision.action.type !== 'CreateAccount') return;
      const { policies, contest, directory } = around;
      assert.ok(!recorded && !accountCreated && !ending && onMissingAccount === 'Create');
      assert.ok(policies.defaultWorkspace !== null && contest.kind !== 'Lost');
      assert.equal(decision.action.email, ALICE);
      assert.ok([...(directory?.snapshot.accounts.values() ?? [])].some(({ scim }) => scim?.userType));
    });
  });

  test('no license is given at the limit', () => {
    law((decision, _, { policies, directory }) => {
      if (decision.kind !== 'Act' || decision.action.type !== 'GrantEnterprise') return;
      const { maxEnterpriseLicenses: limit } = policies;
      assert.ok(limit === null || (directory?.enterpriseLicenses() ?? 0) < limit);
    });
  });

  test('an action starts from what the account holds, and a removal is marked as one', () => {
    law((decision) => {
      if (decision.kind !== 'Act') return;
      const { action, account } = decision;
      assert.equal(action.from, account?.license ?? null);
      assert.equal(action.removal, action.type === 'RevokeEnterprise' || action.type === 'Deprovision');
    });
  });

  test('the same question has the same answer', () => {
    law((decision, subject, around) => assert.deepEqual(decideLicense(subject, around), decision));
  });
});
