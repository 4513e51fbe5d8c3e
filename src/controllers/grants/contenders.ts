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

/** Where grants and what is known of their connectors are found. */
export interface ContenderSources {
  readonly grants: GrantStores;
  readonly connectors: Store<AsanaConnector>;
  readonly registry: ConnectorRegistry;
}

/** A grant among others, with where its right is and whom it means. */
export interface KnownContender extends Contender {
  readonly known: KnownGrant;
  readonly connectorKey: string;
  readonly reading: Reading | null;
  /** Gids of the organizations its connector reads, or read before this process began. */
  readonly organizations: readonly string[];
  /** Gids of all workspaces its connector reads, or read before this process began; empty while none is known. */
  readonly workspaces: readonly string[];
  /** The account it means; null while that is not known. */
  readonly gid: string | null;
  /** The organization or workspace its right is in; null while that is not known. */
  readonly place: string | null;
}

/** The grants that mean the same person, as a contest or a deprovision has to see them. */
export class Contenders {
  readonly #sources: ContenderSources;
  readonly #now: number;

  constructor(sources: ContenderSources, now: number) {
    this.#sources = sources;
    this.#now = now;
  }

  /** A grant with its connector. */
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
    // What it still holds is its own until another right begins.
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

  /** Everybody else's grants for the same person, of every kind. */
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

  /** Every grant that means a person: by the gid, or by the address while there is no account. */
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

/** Those of `others` that declare the same right: what a contest is about. */
export function rivalsAmong(own: KnownContender, others: readonly KnownContender[]): KnownContender[] {
  const { kind } = own.known.kind.resource;
  return others.filter((other) => other.known.kind.resource.kind === kind && isSameSlot(own, other));
}

/** The right it holds, once it ends, else the one it declares; null while the team it names is not found. */
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

/** What is declared counts before its connector has read anything: a team by its gid, an account by its workspace. */
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

/** It was for somebody else than it names now: it waits for a person, and takes nothing over meanwhile. */
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
 * On the gid it is decided whether two grants mean one person; without it, on the names they share. Somebody who goes by
 * another address now is not whom an address without an account means.
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

/** Licenses exclude each other within an organization; every other right has its place in itself. */
function isSameSlot(own: KnownContender, other: KnownContender): boolean {
  if (own.right?.type === 'License' && other.right?.type === 'License') return isSameOrganization(own, other);
  if (own.right === null || other.right === null || !isSameRight(own.right, other.right)) return false;
  // A gid says nothing of where its team is: a connector of elsewhere neither has it nor takes it over.
  if (own.right.type === 'Team') return mayShareOrganization(own, other);
  return mayRead(own) && mayRead(other);
}

/** False where its connector has read, and not the workspace of the right: what it declares there it never has. */
function mayRead({ reading, right }: KnownContender): boolean {
  return !reading || !right || isPlaceRead(right, reading);
}

/** False where both have read, and no organization is read by both. */
function mayShareOrganization({ reading: own }: KnownContender, { reading: other }: KnownContender): boolean {
  if (!own || !other) return true;
  const theirs = new Set(other.snapshot.workspaces.map(({ gid }) => gid));
  return own.snapshot.workspaces.some(({ gid, organization }) => organization && theirs.has(gid));
}

function isSameOrganization(own: KnownContender, other: KnownContender): boolean {
  if (own.connectorKey === other.connectorKey) return true;
  return own.organizations.some((gid) => other.organizations.includes(gid));
}

/** A restart forgets what a suspended connector has read, and its grants contend all the same. */
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
