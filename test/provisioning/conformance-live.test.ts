import { suite } from 'node:test';
import { check, gives, heldIn, itGave, mapped, notHeldIn, unseen, withoutAliceIn } from './conformance.ts';
import { NOW, person, reading } from './world.ts';

suite('declared, whatever the right', () => {
  check([
    { what: 'not held', because: 'it is given', grant: unseen, asana: notHeldIn, expect: gives },
    {
      what: 'held',
      because: 'nobody of ours led there',
      asana: heldIn,
      expect: 'Settled Granted adopted',
    },
    {
      what: 'held and on record as given',
      because: 'what is recorded is never rewritten',
      grant: itGave,
      asana: heldIn,
      expect: 'Settled Granted given',
    },
    {
      what: 'held, and an action of this object led there',
      because: 'it was given',
      grant: ({ gives: type, value }) => ({
        attempt: {
          id: 'a',
          type,
          at: NOW - 1_000,
          to: type === 'CreateAccount' ? 'ViewOnly' : value,
          result: 'Pending',
        },
      }),
      asana: heldIn,
      expect: 'Settled Granted given',
    },
    {
      what: 'held, and an action that was given up would have led there',
      because: 'who was asked to look may have created or added them by hand',
      grant: ({ gives: type, value }) => ({
        attempt: {
          id: 'a',
          type,
          at: 0,
          to: type === 'CreateAccount' ? 'ViewOnly' : value,
          result: 'Unconfirmed',
        },
      }),
      asana: heldIn,
      expect: {
        License: 'Settled Granted given',
        Team: 'Settled Granted given',
        Workspace: 'Settled Granted adopted',
        Account: 'Settled Granted adopted',
      },
    },
    {
      what: 'something else of the kind is held',
      because: 'a role is as good as membership, an unknown license is not touched, a guest is no member',
      asana: (sample) => {
        const { account, reading: shape } = sample.other();
        return reading([account], shape);
      },
      expect: {
        License: 'Blocked LicensesUnavailable',
        Team: 'Settled Granted adopted',
        Workspace: 'Settled Granted adopted',
        Account: 'Blocked UserIsGuest',
      },
    },
    {
      what: 'no account',
      because: 'only an account is created where none is',
      grant: { recorded: null },
      asana: () => withoutAliceIn(),
      expect: {
        License: 'Blocked AccountNotFound',
        Team: 'Blocked AccountNotFound',
        Workspace: 'Blocked AccountNotFound',
        Account: 'Act CreateAccount',
      },
    },
    {
      what: 'no account any more',
      because: 'a leaver does not come back',
      grant: { mayCreate: true },
      asana: () => withoutAliceIn(),
      expect: 'Blocked AccountNotFound',
    },
    {
      what: 'nobody in the listing who was seen there before',
      because: 'nothing follows from a listing alone',
      grant: (sample) => ({ ...itGave(sample), wasSeen: true }),
      asana: () => withoutAliceIn(),
      context: { lookedUp: false },
      expect: 'LookUp',
    },
    {
      what: 'nobody at a look who was seen there before',
      because: 'somebody has taken it',
      grant: (sample) => ({ ...itGave(sample), wasSeen: true }),
      asana: () => withoutAliceIn(),
      expect: 'Blocked AccountNotFound ~',
    },
    {
      what: 'an inactive account',
      because: 'it is none; who is known may be added to a plain workspace all the same',
      asana: () => reading([person({ active: false })]),
      expect: {
        License: 'Blocked AccountNotFound',
        Team: 'Blocked AccountNotFound',
        Workspace: 'Act AddToWorkspace',
        Account: 'Blocked AccountNotFound',
      },
    },
    {
      what: 'a guest without it',
      because: 'guests hold no license and no account of their own; teams and workspaces take them',
      asana: () => reading([person({ role: 'Guest' })]),
      expect: { ...gives, License: 'Blocked UserIsGuest', Account: 'Blocked UserIsGuest' },
    },
    {
      what: 'an admin of the organization',
      because: 'protection is from removals only',
      asana: (sample) => heldIn(sample, { role: 'Admin' }),
      expect: 'Settled Granted adopted',
    },
    {
      what: 'found by gid',
      because: 'the gid is as good as the address',
      grant: { user: { email: null, gid: '1' }, recorded: null },
      asana: heldIn,
      expect: 'Settled Granted adopted',
    },
    {
      what: 'under another address now',
      because: 'the gid is followed',
      asana: (sample) => heldIn(sample, { email: 'smith@acme.com' }),
      expect: 'Settled Granted adopted',
    },
    {
      what: 'under an address that means somebody else now',
      because: 'nobody moves a grant to another person',
      asana: (sample) => {
        const alice = sample.holder({ email: 'smith@acme.com' });
        return reading([alice, person({ gid: '7' })], sample.held);
      },
      expect: 'Blocked IdentityChanged',
    },
    {
      what: 'recorded in another organization',
      because: 'its gid means nobody here',
      grant: { recorded: { gid: '1', email: null, organization: '501' } },
      asana: heldIn,
      expect: 'Blocked OrganizationChanged',
    },
    {
      what: 'not held, recorded before, and set back three times',
      because: 'somebody else keeps changing it',
      grant: (sample) => ({ ...itGave(sample), setBacks: 3 }),
      asana: (sample) => (sample.without() ? notHeldIn(sample) : withoutAliceIn()),
      expect: { ...mapped(() => 'Blocked Contended ~'), Account: 'Blocked AccountNotFound ~' },
    },
    {
      what: 'not held, recorded before, and set back twice',
      because: 'it is set back a third time, except for an account that left',
      grant: (sample) => ({ ...itGave(sample), setBacks: 2 }),
      asana: (sample) => (sample.without() ? notHeldIn(sample) : withoutAliceIn()),
      expect: { ...mapped((type) => `${gives[type]} ~`), Account: 'Blocked AccountNotFound ~' },
    },
  ]);
});

suite('what stops every right alike', () => {
  check([
    {
      what: 'suspended',
      because: 'nothing is done',
      grant: { suspended: true },
      asana: notHeldIn,
      expect: 'Blocked Suspended',
    },
    {
      what: 'the connector is suspended',
      because: 'it is the emergency stop',
      asana: notHeldIn,
      context: { policies: { suspended: true } },
      expect: 'Blocked Suspended',
    },
    {
      what: 'its namespace is forbidden',
      because: 'the connector does not list it',
      grant: { namespaceAllowed: false, sameNamespace: false },
      asana: notHeldIn,
      expect: 'Blocked NamespaceNotAllowed',
    },
    {
      what: 'it has not begun',
      because: 'nothing is done before',
      grant: { startsAt: NOW + 1 },
      asana: notHeldIn,
      expect: 'Settled Scheduled',
    },
    {
      what: 'it has not begun, and its namespace is forbidden',
      because: 'the namespace is checked before',
      grant: { startsAt: NOW + 1, namespaceAllowed: false },
      asana: notHeldIn,
      expect: 'Blocked NamespaceNotAllowed',
    },
    {
      what: 'it has not begun, and the connector cannot be used',
      because: 'the connector is checked before',
      grant: { startsAt: NOW + 1 },
      asana: notHeldIn,
      context: { obstacle: 'No credentials.' },
      expect: 'Blocked NotReady',
    },
    {
      what: 'it begins now',
      because: 'its time has come',
      grant: (sample) => ({ ...unseen(sample), startsAt: NOW }),
      asana: notHeldIn,
      expect: gives,
    },
    {
      what: 'it would begin later, and is applied',
      because: 'what is applied has begun',
      grant: (sample) => ({ ...itGave(sample), startsAt: NOW + 1 }),
      asana: heldIn,
      expect: 'Settled Granted given',
    },
    {
      what: 'it does not end, and the connector says it must',
      because: 'maxDuration bounds every grant',
      asana: notHeldIn,
      context: { policies: { maxDurationMs: 3_600_000 } },
      expect: 'Blocked DurationTooLong',
    },
    {
      what: 'nothing was read yet',
      because: 'nobody knows',
      asana: () => null,
      expect: 'Blocked NotReady',
    },
    {
      what: 'an older grant declares the same',
      because: 'the oldest wins',
      asana: heldIn,
      context: { contest: { kind: 'Lost', winner: 'iga/older' } },
      expect: 'Blocked ConflictingGrant',
    },
    {
      what: 'mode Plan',
      because: 'the same is decided, and the caller stops',
      grant: unseen,
      asana: notHeldIn,
      context: { policies: { mode: 'Plan' } },
      expect: gives,
    },
  ]);
});
