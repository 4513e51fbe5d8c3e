import assert from 'node:assert/strict';
import { askControl } from '../../scripts/sandbox-control.ts';
import type { Person, Team } from '../../src/sandbox/records.ts';
import { SECOND_WORKSPACE_GID } from '../../src/sandbox/seed.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';

/** Does what people do with teams in Asana's console, and shows what they see there. */
export class Teams {
  readonly #sandbox: Sandbox;

  constructor(sandbox: Sandbox) {
    this.#sandbox = sandbox;
  }

  /** @returns the gid of the new team */
  async create(name: string, members: readonly string[] = []): Promise<string> {
    return (await askControl<{ gid: string }>(this.#sandbox, 'POST', '/teams', { name, members })).gid;
  }

  add(email: string, gid: string, flags: { isAdmin?: boolean } = {}): void {
    this.#sandbox.state.joinTeam(this.#person(email), this.#team(gid), flags);
  }

  remove(email: string, gid: string): void {
    const { memberships } = this.#team(gid);
    const membership = memberships.find(({ person }) => person === this.#person(email));
    assert.ok(membership, `${email} is not in the team`);
    this.#sandbox.state.leaveTeam(membership);
  }

  has(email: string, gid: string): boolean {
    return this.#team(gid).memberships.some(({ person }) => person === this.#person(email));
  }

  #team(gid: string): Team {
    const team = this.#sandbox.state.team(gid);
    assert.ok(team, `there is no team ${gid}`);
    return team;
  }

  #person(email: string): Person {
    return personOf(this.#sandbox, email);
  }
}

/**
 * Creates a team in the second organization. Asana lets only members of a team change who is in it, so the
 * administrator, who owns the personal token, is one of them, and alice is another.
 * @returns its gid
 */
export function addSecondTeam(sandbox: Sandbox): string {
  const { state } = sandbox;
  const organization = state.workspace(SECOND_WORKSPACE_GID);
  assert.ok(organization, 'there is no second workspace');
  const team = state.addTeam(organization, { name: 'Skunks', description: '', visibility: 'public' });
  for (const email of ['root@acme.example', 'alice@acme.example'])
    state.joinTeam(personOf(sandbox, email), team);
  return team.gid;
}

/** Whether a person is in a workspace, according to Asana. */
export function isInWorkspace(sandbox: Sandbox, email: string, gid: string): boolean {
  const person = sandbox.state.personByEmail(email);
  const workspace = sandbox.state.workspace(gid);
  return (
    person !== undefined &&
    workspace !== undefined &&
    sandbox.state.activeMembership(person, workspace) !== undefined
  );
}

export function personOf(sandbox: Sandbox, email: string): Person {
  const person = sandbox.state.personByEmail(email);
  assert.ok(person, `there is nobody with the address ${email}`);
  return person;
}
