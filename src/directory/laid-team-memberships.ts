import type { Part, Team, TeamMembership } from './snapshot.ts';

interface LaidMembership {
  /** `null` if the user is not in the team. */
  readonly membership: TeamMembership | null;
  /** Monotonic time at which it was laid over. */
  readonly at: number;
  /** Monotonic time at which its read began. */
  readonly begunAt: number;
}

/** What our own reads and changes have shown of teams since the snapshot, by team, then user. */
export class LaidTeamMemberships {
  readonly #teams = new Map<string, Map<string, LaidMembership>>();

  isEmpty(): boolean {
    return this.#teams.size === 0;
  }

  /** Lays a membership over. Ignores a read that began before the one already laid over. */
  put(team: string, user: string, laid: LaidMembership): void {
    const users = this.#teams.get(team) ?? new Map<string, LaidMembership>();
    const known = users.get(user);
    if (known && known.begunAt > laid.begunAt) return;
    users.set(user, laid);
    this.#teams.set(team, users);
  }

  /** `undefined` if nothing is known beyond the snapshot. */
  get(team: string, user: string): TeamMembership | null | undefined {
    return this.#teams.get(team)?.get(user)?.membership;
  }

  /** Takes over entries of another instance, except those older than our own. */
  inherit(other: LaidTeamMemberships): void {
    for (const [team, users] of other.#teams) for (const [user, laid] of users) this.put(team, user, laid);
  }

  forgetAll(): void {
    this.#teams.clear();
  }

  /** Forgets entries older than a complete reading. Carried-over teams keep the times of the reading they came from. */
  forgetBefore(reading: Part | null): void {
    if (!reading?.complete) return;
    for (const [team, users] of this.#teams) {
      for (const [user, { at }] of users) if (at < reading.begunAt) users.delete(user);
      if (users.size === 0) this.#teams.delete(team);
    }
  }

  /**
   * Returns the teams with everything laid over them. Ignores teams that the snapshot lacks.
   * @param left gids of users who have left the organization since, and with it its teams
   */
  over(teams: ReadonlyMap<string, Team>, left: ReadonlySet<string>): ReadonlyMap<string, Team> {
    const changed = new Map(teams);
    for (const [gid, team] of teams) {
      const users = this.#teams.get(gid);
      const stale = ({ user }: TeamMembership) => left.has(user) || users?.has(user) === true;
      if (!users && !(left.size > 0 && team.memberships.some(stale))) continue;
      const memberships = team.memberships.filter((membership) => !stale(membership));
      for (const { membership } of users?.values() ?? [])
        if (membership && !left.has(membership.user)) memberships.push(membership);
      changed.set(gid, { ...team, memberships });
    }
    return changed;
  }
}
