import type { Priority } from '../asana/budget.ts';
import type { ScimUserRecord, WorkspaceMembershipRecord } from '../asana/decode.ts';
import { isAsanaError } from '../asana/errors.ts';
import type { AsanaSession } from '../asana/session.ts';
import type { Answer, Call } from '../asana/transport.ts';
import { licenseOf, reduceMemberships, scimRecordOf, type UserTypes } from './account.ts';
import type { Directory } from './directory.ts';
import type { Account, WorkspaceMembership } from './snapshot.ts';

export interface ReadOptions {
  /** Ask REST for the membership of the organization too: whether it is active, and its role. */
  readonly membership: boolean;
  readonly userTypes: UserTypes;
  readonly priority: Priority;
  readonly signal?: AbortSignal | undefined;
}

export interface FreshAccount {
  /** Null when Asana has no such account (any more). */
  readonly account: Account | null;
  /** Asana's clock, epoch milliseconds; null when it sent no Date. */
  readonly asanaDate: number | null;
}

/**
 * Reads one account afresh: exactly one SCIM request, and with `membership` (or SCIM off) one of REST beside
 * it. What was not asked for comes from the directory. SCIM hides guests: one who is in the directory stays;
 * anybody else whom SCIM does not know and REST does not show is gone.
 *
 * @throws AsanaError for everything but "not found"
 */
export async function readAccount(
  session: AsanaSession,
  directory: Directory,
  gid: string,
  options: ReadOptions,
): Promise<FreshAccount> {
  const { priority, signal, userTypes } = options;
  const call: Call = { priority, signal };
  const organization = directory.current()?.organization?.gid ?? null;
  const { scim, rest } = session;
  const asksRest = organization !== null && (options.membership || scim === null);
  const [user, memberships] = await Promise.all([
    scim ? orNothing(scim.user(gid, call)) : null,
    asksRest ? orNothing(rest.workspaceMembershipsOf(organization, gid, call)) : null,
  ]);
  const account = join({
    gid,
    known: directory.account(gid),
    scimAsked: scim !== null,
    scimUser: user?.value ?? null,
    memberships:
      memberships && organization !== null ? { organization, records: memberships.value ?? [] } : null,
    userTypes,
  });
  return { account, asanaDate: latest(user?.date, memberships?.date) };
}

/**
 * Looks an account up by email: in SCIM by `userName`, and with `membership` (or SCIM off) in REST, which
 * shows guests too. Null only means that the email is free if `membership` was asked for.
 */
export async function findAccount(
  session: AsanaSession,
  directory: Directory,
  email: string,
  options: ReadOptions,
): Promise<FreshAccount> {
  const { priority, signal, userTypes } = options;
  const call: Call = { priority, signal };
  const organization = directory.current()?.organization?.gid ?? null;
  const { scim, rest } = session;
  const asksRest = organization !== null && (options.membership || scim === null);
  const [user, memberships] = await Promise.all([
    scim ? scim.findByUserName(email, call) : null,
    asksRest ? orNothing(rest.workspaceMembershipsOf(organization, email, call)) : null,
  ]);
  const records = memberships?.value ?? [];
  const gid = user?.value?.id ?? records[0]?.user.gid;
  const asanaDate = latest(user?.date, memberships?.date);
  if (gid === undefined) return { account: null, asanaDate };
  const account = join({
    gid,
    known: directory.account(gid),
    scimAsked: scim !== null,
    scimUser: user?.value ?? null,
    memberships: memberships && organization !== null ? { organization, records } : null,
    userTypes,
  });
  // Asana found the person by this email, whatever the listing showed before.
  return { account: account && { ...account, email: email.toLowerCase() }, asanaDate };
}

interface Findings {
  readonly gid: string;
  readonly known: Account | undefined;
  readonly scimAsked: boolean;
  readonly scimUser: ScimUserRecord | null;
  /** Null when REST was not asked. */
  readonly memberships: {
    readonly organization: string;
    readonly records: readonly WorkspaceMembershipRecord[];
  } | null;
  readonly userTypes: UserTypes;
}

/** One account out of what was just read and what was known before; null when it is gone. */
function join({ gid, known, scimAsked, scimUser, memberships, userTypes }: Findings): Account | null {
  const fresh = memberships && reduceMemberships(memberships.organization, memberships.records);
  if (!scimUser && !survives(known, scimAsked, memberships !== null, fresh)) return null;
  const email = emailOf(known, scimUser);
  const others = (known?.memberships ?? []).filter(
    ({ workspace }) => workspace !== memberships?.organization,
  );
  return {
    gid,
    email,
    name: known?.name || scimUser?.name || memberships?.records[0]?.user.name || email || gid,
    memberships: memberships ? [...(fresh ? [fresh] : []), ...others] : (known?.memberships ?? []),
    scim: scimUser && scimRecordOf(scimUser, { gid, email }),
    license: licenseOf(scimUser?.userType ?? null, userTypes),
  };
}

/** REST's email, from the listing, stands until SCIM shows a rename: the two may differ for one person. */
function emailOf(known: Account | undefined, scimUser: ScimUserRecord | null): string | null {
  const renamed = known?.scim && scimUser && known.scim.userName !== scimUser.userName;
  if (known && known.email !== null && !renamed) return known.email;
  return scimUser?.email?.toLowerCase() ?? known?.email ?? null;
}

/** Whether somebody SCIM did not show, or was not asked for, is still an account. */
function survives(
  known: Account | undefined,
  scimAsked: boolean,
  restAsked: boolean,
  fresh: WorkspaceMembership | null,
): boolean {
  if (restAsked) return fresh !== null;
  // Without REST's word: a guest was never in SCIM; whoever was, and is not now, is gone.
  return known !== undefined && (!scimAsked || known.scim === null);
}

/** The answer; for "not found" one without a value. */
async function orNothing<T>(read: Promise<Answer<T>>): Promise<Answer<T | null>> {
  try {
    return await read;
  } catch (error) {
    if (!isAsanaError(error, 'NotFound')) throw error;
    return { value: null, date: error.date, requestId: error.requestId };
  }
}

function latest(...dates: readonly (number | null | undefined)[]): number | null {
  const known = dates.filter((date) => typeof date === 'number');
  return known.length === 0 ? null : Math.max(...known);
}
