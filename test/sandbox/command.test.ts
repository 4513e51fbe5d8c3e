import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { sandboxCommand } from '../../src/commands/sandbox/sandbox-command.ts';
import { parseClientId, parseClientSecret } from '../../src/conductorone/credentials.ts';
import { Redacted } from '../../src/core/redacted.ts';
import { Json } from './json.ts';

/** Runs the command until it is ready, passes its output to `use`, and stops it. */
async function runUntilReady(
  args: readonly string[],
  use: (printed: string) => Promise<void>,
): Promise<string> {
  const stop = new AbortController();
  let printed = '';
  const ready = Promise.withResolvers<void>();
  const command = sandboxCommand(stop.signal, {
    write: (text: string) => {
      printed += text;
      ready.resolve();
    },
  });
  const running = command.exitOverride().parseAsync(['node', 'sandbox', ...args]);
  await Promise.race([ready.promise, running]);
  await use(printed);
  stop.abort();
  await running;
  return printed;
}

describe('asana-connector sandbox', () => {
  it('prints one line of JSON when it is ready, serves until it is stopped, and closes its ports', async () => {
    let urls: string[] = [];
    const printed = await runUntilReady(['--accounts', '20', '--seed', '3'], async (line) => {
      const { asanaUrl, controlUrl, workspace, tokens, conductorOne } = JSON.parse(line);
      urls = [asanaUrl, controlUrl, conductorOne.url].map(String);
      assert.deepEqual(Object.keys(tokens), ['personalAccessToken', 'serviceAccount', 'scimOnly']);
      const headers = { authorization: `Bearer ${tokens.serviceAccount}` };
      assert.equal((await fetch(`${asanaUrl}/workspaces/${workspace}`, { headers })).status, 200);
      assert.equal((await fetch(`${controlUrl}/state`)).status, 200);
      assert.deepEqual(Object.keys(conductorOne), ['url', 'clientId', 'clientSecret', 'caFile']);
      assert.equal((await fetch(`${controlUrl}/conductorone/state`)).status, 200);
    });
    assert.match(printed, /^\{[^\n]+\}\n$/);
    for (const url of urls) {
      const socket = connect(Number(new URL(url).port), '127.0.0.1');
      await assert.rejects(once(socket, 'connect'), { code: 'ECONNREFUSED' }, url);
    }
  });

  it('takes every flag from its environment variable', async () => {
    // The command is stopped already, so it only reads its flags.
    const command = sandboxCommand(AbortSignal.abort());
    const variables = command.options.map(({ envVar }) => envVar ?? '');
    for (const [index, variable] of variables.entries()) process.env[variable] = String(7 + index);
    try {
      await command.parseAsync(['node', 'sandbox']);
    } finally {
      for (const variable of variables) delete process.env[variable];
    }
    assert.deepEqual(
      Object.values(command.opts()),
      variables.map((_, index) => 7 + index),
    );
  });

  it('has as many active people as SANDBOX_ACCOUNTS says', async () => {
    process.env['SANDBOX_ACCOUNTS'] = '7';
    try {
      await runUntilReady(['--teams', '0'], async (line) => {
        const state = new Json(await (await fetch(`${JSON.parse(line).controlUrl}/state`)).json());
        const active = state
          .at('people')
          .list()
          .filter((person) => person.at('active').value === true);
        assert.equal(active.length, 7);
      });
    } finally {
      delete process.env['SANDBOX_ACCOUNTS'];
    }
  });

  it('serves ConductorOne on --conductorone-port, and prints credentials for that address', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const address = free.address();
    assert.ok(typeof address === 'object' && address !== null);
    await new Promise((resolve) => free.close(resolve));
    await runUntilReady(['--conductorone-port', String(address.port)], async (line) => {
      const { url, clientId, clientSecret, caFile } = JSON.parse(line).conductorOne;
      assert.equal(url, `https://localhost:${address.port}`);
      assert.equal(parseClientId(clientId).authority, `localhost:${address.port}`);
      assert.equal(parseClientSecret(new Redacted(clientSecret)).privateKey.asymmetricKeyType, 'ed25519');
      assert.match(await readFile(caFile, 'utf8'), /BEGIN CERTIFICATE/);
    });
  });

  it('names the environment variable of every flag in its help', () => {
    const help = sandboxCommand(new AbortController().signal).helpInformation();
    const flags = help.match(/^ {2}--\S+/gm) ?? [];
    assert.ok(flags.length >= 9);
    assert.equal(help.match(/env:\s+SANDBOX_/g)?.length, flags.length);
  });

  it('refuses the value of a numeric flag if it is not a whole number', async () => {
    const command = sandboxCommand(new AbortController().signal)
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    await assert.rejects(
      command.parseAsync(['node', 'sandbox', '--accounts', 'many']),
      /must be a whole number/,
    );
  });

  it('fails with EADDRINUSE if one of its ports is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const address = taken.address();
    assert.ok(typeof address === 'object' && address !== null);
    for (const flag of ['--port', '--control-port', '--conductorone-port']) {
      const command = sandboxCommand(new AbortController().signal);
      const running = command.parseAsync(['node', 'sandbox', flag, String(address.port)]);
      await assert.rejects(running, /EADDRINUSE/, flag);
    }
    await new Promise((resolve) => taken.close(resolve));
  });

  it('does not start if it has already been stopped', async () => {
    let printed = '';
    const command = sandboxCommand(AbortSignal.abort(), { write: (text: string) => (printed += text) });
    await command.parseAsync(['node', 'sandbox']);
    assert.equal(printed, '');
  });
});
