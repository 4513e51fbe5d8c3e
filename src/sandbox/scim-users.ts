import type { Person, Profile } from './records.ts';
import { scimRefusal } from './refusal.ts';
import { CORE_USER, ENTERPRISE_USER, readAttributes, requireSchema } from './scim-attributes.ts';
import { answerList, readFilter } from './scim-list.ts';
import { readUserPatch } from './scim-patch.ts';
import type { Answer, Ask, Route, World } from './world.ts';

/** The users of Asana's SCIM API (developers.asana.com/docs/scim): the people of the organization, without guests. */
export function scimUserRoutes(world: World): Route[] {
  const users = new ScimUsers(world);
  const path = '/scim/Users/:id';
  return [
    {
      method: 'GET',
      path: '/scim/Users',
      operation: 'scimListUsers',
      handler: (ask) => listUsers(world, users, ask),
    },
    {
      method: 'POST',
      path: '/scim/Users',
      operation: 'scimCreateUser',
      handler: (ask) => createUser(world, ask),
    },
    { method: 'GET', path, operation: 'scimGetUser', handler: (ask) => readUser(world, ask) },
    {
      method: 'PUT',
      path,
      operation: 'scimReplaceUser',
      handler: (ask) => changeUser(world, ask, (person) => readReplacement(world, ask, person)),
    },
    {
      method: 'PATCH',
      path,
      operation: 'scimPatchUser',
      handler: (ask) => changeUser(world, ask, () => readUserPatch(world, ask.body)),
    },
    { method: 'DELETE', path, operation: 'scimDeleteUser', handler: (ask) => deleteUser(world, ask) },
  ];
}

/** Whether SCIM shows a person: no guest, no service account, no deprovisioned user unless the settings keep them. */
export function isScimUser(world: World, person: Person): boolean {
  if (person.kind !== 'member') return false;
  if (!world.settings.keepDeprovisioned && !world.directory.reads.see(person).active) return false;
  return person.memberships.some((membership) => membership.workspace === world.directory.organization);
}

/** The list of SCIM users, rebuilt only after a change, so that reading one page does not walk over 20,000 people. */
class ScimUsers {
  readonly #world: World;
  #kept: {
    readonly revision: number;
    readonly keptDeprovisioned: boolean;
    readonly users: readonly Person[];
  } | null = null;

  constructor(world: World) {
    this.#world = world;
  }

  list(): readonly Person[] {
    const { directory, settings } = this.#world;
    const kept = this.#kept;
    if (kept?.revision === directory.revision && kept.keptDeprovisioned === settings.keepDeprovisioned)
      return kept.users;
    const users = directory.organization.people.filter((person) => isScimUser(this.#world, person));
    const lasting = !directory.reads.areStale();
    this.#kept = lasting
      ? { revision: directory.revision, keptDeprovisioned: settings.keepDeprovisioned, users }
      : null;
    return users;
  }
}

function listUsers(world: World, users: ScimUsers, ask: Ask): Answer {
  const userName = readFilter(ask, 'userName');
  const render = (person: Person) => renderUser(world, person, world.directory.reads.see(person));
  if (userName === null) return answerList(world, ask, users.list(), render);
  const person = world.directory.personByEmail(userName);
  return answerList(world, ask, person !== undefined && isScimUser(world, person) ? [person] : [], render);
}

function readUser(world: World, ask: Ask): Answer {
  const person = findScimUser(world, ask.params['id'] ?? '');
  return { status: 200, json: renderUser(world, person, world.directory.reads.see(person)) };
}

/** @throws Refusal 404 for an unknown user, a guest and, unless `keepDeprovisioned` is set, a deprovisioned user */
export function findScimUser(world: World, id: string): Person {
  const person = world.directory.person(id);
  if (person === undefined || !isScimUser(world, person)) throw scimRefusal(404, 'User not found');
  return person;
}

function createUser(world: World, ask: Ask): Answer {
  const attributes = readAttributes(world, requireSchema(ask.body, CORE_USER));
  const { email } = attributes;
  if (email === undefined) throw scimRefusal(400, 'userName: is required', 'invalidValue');
  const { organization } = world.directory;
  if (world.directory.kindOf(email, organization) === 'guest') {
    throw scimRefusal(400, "userName: not in one of the organization's email domains", 'invalidValue');
  }
  if (world.directory.personByEmail(email) !== undefined) throw userExists();
  const license = attributes.license ?? world.settings.newUserLicense;
  if (license === 'enterprise') requireSeat(world);
  const profile = { name: email.slice(0, email.indexOf('@')), ...attributes, email, license };
  if (ask.effect.ignoreWrite)
    return { status: 201, json: { schemas: [CORE_USER], id: '0', userName: email, active: true } };
  const person = world.directory.addPerson('member', profile);
  world.directory.joinWorkspace(person, organization);
  if (ask.effect.staleForMs) world.directory.hideNew(person, ask.effect.staleForMs);
  return {
    status: 201,
    json: renderUser(world, person, person.profile),
    headers: { location: `${world.baseUrl()}/scim/Users/${person.gid}` },
  };
}

/** Reads a PUT: what it does not name is cleared, except license, name and state (a PUT without them is legal). */
function readReplacement(world: World, ask: Ask, person: Person): Partial<Profile> {
  const attributes = readAttributes(world, requireSchema(ask.body, CORE_USER));
  if (attributes.email === undefined) throw scimRefusal(400, 'userName: is required', 'invalidValue');
  const { name, license, active } = person.profile;
  return { title: null, department: null, preferredLanguage: null, name, license, active, ...attributes };
}

function changeUser(world: World, ask: Ask, read: (person: Person) => Partial<Profile>): Answer {
  const person = findScimUser(world, ask.params['id'] ?? '');
  const changes = read(person);
  requireAllowed(world, person, changes);
  if (!ask.effect.ignoreWrite) applyChanges(world, ask, person, changes);
  return { status: 200, json: renderUser(world, person, person.profile) };
}

function requireAllowed(world: World, person: Person, changes: Partial<Profile>): void {
  const other = changes.email === undefined ? undefined : world.directory.personByEmail(changes.email);
  if (other !== undefined && other !== person) throw userExists();
  if (changes.active === true && !person.profile.active)
    throw scimRefusal(400, 'Reactivating users is not supported', 'mutability');
  if (changes.license === 'enterprise' && person.profile.license !== 'enterprise') requireSeat(world);
}

function applyChanges(world: World, ask: Ask, person: Person, changes: Partial<Profile>): void {
  const { staleForMs } = ask.effect;
  if (changes.active === false && person.profile.active)
    world.directory.deprovision(person, null, { changes, staleForMs });
  else world.directory.change(person, changes, staleForMs);
}

/** Deprovisions the user, like PATCH and PUT with `active: false`. */
function deleteUser(world: World, ask: Ask): Answer {
  const person = findScimUser(world, ask.params['id'] ?? '');
  if (!ask.effect.ignoreWrite && person.profile.active) {
    world.directory.deprovision(person, null, { staleForMs: ask.effect.staleForMs });
  }
  return { status: 204 };
}

/** @throws Refusal 400 if every purchased enterprise license is taken */
function requireSeat(world: World): void {
  const { enterpriseSeats } = world.settings;
  if (enterpriseSeats === null) return;
  let taken = 0;
  for (const { kind, profile } of world.directory.organization.people) {
    if (kind === 'member' && profile.active && profile.license === 'enterprise') taken += 1;
  }
  if (taken >= enterpriseSeats)
    throw scimRefusal(400, 'There are no enterprise licenses left in this domain', 'invalidValue');
}

function userExists(): Error {
  return scimRefusal(409, 'A user with this userName exists already', 'uniqueness');
}

/** Renders a user for SCIM: `userType` only in a view-only domain, optional attributes only if they are set. */
function renderUser(world: World, person: Person, profile: Profile): Record<string, unknown> {
  const [givenName = '', ...familyNames] = profile.name.split(' ');
  return {
    schemas: profile.department === null ? [CORE_USER] : [CORE_USER, ENTERPRISE_USER],
    id: person.gid,
    userName: profile.email,
    name: { formatted: profile.name, givenName, familyName: familyNames.join(' ') },
    emails: [{ value: profile.email, primary: true, type: 'work' }],
    active: profile.active,
    ...(world.settings.viewOnlyDomain ? { userType: profile.license } : {}),
    ...(profile.title === null ? {} : { title: profile.title }),
    ...(profile.preferredLanguage === null ? {} : { preferredLanguage: profile.preferredLanguage }),
    ...(profile.department === null ? {} : { [ENTERPRISE_USER]: { department: profile.department } }),
  };
}
