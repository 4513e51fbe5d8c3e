import type { Part, Team, TeamMembership } from './snapshot.ts';

interface LaidMembership {
  /** Null: not in the team. */
  readonly membership: TeamMembership | null;
  /** Monotonic clock, when it was laid. */
  readonly at: number;
  /** The same, when the read of it began. */
  readonly begunAt: number;
}

/** What our own reads and changes have shown of teams since the snapshot: team, then user. */
export class LaidTeamMemberships {
  readonly #teams = new Map<string, Map<string, LaidMembership>>();

  isEmpty(): boolean {
    return this.#teams.size === 0;
  }

  /** Nothing happens for a read that began before one that is laid already. */
  put(team: string, user: string, laid: LaidMembership): void {
    const users = this.#teams.get(team) ?? new Map<string, LaidMembership>();
    const known = users.get(user);
    if (known && known.begunAt > laid.begunAt) return;
    users.set(user, laid);
    this.#teams.set(team, users);
  }

  /** Undefined when nothing is known beyond the snapshot. */
  get(team: string, user: string): TeamMembership | null | undefined {
    return this.#teams.get(team)?.get(user)?.membership;
  }

  /** Takes over what another knows, where it is not older than what is known here. */
  inherit(other: LaidTeamMemberships): void {
    for (const [team, users] of other.#teams) for (const [user, laid] of users) this.put(team, user, laid);
  }

  forgetAll(): void {
    this.#teams.clear();
  }

  /** Forgets what a whole reading that began later holds itself. Teams carried over keep the time they were read. */
  forgetBefore(reading: Part | null): void {
    if (!reading?.complete) return;
    for (const [team, users] of this.#teams) {
      for (const [user, { at }] of users) if (at < reading.begunAt) users.delete(user);
      if (users.size === 0) this.#teams.delete(team);
    }
  }

  /**
   * The teams with everything laid over them; a team that the snapshot lacks stays unknown.
   * @param left who has left the organization since, and its teams with it
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
