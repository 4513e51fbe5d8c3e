import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { readTrust } from '../../src/conductorone/trust.ts';
import { InvalidInputError } from '../../src/core/errors.ts';
import { selfSign } from './certificate.ts';
import { startTenant, type Tenant } from './tenant.ts';

async function inFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'trust-test-'));
  t.after(() => rm(folder, { recursive: true }));
  return folder;
}

suite('the certificate authorities', () => {
  test('are those of Node as long as SSL_CERT_FILE says nothing, and else those of that file beside them', async (t) => {
    const file = join(await inFolder(t), 'ca.pem');
    const { certificate } = await selfSign();
    await writeFile(file, certificate);
    assert.equal(await readTrust({}), null);
    assert.equal(await readTrust({ SSL_CERT_FILE: '' }), null);
    const trust = await readTrust({ SSL_CERT_FILE: file });
    assert.ok(trust && trust.length > 50, 'the public authorities are there');
    assert.equal(trust.at(-1), certificate);
  });

  for (const variable of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE']) {
    test(`let a connection through to a server of a private authority that ${variable} names, and to no other`, async (t) => {
      const tenant = await startTenant(t, { baton: { getTask: () => ({ task: { id: 'reached' } }) } });
      const file = join(await inFolder(t), 'ca.pem');
      await writeFile(file, tenant.trust?.join('\n') ?? '');
      assert.equal(await getTaskIn({ [variable]: file }, tenant), 'reached');
      assert.match(await getTaskIn({}, tenant), /CERT/);
    });
  }
  for (const { content, because } of [
    { content: null, because: 'is missing' },
    { content: 'no certificate', because: 'holds none' },
  ]) {
    test(`are refused, with the name of the variable and the file, when the file ${because}`, async (t) => {
      const file = join(await inFolder(t), 'ca.pem');
      if (content !== null) await writeFile(file, content);
      await assert.rejects(
        readTrust({ SSL_CERT_FILE: file }),
        (error) =>
          error instanceof InvalidInputError &&
          error.message.includes('SSL_CERT_FILE') &&
          error.message.includes(file),
      );
    });
  }
});

/** Asks for a task in a process with this environment; the task's id, or the error's message. */
async function getTaskIn(environment: Record<string, string>, tenant: Tenant): Promise<string> {
  const at = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { openConnection } from ${at('../../src/conductorone/connection.ts')};
    import { readTrust } from ${at('../../src/conductorone/trust.ts')};
    import { systemClock } from ${at('../../src/core/clock.ts')};
    import { Redacted } from ${at('../../src/core/redacted.ts')};
    const { client, close } = openConnection({
      clientId: ${JSON.stringify(tenant.clientId)},
      clientSecret: new Redacted(${JSON.stringify(tenant.clientSecret.reveal())}),
      hostId: 'child', allowedHosts: null, trust: await readTrust(process.env), environment: {}, clock: systemClock,
    });
    await client.getTask(new AbortController().signal).then(({ task }) => console.log(task.id), (error) => console.log(error.message));
    await close();`;
  const { NODE_EXTRA_CA_CERTS: _, SSL_CERT_FILE: __, ...inherited } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...inherited, ...environment },
  });
  return stdout.trim();
}
