import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import type { Review, ReviewRow } from '../../src/commands/review/review-row.ts';
import { Folder, FROM_SOURCE } from '../commands/child.ts';
import { rightsIn } from '../commands/review-world.ts';
import { OperatorRig } from './rig.ts';

const alice = 'alice@acme.example';
const bob = 'bob@acme.example';
const carol = 'carol@acme.example';

suite('a review of the cluster and the audit log', () => {
  let rig: OperatorRig;
  let folder: Folder;
  before(async () => {
    folder = await Folder.make(FROM_SOURCE);
    rig = await OperatorRig.start('review');
    await rig.createSecret();
    await rig.createConnector();
    await rig.untilPhase('Connected');
    await rig.declareSomebodyWhoStays();
  });
  after(async () => {
    await rig.close();
    await folder[Symbol.asyncDispose]();
  });

  /** Returns the command's review of the cluster's objects and the operator's audit lines. */
  async function review(): Promise<Review> {
    await writeFile(join(folder.path, 'audit.log'), rig.audit.map((line) => `${line}\n`).join(''));
    const variables = {
      KUBECONFIG: rig.kubeconfigPath,
      ASANA_TOKEN: rig.sandbox.tokens.serviceAccount,
      ASANA_API_URL: rig.sandbox.asanaUrl,
      ASANA_REQUESTS_PER_MINUTE: '0',
    };
    const flags = [
      '--format',
      'json',
      '--connector',
      'acme',
      '-n',
      rig.namespace,
      '--audit-log',
      'audit.log',
    ];
    const { code, stdout, stderr } = await folder.run(variables, 'review', ...flags);
    assert.equal(code, 0, stderr);
    return JSON.parse(stdout) as Review;
  }

  const licenseOf = ({ rows }: Review, email: string): ReviewRow =>
    rows.find((row) => row.email === email && row.right === 'License') ??
    assert.fail(`${email} holds no license`);

  test('lists every right in Asana, and shows a given license with its grant, start, reason and end', async () => {
    const expiresAt = new Date(Date.now() + 3 * 24 * 3600_000).toISOString().replace(/\.\d+Z/, 'Z');
    await rig.createGrant('alice', alice, { reason: 'REQ-1', expiresAt });
    await rig.createGrant('bob', bob);
    const given = await rig.untilReason('alice', 'Granted');
    await rig.untilReason('bob', 'Granted');
    const document = await review();
    const { value, source, grant, held, since, why, until, drift } = licenseOf(document, alice);
    assert.deepEqual(
      { value, source, grant, held, since, why, until, drift },
      {
        value: 'Enterprise',
        source: 'Grant',
        grant: { kind: 'AsanaLicenseGrant', namespace: rig.namespace, name: 'alice' },
        held: 'Given',
        since: given.status?.applied?.at,
        why: 'REQ-1',
        until: expiresAt,
        drift: null,
      },
    );
    assert.equal(licenseOf(document, bob).held, 'Adopted');
    assert.equal(document.summary.endingSoon, 1);
    const found = document.rows.map(
      ({ account, right, place, value: held }) => `${account} ${right} ${place} ${held}`,
    );
    assert.deepEqual(found.toSorted(), rightsIn(rig.sandbox));
  });

  test('names a released grant from the audit log, and counts its seat as unmanaged', async () => {
    const before = (await review()).summary.unmanagedSeats;
    await rig.createGrant('carol', carol, { deletionPolicy: 'Retain', reason: 'REQ-3' });
    await rig.untilReason('carol', 'Granted');
    await rig.deleteGrant('carol');
    await rig.untilGone('carol');
    const document = await review();
    const { source, grant, why, since } = licenseOf(document, carol);
    assert.deepEqual([source, grant?.name, why], ['Released', 'carol', 'REQ-3']);
    assert.ok(since !== null && Date.parse(since) <= Date.now());
    assert.equal(document.summary.unmanagedSeats, before + 1);
  });
});
