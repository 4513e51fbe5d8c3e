import assert from 'node:assert/strict';
import type { AsanaAnswer, AsanaRequest } from './asana/front.ts';
import { openSite, type Site, tokenOf } from './asana/site.ts';
import { SimulatedClock } from './clock.ts';
import { Judge, type Violation } from './model/judge.ts';
import type { Connector, Grant } from './model/objects.ts';
import type { LeadershipFacts } from './model/rule.ts';

type Change<T> = T extends object ? { readonly [K in keyof T]?: Change<T[K]> } : T;

/** A hand-written world: one connector, one grant of p1, and one process, which leads. */
export class BadWorld {
  readonly clock = new SimulatedClock();
  readonly site: Site;
  readonly violations: Violation[] = [];
  readonly judge: Judge;
  leadership: LeadershipFacts = {
    holder: 'operator-1',
    sinceMs: 3_600_000,
    takenOver: false,
    stopped: false,
  };
  #number = 0;

  constructor() {
    const plan = {
      name: 'acme',
      organization: '1200000000000001',
      domain: 'acme.example',
      people: 12,
      teams: 1,
    };
    this.site = openSite(plan, 7, this.clock);
    this.judge = new Judge({
      witness: {
        time: () => this.clock.monotonic(),
        now: () => this.clock.now(),
        siteOf: () => this.site,
        tokenOfSecret: () => tokenOf(plan, 'acme'),
      },
      leadership: () => this.leadership,
      isOperator: (name) => name === 'operator-1',
      onViolation: (violation) => this.violations.push(violation),
    });
  }

  get person() {
    const person = this.site.directory.personByEmail('p1@acme.example');
    assert.ok(person);
    return person;
  }

  /** Commits an object as a user would write it. */
  put(kind: string, object: object, before: object | null = null): void {
    this.judge.commit({
      by: 'kubectl',
      verb: before ? 'patch' : 'create',
      kind,
      before: before as never,
      after: object as never,
    });
  }

  connector(change: Change<Connector> = {}): Connector {
    const connector = merge(
      {
        kind: 'AsanaConnector',
        metadata: meta('acme', 'uid-connector'),
        spec: {
          credentials: { secretRef: { name: 'asana-acme-acme' } },
          provisioning: { mode: 'Apply', removalDelay: '0s', maxRemovals: { atLeast: 5 } },
        },
        status: { organizations: ['1200000000000001'] },
      },
      change,
    ) as Connector;
    this.put('AsanaConnector', connector);
    return connector;
  }

  grant(change: Change<Grant> = {}): Grant {
    const grant = merge(
      {
        kind: 'AsanaLicenseGrant',
        metadata: { ...meta('alice', 'uid-grant'), finalizers: ['asana-connector.dev/revoke'] },
        spec: { connectorRef: { name: 'acme' }, user: { email: 'p1@acme.example' }, license: 'ViewOnly' },
        status: {
          observedGeneration: 1,
          user: { gid: this.person.gid },
          lastAction: { id: 'a1', type: 'RevokeEnterprise', at: '2026-06-01T00:00:00Z', result: 'Pending' },
        },
      },
      change,
    ) as Grant;
    this.put('AsanaLicenseGrant', grant);
    return grant;
  }

  /** Gives the process a complete reading, and a fresh read of p1. */
  async read(): Promise<void> {
    await this.clock.advance(10_000);
    const listings = [
      ['getWorkspaces', { data: [{ gid: this.site.organization.gid }] }],
      [
        'scimListUsers',
        {
          Resources: Array.from({ length: 12 }, () => ({ userType: 'enterprise', active: true })),
          totalResults: 12,
        },
      ],
      ['getUsers', { data: Array.from({ length: 13 }), next_page: null }],
      ['getWorkspaceMembershipsForWorkspace', { data: Array.from({ length: 13 }), next_page: null }],
    ] as const;
    for (const [operation, json] of listings) this.hear(operation, json);
    this.look();
  }

  /** Gives the process a fresh read of p1. */
  look(): void {
    this.hear('scimGetUser', {}, { params: { id: this.person.gid } });
  }

  /** Gives the process an answer from Asana. */
  hear(
    operation: string,
    json: unknown,
    { params = {}, query = {}, status = 200, retryAfterMs = null }: Partial<AsanaAnswer> = {},
  ): void {
    const request = { ...this.#request('GET', operation, params), query };
    this.judge.answers({ ...request, status, json, retryAfterMs });
  }

  /** Makes the process send a change of p1. */
  send(path: 'userType' | 'active', value: unknown): void {
    this.judge.leaves({
      ...this.#request('PATCH', 'scimPatchUser', { id: this.person.gid }),
      body: { Operations: [{ op: 'replace', path, value }] },
    });
  }

  #request(method: string, operation: string, params: Record<string, string> = {}): AsanaRequest {
    this.#number += 1;
    const token = tokenOf(this.site.plan, 'acme');
    return {
      number: this.#number,
      by: 'operator-1',
      token,
      site: this.site,
      method,
      operation,
      params,
      query: {},
      body: undefined,
    };
  }
}

function meta(name: string, uid: string): Grant['metadata'] {
  return { namespace: 'iga', name, uid, generation: 1, creationTimestamp: '2026-05-01T00:00:00Z' };
}

/** Returns `base` with the fields of `change` merged in; lists and scalars are replaced as a whole. */
export function merge(base: unknown, change: unknown): unknown {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return change;
  const result: Record<string, unknown> = { ...(base as object) };
  for (const [name, value] of Object.entries(change)) result[name] = merge(result[name], value);
  return result;
}
