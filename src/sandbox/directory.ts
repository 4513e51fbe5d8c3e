import type { Clock, Random } from '../core/clock.ts';
import { GidSequence } from './gids.ts';
import { LaggingReads } from './lagging-reads.ts';
import {
  insertByGid,
  type Person,
  type PersonKind,
  type Profile,
  type Team,
  type TeamMembership,
  type TeamVisibility,
  takeOut,
  type Workspace,
  type WorkspaceMembership,
} from './records.ts';
import type { Settings } from './settings.ts';

export type NewProfile = Pick<Profile, 'email' | 'name'> & Partial<Profile>;

/**
 * Everything the simulated Asana holds, with an index for every lookup. Listings are kept in gid order and are never
 * sorted during a request. The directory knows no HTTP and refuses nothing but a second person with the same email.
 */
export class Directory {
  readonly settings: Settings;
  /** The state that readers see, which may lag behind. */
  readonly reads: LaggingReads;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #people = new Map<string, Person>();
  readonly #peopleByEmail = new Map<string, Person>();
  readonly #workspaces = new Map<string, Workspace>();
  readonly #teams = new Map<string, Team>();
  readonly #workspaceMemberships = new Map<string, WorkspaceMembership>();
  readonly #teamMemberships = new Map<string, TeamMembership>();
  readonly #gids: {
    person: GidSequence;
    membership: GidSequence;
    team: GidSequence;
    teamMembership: GidSequence;
  };
  #organization: Workspace | null = null;
  /** Grows with every change. Data derived from the directory can be cached until it does. */
  revision = 0;

  constructor(settings: Settings, clock: Pick<Clock, 'now'>, random: Random) {
    this.settings = settings;
    this.reads = new LaggingReads(clock);
    this.#clock = clock;
    // Beyond 2^53, so that a client that converts gids to numbers is caught at once. Team gids are smaller, because one
    // SCIM answer has them as a JSON number.
    this.#gids = {
      person: new GidSequence(12_040_000_000_000_001n, random),
      membership: new GidSequence(12_050_000_000_000_001n, random),
      team: new GidSequence(1_206_000_000_000_001n, random),
      teamMembership: new GidSequence(12_070_000_000_000_001n, random),
    };
  }

  /** The organization that SCIM serves: the first one added. */
  get organization(): Workspace {
    if (this.#organization === null) throw new Error('the directory has no organization yet');
    return this.#organization;
  }

  get workspaces(): Iterable<Workspace> {
    return this.#workspaces.values();
  }

  get people(): Iterable<Person> {
    return this.#people.values();
  }

  /** Whether a membership is active: not ended and, in the organization, the person not deprovisioned. */
  isActive(membership: WorkspaceMembership): boolean {
    if (membership.ended) return false;
    return membership.workspace !== this.#organization || this.reads.see(membership.person).active;
  }

  /** Returns the active membership in a workspace, if there is one. */
  activeMembership(person: Person, workspace: Workspace): WorkspaceMembership | undefined {
    return person.memberships.find((m) => m.workspace === workspace && this.isActive(m));
  }

  /** Whether a person is view-only, which is possible only in a view-only domain (developers.asana.com/docs/scim). */
  isViewOnly(person: Person): boolean {
    return (
      this.settings.viewOnlyDomain &&
      person.kind === 'member' &&
      this.reads.see(person).license === 'view only'
    );
  }

  person(gid: string): Person | undefined {
    return this.#people.get(gid);
  }

  personByEmail(email: string): Person | undefined {
    return this.#peopleByEmail.get(email.toLowerCase());
  }

  workspace(gid: string): Workspace | undefined {
    return this.#workspaces.get(gid);
  }

  team(gid: string): Team | undefined {
    return this.#teams.get(gid);
  }

  workspaceMembership(gid: string): WorkspaceMembership | undefined {
    return this.#workspaceMemberships.get(gid);
  }

  teamMembership(gid: string): TeamMembership | undefined {
    return this.#teamMemberships.get(gid);
  }

  addWorkspace(gid: string, name: string, emailDomains: readonly string[]): Workspace {
    const isOrganization = emailDomains.length > 0;
    const workspace: Workspace = {
      gid,
      name,
      isOrganization,
      emailDomains,
      people: [],
      memberships: [],
      teams: [],
    };
    this.#workspaces.set(gid, workspace);
    if (isOrganization) this.#organization ??= workspace;
    this.revision += 1;
    return workspace;
  }

  /** Adds a person without any membership. */
  addPerson(kind: PersonKind, profile: NewProfile): Person {
    this.#requireFreeEmail(profile.email);
    const person: Person = {
      gid: this.#gids.person.next(),
      kind,
      profile: {
        license: this.settings.newUserLicense,
        admin: false,
        active: true,
        title: null,
        department: null,
        preferredLanguage: null,
        ...profile,
      },
      stale: null,
      staleTeams: null,
      memberships: [],
      teamMemberships: [],
      heir: null,
    };
    this.#people.set(person.gid, person);
    this.#peopleByEmail.set(profile.email.toLowerCase(), person);
    this.revision += 1;
    return person;
  }

  /** Returns the kind of person in a workspace: a guest if the address is outside the domains of an organization. */
  kindOf(email: string, workspace: Workspace): PersonKind {
    const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
    return !workspace.isOrganization || workspace.emailDomains.includes(domain) ? 'member' : 'guest';
  }

  /** True for guests of the organization everywhere, and for members in organizations with other email domains. */
  isGuest({ person, workspace }: WorkspaceMembership): boolean {
    return person.kind === 'guest' || this.kindOf(person.profile.email, workspace) === 'guest';
  }

  joinWorkspace(
    person: Person,
    workspace: Workspace,
    { createdAt = this.#clock.now(), isAdmin = false, ended = false } = {},
  ): WorkspaceMembership {
    const gid = this.#gids.membership.next();
    const membership = { gid, person, workspace, createdAt, isAdmin, ended };
    this.#workspaceMemberships.set(gid, membership);
    workspace.memberships.push(membership);
    if (!person.memberships.some((m) => m.workspace === workspace)) insertByGid(workspace.people, person);
    person.memberships.push(membership);
    this.revision += 1;
    return membership;
  }

  addTeam(
    organization: Workspace,
    team: { name: string; description: string; visibility: TeamVisibility },
  ): Team {
    const gid = this.#gids.team.next();
    const added: Team = { gid, ...team, organization, memberships: [], staleMembers: null };
    this.#teams.set(added.gid, added);
    organization.teams.push(added);
    this.revision += 1;
    return added;
  }

  joinTeam(
    person: Person,
    team: Team,
    {
      staleForMs = 0,
      ...flags
    }: { isAdmin?: boolean; isLimitedAccess?: boolean; staleForMs?: number | undefined } = {},
  ): TeamMembership {
    this.reads.holdBackTeams(person, team, staleForMs);
    const gid = this.#gids.teamMembership.next();
    const membership = {
      gid,
      person,
      team,
      isAdmin: flags.isAdmin ?? false,
      isLimitedAccess: flags.isLimitedAccess ?? false,
    };
    this.#teamMemberships.set(gid, membership);
    team.memberships.push(membership);
    person.teamMemberships.push(membership);
    this.revision += 1;
    return membership;
  }

  leaveTeam(membership: TeamMembership, staleForMs = 0): void {
    this.reads.holdBackTeams(membership.person, membership.team, staleForMs);
    this.#teamMemberships.delete(membership.gid);
    takeOut(membership.team.memberships, membership);
    takeOut(membership.person.teamMemberships, membership);
    this.revision += 1;
  }

  /** Changes a profile. For another `staleForMs`, reads show the earlier one. */
  change(person: Person, changes: Partial<Profile>, staleForMs = 0): void {
    if (changes.email !== undefined && changes.email.toLowerCase() !== person.profile.email.toLowerCase()) {
      this.#requireFreeEmail(changes.email);
      this.#peopleByEmail.delete(person.profile.email.toLowerCase());
      this.#peopleByEmail.set(changes.email.toLowerCase(), person);
    }
    this.reads.holdBackProfile(person, staleForMs);
    person.profile = { ...person.profile, ...changes };
    this.revision += 1;
  }

  /** Hides a new person from readers for `forMs`, as a lagging replica would. */
  hideNew(person: Person, forMs: number): void {
    const { profile } = person;
    this.change(person, { active: false });
    this.change(person, profile, forMs);
  }

  /**
   * Removes a person from the organization and its teams. Their content passes to `heir`; `null` stands for the
   * administrator that the Admin Console names.
   */
  deprovision(
    person: Person,
    heir: Person | null,
    { changes = {}, staleForMs = 0 }: { changes?: Partial<Profile>; staleForMs?: number | undefined } = {},
  ): void {
    this.change(person, { ...changes, active: false }, staleForMs);
    for (const membership of person.teamMemberships.slice()) {
      if (membership.team.organization === this.#organization) this.leaveTeam(membership);
    }
    person.heir = heir;
  }

  /** Ends a membership of a workspace other than the organization. */
  endMembership(membership: WorkspaceMembership): void {
    membership.ended = true;
    this.revision += 1;
  }

  /** Erases a person without a trace, which no API of Asana does. */
  erase(person: Person): void {
    for (const membership of person.teamMemberships.slice()) this.leaveTeam(membership);
    for (const membership of person.memberships) {
      this.#workspaceMemberships.delete(membership.gid);
      takeOut(membership.workspace.memberships, membership);
      takeOut(membership.workspace.people, person);
    }
    this.#people.delete(person.gid);
    this.#peopleByEmail.delete(person.profile.email.toLowerCase());
    this.revision += 1;
  }

  #requireFreeEmail(email: string): void {
    if (this.#peopleByEmail.has(email.toLowerCase()))
      throw new Error('that email belongs to somebody already');
  }
}
