import type { Clock } from '../core/clock.ts';
import type { Person, Profile, Team, TeamMembership } from './records.ts';

/** The directory as readers see it: for a while after a change, possibly the earlier state, as on a lagging replica. */
export class LaggingReads {
  readonly #clock: Pick<Clock, 'now'>;
  #profilesUntil = 0;

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** Returns the profile that readers see now: the earlier one while a change is held back. */
  see(person: Person): Profile {
    const { stale } = person;
    return this.#lastsStill(stale) ? stale.profile : person.profile;
  }

  /** Returns the members of a team that readers see now. */
  membersOf({ memberships, staleMembers }: Team): readonly TeamMembership[] {
    return this.#lastsStill(staleMembers) ? staleMembers.memberships : memberships;
  }

  /** Returns the team memberships of a person that readers see now. */
  teamsOf({ teamMemberships, staleTeams }: Person): readonly TeamMembership[] {
    return this.#lastsStill(staleTeams) ? staleTeams.memberships : teamMemberships;
  }

  /** True while readers may see an old profile. Nothing derived from profiles may be cached then. */
  areStale(): boolean {
    return this.#profilesUntil > this.#clock.now();
  }

  /** Shows readers the current profile for another `forMs`, whatever changes. */
  holdBackProfile(person: Person, forMs: number): void {
    if (forMs === 0) return;
    const until = this.#clock.now() + forMs;
    person.stale = { profile: person.profile, until };
    this.#profilesUntil = Math.max(this.#profilesUntil, until);
  }

  /** Shows readers the current members of a team and the current teams of a person for another `forMs`. */
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
