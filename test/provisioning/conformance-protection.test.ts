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

suite('who and what is protected, whatever the right', () => {
  const reasons: readonly (Pick<Situation, 'what'> & {
    shape?: object;
    more?: object;
    around?: ContextShape;
  })[] = [
    {
      what: 'the address of the spec is protected',
      around: { policies: { protectedUsers: ['alice@acme.com'] } },
    },
    {
      what: 'the address they have now is protected, in other case',
      shape: { email: 'smith@acme.com' },
      around: { policies: { protectedUsers: ['Smith@ACME.com'] } },
    },
    { what: "it is the token's own account", more: { self: '1' } },
    { what: 'they are an admin of the organization', shape: { role: 'Admin' } },
  ];
  for (const { what, shape = {}, more = {}, around = {} } of reasons)
    check([
      {
        what: `deleted, and ${what}`,
        because: 'the protected keep what they have',
        grant: deletedOf(itGave),
        asana: (sample) => heldIn(sample, shape, more),
        context: around,
        expect: 'Release ProtectedUser !',
      },
    ]);
  check([
    {
      what: 'deleted, and the recorded address is protected',
      because: 'every name they went by counts',
      grant: deletedOf(itGave, {
        recorded: { gid: '1', email: 'old@acme.com', organization: ORGANIZATION.gid },
      }),
      asana: heldIn,
      context: { policies: { protectedUsers: ['old@acme.com'] } },
      expect: 'Release ProtectedUser !',
    },
    {
      what: 'deleted, and they are an admin while admins are not protected',
      because: 'the connector says so',
      grant: deletedOf(itGave),
      asana: (sample) => heldIn(sample, { role: 'Admin' }),
      context: { policies: { protectAdmins: false } },
      expect: takes,
    },
    {
      what: 'deleted, and they are an admin of the plain workspace',
      because: 'an admin counts where somebody would be removed from',
      grant: deletedOf(itGave),
      asana: (sample) => heldIn(sample, { plain: 'Admin' }),
      expect: { ...takes, Workspace: 'Release ProtectedUser !' },
    },
    {
      what: "deleted, and it is not known which account is the token's",
      because: 'it might be theirs',
      grant: deletedOf(itGave),
      asana: (sample) => heldIn(sample, {}, { self: null }),
      expect: 'Blocked ReadingIncomplete',
    },
    {
      what: 'deleted, and another grant declares something there',
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
      what: 'deleted, and the connector deprovisions nobody',
      because: 'it takes its word',
      grant: deletedOf(itGave),
      asana: heldIn,
      context: { policies: { allowDeprovision: false } },
      expect: mapped((type) =>
        samples[type].deprovisions ? 'Release DeprovisionNotAllowed !' : takes[type],
      ),
    },
  ]);
});

suite('a doubt, whatever the right', () => {
  for (const part of ['accounts', 'licenses', 'teams', 'teamMemberships'] as const)
    for (const doubt of ['ReadingIncomplete', 'ReadingHeld'] as const)
      check([
        {
          what: `deleted, and the ${part} are in doubt (${doubt})`,
          because: 'nothing is taken back, nor released, on a part that the right is read from',
          grant: deletedOf(itGave),
          asana: (sample) => heldIn(sample, {}, { doubted: [part], doubt }),
          expect: mapped((type) => (samples[type].parts.includes(part) ? `Blocked ${doubt}` : takes[type])),
        },
        {
          what: `gone, and the ${part} are in doubt (${doubt})`,
          because: 'nothing is released either',
          grant: deletedOf(itGave),
          asana: () => withoutAliceIn({ doubted: [part], doubt }),
          expect: mapped((type) =>
            samples[type].parts.includes(part) ? `Blocked ${doubt}` : 'Release NoLongerHeld',
          ),
        },
        {
          what: `declared and not held, and the ${part} are in doubt (${doubt})`,
          because: 'only a creation needs the whole listing: a fresh look tells of one person',
          grant: unseen,
          asana: (sample) => notHeldIn(sample, {}, { doubted: [part], doubt }),
          expect: {
            ...gives,
            Account: samples.Account.parts.includes(part) ? `Blocked ${doubt}` : gives.Account,
          },
        },
      ]);
});
