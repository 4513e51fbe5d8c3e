import { findCondition } from '../../api/conditions.ts';
import { type GrantObject, grantKinds } from '../../api/kinds.ts';
import type { ResourceNames } from '../../api/resources.ts';

/** Returns the name of a grant as kubectl writes it: `alg/alice`. */
export function grantName({ kind, metadata }: GrantObject): string {
  const shortName = grantKinds.find(({ names }) => names.kind === kind)?.names.shortName ?? kind;
  return `${shortName}/${metadata.name}`;
}

/** Returns the person a grant is about: the current email if known, else the email or gid of the spec. */
export function personOf(grant: GrantObject): string {
  return grant.status?.user?.email ?? declaredPerson(grant);
}

/** Returns the email or gid of the person that the spec names. */
export function declaredPerson({ kind, spec }: GrantObject): string {
  return kind === 'AsanaAccount' ? spec.email : (spec.user.email ?? spec.user.gid ?? '');
}

/** Describes the right that a grant declares, in a few words. */
export function declaredRight(grant: GrantObject): string {
  switch (grant.kind) {
    case 'AsanaLicenseGrant':
      return `license ${grant.spec.license}`;
    case 'AsanaTeamGrant':
      return `team ${grant.status?.team?.name ?? grant.spec.team.name ?? grant.spec.team.gid ?? ''}`;
    case 'AsanaWorkspaceGrant':
      return `workspace ${grant.spec.workspace}`;
    case 'AsanaAccount':
      return `account ${grant.spec.ensure}`;
  }
}

/** Returns the state of the right that was last observed in Asana; empty if none was. */
export function observedRight({ status }: GrantObject): string {
  const { license, membership, account } = status?.observed ?? {};
  return license ?? membership ?? account ?? '';
}

/** Returns the status, reason and message of the Ready condition; `Unknown` and empty before the first status. */
export function readinessOf({
  status,
}: {
  readonly status?: { readonly conditions?: Parameters<typeof findCondition>[0] };
}): { readonly ready: string; readonly reason: string; readonly message: string } {
  const condition = findCondition(status?.conditions, 'Ready');
  return {
    ready: condition?.status ?? 'Unknown',
    reason: condition?.reason ?? '',
    message: condition?.message ?? '',
  };
}

/** Whether a grant is not ready: a person must act, or it waits for something. */
export function isBlocked(grant: GrantObject): boolean {
  return readinessOf(grant).ready === 'False';
}

/** Finds a grant kind by its short, singular or plural name; `null` if there is none. */
export function kindNamed(word: string): ResourceNames<GrantObject['kind']> | null {
  const wanted = word.toLowerCase();
  const found = grantKinds.find(({ names }) =>
    [names.shortName, names.singular, names.plural].includes(wanted),
  );
  return found?.names ?? null;
}
