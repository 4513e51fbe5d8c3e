import type { AuditLine, Requester } from '../../provisioning/audit.ts';

/** A change that led to a right of an account, from the audit log. */
export interface TracedChange {
  /** RFC 3339. */
  readonly time: string;
  readonly requester: Requester;
  /** The new value: a license, a role, or `Active`. */
  readonly after: string | null;
  readonly reason: string | null;
}

/** A place for one value of an account: its license, or its membership of a team or of a workspace. */
export type Slot = 'License' | `Team ${string}` | `Place ${string}`;

/** Returns the slot of a team membership. */
export function teamSlot(team: string): Slot {
  return `Team ${team}`;
}

/** Returns the slot of the membership of a workspace, be it the organization or another one. */
export function placeSlot(workspace: string): Slot {
  return `Place ${workspace}`;
}

function isOf({ namespace, name }: AuditLine['connector'], { connector }: AuditLine): boolean {
  return connector.namespace === namespace && connector.name === name;
}

type Changes = Map<Slot, TracedChange | null>;

/** The last change of every right of every account of one connector, from audit lines. */
export class AuditTrail {
  readonly #organization: string | null;
  /** By gid, or by email if the account did not exist yet. `null` if the right was taken away. */
  readonly #changes = new Map<string, Changes>();

  /**
   * @param lines in any order, and of any connectors, since a log contains all of them: those of other connectors are
   *   ignored, because the meaning of an account's gid and of a missing place depends on the connector
   * @param organization gid of the organization, where accounts are created
   */
  constructor(lines: readonly AuditLine[], connector: AuditLine['connector'], organization: string | null) {
    this.#organization = organization;
    const carriedOut = lines.filter(
      (line) => isOf(connector, line) && line.kind === 'Change' && line.result === 'Succeeded',
    );
    for (const line of carriedOut.toSorted((a, b) => (a.time < b.time ? -1 : 1))) this.#note(line);
  }

  /** Returns the last known change of a right; `null` if there is none, or if it took the right away. */
  find(
    { gid, email }: { readonly gid: string; readonly email: string | null },
    slot: Slot,
  ): TracedChange | null {
    const byGid = this.#changes.get(gid)?.get(slot);
    // An account that was created by email has a gid since then, under which later changes are recorded.
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
