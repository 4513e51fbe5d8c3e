import type { Account, License, Snapshot, WorkspaceRole } from '../../src/directory/snapshot.ts';
import type {
  Contest,
  DecisionContext,
  DirectoryReading,
  Policies,
} from '../../src/provisioning/decision.ts';
import type { AppliedRight, Ending, LicenseGrant } from '../../src/provisioning/grant.ts';

export const ALICE = 'alice@acme.com';
export const ORGANIZATION = { gid: '500', name: 'Acme', organization: true };

export interface PersonShape {
  readonly gid?: string;
  readonly email?: string | null;
  readonly license?: License | null;
  readonly role?: WorkspaceRole;
  readonly active?: boolean;
  /** As SCIM says it; null when SCIM lists the account without one, undefined follows `license`. */
  readonly userType?: string | null;
  readonly scim?: boolean;
}

export function person(shape: PersonShape = {}): Account {
  const {
    gid = '1',
    email = ALICE,
    license = 'ViewOnly',
    role = 'Member',
    active = true,
    scim = true,
  } = shape;
  const userType = shape.userType === undefined && license !== null ? license : (shape.userType ?? null);
  return {
    gid,
    email,
    name: 'Alice',
    memberships: [{ gid: `m${gid}`, workspace: ORGANIZATION.gid, active, role, viewOnly: null }],
    scim: scim ? { id: gid, userName: email ?? '', active: true, userType, attributes: {} } : null,
    license,
  };
}

export function policies(changes: Partial<Policies> = {}): Policies {
  return {
    mode: 'Apply',
    suspended: false,
    scimEnabled: true,
    allowDeprovision: false,
    protectedUsers: [],
    protectAdmins: true,
    maxEnterpriseLicenses: null,
    defaultWorkspace: ORGANIZATION.gid,
    ...changes,
  };
}

export interface ReadingShape {
  readonly untrusted?: ReturnType<DirectoryReading['untrusted']>;
  readonly self?: string | null;
  /** Enterprise licenses in use; by default those of the accounts. */
  readonly used?: number;
}

export function reading(accounts: readonly Account[], shape: ReadingShape = {}): DirectoryReading {
  const { untrusted = null, self = '999' } = shape;
  const part = { at: 0, startedAt: 0, begunAt: 0, complete: true, incompleteBecause: null };
  const snapshot: Snapshot = {
    parts: { accounts: part, licenses: part, teams: null },
    workspaces: [ORGANIZATION],
    leftOut: [],
    organization: ORGANIZATION,
    scimOnly: false,
    scimIdsForeign: false,
    self,
    accounts: new Map(accounts.map((account) => [account.gid, account])),
    gidsByEmail: new Map(accounts.flatMap(({ gid, email }) => (email === null ? [] : [[email, gid]]))),
    teams: new Map(),
    requests: 0,
  };
  return {
    snapshot,
    account: (gid) => snapshot.accounts.get(gid),
    accountByEmail: (email) => snapshot.accounts.get(snapshot.gidsByEmail.get(email) ?? ''),
    enterpriseLicenses: () => shape.used ?? accounts.filter(({ license }) => license === 'Enterprise').length,
    untrusted: () => untrusted,
  };
}

export const given = (license: License): AppliedRight => ({
  license,
  at: '2026-01-01T00:00:00Z',
  adopted: false,
});
export const adopted = (license: License): AppliedRight => ({ ...given(license), adopted: true });
export const deleted: Ending = { because: 'Deleted', at: 1 };
export const expired: Ending = { because: 'Expired', at: 1 };

/** A grant for Alice in force, and known to be hers. */
export function grant(changes: Partial<LicenseGrant> = {}): LicenseGrant {
  return {
    object: { kind: 'AsanaLicenseGrant', namespace: 'iga', name: 'alice', uid: 'u1', generation: 1 },
    createdAt: 1_000,
    user: { email: ALICE, gid: null },
    recorded: { gid: '1', email: ALICE },
    license: 'Enterprise',
    onMissingAccount: 'Wait',
    deletionPolicy: 'Revoke',
    reason: null,
    ending: null,
    suspended: false,
    abandoned: false,
    applied: null,
    upgrading: false,
    accountCreated: false,
    sameNamespace: true,
    namespaceAllowed: true,
    setBacks: 0,
    discarded: false,
    ...changes,
  };
}

/** The same grant as another object. */
export function named(name: string, changes: Partial<LicenseGrant> = {}): LicenseGrant {
  const [namespace = 'iga', own = name] = name.includes('/') ? name.split('/') : ['iga', name];
  return grant({
    object: { kind: 'AsanaLicenseGrant', namespace, name: own, uid: `u-${name}`, generation: 1 },
    ...changes,
  });
}

export function context(
  accounts: readonly Account[] | null,
  changes: {
    policies?: Partial<Policies>;
    contest?: Contest;
    reading?: ReadingShape;
    notReady?: string | null;
  } = {},
): DecisionContext {
  return {
    policies: policies(changes.policies),
    directory: accounts && reading(accounts, changes.reading),
    notReady: changes.notReady ?? null,
    contest: changes.contest ?? { kind: 'Uncontested' },
  };
}
