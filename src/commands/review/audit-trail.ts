import type { AuditLine, Requester } from '../../provisioning/audit.ts';

/** A change that led to a right somebody has, as auditors were told of it. */
export interface TracedChange {
  /** RFC 3339. */
  readonly time: string;
  readonly requester: Requester;
  /** A license, a role, `Active`. */
  readonly after: string | null;
  readonly reason: string | null;
}

/** What an account has one of at a time: a license, a place in a team, a place in a workspace. */
export type Slot = 'License' | `Team ${string}` | `Place ${string}`;

/** The slot of a team membership. */
export function teamSlot(team: string): Slot {
  return `Team ${team}`;
}

/** The slot of the membership of a workspace, the organization or another. */
export function placeSlot(workspace: string): Slot {
  return `Place ${workspace}`;
}

function isOf({ namespace, name }: AuditLine['connector'], { connector }: AuditLine): boolean {
  return connector.namespace === namespace && connector.name === name;
}

type Changes = Map<Slot, TracedChange | null>;

/** The last change of every right of everybody for one connector, out of audit lines. */
export class AuditTrail {
  readonly #organization: string | null;
  /** By gid, or by email where the account was not there yet. Null: taken away. */
  readonly #changes = new Map<string, Changes>();

  /**
   * @param lines in whatever order, of whichever connectors: a log holds those of all of them, and whom an account's gid
   *   and a missing place mean depends on the connector
   * @param organization gid of the organization, where accounts are created
   */
  constructor(lines: readonly AuditLine[], connector: AuditLine['connector'], organization: string | null) {
    this.#organization = organization;
    const carriedOut = lines.filter(
      (line) => isOf(connector, line) && line.kind === 'Change' && line.result === 'Succeeded',
    );
    for (const line of carriedOut.toSorted((a, b) => (a.time < b.time ? -1 : 1))) this.#note(line);
  }

  /** The last known change of a right; null for none, and after one that took it away. */
  find(
    { gid, email }: { readonly gid: string; readonly email: string | null },
    slot: Slot,
  ): TracedChange | null {
    const byGid = this.#changes.get(gid)?.get(slot);
    // Whoever was created by email has a gid now: what came after goes by that.
    if (byGid !== undefined) return byGid;
    return email === null ? null : (this.#changes.get(email.toLowerCase())?.get(slot) ?? null);
  }

  #note({ action, account, place, time, requester, after, reason }: AuditLine): void {
    const person = account.gid ?? account.email?.toLowerCase();
    if (person === undefined) return;
    const change = { time, requester, after, reason };
    const workspace = place ?? this.#organization ?? '';
    switch (action) {
      case 'GrantEnterprise':
      case 'RevokeEnterprise':
        return this.#put(person, 'License', change);
      case 'CreateAccount':
        this.#put(person, 'License', change);
        return this.#put(person, placeSlot(workspace), change);
      case 'AddToTeam':
      case 'RemoveFromTeam':
        return this.#put(person, teamSlot(place ?? ''), after === null ? null : change);
      case 'Deprovision':
        return this.#forget(person, account.email);
      default:
        return this.#put(person, placeSlot(workspace), after === null ? null : change);
    }
  }

  #put(person: string, slot: Slot, change: TracedChange | null): void {
    const known = this.#changes.get(person) ?? new Map<Slot, TracedChange | null>();
    known.set(slot, change);
    this.#changes.set(person, known);
  }

  #forget(person: string, email: string | null): void {
    this.#changes.delete(person);
    if (email !== null) this.#changes.delete(email.toLowerCase());
  }
}
