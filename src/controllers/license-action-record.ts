import type { AsanaLicenseGrant, AsanaLicenseGrantStatus } from '../api/asana-license-grant.ts';
import { formatTime } from '../core/clock.ts';
import type { Decision } from '../provisioning/decision.ts';
import type { GrantCase } from './license-grant-context.ts';
import { DRIFT_WINDOW_MS, openRequest } from './license-grant-view.ts';

type Act = Extract<Decision, { kind: 'Act' }>;
export type LastAction = NonNullable<AsanaLicenseGrantStatus['lastAction']>;

/** Event reasons of actions that were carried out. */
export const actionEvents = {
  GrantEnterprise: 'LicenseGranted',
  RevokeEnterprise: 'LicenseRevoked',
  Deprovision: 'AccountDeprovisioned',
  CreateAccount: 'AccountCreated',
} as const;

/** `status.lastAction` of an action. */
export function lastActionOf(
  { action }: Act,
  id: string,
  at: string,
  result: LastAction['result'],
): LastAction {
  return {
    id,
    type: action.type,
    ...(action.from === null ? {} : { from: action.from }),
    ...(action.to === null ? {} : { to: action.to }),
    at,
    result,
  };
}

/** What, once any of it moves, makes another try worth while after Asana refused. */
export function fingerprint({ object, connector, session }: GrantCase, { action }: Act): string {
  return [
    object.metadata.generation,
    openRequest(object),
    connector.metadata.generation,
    action.type,
    action.from,
    session?.directory.counts().enterpriseLicenses,
  ].join('|');
}

/**
 * One more set-back. Those of more than a day ago, or before an edit or a request, are forgotten.
 * @param object as it was when this set-back was decided
 */
export function countDrift(
  object: AsanaLicenseGrant,
  now: number,
): NonNullable<AsanaLicenseGrantStatus['drift']> {
  const { status, metadata } = object;
  const asked = openRequest(object) !== null || status?.observedGeneration !== metadata.generation;
  const known = status?.drift;
  return known && !asked && now - Date.parse(known.since) < DRIFT_WINDOW_MS
    ? { count: known.count + 1, since: known.since }
    : { count: 1, since: formatTime(now) };
}

/** What was done, in a sentence for events and conditions. */
export function doneMessage({ action, account, drift }: Act): string {
  const who = action.email ?? account?.name ?? 'the account';
  switch (action.type) {
    case 'GrantEnterprise':
      return drift ? `${who} was set back to Enterprise.` : `${who} holds Enterprise.`;
    case 'RevokeEnterprise':
      return drift ? `${who} was set back to ViewOnly.` : `${who} holds ViewOnly; Enterprise was taken back.`;
    case 'Deprovision':
      return `${who} was deprovisioned.`;
    case 'CreateAccount':
      return `The account of ${who} was created, view-only.`;
  }
}
