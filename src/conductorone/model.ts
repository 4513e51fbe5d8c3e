import type { Account, License, Snapshot } from '../directory/snapshot.ts';
import { type AccountContext, accountContext, accountResource, principalOf } from './account-resource.ts';
import { licenseOffer, type Offer, teamOffer, workspaceOffer } from './entitlements.ts';
import type { Entitlement } from './generated/c1/connector/v2/entitlement_pb.ts';
import type { Grant } from './generated/c1/connector/v2/grant_pb.ts';
import type { Resource } from './generated/c1/connector/v2/resource_pb.ts';
import { grantOf, heldLicense, teamRolesOf, workspaceRolesOf } from './grants.ts';

export interface ModelSettings {
  /** True if SCIM is on: licenses are shown. */
  readonly licenses: boolean;
  /** True if the token is a service account's: that account is shown as a service account. */
  readonly serviceAccount: boolean;
}

/** One item of a directory as reported to ConductorOne. */
export type Described =
  | { readonly kind: 'resource'; readonly resource: Resource }
  | { readonly kind: 'entitlement'; readonly entitlement: Entitlement }
  | { readonly kind: 'grant'; readonly grant: Grant };

/** Returns the licenses to show, whether or not any account holds them. */
export function licensesShown({ licenses }: Pick<ModelSettings, 'licenses'>): readonly License[] {
  return licenses ? ['Enterprise', 'ViewOnly'] : [];
}

/**
 * Yields a directory in ConductorOne's terms, one item at a time, without keeping any: licenses and workspaces, then
 * accounts with the rights they hold in those, then teams with their members. Items are ordered by gid, so that equal
 * directories yield equal descriptions. A team member that is not an account of the directory gets no grant, which
 * would have no principal.
 */
export function* describeDirectory(snapshot: Snapshot, settings: ModelSettings): Generator<Described> {
  const context = accountContext(snapshot, settings);
  const licenses = new Map(licensesShown(settings).map((license) => [license, licenseOffer(license)]));
  const workspaces = new Map(
    byGid(snapshot.workspaces).map((workspace) => [workspace.gid, workspaceOffer(workspace)]),
  );
  for (const offer of [...licenses.values(), ...workspaces.values()]) yield* describeOffer(offer);

  for (const account of byGid(snapshot.accounts.values())) {
    yield { kind: 'resource', resource: accountResource(account, context) };
    const principal = principalOf(account, context.organization);
    for (const entitlement of heldEntitlements(account, context, licenses, workspaces)) {
      yield { kind: 'grant', grant: grantOf(entitlement, principal) };
    }
  }

  for (const team of byGid(snapshot.teams.values())) {
    const offer = teamOffer(team);
    yield* describeOffer(offer);
    for (const membership of team.memberships.toSorted((a, b) => (a.user < b.user ? -1 : 1))) {
      const account = snapshot.accounts.get(membership.user);
      if (!account) continue;
      const principal = principalOf(account, context.organization);
      for (const role of teamRolesOf(membership)) {
        yield { kind: 'grant', grant: grantOf(offer.entitlements[role], principal) };
      }
    }
  }
}

/** Yields the license and workspace entitlements that one account holds. */
export function* heldEntitlements(
  account: Account,
  context: AccountContext,
  licenses: ReadonlyMap<License, Offer<'holder'>>,
  workspaces: ReadonlyMap<string, ReturnType<typeof workspaceOffer>>,
): Generator<Entitlement> {
  const license = heldLicense(account, context.organization);
  const held = license === null ? undefined : licenses.get(license);
  if (held) yield held.entitlements.holder;
  for (const { workspace, role } of workspaceRolesOf(account)) {
    const offer = workspaces.get(workspace);
    if (offer) yield offer.entitlements[role];
  }
}

function* describeOffer({ resource, entitlements }: Offer<string>): Generator<Described> {
  yield { kind: 'resource', resource };
  for (const entitlement of Object.values(entitlements)) yield { kind: 'entitlement', entitlement };
}

function byGid<T extends { readonly gid: string }>(items: Iterable<T>): T[] {
  return [...items].sort((a, b) => (a.gid < b.gid ? -1 : a.gid > b.gid ? 1 : 0));
}
