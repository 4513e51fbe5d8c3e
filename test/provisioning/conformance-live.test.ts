import { suite } from 'node:test';
import { check, gives, heldIn, itGave, mapped, notHeldIn, unseen, withoutAliceIn } from './conformance.ts';
import { NOW, person, reading } from './world.ts';

const lookUps = mapped(() => 'LookUp');
const unknown = mapped(() => 'Blocked AccountNotFound');

suite('a live grant, for every right', () => {
  check([
    {
      what: 'the right is not held',
      because: 'a declared right is given',
      grant: unseen,
      asana: notHeldIn,
      expect: gives,
    },
    {
      what: 'the right is held',
      because: 'no action of the grant led to it',
      asana: heldIn,
      expect: 'Settled Granted adopted',
    },
    {
      what: 'the right is held and recorded as given',
      because: 'a record is never rewritten',
      grant: itGave,
      asana: heldIn,
      expect: 'Settled Granted given',
    },
    {
      what: 'the right is held after an action of the grant',
      because: 'the grant gave it',
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
      what: 'the right is held after an action that was given up',
      because: 'somebody may have created or added the account by hand',
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
      what: 'another value of the right is held',
      because: 'any role counts, but an unknown license or a guest does not',
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
      what: 'there is no account',
      because: 'by default, only an AsanaAccount creates one',
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
      what: 'the account no longer exists',
      because: 'an account that existed before is never created again',
      grant: { mayCreate: true },
      asana: () => withoutAliceIn(),
      expect: 'Blocked AccountNotFound',
    },
    {
      what: 'the object was just created or requested and the person is missing from the listing',
      because: 'the person may have joined since',
      grant: { askedAnew: true, recorded: null },
      asana: () => withoutAliceIn(),
      context: { lookedUp: false },
      expect: { ...lookUps, Account: 'Act CreateAccount' },
    },
    {
      what: 'the object was just created or requested and the person is missing when read individually',
      because: 'nobody is looked up twice for one edit',
      grant: { askedAnew: true, recorded: null },
      asana: () => withoutAliceIn(),
      expect: { ...unknown, Account: 'Act CreateAccount' },
    },
    {
      what: 'the object was just created or requested and the account is inactive in the listing',
      because: 'the person may have returned since',
      grant: { askedAnew: true },
      asana: () => reading([person({ active: false })]),
      context: { lookedUp: false },
      expect: { ...lookUps, Workspace: 'Act AddToWorkspace' },
    },
    {
      what: 'the object was not edited since and the person is missing from the listing',
      because: 'a look for each reading would make the requests of a sync grow with the number of grants',
      grant: { recorded: null },
      asana: () => withoutAliceIn(),
      context: { lookedUp: false },
      expect: { ...unknown, Account: 'Act CreateAccount' },
    },
    {
      what: 'a person who was seen before is missing from the listing',
      because: 'a listing alone proves nothing',
      grant: (sample) => ({ ...itGave(sample), wasSeen: true }),
      asana: () => withoutAliceIn(),
      context: { lookedUp: false },
      expect: 'LookUp',
    },
    {
      what: 'a person who was seen before is missing when read individually',
      because: 'somebody has removed the access',
      grant: (sample) => ({ ...itGave(sample), wasSeen: true }),
      asana: () => withoutAliceIn(),
      expect: 'Blocked AccountNotFound ~',
    },
    {
      what: 'the account is inactive',
      because: 'it counts as missing, but can be added to a plain workspace',
      asana: () => reading([person({ active: false })]),
      expect: {
        License: 'Blocked AccountNotFound',
        Team: 'Blocked AccountNotFound',
        Workspace: 'Act AddToWorkspace',
        Account: 'Blocked AccountNotFound',
      },
    },
    {
      what: 'the person is a guest without the right',
      because: 'guests have teams and workspaces only',
      asana: () => reading([person({ role: 'Guest' })]),
      expect: { ...gives, License: 'Blocked UserIsGuest', Account: 'Blocked UserIsGuest' },
    },
    {
      what: 'the person is an admin of the organization',
      because: 'protection applies to removals only',
      asana: (sample) => heldIn(sample, { role: 'Admin' }),
      expect: 'Settled Granted adopted',
    },
    {
      what: 'the user is declared by gid',
      because: 'a gid identifies an account as an address does',
      grant: { user: { email: null, gid: '1' }, recorded: null },
      asana: heldIn,
      expect: 'Settled Granted adopted',
    },
    {
      what: 'the address of the account has changed',
      because: 'the gid is the identity',
      asana: (sample) => heldIn(sample, { email: 'smith@acme.com' }),
      expect: 'Settled Granted adopted',
    },
    {
      what: 'the declared address now belongs to another account',
      because: 'a grant never moves to another person',
      asana: (sample) => {
        const alice = sample.holder({ email: 'smith@acme.com' });
        return reading([alice, person({ gid: '7' })], sample.held);
      },
      expect: 'Blocked IdentityChanged',
    },
    {
      what: 'the account was recorded in another organization',
      because: 'its gid is meaningless here',
      grant: { recorded: { gid: '1', email: null, organization: '501' } },
      asana: heldIn,
      expect: 'Blocked OrganizationChanged',
    },
    {
      what: 'the right is missing again after it was restored three times',
      because: 'somebody else keeps changing it',
      grant: (sample) => ({ ...itGave(sample), setBacks: 3 }),
      asana: (sample) => (sample.without() ? notHeldIn(sample) : withoutAliceIn()),
      expect: { ...mapped(() => 'Blocked Contended ~'), Account: 'Blocked AccountNotFound ~' },
    },
    {
      what: 'the right is missing again after it was restored twice',
      because: 'it is restored a third time, except for an account that left',
      grant: (sample) => ({ ...itGave(sample), setBacks: 2 }),
      asana: (sample) => (sample.without() ? notHeldIn(sample) : withoutAliceIn()),
      expect: { ...mapped((type) => `${gives[type]} ~`), Account: 'Blocked AccountNotFound ~' },
    },
  ]);
});

suite('preconditions of an action, for every right', () => {
  check([
    {
      what: 'the grant is suspended',
      because: 'a suspended grant does nothing',
      grant: { suspended: true },
      asana: notHeldIn,
      expect: 'Blocked Suspended',
    },
    {
      what: 'the connector is suspended',
      because: 'suspension is the emergency stop',
      asana: notHeldIn,
      context: { policies: { suspended: true } },
      expect: 'Blocked Suspended',
    },
    {
      what: 'its namespace is not allowed',
      because: 'the connector does not list the namespace',
      grant: { namespaceAllowed: false, sameNamespace: false },
      asana: notHeldIn,
      expect: 'Blocked NamespaceNotAllowed',
    },
    {
      what: 'startsAt is in the future',
      because: 'nothing is done before startsAt',
      grant: { startsAt: NOW + 1 },
      asana: notHeldIn,
      expect: 'Settled Scheduled',
    },
    {
      what: 'startsAt is in the future and the namespace is not allowed',
      because: 'the namespace is checked first',
      grant: { startsAt: NOW + 1, namespaceAllowed: false },
      asana: notHeldIn,
      expect: 'Blocked NamespaceNotAllowed',
    },
    {
      what: 'startsAt is in the future and the connector cannot be used',
      because: 'the connector is checked first',
      grant: { startsAt: NOW + 1 },
      asana: notHeldIn,
      context: { obstacle: 'No credentials.' },
      expect: 'Blocked NotReady',
    },
    {
      what: 'startsAt is now',
      because: 'the grant has begun',
      grant: (sample) => ({ ...unseen(sample), startsAt: NOW }),
      asana: notHeldIn,
      expect: gives,
    },
    {
      what: 'startsAt is in the future and the right is applied',
      because: 'an applied right has begun',
      grant: (sample) => ({ ...itGave(sample), startsAt: NOW + 1 }),
      asana: heldIn,
      expect: 'Settled Granted given',
    },
    {
      what: 'the grant does not end and the connector sets maxDuration',
      because: 'maxDuration limits every grant',
      asana: notHeldIn,
      context: { policies: { maxDurationMs: 3_600_000 } },
      expect: 'Blocked DurationTooLong',
    },
    {
      what: 'there is no reading yet',
      because: 'it is not known what is held',
      asana: () => null,
      expect: 'Blocked NotReady',
    },
    {
      what: 'an older grant declares the same right',
      because: 'the oldest wins',
      asana: heldIn,
      context: { contest: { kind: 'Lost', winner: 'iga/older' } },
      expect: 'Blocked ConflictingGrant',
    },
    {
      what: 'the connector is in mode Plan',
      because: 'Plan decides like Apply',
      grant: unseen,
      asana: notHeldIn,
      context: { policies: { mode: 'Plan' } },
      expect: gives,
    },
  ]);
});
