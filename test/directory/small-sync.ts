import assert from 'node:assert/strict';
import type { Snapshot } from '../../src/directory/snapshot.ts';
import { type SyncOptions, syncDirectory } from '../../src/directory/sync.ts';
import { fastClock } from '../asana/fake-clock.ts';
import type { ScriptedReply, SeenRequest } from '../asana/scripted-server.ts';
import type { SmallAsana } from './small-asana.ts';

export const userTypes = { enterprise: 'enterprise', viewOnly: 'view only' };
const clock = fastClock(100);

/** Runs a sync with SCIM and teams. */
export function run({ session }: SmallAsana, options: Partial<SyncOptions> = {}) {
  return syncDirectory(session, { scim: { enabled: true, userTypes }, teams: true, clock, ...options });
}

/** Runs a sync, and returns what it has read. */
export async function snapshotOf(asana: SmallAsana, options: Partial<SyncOptions> = {}): Promise<Snapshot> {
  const { snapshot } = await run(asana, options);
  assert.ok(snapshot);
  return snapshot;
}

/** Returns an error of Asana. */
export const refusal = (status: number, message = 'x'): ScriptedReply => ({
  status,
  body: { errors: [{ message }] },
});

export const isScim = ({ path }: SeenRequest) => path.includes('/scim/');
