import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, type TestContext, test } from 'node:test';
import { getCACertificates } from 'node:tls';
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
  const none = () => [];

  test('are those of Node if neither the system nor the variables add any', async () => {
    const ofNode = getCACertificates('default');
    for (const environment of [{}, { SSL_CERT_FILE: '', SSL_CERT_DIR: '' }])
      assert.equal(await readTrust(environment, () => ofNode.slice(0, 5)), null);
  });

  test('combine those of Node, the system, SSL_CERT_FILE and the folders of SSL_CERT_DIR', async (t) => {
    const folder = await inFolder(t);
    const [system, one, other, file] = await Promise.all([selfSign(), selfSign(), selfSign(), selfSign()]);
    await mkdir(join(folder, 'more', 'below'), { recursive: true });
    await writeFile(join(folder, 'readme.txt'), 'no certificate');
    await writeFile(
      join(folder, 'broken.pem'),
      '-----BEGIN CERTIFICATE-----\nbroken!\n-----END CERTIFICATE-----',
    );
    await writeFile(join(folder, 'one.pem'), one.certificate);
    await writeFile(join(folder, 'more', 'other.0'), other.certificate);
    const path = join(await inFolder(t), 'ca.pem');
    await writeFile(path, file.certificate);
    const variables = { SSL_CERT_FILE: path, SSL_CERT_DIR: `/nowhere:${folder}:${join(folder, 'more')}` };
    const trust = await readTrust(variables, () => [system.certificate]);
    const added = [system, one, other, file].map(({ certificate }) => certificate.trim());
    assert.deepEqual(
      trust?.slice(-4).map((pem) => pem.trim()),
      added,
    );
    assert.deepEqual(trust?.slice(0, -4), getCACertificates('default'));
  });

  for (const variable of ['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR']) {
    test(`include a private authority from ${variable}, without which the connection fails`, async (t) => {
      const tenant = await startTenant(t, { baton: { getTask: () => ({ task: { id: 'reached' } }) } });
      const folder = await inFolder(t);
      const file = join(folder, 'ca.pem');
      await writeFile(file, tenant.trust?.join('\n') ?? '');
      const place = variable === 'SSL_CERT_DIR' ? folder : file;
      assert.equal(await getTaskIn({ [variable]: place }, tenant), 'reached');
      assert.match(await getTaskIn({}, tenant), /CERT/);
    });
  }
  for (const { content, because } of [
    { content: null, because: 'is missing' },
    { content: 'no certificate', because: 'contains no certificate' },
  ]) {
    test(`fail to load, with the name of the variable and the file, if the file ${because}`, async (t) => {
      const file = join(await inFolder(t), 'ca.pem');
      if (content !== null) await writeFile(file, content);
      await assert.rejects(
        readTrust({ SSL_CERT_FILE: file }, none),
        (error) =>
          error instanceof InvalidInputError &&
          error.message.includes('SSL_CERT_FILE') &&
          error.message.includes(file),
      );
    });
  }

  test('are those of Node if no folder of SSL_CERT_DIR contains a certificate, as in Go', async (t) => {
    const folder = await inFolder(t);
    assert.equal(await readTrust({ SSL_CERT_DIR: `${folder}:/nowhere` }, none), null);
  });
});

/** Calls GetTask in a process with this environment; returns the task's id or the error's message. */
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
  const { NODE_EXTRA_CA_CERTS: _, SSL_CERT_FILE: __, SSL_CERT_DIR: ___, ...inherited } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...inherited, ...environment },
  });
  return stdout.trim();
}
