import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, suite, test } from 'node:test';
import { KubeConfig, type User } from '@kubernetes/client-node';
import { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { FakeClock } from '../asana/fake-clock.ts';

let folder: string;
let server: Server;
/** The token that the server accepts. */
let taken = '';
const asked: (string | undefined)[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runtime-credentials-'));
  server = createServer(({ headers }, response) => {
    asked.push(headers.authorization);
    const status = headers.authorization === `Bearer ${taken}` ? 200 : 401;
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

beforeEach(() => asked.splice(0));

function connectAs(user: Omit<User, 'name'>, clock = new FakeClock()): ApiServerConnection {
  const config = new KubeConfig();
  const { port } = server.address() as AddressInfo;
  config.loadFromClusterAndUser(
    { name: 'server', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
    { ...user, name: 'operator' },
  );
  return new ApiServerConnection(config, clock);
}

const post = (connection: ApiServerConnection) =>
  connection.send({ method: 'POST', path: '/api/v1/events', body: {} });

suite('credentials that the API server no longer accepts', () => {
  test('are read again from their file immediately, and the requests are sent again with them', async () => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, 'first');
    taken = 'first';
    const connection = connectAs({ authProvider: { name: 'tokenFile', config: { tokenFile } } });
    await post(connection);
    await writeFile(tokenFile, 'second');
    taken = 'second';
    await Promise.all([post(connection), post(connection), post(connection)]);
    assert.equal(asked.filter((token) => token === 'Bearer second').length, 3);
    await connection.close();
  });

  test('are requested from the exec plugin again, although it returned no expiry', async () => {
    const plugin = join(folder, 'plugin');
    const answer = async (token: string) => {
      taken = token;
      const credential = { apiVersion: 'client.authentication.k8s.io/v1', status: { token } };
      await writeFile(plugin, `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`);
      await chmod(plugin, 0o700);
    };
    await answer('first');
    const connection = connectAs({ exec: { command: plugin } });
    await post(connection);
    await answer('second');
    await post(connection);
    assert.deepEqual(asked, ['Bearer first', 'Bearer first', 'Bearer second']);
    await connection.close();
  });

  test('fail the request if there are no others, and are not read again for each request that follows', async () => {
    const runs = join(folder, 'runs');
    const clock = new FakeClock();
    const credential = JSON.stringify({ status: { token: 'first' } });
    const command = `echo run >> ${runs}; echo '${credential}'`;
    const connection = connectAs({ exec: { command: 'sh', args: ['-c', command] } }, clock);
    taken = 'other';
    const count = async () => (await readFile(runs, 'utf8')).split('\n').length - 1;
    for (let i = 0; i < 5; i += 1) await assert.rejects(post(connection), { status: 401 });
    assert.equal(await count(), 2, 'once at first, and once after the first 401');
    await clock.advance(1_000);
    await assert.rejects(post(connection), { status: 401 });
    assert.equal(await count(), 3);
    await connection.close();
  });
});

suite('credentials from an exec plugin that never answers', () => {
  let stopped: () => Promise<void>;
  /** Opens a connection whose exec plugin never answers, like one that waits for a person. */
  async function connectByHangingPlugin(clock: FakeClock): Promise<ApiServerConnection> {
    const [plugin, pidFile] = [join(folder, 'hanging'), join(folder, 'pid')];
    await writeFile(plugin, `#!/bin/sh\necho $$ > '${pidFile}'\nexec sleep 600\n`);
    await chmod(plugin, 0o700);
    const connection = connectAs({ exec: { command: plugin } }, clock);
    stopped = async () => {
      await connection.close();
      process.kill(Number(await readFile(pidFile, 'utf8')));
    };
    return connection;
  }

  async function untilRuns(): Promise<void> {
    while (!(await readFile(join(folder, 'pid'), 'utf8').catch(() => ''))) await new Promise(setImmediate);
  }

  afterEach(async () => {
    await stopped();
    await rm(join(folder, 'pid'));
  });

  test('fail the request at its timeout, with a message that names the exec plugin', async () => {
    const clock = new FakeClock();
    const request = post(await connectByHangingPlugin(clock));
    const failed = assert.rejects(request, { code: 'Timeout', message: /credentials.*exec plugin/ });
    await untilRuns();
    await clock.advance(30_000);
    await failed;
  });

  test('let a request fail as soon as its signal aborts', async () => {
    const given = new AbortController();
    const connection = await connectByHangingPlugin(new FakeClock());
    const request = connection.send({ method: 'GET', path: '/api', signal: given.signal });
    const failed = assert.rejects(request, /enough/);
    await untilRuns();
    given.abort(new Error('enough'));
    await failed;
  });
});
