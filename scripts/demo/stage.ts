import { setTimeout as sleep } from 'node:timers/promises';
import { askControl, type SandboxAddress, userPath } from '../sandbox-control.ts';
import type { Kubectl } from './kubectl.ts';
import type { Program } from './program.ts';

/** One row of the closing table. */
export interface Happening {
  readonly what: string;
  readonly saw: string;
  readonly ok: boolean;
}

/** What every chapter of the story uses. */
export interface Stage {
  readonly kubectl: Kubectl;
  readonly sandbox: SandboxAddress;
  readonly asana: AsanaView;
  /** Runs with the connector's token and the permissions of a cluster administrator. */
  readonly program: Program;
  /** Folder for files that outlast the demo. */
  readonly folder: string;
  /** File with the operator's audit lines. */
  readonly auditLog: string;
  /** Records a result for the closing table. */
  readonly expect: (what: string, saw: string, ok: boolean) => void;
}

/** The longest wait for the operator in one step, long enough for a slow machine. */
const PATIENCE_MS = 90_000;
const LOOK_EVERY_MS = 200;

/** Waits until `seen` returns true; after PATIENCE_MS it throws an error with `what`. */
export async function until(what: string, seen: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await seen())) {
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s for: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** A person, as Asana shows them to an administrator. */
export interface ShownPerson {
  readonly email: string;
  readonly name: string;
  readonly license: string | null;
  readonly role: string;
  readonly active: boolean;
  readonly teams: readonly string[];
}

/** Asana itself, through the sandbox's control endpoint: what the Admin Console would show. */
export class AsanaView {
  readonly #sandbox: SandboxAddress;

  constructor(sandbox: SandboxAddress) {
    this.#sandbox = sandbox;
  }

  async people(): Promise<readonly ShownPerson[]> {
    return (await askControl<{ people: ShownPerson[] }>(this.#sandbox, 'GET', '/state')).people;
  }

  /** Returns a person; `null` if Asana does not know them. */
  async person(email: string): Promise<ShownPerson | null> {
    return (await this.people()).find((person) => person.email.toLowerCase() === email) ?? null;
  }

  /** Returns `enterprise` or `view only`; `none` for a person without an account or without a license. */
  async license(email: string): Promise<string> {
    return (await this.person(email))?.license ?? 'none';
  }

  async isInTeam(email: string, team: string): Promise<boolean> {
    return (await this.person(email))?.teams.includes(team) ?? false;
  }

  async setLicense(email: string, license: string): Promise<void> {
    await askControl(this.#sandbox, 'PATCH', userPath(email), { license });
  }

  async createTeam(name: string): Promise<void> {
    await askControl(this.#sandbox, 'POST', '/teams', { name });
  }
}
