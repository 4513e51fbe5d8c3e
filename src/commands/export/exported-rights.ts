import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantKindName } from '../../api/kinds.ts';
import {
  asanaAccounts,
  asanaLicenseGrants,
  asanaTeamGrants,
  asanaWorkspaceGrants,
} from '../../api/resources.ts';
import { isActive, isGuest } from '../../directory/account.ts';
import type { Account, Snapshot } from '../../directory/snapshot.ts';
import type { Right } from '../../provisioning/right.ts';
import { nameOfPerson } from './object-names.ts';

/** A right that an account has, as a grant would declare it. */
export interface ExportedRight {
  readonly kind: GrantKindName;
  readonly name: string;
  readonly account: Account;
  readonly right: Right;
  /** The spec without connectorRef. */
  readonly spec: Readonly<Record<string, unknown>>;
  /** What the spec does not show: the name of the team or of the workspace; `null` for other rights. */
  readonly remark: string | null;
}

/**
 * Yields every right that the directory shows: licenses, teams, workspaces that are not the organization, and accounts
 * of the organization. Guests have no license and no AsanaAccount; inactive accounts have nothing.
 * @param byEmail whether a grant may name the person by the email of the account
 */
export function* rightsIn(
  snapshot: Snapshot,
  { spec: { scim } }: AsanaConnector,
  byEmail: (account: Account) => boolean,
): Generator<ExportedRight> {
  const organization = snapshot.organization?.gid ?? null;
  const people = [...snapshot.accounts.values()].toSorted((a, b) => compareGids(a.gid, b.gid));
  const userOf = (account: Account) =>
    byEmail(account) ? { email: account.email ?? '' } : { gid: account.gid };
  for (const account of people) {
    const member =
      organization !== null && isActive(account, organization) && !isGuest(account, organization);
    if (member && scim.enabled && account.license)
      yield licenseRight(account, account.license, userOf(account));
    if (member && byEmail(account)) yield accountRight(account, organization);
    yield* workspaceRights(account, snapshot, userOf(account));
  }
  yield* teamRights(snapshot, userOf);
}

type User = { readonly email: string } | { readonly gid: string };

function licenseRight(account: Account, license: 'Enterprise' | 'ViewOnly', user: User): ExportedRight {
  return {
    kind: asanaLicenseGrants.kind,
    name: nameOfPerson(account),
    account,
    right: { type: 'License', license },
    spec: { user, license },
    remark: null,
  };
}

function accountRight(account: Account, workspace: string): ExportedRight {
  return {
    kind: asanaAccounts.kind,
    name: nameOfPerson(account),
    account,
    right: { type: 'Account', workspace },
    spec: { email: account.email, workspace },
    remark: null,
  };
}

function* workspaceRights(account: Account, { workspaces }: Snapshot, user: User): Generator<ExportedRight> {
  for (const { gid: workspace, name, organization } of workspaces) {
    const isIn = account.memberships.some(
      (membership) => membership.workspace === workspace && membership.active,
    );
    if (organization || !isIn) continue;
    yield {
      kind: asanaWorkspaceGrants.kind,
      name: `${nameOfPerson(account)}.workspace-${workspace}`,
      account,
      right: { type: 'Workspace', workspace },
      spec: { user, workspace },
      remark: `workspace ${name}`,
    };
  }
}

function* teamRights(
  { teams, accounts }: Snapshot,
  userOf: (account: Account) => User,
): Generator<ExportedRight> {
  for (const { gid: team, name, organization, memberships } of teams.values()) {
    for (const { user } of memberships) {
      const account = accounts.get(user);
      if (!account || !isActive(account, organization)) continue;
      yield {
        kind: asanaTeamGrants.kind,
        name: `${nameOfPerson(account)}.team-${team}`,
        account,
        right: { type: 'Team', team },
        spec: { user: userOf(account), team: { gid: team } },
        remark: `team ${name}`,
      };
    }
  }
}

/** Compares gids as numbers of any length: the shorter one is smaller. */
function compareGids(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : 1);
}
