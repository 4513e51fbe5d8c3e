import type { Clock } from '../core/clock.ts';
import type { Person, Profile, Team, TeamMembership } from './records.ts';

/** What readers see of the directory: for a while the state before a change, as a replica that lags behind shows it. */
export class LaggingReads {
  readonly #clock: Pick<Clock, 'now'>;
  #profilesUntil = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** The profile as readers see it now: the one before, while a change is held back from them. */
  see(person: Person): Profile {
    const { stale } = person;
    return this.#lastsStill(stale) ? stale.profile : person.profile;
  }

  /** Who is in a team, as readers see it now. */
  membersOf({ memberships, staleMembers }: Team): readonly TeamMembership[] {
    return this.#lastsStill(staleMembers) ? staleMembers.memberships : memberships;
  }

  /** The teams somebody is in, as readers see it now. */
  teamsOf({ teamMemberships, staleTeams }: Person): readonly TeamMembership[] {
    return this.#lastsStill(staleTeams) ? staleTeams.memberships : teamMemberships;
  }

  /** True while some reader may see an old profile: nothing derived may be kept then. */
  areStale(): boolean {
    return this.#profilesUntil > this.#clock.now();
  }

  /** Shows readers the profile as it is now for `forMs` more. */
  holdBackProfile(person: Person, forMs: number): void {
    if (forMs === 0) return;
    const until = this.#clock.now() + forMs;
    person.stale = { profile: person.profile, until };
    this.#profilesUntil = Math.max(this.#profilesUntil, until);
  }

  /** Shows readers the members of a team, and the teams of somebody, as they are now for `forMs` more. */
  holdBackTeams(person: Person, team: Team, forMs: number): void {
    if (forMs === 0) return;
    const until = this.#clock.now() + forMs;
    team.staleMembers = { memberships: team.memberships.slice(), until };
    person.staleTeams = { memberships: person.teamMemberships.slice(), until };
  }

  #lastsStill<T extends { readonly until: number }>(stale: T | null): stale is T {
    return stale !== null && stale.until > this.#clock.now();
  }
}
