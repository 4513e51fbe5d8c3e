import assert from 'node:assert/strict';
import { type TestContext } from 'node:test';
import type { AsanaSession } from '../../src/asana/session.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { Directory } from '../../src/directory/directory.ts';
import { syncDirectory } from '../../src/directory/sync.ts';
import type { Action } from '../../src/provisioning/action.ts';
import { AuditLog, type AuditRecord } from '../../src/provisioning/audit.ts';
import { type ActionHooks, type ActionRequest, Executor } from '../../src/provisioning/executor.ts';
import type { FaultEffect, FaultMatch } from '../../src/sandbox/faults.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/server.ts';
import { fastClock } from '../asana/fake-clock.ts';
import { RecordingMeter } from '../asana/recording-meter.ts';
import { openTestSession } from '../asana/sessions.ts';

export const userTypes = { enterprise: 'enterprise', viewOnly: 'view only' };
export const clock = fastClock(100);
export const ALICE = 'alice@acme.example';
export const BOB = 'bob@acme.example';

/** A recorded step: a hook, or a request by its operation in the sandbox. */
export type Step = string;

/** The action types that licenses need. */
export type Type = 'GrantEnterprise' | 'RevokeEnterprise' | 'CreateAccount' | 'Deprovision';

/** An executor against the sandbox's Asana over HTTP, with a record of its hooks and requests in order. */
export class ExecutorRig {
  readonly sandbox: Sandbox;
  readonly directory: Directory;
  readonly audit: (AuditRecord & { time: string })[] = [];
  readonly meter = new RecordingMeter();
  readonly steps: Step[] = [];
  readonly executor: Executor;
  readonly #session: AsanaSession;
  #sequence = 0;
  #actions = 0;

  constructor(sandbox: Sandbox, session: AsanaSession, directory: Directory) {
    this.sandbox = sandbox;
    this.directory = directory;
    this.#session = session;
    this.executor = new Executor(
      new AuditLog((line) => this.audit.push(JSON.parse(line)), clock),
      this.meter,
      () => `id-${(this.#actions += 1)}`,
    );
    this.#sequence = sandbox.requests.last;
  }

  /** Returns the gid of a person by email. */
  gid(email: string): string {
    const person = this.sandbox.state.personByEmail(email);
    assert.ok(person, email);
    return person.gid;
  }

  license(email: string): string | undefined {
    return this.sandbox.state.personByEmail(email)?.profile.license;
  }

  request(type: Type, email: string, signal = new AbortController().signal): ActionRequest {
    return {
      connector: { namespace: 'iga', name: 'acme' },
      session: this.#session,
      directory: this.directory,
      noteLoss: (note) => note(this.directory),
      userTypes,
      action: actionOf(type, type === 'CreateAccount' ? '' : this.gid(email), email),
      requester: {
        type: 'Object',
        kind: 'AsanaLicenseGrant',
        namespace: 'iga',
        name: 'alice',
        uid: 'u1',
        generation: 3,
      },
      reason: 'REQ-1234',
      signal,
    };
  }

  /** Returns hooks that agree to everything and record their calls. */
  hooks(overrides: Partial<ActionHooks> = {}): ActionHooks {
    const noting =
      <A extends unknown[], R>(step: Step, hook: (...args: A) => R) =>
      (...args: A): R => {
        this.#noteRequests();
        this.steps.push(step);
        return hook(...args);
      };
    return {
      guard: noting('guard', overrides.guard ?? (() => {})),
      confirm: noting('confirm', overrides.confirm ?? (() => true)),
      recordIntent: noting('intent', overrides.recordIntent ?? (() => Promise.resolve())),
    };
  }

  async execute(type: Type, email: string, overrides: Partial<ActionHooks> = {}) {
    try {
      return await this.executor.execute(this.request(type, email), this.hooks(overrides));
    } finally {
      this.#noteRequests();
    }
  }

  async verify(type: Type, email: string, id: string) {
    try {
      return await this.executor.verify(this.request(type, email), id);
    } finally {
      this.#noteRequests();
    }
  }

  fault(match: FaultMatch, effect: FaultEffect): void {
    this.sandbox.faults.add({ match, effect });
  }

  /** The results in the audit records, the oldest first. */
  get results(): string[] {
    return this.audit.map(({ result }) => result);
  }

  #noteRequests(): void {
    for (const { operation, sequence } of this.sandbox.requests.since(this.#sequence)) {
      this.steps.push(operation);
      this.#sequence = sequence;
    }
  }
}

/** Starts a sandbox and reads its accounts and licenses. */
export async function setUp(t: TestContext, options: SandboxOptions = {}): Promise<ExecutorRig> {
  const sandbox = await startSandbox({ requestsPerMinute: 0, clock, ...options });
  t.after(() => sandbox.close());
  const session = openTestSession(t, '', {
    baseUrl: sandbox.asanaUrl,
    token: new Redacted(sandbox.tokens.serviceAccount),
    clock,
  });
  const { snapshot } = await syncDirectory(session, {
    scim: { enabled: true, userTypes },
    teams: false,
    clock,
  });
  assert.ok(snapshot);
  const directory = new Directory(clock);
  directory.adopt(snapshot);
  return new ExecutorRig(sandbox, session, directory);
}

/** Returns an action as in a decision. */
export function actionOf(type: Type, gid: string, email: string): Action {
  switch (type) {
    case 'GrantEnterprise':
      return { type, gid, email, from: 'ViewOnly', to: 'Enterprise' };
    case 'RevokeEnterprise':
      return { type, gid, email, from: 'Enterprise', to: 'ViewOnly' };
    case 'Deprovision':
      return { type, gid, email, from: 'ViewOnly', to: null };
    case 'CreateAccount':
      return { type, gid: null, email, knownGid: null, name: null, from: null, to: 'ViewOnly' };
  }
}
