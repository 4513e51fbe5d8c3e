import type { AsanaConnector } from '../../api/asana-connector.ts';
import { policiesOf } from '../../controllers/connectors/connector-policies.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { formatTime } from '../../core/clock.ts';
import { addressOf } from '../../directory/account.ts';
import type { Snapshot } from '../../directory/snapshot.ts';
import type { AuditLine } from '../../provisioning/audit.ts';
import type { Policies } from '../../provisioning/policies.ts';
import { organizationOf, type Reading } from '../../provisioning/reading.ts';
import { placeOfRight } from '../../provisioning/rights.ts';
import { describeProtection, protectedNames } from '../../provisioning/shared-rules.ts';
import { AuditTrail, type TracedChange } from './audit-trail.ts';
import { type Claim, Claims, claimsOf, nameOfClaim, slotOf } from './grant-claims.ts';
import { type HeldRight, heldRights } from './held-rights.ts';
import type { MissingRight, Review, ReviewRow } from './review-row.ts';
import { summarize } from './review-summary.ts';

/** The inputs of a review. */
export interface ReviewInput {
  readonly connector: AsanaConnector;
  /** The grants that name the connector, of every kind. */
  readonly grants: readonly KnownGrant[];
  /** Complete, and not in doubt. */
  readonly reading: Reading;
  /** The audit lines that are available, those of other connectors included. */
  readonly audit: readonly AuditLine[];
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Builds a review: each right of each account once, with its beginning, its cause, its reason and its end. */
export function buildReview({ connector, grants, reading, audit, now }: ReviewInput): Review {
  const { snapshot } = reading;
  const policies = policiesOf(connector);
  const declared = claimsOf(grants, { connector, reading, now });
  const claims = new Claims(declared);
  const trail = new AuditTrail(audit, connector.metadata, organizationOf(reading));
  const context = { trail, policies, reading, protectedNames: protectedNames(policies) };
  const rows: ReviewRow[] = [];
  const found = new Set<Claim>();
  for (const held of heldRights(snapshot)) {
    const behind = claims.of(held.account.gid, slotOf(held.right));
    for (const claim of behind) found.add(claim);
    rows.push(rowOf(held, { ...context, behind }));
  }
  const missing = declared
    .filter((claim) => !found.has(claim) && !claim.grant.ending && claim.grant.ensure === 'Present')
    .map((claim) => missingRight(claim, reading));
  return {
    version: 'v1',
    generatedAt: formatTime(now),
    connector: { namespace: connector.metadata.namespace, name: connector.metadata.name },
    readAt: readAt(snapshot),
    workspaces: snapshot.workspaces.map(({ gid, name, organization }) => ({ gid, name, organization })),
    leftOut: snapshot.leftOut.map(({ gid, name, leftOut }) => ({ gid, name, leftOut })),
    summary: summarize(rows, missing, now),
    rows,
    missing,
  };
}

interface RowContext {
  /** The grants that declare the right, or its absence. */
  readonly behind: readonly Claim[];
  readonly trail: AuditTrail;
  readonly policies: Policies;
  readonly protectedNames: ReadonlySet<string>;
  readonly reading: Reading;
}

type Background = Pick<
  ReviewRow,
  'source' | 'grant' | 'alsoDeclaredBy' | 'held' | 'task' | 'since' | 'why' | 'until' | 'drift' | 'planned'
>;

function rowOf(held: HeldRight, context: RowContext): ReviewRow {
  const { account, guest, reviewed, place, value } = held;
  const change = context.trail.find(account, slotOf(held.right));
  // A change to another license does not explain the current one.
  const trace = change !== null && (reviewed !== 'License' || change.after === value) ? change : null;
  return {
    name: account.name,
    email: addressOf(account),
    account: account.gid,
    guest,
    right: reviewed,
    place: place?.gid ?? null,
    placeName: place?.name ?? null,
    value,
    ...inOrder(backgroundOf(held, context.behind, trace)),
    protected: protectionOf(held, context),
  };
}

/** Puts the fields of every row into the same order, because people also read the JSON. */
function inOrder(background: Background): Background {
  const { source, grant, alsoDeclaredBy, held, task, since, why, until, drift, planned } = background;
  return { source, grant, alsoDeclaredBy, held, task, since, why, until, drift, planned };
}

function backgroundOf(held: HeldRight, behind: readonly Claim[], trace: TracedChange | null): Background {
  const present = behind.filter(({ grant }) => grant.ensure === 'Present');
  const [claim, ...others] = present;
  const absent = behind.find(({ grant }) => grant.ensure === 'Absent');
  if (!claim) {
    const planned = absent?.object.status?.planned?.action ?? null;
    return { ...backgroundOfUndeclared(trace), drift: absent ? declaresAbsence(absent) : null, planned };
  }
  const { grant, object } = claim;
  const { applied } = grant;
  const seen = object.status?.observed;
  const isAsApplied = applied !== null && !differs(claim, held.value);
  return {
    source: 'Grant',
    grant: nameOfClaim(claim),
    alsoDeclaredBy: others.map(nameOfClaim),
    held: isAsApplied ? (applied.adopted ? 'Adopted' : 'Given') : null,
    task: trace?.requester.type === 'Task' ? trace.requester.taskId : null,
    since: (isAsApplied ? applied.at : trace?.time) ?? seen?.since ?? null,
    why: grant.reason,
    until: claim.until,
    drift: differs(claim, held.value)
      ? `${wantedBy(claim)} is declared`
      : absent
        ? declaresAbsence(absent)
        : null,
    planned: object.status?.planned?.action ?? null,
  };
}

/** Returns what the audit log knows about a right that no grant declares. */
function backgroundOfUndeclared(trace: TracedChange | null): Omit<Background, 'drift' | 'planned'> {
  const common = {
    alsoDeclaredBy: [],
    held: null,
    until: null,
    why: trace?.reason ?? null,
    since: trace?.time ?? null,
  };
  if (trace === null) return { ...common, source: 'Unmanaged', grant: null, task: null };
  const { requester } = trace;
  if (requester.type === 'Task') return { ...common, source: 'Task', grant: null, task: requester.taskId };
  const { kind, namespace, name } = requester;
  return { ...common, source: 'Released', grant: { kind, namespace, name }, task: null };
}

/** Whether the value is not as declared. Only licenses can differ: roles are set in Asana, and any role is fine. */
function differs(claim: Claim, value: string): boolean {
  return claim.right?.type === 'License' && claim.right.license !== value;
}

function wantedBy({ right }: Claim): string {
  return right?.type === 'License' ? right.license : 'another value';
}

function declaresAbsence({ grant }: Claim): string {
  return `${grant.object.kind} ${grant.object.namespace}/${grant.object.name} declares Absent`;
}

function protectionOf({ right, account }: HeldRight, context: RowContext): string | null {
  const { behind, policies, reading } = context;
  const aliases = behind
    .flatMap(({ grant }) => [grant.user.email, grant.recorded?.email ?? null])
    .filter((alias) => alias !== null);
  const organization = organizationOf(reading);
  return describeProtection(
    { right, account, aliases, policies, organization, reading },
    context.protectedNames,
  );
}

function missingRight(claim: Claim, reading: Reading): MissingRight {
  const { grant, object, right, account } = claim;
  const place = right && (right.type === 'Team' ? right.team : placeOfRight(right, reading));
  const { snapshot } = reading;
  const named = place === null ? undefined : (snapshot.teams.get(place) ?? workspaceOf(snapshot, place));
  return {
    email: (account && addressOf(account)) ?? grant.recorded?.email ?? grant.user.email,
    account: account?.gid ?? grant.recorded?.gid ?? grant.user.gid,
    right: grant.wish.type,
    place,
    placeName:
      named?.name ?? (grant.wish.type === 'Team' && 'name' in grant.wish.team ? grant.wish.team.name : null),
    grant: nameOfClaim(claim),
    state: object.status?.conditions?.find(({ type }) => type === 'Ready')?.reason ?? null,
    why: grant.reason,
    until: claim.until,
  };
}

function workspaceOf({ workspaces }: Snapshot, gid: string) {
  return workspaces.find((workspace) => workspace.gid === gid);
}

function readAt({ parts }: Snapshot): Review['readAt'] {
  const { accounts, licenses, teams } = parts;
  return {
    accounts: formatTime(accounts.at),
    licenses: licenses && formatTime(licenses.at),
    teams: formatTime(teams?.at ?? accounts.at),
  };
}
