import { many, object, one, type Resource, type Viewer, value } from './fields.ts';
import type { Person, Team, TeamMembership, Workspace, WorkspaceMembership } from './records.ts';

/*
 * The resources of Asana's REST API with the fields its OpenAPI document gives them (components.schemas:
 * UserResponse, WorkspaceResponse, WorkspaceMembershipResponse, TeamResponse, TeamMembershipCompact).
 */

const reference = 'resource_type,name';

export const workspaceResource: Resource<Workspace> = {
  type: 'workspace',
  fields: {
    name: value((w) => w.name),
    is_organization: value((w) => w.isOrganization),
    email_domains: value((w) => w.emailDomains),
  },
  compact: reference,
  full: `${reference},is_organization,email_domains`,
};

export const userResource: Resource<Person> = {
  type: 'user',
  fields: {
    name: value((p, { directory }) => directory.reads.see(p).name),
    email: value((p, { directory }) => directory.reads.see(p).email),
    photo: object(photoOf),
    workspaces: many(
      () => workspaceResource,
      (p, viewer) => workspacesOf(p, viewer),
    ),
    custom_fields: value(() => []),
  },
  compact: reference,
  full: `${reference},email,photo,workspaces.(${reference.replace(',', '|')})`,
};

export const workspaceMembershipResource: Resource<WorkspaceMembership> = {
  type: 'workspace_membership',
  fields: {
    user: one(
      () => userResource,
      (m) => m.person,
    ),
    workspace: one(
      () => workspaceResource,
      (m) => m.workspace,
    ),
    is_active: value((m, { directory }) => directory.isActive(m)),
    is_admin: value((m, { directory }) =>
      m.workspace === directory.organization ? directory.reads.see(m.person).admin : m.isAdmin,
    ),
    is_guest: value((m, { directory }) => directory.isGuest(m)),
    is_view_only: value(
      (m, { directory }) => m.workspace === directory.organization && directory.isViewOnly(m.person),
    ),
    vacation_dates: object(() => null),
    created_at: value((m) => new Date(m.createdAt).toISOString()),
  },
  compact: 'resource_type,user.(resource_type|name),workspace.(resource_type|name)',
  full: 'resource_type,user.(resource_type|name),workspace.(resource_type|name),is_active,is_admin,is_guest,is_view_only,vacation_dates,created_at',
};

export const teamResource: Resource<Team> = {
  type: 'team',
  fields: {
    name: value((t) => t.name),
    description: value((t) => t.description),
    html_description: value((t) => `<body>${escapeHtml(t.description)}</body>`),
    organization: one(
      () => workspaceResource,
      (t) => t.organization,
    ),
    permalink_url: value((t) => `https://app.asana.com/0/${t.organization.gid}/team/${t.gid}`),
    visibility: value((t) => t.visibility),
    endorsed: value(() => false),
    edit_team_name_or_description_access_level: value(() => 'all_team_members'),
    edit_team_visibility_or_trash_team_access_level: value(() => 'only_team_admins'),
    member_invite_management_access_level: value(() => 'all_team_members'),
    guest_invite_management_access_level: value(() => 'only_team_admins'),
    join_request_management_access_level: value(() => 'all_team_members'),
    team_member_removal_access_level: value(() => 'only_team_admins'),
    team_content_management_access_level: value(() => 'no_restriction'),
  },
  compact: reference,
  full: `${reference},organization.(resource_type|name),permalink_url,visibility,endorsed`,
};

export const teamMembershipResource: Resource<TeamMembership> = {
  type: 'team_membership',
  fields: {
    user: one(
      () => userResource,
      (m) => m.person,
    ),
    team: one(
      () => teamResource,
      (m) => m.team,
    ),
    is_guest: value((m) => m.person.kind === 'guest'),
    is_limited_access: value((m) => m.isLimitedAccess),
    is_admin: value((m) => m.isAdmin),
  },
  compact:
    'resource_type,user.(resource_type|name),team.(resource_type|name),is_guest,is_limited_access,is_admin',
  full: 'resource_type,user.(resource_type|name),team.(resource_type|name),is_guest,is_limited_access,is_admin',
};

/** Returns the workspaces of a person that the caller sees too (OpenAPI, `UserResponse.workspaces`). */
function workspacesOf(person: Person, viewer: Viewer): Workspace[] {
  const stays = person.memberships.filter(
    (m) => viewer.directory.isActive(m) && viewer.seesWorkspace(m.workspace),
  );
  return stays.map((m) => m.workspace);
}

/** Returns a picture if the gid ends in 0, 3, 6 or 9, otherwise `null`. */
function photoOf(person: Person): Record<string, string> | null {
  if (Number(person.gid.at(-1)) % 3 !== 0) return null;
  const sizes = ['21x21', '27x27', '36x36', '60x60', '128x128', '1024x1024'];
  return Object.fromEntries(
    sizes.map((size) => [`image_${size}`, `https://photos.example/${person.gid}_${size}.png`]),
  );
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
