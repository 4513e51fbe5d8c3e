import type { Person, Workspace, WorkspaceMembership } from './records.ts';
import { badRequest, forbidden, unknownObject } from './refusal.ts';
import { userResource, workspaceMembershipResource, workspaceResource } from './resources.ts';
import { answerOne, answerPage } from './rest-answer.ts';
import {
  findUser,
  findWorkspace,
  lookUpUser,
  pathParam,
  readChange,
  readUserField,
  requireGid,
  seesWorkspace,
} from './rest-lookup.ts';
import type { Answer, Ask, Route, World } from './world.ts';

/** Asana's operations on workspaces and workspace memberships. */
export function workspaceRoutes(world: World): Route[] {
  const inPath = (ask: Ask) => findWorkspace(world, ask, pathParam(ask, 'workspace'), 'path');
  return [
    {
      method: 'GET',
      path: '/workspaces',
      operation: 'getWorkspaces',
      handler: (ask) => {
        const records = [...world.directory.workspaces].filter((workspace) =>
          seesWorkspace(world, ask, workspace),
        );
        return answerPage(world, ask, workspaceResource, { key: 'workspaces', records });
      },
    },
    {
      method: 'GET',
      path: '/workspaces/:workspace',
      operation: 'getWorkspace',
      handler: (ask) => answerOne(world, ask, workspaceResource, inPath(ask)),
    },
    {
      method: 'GET',
      path: '/workspaces/:workspace/workspace_memberships',
      operation: 'getWorkspaceMembershipsForWorkspace',
      handler: (ask) => listMemberships(world, ask, inPath(ask)),
    },
    {
      method: 'GET',
      path: '/users/:user/workspace_memberships',
      operation: 'getWorkspaceMembershipsForUser',
      handler: (ask) => listMembershipsOf(world, ask, findUser(world, ask, pathParam(ask, 'user'), 'path')),
    },
    {
      method: 'GET',
      path: '/workspace_memberships/:membership',
      operation: 'getWorkspaceMembership',
      handler: (ask) => readMembership(world, ask, pathParam(ask, 'membership')),
    },
    {
      method: 'POST',
      path: '/workspaces/:workspace/addUser',
      operation: 'addUserForWorkspace',
      handler: (ask) => addUser(world, ask, inPath(ask)),
    },
    {
      method: 'POST',
      path: '/workspaces/:workspace/removeUser',
      operation: 'removeUserForWorkspace',
      handler: (ask) => removeUser(world, ask, inPath(ask)),
    },
  ];
}

function listMemberships(world: World, ask: Ask, workspace: Workspace): Answer {
  const { user } = ask.query;
  const shown = shownMemberships(world);
  if (user === undefined) {
    const listing = {
      key: `memberships of ${workspace.gid}`,
      records: workspace.memberships,
      visible: shown,
    };
    return answerPage(world, ask, workspaceMembershipResource, listing);
  }
  const person = findUser(world, ask, user, 'field');
  return answerPage(world, ask, workspaceMembershipResource, {
    key: `memberships of ${workspace.gid} and ${person.gid}`,
    records: person.memberships.filter((membership) => membership.workspace === workspace),
    visible: shown,
  });
}

function listMembershipsOf(world: World, ask: Ask, person: Person): Answer {
  return answerPage(world, ask, workspaceMembershipResource, {
    key: `memberships of user ${person.gid}`,
    records: person.memberships.filter((membership) => seesWorkspace(world, ask, membership.workspace)),
    visible: shownMemberships(world),
  });
}

function shownMemberships(world: World): (membership: WorkspaceMembership) => boolean {
  return (membership) => world.settings.inactiveMemberships || world.directory.isActive(membership);
}

function readMembership(world: World, ask: Ask, gid: string): Answer {
  requireGid('workspace_membership', gid);
  const membership = world.directory.workspaceMembership(gid);
  if (membership === undefined || !seesWorkspace(world, ask, membership.workspace)) {
    throw unknownObject('workspace_membership', gid);
  }
  return answerOne(world, ask, workspaceMembershipResource, membership);
}

/** Adds a user by gid or email; invites an unknown email. */
function addUser(world: World, ask: Ask, workspace: Workspace): Answer {
  requireWriter(world, ask);
  const { data, fields } = readChange(ask);
  const id = readUserField(data);
  const known = lookUpUser(world, ask, id);
  if (known === undefined && !isEmail(id)) throw badRequest(`user: Unknown object: ${id}`);
  if (known !== undefined && wasRemoved(world, known, workspace)) {
    throw forbidden('You do not have permission to add this user to this workspace.');
  }
  if (ask.effect.ignoreWrite) {
    const seeming = { gid: known?.gid ?? '0', resource_type: 'user', email: id };
    return { status: 200, json: { data: seeming } };
  }
  const person = known ?? invite(world, id, workspace);
  if (world.directory.activeMembership(person, workspace) === undefined)
    world.directory.joinWorkspace(person, workspace);
  if (known === undefined && ask.effect.staleForMs) world.directory.hideNew(person, ask.effect.staleForMs);
  return answerOne(world, ask, userResource, person, fields ?? ask.query['opt_fields']);
}

/** Whether a person was removed: the API cannot re-add them, as ConductorOne's connector states and Asana does not. */
function wasRemoved(world: World, person: Person, workspace: Workspace): boolean {
  const stays = person.memberships.filter((membership) => membership.workspace === workspace);
  return stays.length > 0 && !stays.some((membership) => world.directory.isActive(membership));
}

function invite(world: World, email: string, workspace: Workspace): Person {
  const kind = world.directory.kindOf(email, workspace);
  return world.directory.addPerson(kind, { email, name: email.slice(0, email.indexOf('@')) });
}

/**
 * Removes a user. Removal from the organization deprovisions, whatever the token. With a personal token the person's
 * content passes to the token's owner (OpenAPI, `removeUserForWorkspace`).
 */
function removeUser(world: World, ask: Ask, workspace: Workspace): Answer {
  requireWriter(world, ask);
  if (ask.token.kind !== 'serviceAccount' && !world.directory.reads.see(ask.token.owner).admin) {
    throw forbidden('You must be an admin of this workspace to remove a user from it.');
  }
  const id = readUserField(readChange(ask).data);
  const person = findUser(world, ask, id, 'field');
  const membership = world.directory.activeMembership(person, workspace);
  if (membership === undefined) {
    throw badRequest(`user: Not a user in ${workspace.isOrganization ? 'Organization' : 'Workspace'}: ${id}`);
  }
  if (ask.effect.ignoreWrite) return { status: 200, json: { data: {} } };
  if (workspace === world.directory.organization) {
    const heir = ask.token.kind === 'personalAccessToken' ? ask.token.owner : null;
    world.directory.deprovision(person, heir, { staleForMs: ask.effect.staleForMs });
  } else world.directory.endMembership(membership);
  return { status: 200, json: { data: {} } };
}

/** Refuses writes by view-only people, who may only read by API (help.asana.com, "View-only licenses"). */
export function requireWriter(world: World, ask: Ask): void {
  if (ask.token.kind === 'personalAccessToken' && world.directory.isViewOnly(ask.token.owner)) {
    throw forbidden('You have a view-only license: the API is read-only.');
  }
}

/** Whether the text is an email: one `@`, a dotted domain, no spaces or quotes, at most 254 characters (RFC 5321). */
export function isEmail(text: string): boolean {
  return text.length <= 254 && /^[^\s@"]+@[^\s@"]+\.[^\s@"]+$/.test(text);
}
