import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaConnectorStatus } from '../../src/api/asana-connector.ts';
import { ReadingGuard } from '../../src/controllers/reading-guard.ts';
import type { Snapshot } from '../../src/directory/snapshot.ts';
import { person, reading } from '../provisioning/small-world.ts';

interface Shape {
  readonly organization?: string;
  readonly complete?: boolean;
  /** Accounts that SCIM lists; all by default, null with SCIM off. */
  readonly listed?: number | null;
}

function snapshot(accounts: number, { organization = '500', complete = true, listed }: Shape = {}): Snapshot {
  const people = Array.from({ length: accounts }, (_, index) =>
    person({ gid: String(index), email: `p${index}@acme.com`, scim: index < (listed ?? accounts) }),
  );
  const { snapshot: whole } = reading(people);
  const workspace = { gid: organization, name: 'Acme', organization: true };
  const part = { ...whole.parts.accounts, complete };
  return {
    ...whole,
    parts: { accounts: part, licenses: listed === null ? null : part, teams: null },
    workspaces: [workspace],
    organization: workspace,
  };
}

function status(accounts: number, organization = '500'): AsanaConnectorStatus {
  return {
    counts: { accounts },
    organizations: [organization],
    workspaces: [{ gid: organization, name: 'Acme', organization: true }],
  };
}

const shrunk = (count: number) => ({ reason: 'DirectoryShrunk', count });
const foreign = { reason: 'OrganizationChanged', count: 0 };

suite('a reading', () => {
  test('that is the first is good', () => {
    assert.equal(new ReadingGuard(undefined).judge(snapshot(3)), null);
  });

  test('that is suddenly smaller is suspicious', () => {
    const guard = new ReadingGuard(undefined);
    guard.judge(snapshot(100));
    assert.deepEqual(guard.judge(snapshot(50)), shrunk(50));
  });

  test('stays suspicious however often it is repeated, and is good once it is whole', () => {
    const guard = new ReadingGuard(undefined);
    guard.judge(snapshot(100));
    for (let times = 0; times < 5; times += 1) assert.deepEqual(guard.judge(snapshot(50)), shrunk(50));
    assert.equal(guard.judge(snapshot(95)), null);
  });

  test('of which SCIM lists suddenly fewer is suspicious', () => {
    const guard = new ReadingGuard(undefined);
    guard.judge(snapshot(100));
    assert.deepEqual(guard.judge(snapshot(100, { listed: 20 })), shrunk(80));
  });

  test('is compared with what the process before this one counted', () => {
    assert.deepEqual(new ReadingGuard(status(100)).judge(snapshot(50)), shrunk(50));
    assert.equal(new ReadingGuard(status(100)).judge(snapshot(95)), null);
  });

  test('with SCIM off has lost no licenses', () => {
    const guard = new ReadingGuard(undefined);
    guard.judge(snapshot(100));
    assert.equal(guard.judge(snapshot(100, { listed: null })), null);
  });

  test('of another organization is suspicious, in this process and after a restart', () => {
    const guard = new ReadingGuard(undefined);
    guard.judge(snapshot(100));
    assert.deepEqual(guard.judge(snapshot(100, { organization: '700' })), foreign);
    assert.deepEqual(new ReadingGuard(status(100)).judge(snapshot(100, { organization: '700' })), foreign);
  });

  test('that a person accepts is good, once, and is what the next is compared with', () => {
    const guard = new ReadingGuard(undefined);
    guard.judge(snapshot(100));
    guard.acceptNext();
    assert.equal(guard.judge(snapshot(50)), null);
    assert.equal(guard.judge(snapshot(50)), null);
    assert.deepEqual(guard.judge(snapshot(20)), shrunk(30));
  });

  test('of an organization that a person accepts is good, and then the old one is not', () => {
    const guard = new ReadingGuard(undefined);
    guard.judge(snapshot(100));
    guard.acceptNext();
    assert.equal(guard.judge(snapshot(100, { organization: '700' })), null);
    assert.deepEqual(guard.judge(snapshot(100)), foreign);
  });

  test('that is not complete is no measure for the next, and uses up nobody’s word', () => {
    const guard = new ReadingGuard(undefined);
    guard.judge(snapshot(100));
    assert.equal(guard.judge(snapshot(5, { complete: false })), null);
    assert.deepEqual(guard.judge(snapshot(50)), shrunk(50));
    guard.acceptNext();
    guard.judge(snapshot(5, { complete: false }));
    assert.equal(guard.judge(snapshot(50)), null);
  });

  test('is of another organization when not one of SCIM’s ids is an account’s', () => {
    const guard = new ReadingGuard(undefined);
    assert.deepEqual(guard.judge(snapshot(10), true), { reason: 'OrganizationChanged', count: 0 });
    assert.equal(guard.judge(snapshot(10), false), null);
  });

  test('is held for foreign ids until a person accepts them, and not again after that', () => {
    const guard = new ReadingGuard(undefined);
    guard.acceptNext();
    assert.equal(guard.judge(snapshot(10), true), null);
    assert.equal(guard.judge(snapshot(10), true), null);
    guard.judge(snapshot(10), false);
    assert.equal(guard.judge(snapshot(10), true)?.reason, 'OrganizationChanged');
  });
});
