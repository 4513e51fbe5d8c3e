import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AsanaRequest } from './asana/front.ts';
import { openSite, type Site, tokenOf } from './asana/site.ts';
import { SimulatedClock } from './clock.ts';
import { Judge, type Violation } from './model/judge.ts';
import { ANNOTATIONS, type Connector, type Grant } from './model/objects.ts';
import type { LeadershipFacts } from './model/rule.ts';

type Change<T> = T extends object ? { readonly [K in keyof T]?: Change<T[K]> } : T;

/** A hand-written world: one connector, one grant of p1, one process that leads. */
class BadWorld {
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

  /** Commits an object as a person wrote it. */
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

  /** The process reads everything whole, and the one person afresh. */
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
    for (const [operation, json] of listings)
      this.judge.answers({ ...this.#request('GET', operation), status: 200, json, retryAfterMs: null });
    this.judge.answers({
      ...this.#request('GET', 'scimGetUser', { id: this.person.gid }),
      status: 200,
      json: {},
      retryAfterMs: null,
    });
  }

  /** A change of p1 leaves the process. */
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

function merge(base: unknown, change: unknown): unknown {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return change;
  const result: Record<string, unknown> = { ...(base as object) };
  for (const [name, value] of Object.entries(change)) result[name] = merge(result[name], value);
  return result;
}

/** A world in which p1 holds an enterprise license that the grant wants to be view-only; made wrong by `spoil`. */
async function removal(spoil: (world: BadWorld) => void | Promise<void>): Promise<string[]> {
  const world = new BadWorld();
  world.site.directory.change(world.person, { license: 'enterprise' });
  world.connector();
  world.grant();
  await world.read();
  await spoil(world);
  await world.clock.advance(5_000);
  world.send('userType', 'view only');
  return world.violations.map(({ rule }) => rule);
}

test('a removal that its object asks for, after a whole reading and a fresh look, is no violation', async () => {
  assert.deepEqual(await removal(() => {}), []);
});

const HOLD = { planned: { action: 'RevokeEnterprise', hold: 'h1.2' } };
const cases: readonly {
  readonly what: string;
  readonly rule: string;
  readonly spoil: (w: BadWorld) => void | Promise<void>;
}[] = [
  {
    what: 'the connector is suspended',
    rule: 'NothingSuspended',
    spoil: (w) => void w.connector({ spec: { suspend: true } }),
  },
  {
    what: 'the grant is suspended',
    rule: 'NothingSuspended',
    spoil: (w) => void w.grant({ spec: { suspend: true } }),
  },
  {
    what: 'the connector is in Plan',
    rule: 'ApplyOnly',
    spoil: (w) => void w.connector({ spec: { provisioning: { mode: 'Plan' } } }),
  },
  {
    what: 'the object wants Enterprise by now',
    rule: 'ObjectAsks',
    spoil: (w) => void w.grant({ spec: { license: 'Enterprise' } }),
  },
  {
    what: 'the person is protected',
    rule: 'Protected',
    spoil: (w) => void w.connector({ spec: { provisioning: { protectedUsers: ['p1@acme.example'] } } }),
  },
  {
    what: 'another process leads',
    rule: 'LeaderActs',
    spoil: (w) => void (w.leadership = { ...w.leadership, holder: 'operator-2' }),
  },
  {
    what: 'everything is stopped',
    rule: 'LeaderActs',
    spoil: (w) => void (w.leadership = { ...w.leadership, stopped: true }),
  },
  {
    what: 'the leader took over a moment ago',
    rule: 'NewLeaderWaits',
    spoil: (w) => void (w.leadership = { ...w.leadership, takenOver: true, sinceMs: 5_000 }),
  },
  { what: 'it waits in a hold', rule: 'HeldStaysHeld', spoil: (w) => void w.grant({ status: HOLD }) },
  {
    what: 'it left the hold without an answer',
    rule: 'HeldStaysHeld',
    spoil: (w) => {
      w.grant({ status: HOLD });
      w.grant();
    },
  },
  {
    what: 'the token that was acknowledged named only what joined before it',
    rule: 'HeldStaysHeld',
    spoil: (w) => {
      w.grant({ status: HOLD });
      answer(w, 'acknowledge', 'h1.1', 'h1.2');
    },
  },
  {
    what: 'it was discarded',
    rule: 'HeldStaysHeld',
    spoil: (w) => {
      w.grant({ status: HOLD });
      answer(w, 'discard', 'h1.2', 'h1.2');
    },
  },
  {
    what: 'the directory has shrunk',
    rule: 'ReadingTrusted',
    spoil: (w) => void w.connector({ status: { holds: [{ reason: 'DirectoryShrunk', token: 'x.1' }] } }),
  },
  { what: 'the last look was long ago', rule: 'FreshLook', spoil: (w) => w.clock.advance(400_000) },
  {
    what: 'the organization is another one',
    rule: 'OrganizationKnown',
    spoil: (w) => void w.connector({ status: { organizations: ['99'] } }),
  },
  {
    what: 'an older grant declares Enterprise',
    rule: 'OldestWins',
    spoil: async (w) => {
      w.grant({
        metadata: { name: 'older', uid: 'uid-older', creationTimestamp: '2026-01-01T00:00:00Z' },
        spec: { license: 'Enterprise' },
      });
      await w.clock.advance(10_000);
    },
  },
  {
    what: 'removals are limited to none',
    rule: 'RemovalLimit',
    spoil: (w) => void w.connector({ spec: { provisioning: { maxRemovals: { atLeast: 0, percent: 0 } } } }),
  },
  {
    what: 'the intent is not in status',
    rule: 'IntentFirst',
    spoil: (w) => void w.grant({ status: { lastAction: { result: 'Succeeded' } } }),
  },
  {
    what: 'removalDelay has not passed',
    rule: 'RemovalDelay',
    spoil: (w) => void w.connector({ spec: { provisioning: { removalDelay: '1h' } } }),
  },
];

function answer(world: BadWorld, verb: 'acknowledge' | 'discard', token: string, published: string): void {
  const status = { holds: [{ reason: 'TooManyRemovals', id: 'h1', token: published }] };
  const before = world.connector({ status });
  world.put(
    'AsanaConnector',
    merge(before, { metadata: { annotations: { [ANNOTATIONS[verb]]: token } } }) as object,
    before,
  );
}

for (const { what, rule, spoil } of cases)
  test(`a removal is found although ${what}`, async () => {
    const found = await removal(spoil);
    assert.deepEqual(found, [rule]);
  });

test('a removal that was held leaves after an acknowledgement that named it', async () => {
  const found = await removal((world) => {
    world.grant({ status: HOLD });
    answer(world, 'acknowledge', 'h1.2', 'h1.2');
  });
  assert.deepEqual(found, []);
});

test('a deprovision of somebody whom the operator did not create is found', async () => {
  const world = new BadWorld();
  world.site.directory.change(world.person, { license: 'view only' });
  world.connector({ spec: { provisioning: { allowDeprovision: true } } });
  world.grant({
    metadata: { deletionTimestamp: '2026-06-01T00:00:00Z' },
    status: {
      applied: { license: 'ViewOnly', at: '2026-05-01T00:00:00Z', adopted: false },
      lastAction: { type: 'Deprovision' },
    },
  });
  await world.read();
  await world.clock.advance(5_000);
  world.send('active', false);
  assert.deepEqual(
    world.violations.map(({ rule }) => rule),
    ['OnlyWhoWeMade'],
  );
});

test('a write that no object stands for is found', async () => {
  const world = new BadWorld();
  world.connector();
  await world.read();
  world.send('userType', 'enterprise');
  assert.deepEqual(
    world.violations.map(({ rule }) => rule),
    ['Unasked'],
  );
});

test('an upgrade above maxEnterpriseLicenses is found', async () => {
  const world = new BadWorld();
  world.site.directory.change(world.person, { license: 'view only' });
  world.connector({ spec: { provisioning: { maxEnterpriseLicenses: 1 } } });
  world.grant({ spec: { license: 'Enterprise' }, status: { lastAction: { type: 'GrantEnterprise' } } });
  await world.read();
  await world.clock.advance(10_000);
  world.send('userType', 'enterprise');
  assert.deepEqual(
    world.violations.map(({ rule }) => rule),
    ['SeatLimit'],
  );
});

test('a status that makes a given right of an adopted one is found', () => {
  const world = new BadWorld();
  world.connector();
  const before = world.grant({
    status: { applied: { license: 'ViewOnly', at: '2026-05-01T00:00:00Z', adopted: true } },
  });
  const after = merge(before, { status: { applied: { adopted: false } } }) as Grant;
  world.judge.commit({ by: 'operator-1', verb: 'status', kind: 'AsanaLicenseGrant', before, after });
  assert.ok(world.violations.some(({ rule }) => rule === 'AppliedStays'));
});
