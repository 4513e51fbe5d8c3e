import { isAsanaError } from '../../asana/errors.ts';
import { isActive, isMemberOf } from '../../directory/account.ts';
import type { Creation, Deprovision, Invitation } from '../action.ts';
import type { ActionRules } from '../action-rules.ts';
import { RefusedError } from '../refusal.ts';
import { explainMissing, removedFromWorkspace, scimOf } from '../shared-actions.ts';

/** Creations, invitations and deprovisions of accounts. */
export const accountActions: {
  readonly CreateAccount: ActionRules<Creation>;
  readonly InviteAccount: ActionRules<Invitation>;
  readonly Deprovision: ActionRules<Deprovision>;
} = {
  CreateAccount: {
    removal: false,
    oneWay: true,
    refusalIsFinal: false,
    takesSeat: false,
    readsMembership: true,
    deprovisions: () => false,
    subject: ({ knownGid, email }) => ({ gid: knownGid, email }),
    send: async (asana, { email, name }, { viewOnly }, call) =>
      scimOf(asana).createUser({ email, name: name?.trim() || nameFrom(email), userType: viewOnly }, call),
    shows: (_, { account }, organization) => account !== null && isActive(account, organization),
    // Asana does not document what it does with a userType on creation.
    after: ({ to }, account) => account?.license ?? to,
    explain: (error, { email }) => (isAsanaError(error, 'Conflict') ? removedBefore(email, error) : null),
    event: 'AccountCreated',
    describe: (_, who, account) =>
      account?.license === 'Enterprise'
        ? `The account of ${who} was created. Asana gave it an enterprise license instead of a view-only license.`
        : `The account of ${who} was created with a view-only license.`,
  },
  InviteAccount: {
    removal: false,
    oneWay: true,
    refusalIsFinal: false,
    takesSeat: false,
    readsMembership: true,
    deprovisions: () => false,
    subject: ({ email, workspace }) => ({ gid: null, email, workspace }),
    send: ({ rest }, { workspace, email }, _, call) => rest.addUserToWorkspace(workspace, email, call),
    shows: ({ workspace }, { account }, organization) =>
      account !== null && isMemberOf(account, workspace, organization),
    explain: (error, { email, workspace }) =>
      isAsanaError(error, 'Forbidden') ? removedFromWorkspace(email, workspace, error) : null,
    event: 'AccountInvited',
    describe: ({ workspace }, who) => `${who} was invited to workspace ${workspace}.`,
  },
  Deprovision: {
    removal: true,
    oneWay: true,
    refusalIsFinal: true,
    takesSeat: false,
    readsMembership: true,
    deprovisions: () => true,
    subject: ({ gid, email }) => ({ gid, email }),
    send: async (asana, { gid }, _, call) => scimOf(asana).deactivate(gid, call),
    shows: (_, { account }, organization) => account === null || !isActive(account, organization),
    explain: explainMissing,
    event: 'AccountDeprovisioned',
    describe: (_, who) => `${who} was deprovisioned.`,
  },
};

/** Returns the refusal for a creation that conflicts while no active account shows: the person was removed before. */
function removedBefore(email: string, cause: unknown): RefusedError {
  const message = `Asana did not create the account of ${email}. A person who was removed before cannot be added again through the API. Invite the person in the Admin Console.`;
  return new RefusedError('PreviouslyRemoved', message, { cause });
}

/** Derives the name that SCIM requires ("ada.byron@…" → "Ada Byron"). The person sets it at the first sign-in. */
function nameFrom(email: string): string {
  const words = (email.split('@')[0] ?? email).split(/[._+-]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(' ') || email;
}
