import type { Person } from '../../../src/sandbox/records.ts';
import type { AsanaRequest } from './front.ts';
import type { Site } from './site.ts';

/** What one person has in an organization, as Asana itself knows it. */
export interface Holding {
  readonly gid: string;
  readonly email: string;
  readonly kind: Person['kind'];
  readonly active: boolean;
  readonly admin: boolean;
  /** `null` for guests and for inactive people. */
  readonly license: 'Enterprise' | 'ViewOnly' | null;
  /** gids of teams. */
  readonly teams: readonly string[];
  /** gids of workspaces, including the organization. */
  readonly workspaces: readonly string[];
  /** gid of the organization, which the person may have left. */
  readonly organization: string;
}

/** Returns what a person has now. */
export function readHolding(site: Site, person: Person): Holding {
  const { directory } = site;
  const { email, active, admin, license } = person.profile;
  return {
    gid: person.gid,
    email: email.toLowerCase(),
    kind: person.kind,
    active,
    admin,
    license:
      person.kind === 'member' && active ? (license === 'enterprise' ? 'Enterprise' : 'ViewOnly') : null,
    teams: person.teamMemberships.map(({ team }) => team.gid),
    workspaces: person.memberships
      .filter(
        (membership) => !membership.ended && (membership.workspace !== directory.organization || active),
      )
      .map(({ workspace }) => workspace.gid),
    organization: directory.organization.gid,
  };
}

/** Returns the person named in the path of a write, or in its body by gid or email; `null` if there is none. */
export function subjectOf({ site, params, body }: AsanaRequest): Person | null {
  const { data, userName } = (body ?? {}) as { data?: { user?: string }; userName?: string };
  const id = params['id'] ?? data?.user ?? userName;
  if (id === undefined) return null;
  return site.directory.person(id) ?? site.directory.personByEmail(id) ?? null;
}

/** Returns what the person of a write has now; `null` if there is no such person. */
export function holdingOf(request: AsanaRequest): Holding | null {
  const person = subjectOf(request);
  return person ? readHolding(request.site, person) : null;
}
