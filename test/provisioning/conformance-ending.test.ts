import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { GrantContext } from '../../src/provisioning/decision.ts';
import {
  check,
  deletedOf,
  expiredOf,
  heldIn,
  itFound,
  itGave,
  mapped,
  notHeldIn,
  type Sample,
  samples,
  takes,
  withoutAliceIn,
} from './conformance.ts';
import { contender, context, deleted, grant, NOW, person, reading } from './world.ts';

/** Another grant declares the same right, and may take it over. */
const succeeded = ({ right }: Sample): Partial<GrantContext> => ({
  contest: { kind: 'Succeeded', successor: contender(right, 'heir'), heldUpBy: null },
});

suite('an ended grant, for every right', () => {
  check([
    {
      what: 'the right was given and the grant is deleted',
      because: 'what was given is removed',
      grant: deletedOf(itGave),
      asana: heldIn,
      expect: takes,
    },
    {
      what: 'the right was given and the grant has expired',
      because: 'what was given is removed',
      grant: expiredOf(itGave),
      asana: heldIn,
      expect: takes,
    },
    {
      what: 'the right was adopted and the grant is deleted',
      because: 'only a license and a team are removed',
      grant: deletedOf(itFound),
      asana: heldIn,
      expect: mapped((type) => (samples[type].takesWhatWasFound ? takes[type] : 'Release Adopted')),
    },
    {
      what: 'the right was given and the grant created the account',
      because: 'only the right itself is removed',
      grant: deletedOf(itGave, { created: true }),
      asana: heldIn,
      expect: takes,
    },
    {
      what: 'deletionPolicy is Retain and the grant is deleted',
      because: 'Asana is left as it is',
      grant: deletedOf(itGave, { deletionPolicy: 'Retain' }),
      asana: heldIn,
      expect: 'Release Retained',
    },
    {
      what: 'deletionPolicy is Retain and the grant has expired',
      because: 'Asana is left as it is',
      grant: expiredOf(itGave, { deletionPolicy: 'Retain' }),
      asana: heldIn,
      expect: 'Release Retained',
    },
    {
      what: 'the grant is deleted in mode Plan',
      because: 'Plan changes nothing',
      grant: deletedOf(itGave),
      asana: heldIn,
      context: { policies: { mode: 'Plan' } },
      expect: 'Release Planned',
    },
    {
      what: 'the grant is abandoned while the connector is suspended',
      because: 'a person requests the release',
      grant: deletedOf(itGave, { abandoned: true }),
      asana: heldIn,
      context: { policies: { suspended: true } },
      expect: 'Release Abandoned',
    },
    {
      what: 'its namespace is no longer allowed',
      because: 'a rule refuses the removal',
      grant: deletedOf(itGave, { namespaceAllowed: false, sameNamespace: false }),
      asana: heldIn,
      expect: 'Release NamespaceNotAllowed !',
    },
    {
      what: 'a grant in another namespace gave the right',
      because: 'it removes what it gave, and never deprovisions',
      grant: deletedOf(itGave, { sameNamespace: false }),
      asana: heldIn,
      expect: mapped((type) => (samples[type].deprovisions ? 'Release NamespaceNotAllowed !' : takes[type])),
    },
    {
      what: 'a grant in another namespace adopted the right',
      because: 'it removes only what it gave',
      grant: deletedOf(itFound, { sameNamespace: false }),
      asana: heldIn,
      expect: 'Release Adopted',
    },
    {
      what: 'its address now belongs to another account',
      because: 'it is not known who was meant',
      grant: deletedOf(itGave),
      asana: (sample) => {
        const alice = sample.holder({ email: 'smith@acme.com' });
        return reading([alice, person({ gid: '7' })], sample.held);
      },
      expect: 'Release IdentityChanged !',
    },
    {
      what: 'the account was recorded in another organization',
      because: 'its gid is meaningless here',
      grant: deletedOf(itGave, { recorded: { gid: '1', email: null, organization: '501' } }),
      asana: heldIn,
      expect: 'Release OrganizationChanged !',
    },
    {
      what: 'it has expired and its namespace is no longer allowed',
      because: 'the access remains, and only a deleted object is released for that',
      grant: expiredOf(itGave, { namespaceAllowed: false, sameNamespace: false }),
      asana: heldIn,
      expect: 'Blocked NamespaceNotAllowed',
    },
    {
      what: 'it has expired, in another namespace',
      because: 'it never deprovisions, so the access remains',
      grant: expiredOf(itGave, { sameNamespace: false }),
      asana: heldIn,
      expect: mapped((type) => (samples[type].deprovisions ? 'Blocked NamespaceNotAllowed' : takes[type])),
    },
    {
      what: 'it has expired and its address now belongs to another account',
      because: 'whoever was meant may still have the access',
      grant: expiredOf(itGave),
      asana: (sample) => {
        const alice = sample.holder({ email: 'smith@acme.com' });
        return reading([alice, person({ gid: '7' })], sample.held);
      },
      expect: 'Blocked IdentityChanged',
    },
    {
      what: 'it has expired and the account was recorded in another organization',
      because: 'the access in that organization remains',
      grant: expiredOf(itGave, { recorded: { gid: '1', email: null, organization: '501' } }),
      asana: heldIn,
      expect: 'Blocked OrganizationChanged',
    },
    {
      what: 'it has expired and the person is protected',
      because: 'a protected account keeps its access, and the status says so',
      grant: expiredOf(itGave),
      asana: heldIn,
      context: { policies: { protectedUsers: ['alice@acme.com'] } },
      expect: 'Blocked ProtectedUser',
    },
    {
      what: 'it has expired and allowDeprovision is false',
      because: 'the account remains until that is allowed',
      grant: expiredOf(itGave),
      asana: heldIn,
      context: { policies: { allowDeprovision: false } },
      expect: mapped((type) => (samples[type].deprovisions ? 'Blocked DeprovisionNotAllowed' : takes[type])),
    },
    {
      what: 'the account is missing from the listing',
      because: 'a listing alone proves nothing',
      grant: deletedOf(itGave),
      asana: () => withoutAliceIn(),
      context: { lookedUp: false },
      expect: { ...mapped(() => 'LookUp'), Team: 'LookUp' },
    },
    {
      what: 'the account is gone',
      because: 'there is nothing to remove',
      grant: deletedOf(itGave),
      asana: () => withoutAliceIn(),
      expect: 'Release NoLongerHeld',
    },
    {
      what: 'the right was restored three times and is not held',
      because: 'somebody else keeps changing it',
      grant: deletedOf(itGave, { setBacks: 3 }),
      asana: (sample) => notHeldIn(sample),
      expect: { ...mapped(() => 'Release Contended !'), Account: 'Release NoLongerHeld' },
    },
    {
      what: 'a live grant declares the same right',
      because: 'the live grant takes it over',
      grant: deletedOf(itGave),
      asana: heldIn,
      context: succeeded,
      expect: 'Release Superseded',
    },
    {
      what: 'a live grant declares the same right and deletionPolicy is Retain',
      because: 'the successor must know whether it was given',
      grant: deletedOf(itGave, { deletionPolicy: 'Retain' }),
      asana: heldIn,
      context: succeeded,
      expect: 'Release Superseded',
    },
    {
      what: 'a live grant declares the right, which is not held any more, and deletionPolicy is Retain',
      because: 'there is nothing to take over',
      grant: deletedOf(itGave, { deletionPolicy: 'Retain' }),
      asana: (sample) => notHeldIn(sample),
      context: succeeded,
      expect: 'Release Retained',
    },
    {
      what: 'a live grant declares the same right and the reading is in doubt',
      because: 'nothing is removed',
      grant: deletedOf(itGave),
      asana: (sample) => heldIn(sample, {}, { doubted: sample.parts }),
      context: succeeded,
      expect: 'Release Superseded',
    },
    {
      what: 'the change was just sent and is not shown yet',
      because: 'the right would outlive the grant',
      grant: ({ gives: type, value }) => ({
        ending: deleted,
        attempt: { id: 'a', type, at: NOW - 1_000, to: value, result: 'Pending' },
      }),
      asana: notHeldIn,
      expect: 'Blocked UnderWay',
    },
    {
      what: 'the change was just sent and is shown',
      because: 'the right was given',
      grant: ({ gives: type, value }) => ({
        ending: deleted,
        attempt: { id: 'a', type, at: NOW - 1_000, to: value, result: 'Pending' },
      }),
      asana: heldIn,
      expect: takes,
    },
    {
      what: 'the change was sent and never shown',
      because: 'Asana did not show it in time',
      grant: ({ gives: type, value }) => ({
        ending: deleted,
        attempt: { id: 'a', type, at: NOW - 200_000, to: value, result: 'Pending' },
      }),
      asana: notHeldIn,
      expect: 'Release NothingApplied',
    },
    {
      what: 'the removal at its expiry was discarded',
      because: 'the right stays until the grant is edited',
      grant: expiredOf(itGave, { discarded: true }),
      asana: heldIn,
      expect: 'Blocked RemovalDiscarded',
    },
    {
      what: 'there is no reading yet',
      because: 'it is not known what is held',
      grant: deletedOf(itGave),
      asana: () => null,
      expect: 'Blocked NotReady',
    },
    {
      what: 'a live grant declares the same right, with deletionPolicy Retain and no reading yet',
      because: 'the successor must know whether it was given',
      grant: deletedOf(itGave, { deletionPolicy: 'Retain' }),
      asana: () => null,
      context: succeeded,
      expect: 'Blocked NotReady',
    },
  ]);

  test('the message of a grant that waits for its takeover names the obstacle and abandon', () => {
    const sample = samples.License;
    const ended = grant(sample.right, deletedOf(itGave, { deletionPolicy: 'Retain' })(sample));
    const obstacle = 'Asana rejected the token (401).';
    const { message } = decideGrant(ended, context(null, { ...succeeded(sample), obstacle }));
    assert.match(
      message,
      /now declares the same right\. .* read\. Asana rejected the token \(401\)\. .*abandon/,
    );
  });
});
