import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { readSettings } from '../../src/commands/baton-settings/read-settings.ts';
import { requireToken } from '../../src/commands/baton-settings/setting-rules.ts';
import { openStandalone, type Standalone } from '../../src/commands/connector/standalone.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The system clock plus an offset, so that a test can let a reading age without waiting. */
class MovedClock implements Clock {
  movedMs = 0;

  now(): number {
    return systemClock.now() + this.movedMs;
  }

  monotonic(): number {
    return systemClock.monotonic() + this.movedMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleep(ms, signal);
  }

  schedule(ms: number, callback: () => void): () => void {
    return systemClock.schedule(ms, callback);
  }
}

describe('the connector between the syncs that ConductorOne requests', () => {
  const clock = new MovedClock();
  const { signal } = new AbortController();
  const warnings: unknown[] = [];
  const audit: string[] = [];
  let sandbox: Sandbox;
  let standalone: Standalone;

  before(async () => {
    sandbox = await startSandbox({ accounts: 60, requestsPerMinute: 0 });
    const environment = {
      BATON_TOKEN: sandbox.tokens.serviceAccount,
      BATON_USE_SERVICE_ACCOUNT: 'true',
      BATON_USE_SCIM_API: 'true',
      BATON_PROVISIONING: 'true',
      BATON_ASANA_API_URL: sandbox.asanaUrl,
      BATON_ASANA_REQUESTS_PER_MINUTE: '0',
    };
    const settings = readSettings(['asana', 'budget'], { flags: {}, environment, file: null });
    const log = { ...silentLogger, warn: (_: string, fields: unknown) => void warnings.push(fields) };
    standalone = await openStandalone(settings, requireToken(settings), {
      log,
      audit: (line) => audit.push(line),
      clock,
      signal,
    });
  });
  after(async () => {
    await standalone[Symbol.asyncDispose]();
    await sandbox.close();
  });

  /** Deactivates 20 people, as seen by a token that lost permissions; returns a function that restores them. */
  function shrink(): () => void {
    const people = [...sandbox.state.people].filter(({ profile }) => profile.active).slice(-20);
    for (const person of people) sandbox.state.change(person, { active: false });
    return () => {
      for (const person of people) sandbox.state.change(person, { active: true });
    };
  }

  it('reuses a reading for ten minutes', async () => {
    const snapshot = await standalone.host.readDirectory(signal);
    assert.ok(snapshot.accounts.size >= 60);
    clock.movedMs += 9 * MINUTE_MS;
    const asked = sandbox.requests.since(0).length;
    await standalone.host.readDirectory(signal);
    assert.equal(sandbox.requests.since(0).length, asked);
    clock.movedMs += 2 * MINUTE_MS;
    await standalone.host.readDirectory(signal);
    assert.ok(sandbox.requests.since(0).length > asked);
  });

  it('returns no suddenly smaller directory, warns, and recovers once everybody is back', async () => {
    const restore = shrink();
    clock.movedMs += 11 * MINUTE_MS;
    await assert.rejects(standalone.host.readDirectory(signal), { code: 'NotReady' });
    await assert.rejects(standalone.host.readDirectory(signal), { code: 'NotReady' });
    assert.match(JSON.stringify(warnings), /DirectoryShrunk.*restart the connector/);
    restore();
    const snapshot = await standalone.host.readDirectory(signal);
    assert.ok(snapshot.accounts.size >= 60);
  });

  it('reads the directory again before a removal if the last reading is hours old, and then carries it out', async () => {
    const { accounts } = await standalone.host.readDirectory(signal);
    const holder = [...accounts.values()].find(
      ({ license, memberships }) =>
        license === 'Enterprise' && memberships.every(({ role }) => role === 'Member'),
    );
    assert.ok(holder);
    const asked = sandbox.requests.since(0).length;
    clock.movedMs += 5 * HOUR_MS;
    const outcome = await standalone.host.provision(
      { wish: { type: 'License', license: 'Enterprise' }, want: 'Take', user: { gid: holder.gid } },
      'task-1',
      signal,
    );
    assert.equal(outcome.changed, true);
    assert.equal(sandbox.state.person(holder.gid)?.profile.license, 'view only');
    const listed = sandbox.requests
      .since(0)
      .slice(asked)
      .map(({ operation }) => operation);
    assert.ok(listed.includes('getUsers'), `the directory was read again: ${listed.join(', ')}`);
    assert.equal(audit.length, 1);
  });
});

describe('the connector with a SCIM listing that is always one entry short', () => {
  const { signal } = new AbortController();
  const warnings: unknown[] = [];
  let sandbox: Sandbox;

  before(async () => {
    sandbox = await startSandbox({ requestsPerMinute: 0 });
    sandbox.faults.add({
      match: { operation: 'scimListUsers', times: 0 },
      effect: { totalResultsBy: 1 },
    });
  });
  after(() => sandbox.close());

  async function open(more: Readonly<Record<string, string>>): Promise<Standalone> {
    const environment = {
      BATON_TOKEN: sandbox.tokens.serviceAccount,
      BATON_USE_SERVICE_ACCOUNT: 'true',
      BATON_USE_SCIM_API: 'true',
      BATON_ASANA_API_URL: sandbox.asanaUrl,
      ...more,
    };
    const settings = readSettings(['asana', 'budget'], { flags: {}, environment, file: null });
    const log = { ...silentLogger, warn: (_: string, fields: unknown) => void warnings.push(fields) };
    return openStandalone(settings, requireToken(settings), {
      log,
      audit: () => {},
      clock: systemClock,
      signal,
    });
  }

  it('returns no directory, and the third time names the setting that accepts the listing', async () => {
    await using standalone = await open({});
    for (const _ of [1, 2]) await assert.rejects(standalone.host.readDirectory(signal), { code: 'NotReady' });
    assert.doesNotMatch(JSON.stringify(warnings), /BATON_ACCEPT_MISSING/);
    await assert.rejects(standalone.host.readDirectory(signal), { code: 'NotReady' });
    assert.match(JSON.stringify(warnings), /ListingShort.*BATON_ACCEPT_MISSING\) to 1/);
  });

  it('accepts the listing only if BATON_ACCEPT_MISSING covers the missing entries', async () => {
    await using accepting = await open({ BATON_ACCEPT_MISSING: '1' });
    assert.ok(await accepting.host.readDirectory(signal));
    sandbox.faults.clear();
    sandbox.faults.add({
      match: { operation: 'scimListUsers', times: 0 },
      effect: { totalResultsBy: 2 },
    });
    await using other = await open({ BATON_ACCEPT_MISSING: '1' });
    await assert.rejects(other.host.readDirectory(signal), { code: 'NotReady' });
  });
});
