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
 * Everything the simulated Asana holds, with an index for every way it is asked for. Listings are kept in order
 * of gid and never sorted on a request. It knows no HTTP and refuses nothing but two people with one email.
 */
export class Directory {
  readonly settings: Settings;
  /** What is asked for by readers, who may be shown what was before. */
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
  /** Grows with every change: what is derived from the directory can be kept while it stands still. */
  revision = 0;

  constructor(settings: Settings, clock: Pick<Clock, 'now'>, random: Random) {
    this.settings = settings;
    this.reads = new LaggingReads(clock);
    this.#clock = clock;
    // Beyond 2^53, but for teams, whose gid SCIM once gives as a JSON number: a client that makes numbers of
    // gids is found out at once.
    this.#gids = {
      person: new GidSequence(12_040_000_000_000_001n, random),
      membership: new GidSequence(12_050_000_000_000_001n, random),
      team: new GidSequence(1_206_000_000_000_001n, random),
      teamMembership: new GidSequence(12_070_000_000_000_001n, random),
    };
  }

  /** The organization that SCIM speaks of: the first one added. */
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

  /** Whether a membership is the one that counts: not ended, and the person not deprovisioned. */
  isActive(membership: WorkspaceMembership): boolean {
    if (membership.ended) return false;
    return membership.workspace !== this.#organization || this.reads.see(membership.person).active;
  }

  /** The membership that counts in a workspace, if there is one. */
  activeMembership(person: Person, workspace: Workspace): WorkspaceMembership | undefined {
    return person.memberships.find((m) => m.workspace === workspace && this.isActive(m));
  }

  /** View-only exists only in a view-only domain (developers.asana.com/docs/scim). */
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

  /** Adds somebody who belongs to nothing yet. */
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

  /** Guests and members are told apart by the domain of their address. */
  kindOf(email: string, workspace: Workspace): PersonKind {
    const domain = email.slice(email.lastIndexOf('@') + 1).toLowerCase();
    return !workspace.isOrganization || workspace.emailDomains.includes(domain) ? 'member' : 'guest';
  }

  /** Guests of the organization are guests wherever they are; a member of it is one in a stranger's organization. */
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

  /** Changes a profile; for `staleForMs` more, reads show the one before. */
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

  /** Hides somebody new from readers for a while, as a replica that lags behind would. */
  hideNew(person: Person, forMs: number): void {
    const { profile } = person;
    this.change(person, { active: false });
    this.change(person, profile, forMs);
  }

  /**
   * Takes somebody out of the organization and of its teams. Their things pass to `heir`; null stands for the
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

  /** Ends somebody's stay in a workspace that is not the organization. */
  endMembership(membership: WorkspaceMembership): void {
    membership.ended = true;
    this.revision += 1;
  }

  /** Makes somebody never have been: what no API of Asana does. */
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
