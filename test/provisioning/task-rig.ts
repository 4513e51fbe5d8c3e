import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { AsanaSession } from '../../src/asana/session.ts';
import { countOtherTeamsOf } from '../../src/controllers/connectors/session-reading.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { Directory } from '../../src/directory/directory.ts';
import { syncDirectory } from '../../src/directory/sync.ts';
import { AuditLog, type AuditRecord } from '../../src/provisioning/audit.ts';
import type { TaskView } from '../../src/provisioning/decide-task.ts';
import type { Declaration } from '../../src/provisioning/declarations.ts';
import { Executor } from '../../src/provisioning/executor.ts';
import type { Policies } from '../../src/provisioning/policies.ts';
import type { Reading } from '../../src/provisioning/reading.ts';
import type { TaskContext } from '../../src/provisioning/task-context.ts';
import { TaskProvisioner } from '../../src/provisioning/task-provisioner.ts';
import type { TaskOutcome, TaskRequest } from '../../src/provisioning/task-request.ts';
import type { FaultEffect, FaultMatch } from '../../src/sandbox/faults.ts';
import type { Person, Team } from '../../src/sandbox/records.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import type { TokenKind } from '../../src/sandbox/tokens.ts';
import { fastClock } from '../asana/fake-clock.ts';
import { openTestSession } from '../asana/sessions.ts';
import { policies } from './world.ts';

export const userTypes = { enterprise: 'enterprise', viewOnly: 'view only' };
export const ALICE = 'alice@acme.example';
export const BOB = 'bob@acme.example';
export const DAVE = 'dave@partner.example';

export interface TaskRigOptions extends SandboxOptions {
  readonly scimEnabled?: boolean;
  readonly token?: TokenKind;
  /** How many times faster than real time the clock runs. Waits of minutes need more than requests usually tolerate. */
  readonly speed?: number;
}

/** The state that one view shows. */
export interface RigView {
  readonly policies?: Partial<Policies>;
  readonly declared?: readonly Declaration[];
  readonly doubt?: ReturnType<Reading['doubtAbout']>;
  readonly enterpriseLicenses?: () => number;
}

export interface RigContext extends RigView, Partial<Pick<TaskContext, 'guard' | 'reserveDeprovision'>> {
  /** Called for each view, for changes while a task is in progress. */
  readonly look?: () => RigView;
}

/** A task provisioner against the sandbox's Asana over HTTP. */
export class TaskRig {
  readonly sandbox: Sandbox;
  readonly directory: Directory;
  readonly session: AsanaSession;
  readonly provisioner: TaskProvisioner;
  readonly audit: (AuditRecord & { time: string })[] = [];
  readonly seats = { held: 0, most: 0 };
  /** The number of released seats whose license was given, and of those whose license may have been given. */
  kept = 0;
  doubted = 0;
  readonly reserved: string[] = [];
  readonly #first: number;
  #actions = 0;
  readonly #policies: Policies;

  constructor(
    sandbox: Sandbox,
    session: AsanaSession,
    directory: Directory,
    { scimEnabled, clock }: { scimEnabled: boolean; clock: ReturnType<typeof fastClock> },
  ) {
    this.sandbox = sandbox;
    this.session = session;
    this.directory = directory;
    const audit = new AuditLog((line) => this.audit.push(JSON.parse(line)), clock);
    this.provisioner = new TaskProvisioner({
      executor: new Executor(audit, silentMeter, () => `id-${(this.#actions += 1)}`),
      clock,
    });
    this.#first = sandbox.requests.last;
    this.#policies = policies({
      scimEnabled,
      defaultWorkspace: sandbox.workspace,
      allowDeprovision: false,
    });
  }

  person(email: string): Person {
    const person = this.sandbox.state.personByEmail(email);
    assert.ok(person, email);
    return person;
  }

  gid(email: string): string {
    return this.person(email).gid;
  }

  license(email: string): string {
    return this.person(email).profile.license;
  }

  /** Returns the first team; root, Alice and Bob are in it. */
  team(): Team {
    const team = this.sandbox.people.organization.teams[0];
    assert.ok(team);
    return team;
  }

  isIn(team: Team, email: string): boolean {
    return team.memberships.some(({ person }) => person === this.person(email));
  }

  /** Returns what a task can read. `own` is the number of held seats that belong to the task itself. */
  view(
    { policies: changed = {}, declared = [], doubt = null, enterpriseLicenses }: RigView = {},
    own = 0,
  ): TaskView {
    const snapshot = this.directory.current();
    assert.ok(snapshot);
    const counted = () => this.directory.counts().enterpriseLicenses + this.seats.held - own;
    const reading: Reading = {
      snapshot,
      account: (gid) => this.directory.account(gid),
      accountByEmail: (email) => this.directory.accountByEmail(email),
      teamMembership: (team, user) => this.directory.teamMembership(team, user),
      held: () => null,
      countOtherTeamsOf: (user, team) => countOtherTeamsOf(user, team, snapshot, this.directory),
      enterpriseLicenses: enterpriseLicenses ?? counted,
      doubtAbout: () => doubt,
    };
    return { policies: { ...this.#policies, ...changed }, reading, declaredFor: () => declared };
  }

  context({ look = () => ({}), ...changes }: RigContext = {}): TaskContext {
    let own = 0;
    return {
      session: this.session,
      directory: this.directory,
      noteLoss: (note) => note(this.directory),
      userTypes,
      view: () => this.view({ ...changes, ...look() }, own),
      takeSeat: () => {
        own = 1;
        this.seats.held += 1;
        this.seats.most = Math.max(this.seats.most, this.seats.held);
        const free = () => {
          own = 0;
          this.seats.held -= 1;
        };
        const keep = () => {
          this.kept += 1;
          free();
        };
        const doubt = () => {
          this.doubted += 1;
          free();
        };
        return { free, keep, doubt };
      },
      guard: changes.guard ?? (() => {}),
      reserveDeprovision:
        changes.reserveDeprovision ??
        (({ gid }) => {
          if (this.reserved.includes(gid)) return Promise.resolve(false);
          this.reserved.push(gid);
          return Promise.resolve(true);
        }),
    };
  }

  carryOut(
    request: TaskRequest,
    changes: RigContext = {},
    signal = new AbortController().signal,
    actionTimeoutMs = 60_000_000,
  ): Promise<TaskOutcome> {
    const connector = { namespace: 'iga', name: 'acme' };
    const task = { id: 'task-7', connector, actionTimeoutMs, signal };
    return this.provisioner.carryOut(request, this.context(changes), task);
  }

  fault(match: FaultMatch, effect: FaultEffect): void {
    this.sandbox.faults.add({ match, effect });
  }

  /** The operations requested from Asana since the rig was set up. */
  get operations(): string[] {
    return this.sandbox.requests.since(this.#first).map(({ operation }) => operation);
  }

  count(operation: string): number {
    return this.operations.filter((name) => name === operation).length;
  }

  get results(): string[] {
    return this.audit.map(({ result }) => result);
  }
}

/** Starts a sandbox and reads its directory, including teams. */
export async function startTaskRig(t: TestContext, options: TaskRigOptions = {}): Promise<TaskRig> {
  const { scimEnabled = true, token = 'serviceAccount', speed = 100, ...rest } = options;
  const clock = fastClock(speed);
  const sandbox = await startSandbox({ requestsPerMinute: 0, membersPerTeam: 3, clock, ...rest });
  t.after(() => sandbox.close());
  const session = openTestSession(t, '', {
    baseUrl: sandbox.asanaUrl,
    token: new Redacted(sandbox.tokens[token]),
    scimEnabled,
    clock,
    limits: { requestMs: 60_000 * speed },
  });
  const scim = { enabled: scimEnabled, userTypes };
  const { snapshot } = await syncDirectory(session, { scim, teams: true, clock });
  assert.ok(snapshot);
  const directory = new Directory(clock);
  directory.adopt(snapshot);
  return new TaskRig(sandbox, session, directory, { scimEnabled, clock });
}
