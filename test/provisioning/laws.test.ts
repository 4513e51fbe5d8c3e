import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isRemoval, rulesOf } from '../../src/provisioning/actions.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { Decision } from '../../src/provisioning/decision.ts';
import { isSameRight } from '../../src/provisioning/right.ts';
import { rightRulesOf } from '../../src/provisioning/rights.ts';
import { law } from './random-world.ts';
import { ORGANIZATION } from './world.ts';

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
    }, 15_000);
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

  test('nobody who was seen there before is missed for a listing alone', () => {
    law((decision, { wasSeen, ending }, { lookedUp }) => {
      if (decision.kind !== 'Blocked' || ending || !wasSeen || lookedUp) return;
      assert.ok(!decision.drift || decision.account !== null);
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
      const { gid, team } = decision.action;
      assert.ok(!isGuest || (read?.countOtherTeamsOf(gid, team) ?? 0) > 0);
    });
  });
});
