import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { decideGrant } from '../../src/provisioning/decide-grant.ts';
import type { GrantContext } from '../../src/provisioning/decision.ts';
import {
  check,
  deletedOf,
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
import { contender, context, deleted, expired, grant, NOW, person, reading } from './world.ts';

/** Another grant declares the same right, and may take it over. */
const succeeded = ({ right }: Sample): Partial<GrantContext> => ({
  contest: { kind: 'Succeeded', successor: contender(right, 'heir'), heldUpBy: null },
});

suite('ended, whatever the right', () => {
  check([
    {
      what: 'given and deleted',
      because: 'it is taken back',
      grant: deletedOf(itGave),
      asana: heldIn,
      expect: takes,
    },
    {
      what: 'given and expired',
      because: 'it is taken back',
      grant: (sample) => ({ ...itGave(sample), ending: expired }),
      asana: heldIn,
      expect: takes,
    },
    {
      what: 'found and deleted',
      because: 'a license and a team go, whoever was in a workspace or had an account stays',
      grant: deletedOf(itFound),
      asana: heldIn,
      expect: mapped((type) => (samples[type].takesWhatWasFound ? takes[type] : 'Release Adopted')),
    },
    {
      what: 'given, and the object created the account',
      because: 'the right is taken back, not what came with it',
      grant: deletedOf(itGave, { created: true }),
      asana: heldIn,
      expect: takes,
    },
    {
      what: 'Retain',
      because: 'Asana is left',
      grant: deletedOf(itGave, { deletionPolicy: 'Retain' }),
      asana: heldIn,
      expect: 'Release Retained',
    },
    {
      what: 'Retain, expired',
      because: 'Asana is left',
      grant: (sample) => ({ ...itGave(sample), ending: expired, deletionPolicy: 'Retain' }),
      asana: heldIn,
      expect: 'Release Retained',
    },
    {
      what: 'deleted in mode Plan',
      because: 'Plan changes nothing',
      grant: deletedOf(itGave),
      asana: heldIn,
      context: { policies: { mode: 'Plan' } },
      expect: 'Release Planned',
    },
    {
      what: 'abandoned',
      because: 'a person said so',
      grant: deletedOf(itGave, { abandoned: true }),
      asana: heldIn,
      context: { policies: { suspended: true } },
      expect: 'Release Abandoned',
    },
    {
      what: 'its namespace is forbidden by now',
      because: 'a rule refuses it',
      grant: deletedOf(itGave, { namespaceAllowed: false, sameNamespace: false }),
      asana: heldIn,
      expect: 'Release NamespaceNotAllowed !',
    },
    {
      what: 'of another namespace, given',
      because: 'what it gave it takes back, and it deprovisions nobody',
      grant: deletedOf(itGave, { sameNamespace: false }),
      asana: heldIn,
      expect: mapped((type) => (samples[type].deprovisions ? 'Release NamespaceNotAllowed !' : takes[type])),
    },
    {
      what: 'of another namespace, found',
      because: 'it takes back only what it gave',
      grant: deletedOf(itFound, { sameNamespace: false }),
      asana: heldIn,
      expect: 'Release Adopted',
    },
    {
      what: 'its address means somebody else by now',
      because: 'nobody knows who was meant',
      grant: deletedOf(itGave),
      asana: (sample) => {
        const alice = sample.holder({ email: 'smith@acme.com' });
        return reading([alice, person({ gid: '7' })], sample.held);
      },
      expect: 'Release IdentityChanged !',
    },
    {
      what: 'recorded in another organization',
      because: 'its gid means nobody here',
      grant: deletedOf(itGave, { recorded: { gid: '1', email: null, organization: '501' } }),
      asana: heldIn,
      expect: 'Release OrganizationChanged !',
    },
    {
      what: 'the account is missing in the listing',
      because: 'nothing follows from a listing alone',
      grant: deletedOf(itGave),
      asana: () => withoutAliceIn(),
      context: { lookedUp: false },
      expect: { ...mapped(() => 'LookUp'), Team: 'LookUp' },
    },
    {
      what: 'the account is gone',
      because: 'there is nothing to take',
      grant: deletedOf(itGave),
      asana: () => withoutAliceIn(),
      expect: 'Release NoLongerHeld',
    },
    {
      what: 'set back three times, and not held now',
      because: 'a person must know that somebody fights over it',
      grant: deletedOf(itGave, { setBacks: 3 }),
      asana: (sample) => notHeldIn(sample),
      expect: { ...mapped(() => 'Release Contended !'), Account: 'Release NoLongerHeld' },
    },
    {
      what: 'a live grant declares the same',
      because: 'it takes it over',
      grant: deletedOf(itGave),
      asana: heldIn,
      context: succeeded,
      expect: 'Release Superseded',
    },
    {
      what: 'a live grant declares the same, and the one that ends has deletionPolicy Retain',
      because: 'who takes it over has to know whether it was given',
      grant: deletedOf(itGave, { deletionPolicy: 'Retain' }),
      asana: heldIn,
      context: succeeded,
      expect: 'Release Superseded',
    },
    {
      what: 'a live grant declares what is not held any more, and the one that ends has deletionPolicy Retain',
      because: 'nobody takes over what is not there',
      grant: deletedOf(itGave, { deletionPolicy: 'Retain' }),
      asana: (sample) => notHeldIn(sample),
      context: succeeded,
      expect: 'Release Retained',
    },
    {
      what: 'a live grant declares the same, on a doubtful reading',
      because: 'nothing is taken, so no doubt matters',
      grant: deletedOf(itGave),
      asana: (sample) => heldIn(sample, {}, { doubted: sample.parts }),
      context: succeeded,
      expect: 'Release Superseded',
    },
    {
      what: 'sent just before, and not shown yet',
      because: 'it would outlive its grant',
      grant: ({ gives: type, value }) => ({
        ending: deleted,
        attempt: { id: 'a', type, at: NOW - 1_000, to: value, result: 'Pending' },
      }),
      asana: notHeldIn,
      expect: 'Blocked UnderWay',
    },
    {
      what: 'sent just before, and shown by now',
      because: 'it was given',
      grant: ({ gives: type, value }) => ({
        ending: deleted,
        attempt: { id: 'a', type, at: NOW - 1_000, to: value, result: 'Pending' },
      }),
      asana: heldIn,
      expect: takes,
    },
    {
      what: 'sent, and never shown',
      because: 'it had its time',
      grant: ({ gives: type, value }) => ({
        ending: deleted,
        attempt: { id: 'a', type, at: NOW - 200_000, to: value, result: 'Pending' },
      }),
      asana: notHeldIn,
      expect: 'Release NothingApplied',
    },
    {
      what: 'its expiry was discarded',
      because: 'it stays until it is edited',
      grant: (sample) => ({ ...itGave(sample), ending: expired, discarded: true }),
      asana: heldIn,
      expect: 'Blocked RemovalDiscarded',
    },
    {
      what: 'nothing was read yet',
      because: 'nobody knows',
      grant: deletedOf(itGave),
      asana: () => null,
      expect: 'Blocked NotReady',
    },
    {
      what: 'a live grant declares the same, deletionPolicy is Retain, and nothing was read yet',
      because: 'who takes it over has to know whether it was given',
      grant: deletedOf(itGave, { deletionPolicy: 'Retain' }),
      asana: () => null,
      context: succeeded,
      expect: 'Blocked NotReady',
    },
  ]);

  test('what waits to be handed over names what keeps Asana from being read', () => {
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
