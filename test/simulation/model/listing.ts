import type { AsanaAnswer } from '../asana/front.ts';

/** The part of a reading that each listing belongs to; `members` has one listing for each team. */
const PARTS = {
  scimListUsers: 'licenses',
  getUsers: 'accounts',
  getWorkspaceMembershipsForWorkspace: 'memberships',
  getTeamsForWorkspace: 'teams',
  getTeamMemberships: 'members',
} as const;

export type Part = (typeof PARTS)[keyof typeof PARTS];

/** Returns the part of a listing of everybody; `null` for a look at one person, which uses the same operations. */
export function partOf({ operation, query }: AsanaAnswer): Part | null {
  if (query['user'] !== undefined || query['filter'] !== undefined) return null;
  return operation in PARTS ? PARTS[operation as keyof typeof PARTS] : null;
}

/** Reads one page of a listing: whether it is the first and the last, and its counts. */
export function readPage({ json, query }: AsanaAnswer): {
  first: boolean;
  last: boolean;
  items: number;
  announced: number | null;
  enterprise: number;
} {
  const page = (json ?? {}) as {
    Resources?: unknown[];
    totalResults?: number;
    data?: unknown[];
    next_page?: unknown;
  };
  if (page.Resources)
    return {
      first: (query['startIndex'] ?? '1') === '1',
      last: true,
      items: page.Resources.length,
      announced: page.totalResults ?? null,
      enterprise: page.Resources.filter(isEnterprise).length,
    };
  return {
    first: query['offset'] === undefined,
    last: !page.next_page,
    items: page.data?.length ?? 0,
    announced: null,
    enterprise: 0,
  };
}

function isEnterprise(resource: unknown): boolean {
  const { userType, active } = (resource ?? {}) as { userType?: string; active?: boolean };
  return userType === 'enterprise' && active === true;
}

/** Returns the gids of a page of REST. */
export function gidsOf(json: unknown): string[] {
  const { data = [] } = (json ?? {}) as { data?: { gid: string }[] };
  return data.map(({ gid }) => gid);
}
