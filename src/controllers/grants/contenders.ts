import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { Store } from '../../kubernetes/store.ts';
import type { Contender } from '../../provisioning/contest.ts';
import type { Grant } from '../../provisioning/grant.ts';
import { describeOtherHolder, describeOtherOrganization } from '../../provisioning/grant-case.ts';
import { organizationOf, type Reading } from '../../provisioning/reading.ts';
import { isSameRight, type Right, type Wish } from '../../provisioning/right.ts';
import { isPlaceRead, placeOfRight, resolveWish } from '../../provisioning/rights.ts';
import { describeTooLong, isPostponed } from '../../provisioning/time.ts';
import { whyNothingIsApplied } from '../connectors/connector-obstacle.ts';
import { policiesOf } from '../connectors/connector-policies.ts';
import type { ConnectorRegistry } from '../connectors/connector-registry.ts';
import { connectorKeyOf, emailIdentity, gidIdentity, identitiesOf } from './grant-identity.ts';
import type { GrantStores, KnownGrant } from './grant-stores.ts';
import { viewGrant } from './grant-view.ts';

/** The sources of grants, and of what is known about their connectors. */
export interface ContenderSources {
  readonly grants: GrantStores;
  readonly connectors: Store<AsanaConnector>;
  readonly registry: ConnectorRegistry;
}

/** A contender with the place of its right and the account that it is for. */
export interface KnownContender extends Contender {
  readonly known: KnownGrant;
  readonly connectorKey: string;
  readonly reading: Reading | null;
  /** Gids of the organizations that its connector reads, or read before this process began. */
  readonly organizations: readonly string[];
  /** Gids of all workspaces that its connector reads, or read before this process began; empty if none is known. */
  readonly workspaces: readonly string[];
  /** The gid of the account that it is for; `null` if it is not known yet. */
  readonly gid: string | null;
  /** The organization or workspace that its right is in; `null` if it is not known yet. */
  readonly place: string | null;
}

/** Finds the grants for the same person, for a contest or a deprovision. */
export class Contenders {
  readonly #sources: ContenderSources;
  readonly #now: number;

  constructor(sources: ContenderSources, now: number) {
    this.#sources = sources;
    this.#now = now;
  }

  /** Returns a grant, with its connector, as a contender. */
  of(known: KnownGrant, connector: AsanaConnector): KnownContender {
    const { registry, connectors } = this.#sources;
    const connectorKey = connectorKeyOf(known.object);
    const session = registry.findFor(connector);
    const grant = viewGrant(known, connector, this.#now);
    const policies = policiesOf(connector);
    const stalled = session !== null && whyNothingIsApplied(connector, session, connectors.values()) !== null;
    const reading = session?.read(grant.object.uid) ?? null;
    const { applied } = grant;
    const beginsLater = isPostponed(grant, this.#now);
    // A postponed grant keeps the right that it holds until the new one begins.
    const right = beginsLater && applied ? applied.right : rightOf(grant, reading, policies);
    return {
      known,
      connectorKey,
      reading,
      organizations: organizationsOf(connector, reading),
      workspaces: workspacesOf(connector, reading),
      grant,
      right,
      gid: gidOf(grant, reading),
      place: right && reading ? placeOfRight(right, reading) : null,
      acts: policies.mode === 'Apply' && !policies.suspended && !stalled,
      mistaken: isMistaken(grant, reading),
      mode: policies.mode,
      excluded:
        stalled || (applied === null && describeTooLong(grant, policies.maxDurationMs, this.#now) !== null),
      unstarted: beginsLater && (applied === null || grant.ensure === 'Absent'),
    };
  }

  /** Returns all other grants for the same person, of every kind. */
  besides(own: KnownContender): KnownContender[] {
    const { kind, object } = own.known;
    const names = new Set(identitiesOf(kind, object));
    const account = own.gid === null ? undefined : own.reading?.account(own.gid);
    if (own.gid !== null) names.add(gidIdentity(own.gid));
    if (account?.email) names.add(emailIdentity(account.email));
    const others = this.#sources.grants
      .byIdentities(names)
      .filter((known) => known.object.metadata.uid !== object.metadata.uid);
    return this.#withConnectors(others).filter((other) => isSamePerson(own, other, names));
  }

  /** Returns every grant for a person: by the gid, or by the email address if there is no account yet. */
  about(person: { readonly gid: string | null; readonly email: string | null }): KnownContender[] {
    const candidates = this.#withConnectors(this.#sources.grants.byAccount(person));
    return candidates.filter(({ gid }) => person.gid === null || gid === null || gid === person.gid);
  }

  #withConnectors(grants: readonly KnownGrant[]): KnownContender[] {
    return grants.flatMap((known) => {
      const connector = this.#sources.connectors.get(connectorKeyOf(known.object));
      return connector && connector.metadata.deletionTimestamp === undefined
        ? [this.of(known, connector)]
        : [];
    });
  }
}

/** Returns those of `others` that declare the same right and therefore contend for it. */
export function rivalsAmong(own: KnownContender, others: readonly KnownContender[]): KnownContender[] {
  const { kind } = own.known.kind.resource;
  return others.filter((other) => other.known.kind.resource.kind === kind && isSameSlot(own, other));
}

/** Returns the right that an ended grant holds, else the declared one; `null` if that cannot be resolved yet. */
function rightOf(
  grant: Grant,
  reading: Reading | null,
  policies: { readonly defaultWorkspace: string | null },
): Right | null {
  if (grant.ending && grant.applied) return grant.applied.right;
  if (reading) {
    const wished = resolveWish(grant.wish, reading, policies);
    return 'right' in wished ? wished.right : null;
  }
  return rightUnread(grant.wish, policies);
}

/** Returns the right before its connector has read anything: a team by its gid, an account by its workspace. */
function rightUnread(
  wish: Wish,
  { defaultWorkspace }: { readonly defaultWorkspace: string | null },
): Right | null {
  switch (wish.type) {
    case 'License':
    case 'Workspace':
      return wish;
    case 'Team':
      return 'gid' in wish.team ? { type: 'Team', team: wish.team.gid } : null;
    case 'Account': {
      const workspace = wish.workspace ?? defaultWorkspace;
      return workspace === null ? null : { type: 'Account', workspace };
    }
  }
}

/** Whether the grant was for another account than it names now: it waits for a person and takes nothing over. */
function isMistaken(grant: Grant, reading: Reading | null): boolean {
  if (!reading) return false;
  const subject = { grant, reading };
  return describeOtherHolder(subject) !== null || describeOtherOrganization(subject) !== null;
}

function gidOf({ recorded, user }: Grant, reading: Reading | null): string | null {
  const known = recorded?.gid ?? user.gid;
  if (known !== null) return known;
  return reading?.accountByEmail(user.email?.toLowerCase() ?? '')?.gid ?? null;
}

/**
 * Whether two grants are for the same person: decided on the gids or, if one is unknown, on shared identities. An
 * account whose address has changed does not match a grant that has no account and names the old address.
 */
function isSamePerson(own: KnownContender, other: KnownContender, names: ReadonlySet<string>): boolean {
  if (own.gid !== null && other.gid !== null) return own.gid === other.gid;
  if (isElsewhere(own, other) || isElsewhere(other, own)) return false;
  return identitiesOf(other.known.kind, other.known.object).some((name) => names.has(name));
}

function isElsewhere({ gid, reading }: KnownContender, { grant }: KnownContender): boolean {
  const address = gid === null ? null : (reading?.account(gid)?.email ?? null);
  const { email } = grant.user;
  return address !== null && email !== null && email.toLowerCase() !== address;
}

/** Whether two grants contend. Licenses do so within an organization; every other right contains its own place. */
function isSameSlot(own: KnownContender, other: KnownContender): boolean {
  if (own.right?.type === 'License' && other.right?.type === 'License') return isSameOrganization(own, other);
  if (own.right === null || other.right === null || !isSameRight(own.right, other.right)) return false;
  // A team gid does not show its organization: a connector of another one neither holds the right nor takes it over.
  if (own.right.type === 'Team') return mayShareOrganization(own, other);
  return mayRead(own) && mayRead(other);
}

/** False if its connector has read, but not the workspace of the right: it can never hold what it declares there. */
function mayRead({ reading, right }: KnownContender): boolean {
  return !reading || !right || isPlaceRead(right, reading);
}

/** False if both connectors have read and have no organization in common. */
function mayShareOrganization({ reading: own }: KnownContender, { reading: other }: KnownContender): boolean {
  if (!own || !other) return true;
  const theirs = new Set(other.snapshot.workspaces.map(({ gid }) => gid));
  return own.snapshot.workspaces.some(({ gid, organization }) => organization && theirs.has(gid));
}

function isSameOrganization(own: KnownContender, other: KnownContender): boolean {
  if (own.connectorKey === other.connectorKey) return true;
  return own.organizations.some((gid) => other.organizations.includes(gid));
}

/** Returns the organizations. A suspended connector has no reading after a restart and contends by its status. */
function organizationsOf({ status }: AsanaConnector, reading: Reading | null): readonly string[] {
  if (!reading) return status?.organizations ?? [];
  const organization = organizationOf(reading);
  return organization === null ? [] : [organization];
}

function workspacesOf({ status }: AsanaConnector, reading: Reading | null): readonly string[] {
  if (reading) return reading.snapshot.workspaces.map(({ gid }) => gid);
  const recorded = status?.workspaces?.map(({ gid }) => gid) ?? [];
  return [...new Set([...(status?.organizations ?? []), ...recorded])];
}
