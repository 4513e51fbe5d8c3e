import type {
  Account,
  License,
  PartName,
  Snapshot,
  Team,
  TeamMembership,
  Workspace,
  WorkspaceRole,
} from '../../src/directory/snapshot.ts';
import type { Contender, Contest } from '../../src/provisioning/contest.ts';
import type { Decision, GrantContext } from '../../src/provisioning/decision.ts';
import type { Declaration } from '../../src/provisioning/declarations.ts';
import type { AppliedRight, Ending, Grant } from '../../src/provisioning/grant.ts';
import type { Policies } from '../../src/provisioning/policies.ts';
import type { Reading } from '../../src/provisioning/reading.ts';
import type {
  AccountRight,
  LicenseRight,
  Right,
  TeamRight,
  Wish,
  WorkspaceRight,
} from '../../src/provisioning/right.ts';
import type { RightCase, Step } from '../../src/provisioning/right-rules.ts';

/** A world small enough to read in a test: Alice, an organization with one team, and a plain workspace. */

export const ALICE = 'alice@acme.com';
export const ORGANIZATION: Workspace = { gid: '500', name: 'Acme', organization: true };
export const PLAIN: Workspace = { gid: '600', name: 'Friends', organization: false };
export const TEAM = '700';
/** The time of every decision, in epoch milliseconds. */
export const NOW = Date.parse('2026-06-01T12:00:00Z');

export interface PersonShape {
  readonly gid?: string;
  readonly email?: string | null;
  readonly license?: License | null;
  /** The role in the organization; `null` for a person who was never there. */
  readonly role?: WorkspaceRole | null;
  readonly active?: boolean;
  /** The role in the plain workspace; `null` (the default) for a person who is not there. */
  readonly plain?: WorkspaceRole | null;
  /** The user type in SCIM; `null` if SCIM lists the account without one, undefined to follow `license`. */
  readonly userType?: string | null;
  readonly scim?: boolean;
}

export function person(shape: PersonShape = {}): Account {
  const { gid = '1', email = ALICE, role = 'Member', active = true, plain = null } = shape;
  const inOrganization = role !== null;
  const { scim = inOrganization && role !== 'Guest' } = shape;
  const { license = scim ? 'ViewOnly' : null } = shape;
  const userType = shape.userType === undefined ? license : shape.userType;
  const place = (workspace: Workspace, as: WorkspaceRole, isIn: boolean) => ({
    gid: `m${workspace.gid}-${gid}`,
    workspace: workspace.gid,
    active: isIn,
    role: as,
    viewOnly: null,
  });
  return {
    gid,
    email,
    name: 'Alice',
    memberships: [
      ...(role === null ? [] : [place(ORGANIZATION, role, active)]),
      ...(plain === null ? [] : [place(PLAIN, plain, true)]),
    ],
    scim: scim ? { id: gid, userName: email ?? '', active, userType, attributes: {} } : null,
    license,
  };
}

export function policies(changes: Partial<Policies> = {}): Policies {
  return {
    mode: 'Apply',
    suspended: false,
    scimEnabled: true,
    allowDeprovision: true,
    protectedUsers: [],
    protectAdmins: true,
    maxEnterpriseLicenses: null,
    defaultWorkspace: ORGANIZATION.gid,
    maxDurationMs: null,
    ...changes,
  };
}

type MemberFlags = Partial<Pick<TeamMembership, 'admin' | 'guest' | 'limitedAccess'>>;

export interface ReadingShape {
  /** The parts of the reading that are in doubt. */
  readonly doubted?: readonly PartName[];
  readonly doubt?: 'ReadingIncomplete' | 'ReadingHeld';
  readonly self?: string | null;
  /** The number of enterprise licenses in use; default that of the accounts. */
  readonly used?: number;
  /** The members of the team by gid, with their flags. */
  readonly members?: Readonly<Record<string, MemberFlags>>;
  /** The teams that exist; default only the one team. */
  readonly teams?: readonly Pick<Team, 'gid' | 'name'>[];
  /** The number of teams that each person is in; default 1. */
  readonly teamsOfEach?: number;
  readonly workspaces?: readonly Workspace[];
  readonly organization?: Workspace | null;
}

export function reading(accounts: readonly Account[], shape: ReadingShape = {}): Reading {
  const { doubted = [], doubt = 'ReadingIncomplete', self = '999', members = {} } = shape;
  const { organization = ORGANIZATION, workspaces = [ORGANIZATION, PLAIN] } = shape;
  const part = { at: NOW, startedAt: NOW, begunAt: 0, complete: true, incompleteBecause: null };
  const memberships = Object.entries(members).map(([user, flags]) => ({
    gid: `tm-${user}`,
    user,
    admin: false,
    guest: false,
    limitedAccess: false,
    ...flags,
  }));
  const teams = (shape.teams ?? [{ gid: TEAM, name: 'Design' }]).map((team) => ({
    ...team,
    organization: ORGANIZATION.gid,
    memberships: team.gid === TEAM ? memberships : [],
  }));
  const snapshot: Snapshot = {
    parts: { accounts: part, licenses: part, teams: part },
    workspaces,
    leftOut: [],
    organization,
    scimOnly: false,
    scimIdsForeign: false,
    self,
    accounts: new Map(accounts.map((account) => [account.gid, account])),
    gidsByEmail: new Map(accounts.flatMap(({ gid, email }) => (email === null ? [] : [[email, gid]]))),
    teams: new Map(teams.map((team) => [team.gid, team])),
    requests: 0,
  };
  const membershipOf = (team: string, user: string) =>
    snapshot.teams.get(team)?.memberships.find((membership) => membership.user === user) ?? null;
  return {
    snapshot,
    account: (gid) => snapshot.accounts.get(gid),
    accountByEmail: (email) => snapshot.accounts.get(snapshot.gidsByEmail.get(email) ?? ''),
    teamMembership: membershipOf,
    held: () => null,
    countOtherTeamsOf: () => (shape.teamsOfEach ?? 1) - 1,
    enterpriseLicenses: () => shape.used ?? accounts.filter(({ license }) => license === 'Enterprise').length,
    doubtAbout: (parts) => {
      const part = parts.find((name) => doubted.includes(name));
      return part ? { code: doubt, message: `not all ${part} were read.` } : null;
    },
  };
}

export const deleted: Ending = { because: 'Deleted', at: NOW - 1_000 };
export const expired: Ending = { because: 'Expired', at: NOW - 1_000 };

/** Returns a right as recorded in a grant's status. */
export function given(right: Right, value: string): AppliedRight {
  return { right, value, at: '2026-01-01T00:00:00Z', adopted: false };
}

export function adopted(right: Right, value: string): AppliedRight {
  return { ...given(right, value), adopted: true };
}

export const enterprise: LicenseRight = { type: 'License', license: 'Enterprise' };
export const viewOnly: LicenseRight = { type: 'License', license: 'ViewOnly' };
export const team: TeamRight = { type: 'Team', team: TEAM };
export const plain: WorkspaceRight = { type: 'Workspace', workspace: PLAIN.gid };
export const account: AccountRight = { type: 'Account', workspace: ORGANIZATION.gid };

export function wishOf(right: Right): Wish {
  return right.type === 'Team' ? { type: 'Team', team: { gid: right.team } } : right;
}

/** Returns a grant for Alice that is in force and has recorded her account. */
export function grant(right: Right, changes: Partial<Grant> = {}): Grant {
  return {
    object: { kind: `Asana${right.type}`, namespace: 'iga', name: 'alice', uid: 'u1', generation: 1 },
    createdAt: 1_000,
    wish: wishOf(right),
    ensure: 'Present',
    user: { email: ALICE, gid: null },
    name: null,
    recorded: { gid: '1', email: ALICE, organization: ORGANIZATION.gid },
    mayCreate: right.type === 'Account',
    deletionPolicy: 'Revoke',
    reason: null,
    startsAt: null,
    endsAt: null,
    durationMs: null,
    ending: null,
    suspended: false,
    abandoned: false,
    applied: null,
    created: false,
    attempt: null,
    sameNamespace: true,
    namespaceAllowed: true,
    setBacks: 0,
    discarded: false,
    absenceSeen: false,
    wasSeen: false,
    askedAnew: false,
    ...changes,
  };
}

/** Returns the same grant as another object, `name` or `namespace/name`, as a contest sees it. */
export function contender(
  right: Right,
  path: string,
  changes: Partial<Grant> = {},
  standing: Partial<Omit<Contender, 'grant'>> = {},
): Contender {
  const [namespace = 'iga', name = path] = path.includes('/') ? path.split('/') : ['iga', path];
  const object = { kind: `Asana${right.type}`, namespace, name, uid: `u-${path}`, generation: 1 };
  return {
    grant: grant(right, { object, ...changes }),
    right,
    acts: true,
    mistaken: false,
    mode: 'Apply',
    excluded: false,
    unstarted: false,
    ...standing,
  };
}

export interface ContextShape {
  readonly policies?: Partial<Policies>;
  readonly contest?: Contest;
  readonly obstacle?: string | null;
  readonly declared?: readonly Declaration[];
  readonly accountDeclaredBy?: string | null;
  /** Whether the account was looked up; default true, as most cases are about what follows. */
  readonly lookedUp?: boolean;
}

export function context(read: Reading | null, changes: ContextShape = {}): GrantContext {
  return {
    reading: read,
    obstacle: null,
    contest: { kind: 'Uncontested' },
    declared: [],
    accountDeclaredBy: null,
    lookedUp: true,
    now: NOW,
    ...changes,
    policies: policies(changes.policies),
  };
}

/** Returns the case that a rule checks, for Alice. */
export function rightCase<R extends Right>(
  right: R,
  who: Account | null,
  changes: Partial<Omit<RightCase<R>, 'right' | 'account'>> = {},
): RightCase<R> {
  return {
    right,
    account: who,
    wanted: { email: ALICE, name: null },
    aliases: [ALICE],
    mayCreate: false,
    asker: 'Grant',
    policies: policies(),
    reading: reading(who ? [who] : []),
    organization: ORGANIZATION.gid,
    declared: [],
    ...changes,
  };
}

/**
 * Returns a decision in a few words: `Act RevokeEnterprise`, `Settled Granted adopted`, `Release Adopted`,
 * `Blocked UserIsGuest`, with `!` for a Warning and `~` for drift.
 */
export function told(decision: Decision): string {
  switch (decision.kind) {
    case 'Act':
      return `Act ${decision.action.type}${decision.drift ? ' ~' : ''}`;
    case 'Settled': {
      const { applied, reason } = decision;
      return `Settled ${reason}${applied ? (applied.adopted ? ' adopted' : ' given') : ''}`;
    }
    case 'LookUp':
      return 'LookUp';
    case 'Release':
      return `Release ${decision.reason}${decision.warning ? ' !' : ''}`;
    case 'Blocked':
      return `Blocked ${decision.code}${decision.drift ? ' ~' : ''}`;
  }
}

/** Returns a step of a task in a few words. */
export function toldStep(step: Step): string {
  switch (step.kind) {
    case 'Act':
      return `Act ${step.action.type}`;
    case 'AlreadySo':
      return 'AlreadySo';
    case 'Refused':
      return `Refused ${step.code}`;
  }
}
