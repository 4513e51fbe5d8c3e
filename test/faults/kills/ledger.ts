import type { Person } from '../../../src/sandbox/records.ts';
import type { Sandbox } from '../../../src/sandbox/server.ts';

/** One effective change of a person in Asana. */
export interface Turn {
  readonly gid: string;
  readonly email: string;
  readonly from: string;
  readonly to: string;
}

/** The standing of an address that belongs to nobody, or to nobody any more. */
export const ABSENT = 'absent';
const OUT = 'out';

/**
 * Records what really happened to people in the simulated Asana, one turn for each change that had an effect. `note` is
 * called for every request that writes, so that no change hides behind the next.
 */
export class Ledger {
  readonly turns: Turn[] = [];
  readonly #sandbox: Sandbox;
  #known = new Map<string, string>();

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
    this.#known = this.#look();
  }

  /** Returns the current standing of a person. */
  standing(email: string): string {
    const person = this.#sandbox.state.personByEmail(email);
    return person === undefined ? ABSENT : describe(person);
  }

  /** Records what changed since the last look. */
  note(): void {
    const now = this.#look();
    for (const gid of new Set([...this.#known.keys(), ...now.keys()])) {
      const from = this.#known.get(gid) ?? ABSENT;
      const to = now.get(gid) ?? ABSENT;
      const email = this.#sandbox.state.person(gid)?.profile.email ?? gid;
      if (from !== to) this.turns.push({ gid, email, from, to });
    }
    this.#known = now;
  }

  /** Takes over changes made in the console without recording them. */
  forgive(): void {
    this.#known = this.#look();
  }

  #look(): Map<string, string> {
    return new Map([...this.#sandbox.state.people].map((person) => [person.gid, describe(person)]));
  }
}

function describe({ profile, teamMemberships }: Person): string {
  if (!profile.active) return OUT;
  const teams = teamMemberships.map(({ team }) => team.name).toSorted();
  return [profile.license, ...teams].join(' + ');
}

/** Returns the standing of a person with these rights, or with none, as the ledger writes it. */
export function standingOf(right: { license: string; team?: string | undefined } | null): string {
  if (right === null) return OUT;
  return [right.license, ...(right.team === undefined ? [] : [right.team])].join(' + ');
}
