import type { Review, ReviewRow } from '../../src/commands/review/review-row.ts';
import { summarize } from '../../src/commands/review/review-summary.ts';

const NOW = '2026-06-01T12:00:00Z';

/** Returns a row with the given fields; the others have default values. */
export function sampleRow(changes: Partial<ReviewRow>): ReviewRow {
  return {
    name: 'Alice Adams',
    email: 'alice@acme.com',
    account: '1',
    guest: false,
    right: 'License',
    place: '500',
    placeName: 'Acme',
    value: 'ViewOnly',
    source: 'Unmanaged',
    grant: null,
    alsoDeclaredBy: [],
    held: null,
    task: null,
    since: null,
    why: null,
    until: null,
    drift: null,
    planned: null,
    protected: null,
    ...changes,
  };
}

/** Returns a review of the given rows. */
export function sampleReview(changes: Partial<Review>): Review {
  const { rows = [], missing = [] } = changes;
  return {
    version: 'v1',
    generatedAt: NOW,
    connector: { namespace: 'iga', name: 'acme' },
    readAt: { accounts: NOW, licenses: NOW, teams: NOW },
    workspaces: [{ gid: '500', name: 'Acme', organization: true }],
    leftOut: [],
    summary: summarize(rows, missing, Date.parse(NOW)),
    rows,
    missing,
    ...changes,
  };
}

/**
 * Returns a review with `count` rows that contains everything a page can show: a license without a grant, a guest,
 * drift, a near end, a protected person, a task, and a declared right that the person lacks.
 */
export function largeReview(count: number): Review {
  const rows = Array.from({ length: count }, (_, index) => {
    const person = Math.floor(index / 2);
    const name = `Person ${String(person).padStart(5, '0')}`;
    const email = `person-${String(person).padStart(5, '0')}@acme.com`;
    const common = { name, email, account: String(person), guest: person % 20 === 7 };
    if (index % 2 === 1)
      return sampleRow({ ...common, right: 'Team', placeName: `Team ${person % 40}`, value: 'Member' });
    return sampleRow({ ...common, ...licenseOf(person) });
  });
  const grant = { kind: 'AsanaTeamGrant', namespace: 'iga', name: 'waiting' };
  return sampleReview({
    rows,
    missing: [
      {
        email: 'late@acme.com',
        account: null,
        right: 'Team',
        place: '700',
        placeName: 'Design',
        grant,
        state: 'UserNotFound',
        why: null,
        until: null,
      },
    ],
  });
}

function licenseOf(person: number): Partial<ReviewRow> {
  const grant = { kind: 'AsanaLicenseGrant', namespace: 'iga', name: `person-${person}` };
  switch (person % 5) {
    case 0:
      return { value: 'Enterprise', source: 'Unmanaged' };
    case 1:
      return { source: 'Grant', grant, held: 'Given', since: '2026-01-01T00:00:00Z', why: `REQ-${person}` };
    case 2:
      return { source: 'Grant', grant, drift: 'Enterprise is declared', planned: 'GrantEnterprise' };
    case 3:
      return { source: 'Grant', grant, value: 'Enterprise', until: '2026-06-05T00:00:00Z', held: 'Given' };
    default:
      return { source: 'Task', task: `task-${person}`, protected: 'protectedUsers' };
  }
}
