import { setTimeout as sleep } from 'node:timers/promises';
import { askControl, type SandboxAddress, userPath } from '../sandbox-control.ts';
import type { Kubectl } from './kubectl.ts';
import type { Program } from './program.ts';

/** One line of the closing table. */
export interface Happening {
  readonly what: string;
  readonly saw: string;
  readonly ok: boolean;
}

/** What every chapter of the story works with. */
export interface Stage {
  readonly kubectl: Kubectl;
  readonly sandbox: SandboxAddress;
  readonly asana: AsanaView;
  /** With the connector's token and the rights of an administrator of the cluster. */
  readonly program: Program;
  /** Where files are written that outlast the demo. */
  readonly folder: string;
  /** File with the operator's audit lines. */
  readonly auditLog: string;
  /** Notes what was seen, for the closing table. */
  readonly expect: (what: string, saw: string, ok: boolean) => void;
}

/** Waiting for the operator is bounded: on a slow machine each step has this long. */
const PATIENCE_MS = 90_000;
const LOOK_EVERY_MS = 200;

/** Looks until `seen` is true; names what did not happen when patience runs out. */
export async function until(what: string, seen: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await seen())) {
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s, but not: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}

/** Somebody, as Asana shows them to an administrator. */
export interface ShownPerson {
  readonly email: string;
  readonly name: string;
  readonly license: string | null;
  readonly role: string;
  readonly active: boolean;
  readonly teams: readonly string[];
}

/** Asana itself, through the sandbox's control endpoint: what a person would see in the Admin Console. */
export class AsanaView {
  readonly #sandbox: SandboxAddress;

  constructor(sandbox: SandboxAddress) {
    this.#sandbox = sandbox;
  }

  async people(): Promise<readonly ShownPerson[]> {
    return (await askControl<{ people: ShownPerson[] }>(this.#sandbox, 'GET', '/state')).people;
  }

  /** Null for somebody whom Asana does not know. */
  async person(email: string): Promise<ShownPerson | null> {
    return (await this.people()).find((person) => person.email.toLowerCase() === email) ?? null;
  }

  /** `enterprise` or `view only`; `none` for somebody without an account. */
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
