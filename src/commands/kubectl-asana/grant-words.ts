import { findCondition } from '../../api/conditions.ts';
import { type GrantObject, grantKinds } from '../../api/kinds.ts';
import type { ResourceNames } from '../../api/resources.ts';

/** A grant as kubectl names it: `alg/alice`. */
export function grantName({ kind, metadata }: GrantObject): string {
  const shortName = grantKinds.find(({ names }) => names.kind === kind)?.names.shortName ?? kind;
  return `${shortName}/${metadata.name}`;
}

/** Who a grant is about: the current email, else what the spec says. */
export function personOf(grant: GrantObject): string {
  return grant.status?.user?.email ?? declaredPerson(grant);
}

/** Who the spec names. */
export function declaredPerson({ kind, spec }: GrantObject): string {
  return kind === 'AsanaAccount' ? spec.email : (spec.user.email ?? spec.user.gid ?? '');
}

/** What a grant declares, in a few words. */
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

/** What was last seen of it in Asana. */
export function observedRight({ status }: GrantObject): string {
  const { license, membership, account } = status?.observed ?? {};
  return license ?? membership ?? account ?? '';
}

/** Ready, its reason and its message; empty before the first status. */
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

/** A person must act on it, or it waits for something. */
export function isBlocked(grant: GrantObject): boolean {
  return readinessOf(grant).ready === 'False';
}

/** The kind that somebody writes: its short name, or its singular or plural name; null for none of ours. */
export function kindNamed(word: string): ResourceNames<GrantObject['kind']> | null {
  const wanted = word.toLowerCase();
  const found = grantKinds.find(({ names }) =>
    [names.shortName, names.singular, names.plural].includes(wanted),
  );
  return found?.names ?? null;
}
