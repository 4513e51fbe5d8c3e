import type { Action } from '../../provisioning/action.ts';
import type { Attempt } from '../../provisioning/attempt.ts';
import { placeOfRight } from '../../provisioning/rights.ts';
import type { LastAction } from './action-record.ts';
import type { GrantSubject } from './grant-context.ts';

/** Converts an action of this reconcile to an attempt, which is open until the right that it led to is recorded. */
export function attemptAfter({ id, type, to, at, result }: LastAction): Attempt {
  return {
    id,
    type,
    to: to ?? null,
    at: Date.parse(at),
    result: result === 'Succeeded' ? 'Pending' : result,
  };
}

/** Rebuilds the action behind an open attempt that gives something, from the status; `null` if there is none. */
export function openAttemptAction({ view, context, object }: GrantSubject): Action | null {
  const { attempt, recorded, user, wish } = view;
  const { reading } = context;
  const gid = recorded?.gid ?? user.gid;
  const email = recorded?.email ?? user.email;
  if (!attempt || !reading) return null;
  switch (attempt.type) {
    case 'GrantEnterprise':
      return gid === null
        ? null
        : { type: 'GrantEnterprise', gid, email, from: 'ViewOnly', to: 'Enterprise' };
    case 'AddToTeam': {
      const team = object.status?.team?.gid;
      const organization = team === undefined ? null : placeOfRight({ type: 'Team', team }, reading);
      if (gid === null || team === undefined || organization === null) return null;
      return {
        type: 'AddToTeam',
        gid,
        email,
        team,
        organization,
        guestsLast: false,
        from: null,
        to: 'Member',
      };
    }
    case 'AddToWorkspace':
      if (gid === null || wish.type !== 'Workspace') return null;
      return { type: 'AddToWorkspace', gid, email, workspace: wish.workspace, from: null, to: 'Member' };
    case 'CreateAccount':
      return email === null
        ? null
        : { type: 'CreateAccount', gid: null, email, knownGid: null, name: null, from: null, to: 'ViewOnly' };
    case 'InviteAccount': {
      const workspace = object.status?.workspace;
      if (email === null || workspace === undefined) return null;
      return { type: 'InviteAccount', gid: null, email, workspace, from: null, to: 'Active' };
    }
    case 'RevokeEnterprise':
    case 'RemoveFromTeam':
    case 'RemoveFromWorkspace':
    case 'Deprovision':
      return null;
  }
}
