import { suite } from 'node:test';
import {
  check,
  deletedOf,
  gives,
  heldIn,
  itGave,
  mapped,
  notHeldIn,
  type Situation,
  samples,
  takes,
  unseen,
  withoutAliceIn,
} from './conformance.ts';
import { type ContextShape, ORGANIZATION } from './world.ts';

suite('protection from removals, for every right', () => {
  const reasons: readonly (Pick<Situation, 'what'> & {
    shape?: object;
    more?: object;
    around?: ContextShape;
  })[] = [
    {
      what: 'the declared address is in protectedUsers',
      around: { policies: { protectedUsers: ['alice@acme.com'] } },
    },
    {
      what: 'the current address is in protectedUsers, in another case',
      shape: { email: 'smith@acme.com' },
      around: { policies: { protectedUsers: ['Smith@ACME.com'] } },
    },
    { what: 'the account is that of the token', more: { self: '1' } },
    { what: 'the person is an admin of the organization', shape: { role: 'Admin' } },
  ];
  for (const { what, shape = {}, more = {}, around = {} } of reasons)
    check([
      {
        what: `the grant is deleted and ${what}`,
        because: 'a protected account keeps its access',
        grant: deletedOf(itGave),
        asana: (sample) => heldIn(sample, shape, more),
        context: around,
        expect: 'Release ProtectedUser !',
      },
    ]);
  check([
    {
      what: 'the grant is deleted and the recorded address is in protectedUsers',
      because: 'every known address counts',
      grant: deletedOf(itGave, {
        recorded: { gid: '1', email: 'old@acme.com', organization: ORGANIZATION.gid },
      }),
      asana: heldIn,
      context: { policies: { protectedUsers: ['old@acme.com'] } },
      expect: 'Release ProtectedUser !',
    },
    {
      what: 'the grant is deleted, the person is an admin, and protectAdmins is false',
      because: 'the connector allows it',
      grant: deletedOf(itGave),
      asana: (sample) => heldIn(sample, { role: 'Admin' }),
      context: { policies: { protectAdmins: false } },
      expect: takes,
    },
    {
      what: 'the grant is deleted and the person is an admin of the plain workspace',
      because: 'an admin is protected in the place of the removal',
      grant: deletedOf(itGave),
      asana: (sample) => heldIn(sample, { plain: 'Admin' }),
      expect: { ...takes, Workspace: 'Release ProtectedUser !' },
    },
    {
      what: 'the grant is deleted and the account of the token is unknown',
      because: 'it might be this account',
      grant: deletedOf(itGave),
      asana: (sample) => heldIn(sample, {}, { self: null }),
      expect: 'Blocked ReadingIncomplete',
    },
    {
      what: 'the grant is deleted and another grant declares a right there',
      because: 'a deprovision ends every right of the account',
      grant: deletedOf(itGave),
      asana: heldIn,
      context: ({ right }) => ({
        declared: [
          {
            ensure: 'Present',
            right: { type: 'Team', team: '701' },
            place: 'workspace' in right ? right.workspace : ORGANIZATION.gid,
            object: 'AsanaTeamGrant iga/alice',
          },
        ],
      }),
      expect: mapped((type) => (samples[type].deprovisions ? 'Release StillDeclared !' : takes[type])),
    },
    {
      what: 'the grant is deleted and allowDeprovision is false',
      because: 'a deprovision must be allowed',
      grant: deletedOf(itGave),
      asana: heldIn,
      context: { policies: { allowDeprovision: false } },
      expect: mapped((type) =>
        samples[type].deprovisions ? 'Release DeprovisionNotAllowed !' : takes[type],
      ),
    },
  ]);
});

suite('a reading in doubt, for every right', () => {
  for (const part of ['accounts', 'licenses', 'teams', 'teamMemberships'] as const)
    for (const doubt of ['ReadingIncomplete', 'ReadingHeld'] as const)
      check([
        {
          what: `the grant is deleted and the ${part} are in doubt (${doubt})`,
          because: 'no right is removed on a part in doubt',
          grant: deletedOf(itGave),
          asana: (sample) => heldIn(sample, {}, { doubted: [part], doubt }),
          expect: mapped((type) => (samples[type].parts.includes(part) ? `Blocked ${doubt}` : takes[type])),
        },
        {
          what: `the account is gone and the ${part} are in doubt (${doubt})`,
          because: 'no grant is released on a part in doubt',
          grant: deletedOf(itGave),
          asana: () => withoutAliceIn({ doubted: [part], doubt }),
          expect: mapped((type) =>
            samples[type].parts.includes(part) ? `Blocked ${doubt}` : 'Release NoLongerHeld',
          ),
        },
        {
          what: `the right is not held and the ${part} are in doubt (${doubt})`,
          because: 'only a creation needs a complete listing',
          grant: unseen,
          asana: (sample) => notHeldIn(sample, {}, { doubted: [part], doubt }),
          expect: {
            ...gives,
            Account: samples.Account.parts.includes(part) ? `Blocked ${doubt}` : gives.Account,
          },
        },
      ]);
});
