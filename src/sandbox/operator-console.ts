import { Type } from 'typebox';
import { CodedError, InvalidInputError } from '../core/errors.ts';
import { isObject, readChecked } from './checked.ts';
import type { Directory } from './directory.ts';
import type { Person, Profile } from './records.ts';
import { isEmail } from './rest-workspaces.ts';

/** A control request that cannot be carried out; `statusCode` is its HTTP status. */
export class ControlError extends CodedError {
  readonly statusCode: number;

  constructor(statusCode: number, message: string) {
    super('ControlRefused', 'stalling', message);
    this.statusCode = statusCode;
  }
}

export type ShownRole = 'admin' | 'member' | 'guest' | 'service account';

/** A person as the control endpoint shows them. */
export interface ShownPerson {
  readonly gid: string;
  readonly email: string;
  readonly name: string;
  /** `enterprise`, `view only` or any other value that was set; `null` for all but active members. */
  readonly license: string | null;
  readonly role: ShownRole;
  readonly active: boolean;
  readonly teams: readonly string[];
  /** Gid of the person who inherited this person's content, if a personal token removed them. */
  readonly heir: string | null;
}

const text = Type.String({ minLength: 1, maxLength: 1024 });

/** What the Admin Console can change about a person. */
const changesSchema = Type.Object(
  {
    email: Type.Optional(text),
    name: Type.Optional(text),
    license: Type.Optional(text),
    role: Type.Optional(Type.Enum(['admin', 'member', 'guest'])),
    active: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

const teamSchema = Type.Object(
  {
    name: text,
    visibility: Type.Optional(Type.Enum(['secret', 'request_to_join', 'public'])),
    members: Type.Optional(Type.Array(text, { maxItems: 5000, description: 'Emails or gids.' })),
  },
  { additionalProperties: false },
);

/** The Admin Console: sees and changes everybody, without the restrictions of the API. */
export class OperatorConsole {
  readonly #directory: Directory;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  state(): Record<string, unknown> {
    const { gid, name, people, teams } = this.#directory.organization;
    return {
      workspace: gid,
      name,
      people: people.map(show),
      teams: teams.map((team) => ({ gid: team.gid, name: team.name })),
    };
  }

  show(id: string): ShownPerson {
    return show(this.#find(id));
  }

  /** Creates a person; with `role: guest`, or an address outside the organization's domains, a guest. */
  create(given: unknown): ShownPerson {
    const { email, name, ...changes } = readChanges(given);
    if (email === undefined) throw new InvalidInputError('email', 'is required.');
    if (this.#directory.personByEmail(email) !== undefined)
      throw new ControlError(409, 'that email belongs to somebody already');
    const { organization } = this.#directory;
    const kind =
      isObject(given) && given['role'] === 'guest' ? 'guest' : this.#directory.kindOf(email, organization);
    const person = this.#directory.addPerson(kind, { email, name: name ?? email, ...changes });
    this.#directory.joinWorkspace(person, organization);
    return show(person);
  }

  createOrChange(id: string, given: unknown): ShownPerson {
    const known = this.#directory.personByEmail(id) ?? this.#directory.person(id);
    return known === undefined
      ? this.create({ email: id, ...(isObject(given) ? given : {}) })
      : this.change(id, given);
  }

  /** Changes the given fields. `active: false` deprovisions; `active: true` reactivates, which no API can do. */
  change(id: string, given: unknown): ShownPerson {
    const person = this.#find(id);
    if (isObject(given) && given['role'] === 'guest' && person.kind !== 'guest') {
      throw new InvalidInputError('role', 'nobody becomes a guest: create one instead.');
    }
    const changes = readChanges(given);
    const other = changes.email === undefined ? undefined : this.#directory.personByEmail(changes.email);
    if (other !== undefined && other !== person)
      throw new ControlError(409, 'that email belongs to somebody already');
    if (changes.active === false && person.profile.active)
      this.#directory.deprovision(person, null, { changes });
    else this.#directory.change(person, changes);
    return show(person);
  }

  erase(id: string): void {
    this.#directory.erase(this.#find(id));
  }

  createTeam(given: unknown): Record<string, unknown> {
    const { name, visibility = 'public', members = [] } = readChecked('team', teamSchema, given);
    const people = members.map((member) => this.#find(member));
    const team = this.#directory.addTeam(this.#directory.organization, { name, description: '', visibility });
    for (const person of people) this.#directory.joinTeam(person, team);
    return { gid: team.gid, name: team.name };
  }

  #find(id: string): Person {
    const person = this.#directory.personByEmail(id) ?? this.#directory.person(id);
    if (person === undefined) throw new ControlError(404, 'there is nobody with that email or gid');
    return person;
  }
}

function readChanges(given: unknown): Partial<Profile> {
  const { role, email, ...others } = readChecked('person', changesSchema, given);
  if (email !== undefined && !isEmail(email)) throw new InvalidInputError('email', 'must be an email.');
  return {
    ...others,
    ...(email === undefined ? {} : { email }),
    ...(role === undefined ? {} : { admin: role === 'admin' }),
  };
}

function show(person: Person): ShownPerson {
  const { email, name, license, active } = person.profile;
  return {
    gid: person.gid,
    email,
    name,
    license: person.kind === 'member' && active ? license : null,
    role: roleOf(person),
    active,
    teams: person.teamMemberships.map((membership) => membership.team.name),
    heir: person.heir?.gid ?? null,
  };
}

function roleOf({ kind, profile }: Person): ShownRole {
  if (kind === 'guest') return 'guest';
  if (kind === 'serviceAccount') return 'service account';
  return profile.admin ? 'admin' : 'member';
}
