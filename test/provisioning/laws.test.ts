import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { isRemoval, rulesOf } from '../../src/provisioning/actions.ts';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { Decision } from '../../src/provisioning/decision.ts';
import { isSameRight } from '../../src/provisioning/right.ts';
import { rightRulesOf } from '../../src/provisioning/rights.ts';
import { law } from './random-world.ts';
import { contender, ORGANIZATION } from './world.ts';

const removes = (decision: Decision) => decision.kind === 'Act' && isRemoval(decision.action);
const deprovisions = (decision: Decision) =>
  decision.kind === 'Act' && rulesOf(decision.action).deprovisions(decision.action);
const reportsDrift = (decision: Decision) => 'drift' in decision && decision.drift;

suite('the decision on any grant, reading and configuration', () => {
  test('every decision has a message that ends like a sentence', () => {
    law((decision) => assert.match(decision.message, /\S.*[.)"]$/s));
  });

  test('the random cases lead to every action and every kind of decision at least five times', () => {
    const seen = new Map<string, number>();
    law((decision) => {
      const what = decision.kind === 'Act' ? decision.action.type : decision.kind;
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }, 15_000);
    const wanted =
      'GrantEnterprise RevokeEnterprise Deprovision CreateAccount InviteAccount AddToTeam RemoveFromTeam AddToWorkspace RemoveFromWorkspace Settled Release Blocked LookUp';
    for (const what of wanted.split(' ')) assert.ok((seen.get(what) ?? 0) >= 5, `${what}: ${seen.get(what)}`);
  });

  test('the same input gives the same decision, and Plan decides like Apply for a grant in force', () => {
    law((decision, subject, around) => {
      assert.deepEqual(decideGrant(subject, around), decision);
      if (subject.ending) return;
      const other = around.policies.mode === 'Plan' ? 'Apply' : 'Plan';
      const policies = { ...around.policies, mode: other } as const;
      assert.deepEqual(decideGrant(subject, { ...around, policies }), decision);
    });
  });

  test('in mode Plan, a deleted grant never acts, and an expired grant is never released', () => {
    law((decision, { ending }, { policies }) => {
      if (policies.mode === 'Apply' || !ending) return;
      if (ending.because === 'Deleted') assert.notEqual(decision.kind, 'Act');
      else assert.notEqual(decision.kind, 'Release');
    });
  });

  test('a grant deprovisions only an account that it created or added, unless it declares Absent', () => {
    law((decision, { ensure, ending, applied, created, attempt }) => {
      if (!deprovisions(decision) || ensure === 'Absent') return;
      assert.ok(ending, 'a grant in force deprovisions nobody');
      const gave = applied ? !applied.adopted : attempt?.result === 'Pending';
      const made = created || (attempt?.type === 'CreateAccount' && attempt.result === 'Pending');
      const isLicense = decision.right?.type === 'License';
      assert.ok(isLicense ? made : gave, JSON.stringify({ applied, created, attempt }));
    });
  });

  test('a deprovision needs allowDeprovision, the connector namespace, and no right declared there', () => {
    law((decision, { sameNamespace }, { policies, declared }) => {
      if (!deprovisions(decision) || decision.kind !== 'Act') return;
      assert.ok(policies.allowDeprovision && sameNamespace);
      const place = 'workspace' in decision.action ? decision.action.workspace : ORGANIZATION.gid;
      assert.ok(
        !declared.some((one) => one.ensure === 'Present' && (one.place === null || one.place === place)),
      );
    });
  });

  test('a reading in doubt leads to no removal, no creation, and no release that is based on it', () => {
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

  test('no removal affects a protected user, the account of the token, or a protected admin', () => {
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

  test('a grant in another namespace than its connector removes only what it gave or sent itself', () => {
    law((decision, { sameNamespace, applied, attempt, ending }) => {
      if (sameNamespace || !removes(decision) || decision.kind !== 'Act') return;
      const gaveIt = applied && !applied.adopted;
      const sentIt = ending && (attempt?.result === 'Pending' || attempt?.result === 'Unconfirmed');
      assert.ok(gaveIt || sentIt, JSON.stringify({ applied, attempt }));
    });
  });

  test('suspension, a forbidden namespace, an obstacle, no reading and abandon prevent every action', () => {
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

  test('an ended grant of a suspended connector waits, unless it is suspended itself or abandoned', () => {
    law((decision, { ending, suspended, abandoned }, { policies }) => {
      if (ending && policies.suspended && !suspended && !abandoned)
        assert.equal(decision.kind === 'Blocked' && decision.code, 'Suspended');
    });
  });

  test('a grant in force is never released, and never acts if it lost its contest', () => {
    let actions = 0;
    law((decision, subject, around) => {
      if (subject.ending) return;
      assert.notEqual(decision.kind, 'Release');
      if (decision.kind !== 'Act') return;
      actions += 1;
      const lost = decideGrant(subject, { ...around, contest: { kind: 'Lost', winner: 'iga/a' } });
      assert.equal(lost.kind === 'Blocked' && lost.code, 'ConflictingGrant');
    });
    assert.ok(actions >= 100, `${actions} actions of grants in force`);
  });

  test('an ended grant never acts on the right that its successor declares', () => {
    let actions = 0;
    law((decision, subject, around) => {
      if (!subject.ending || decision.kind !== 'Act') return;
      actions += 1;
      const successor = contender(decision.right, 'heir');
      const contest = { kind: 'Succeeded', successor, heldUpBy: null } as const;
      assert.notEqual(decideGrant(subject, { ...around, contest }).kind, 'Act');
    });
    assert.ok(actions >= 20, `${actions} actions of ended grants`);
  });

  test('a discarded removal is not decided again until an edit, unless the grant is deleted', () => {
    let removals = 0;
    law((decision, subject, around) => {
      if (!removes(decision)) return;
      // An edit ends the discard: this is the same grant before the edit.
      const before = decideGrant({ ...subject, discarded: true }, around);
      if (subject.ending?.because === 'Deleted') {
        assert.deepEqual(before, decision);
      } else {
        removals += 1;
        assert.equal(before.kind === 'Blocked' && before.code, 'RemovalDiscarded');
      }
    });
    assert.ok(removals >= 20, `${removals} removals of grants that are not deleted`);
  });

  test('the applied right is never rewritten while it names the same right', () => {
    law((decision, { applied }) => {
      if (decision.kind !== 'Settled' || !decision.applied || !applied) return;
      if (isSameRight(applied.right, decision.applied.right)) assert.equal(decision.applied, applied);
    });
  });

  test('Granted requires an observed right, and Removed an absence that was read individually', () => {
    law((decision, { ensure, absenceSeen }, { lookedUp }) => {
      if (decision.kind !== 'Settled') return;
      if (decision.reason === 'Granted') assert.notEqual(decision.observed, null);
      if (decision.reason === 'Removed') assert.ok(ensure === 'Absent' && (lookedUp || absenceSeen));
    });
  });

  test('no drift is reported for a person who was seen before and is missing only from the listing', () => {
    let drifts = 0;
    law((_, subject, around) => {
      if (subject.ending || !around.reading) return;
      const reading = { ...around.reading, account: () => undefined, accountByEmail: () => undefined };
      const decide = (lookedUp: boolean) =>
        decideGrant({ ...subject, wasSeen: true }, { ...around, reading, lookedUp });
      assert.ok(!reportsDrift(decide(false)));
      if (reportsDrift(decide(true))) drifts += 1;
    });
    assert.ok(drifts >= 100, `${drifts} cases of drift after the person was looked up`);
  });

  test('a license grant creates an account only if it may, had none, and no AsanaAccount declares it', () => {
    law((decision, { recorded, created, applied, ending, mayCreate }, { accountDeclaredBy }) => {
      if (decision.kind !== 'Act' || decision.right.type !== 'License') return;
      if (!/Create|Invite/.test(decision.action.type)) return;
      assert.ok(!created && !ending && mayCreate && accountDeclaredBy === null);
      // A person who was only found elsewhere never had an account in the organization.
      const { account } = decision;
      const isElsewhere =
        account?.scim === null &&
        account.memberships.every(({ workspace }) => workspace !== ORGANIZATION.gid) &&
        recorded?.organization !== ORGANIZATION.gid;
      assert.ok(recorded === null || (applied === null && isElsewhere));
    });
  });

  test('no enterprise license is granted at maxEnterpriseLicenses', () => {
    law((decision, _, { policies: { maxEnterpriseLicenses: limit }, reading: read }) => {
      if (decision.kind !== 'Act' || decision.action.type !== 'GrantEnterprise') return;
      assert.ok(limit === null || (read?.enterpriseLicenses() ?? 0) < limit);
    });
  });

  test('a grant never removes a guest from their last team', () => {
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
