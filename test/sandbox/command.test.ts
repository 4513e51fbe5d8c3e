import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
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
  it('prints one line of JSON when it is ready, serves until it is told to stop, and lets go of its ports', async () => {
    let url = '';
    const printed = await runUntilReady(['--accounts', '20', '--seed', '3'], async (line) => {
      const { asanaUrl, controlUrl, workspace, tokens, conductorOne } = JSON.parse(line);
      url = String(asanaUrl);
      assert.deepEqual(Object.keys(tokens), ['personalAccessToken', 'serviceAccount', 'scimOnly']);
      const headers = { authorization: `Bearer ${tokens.serviceAccount}` };
      assert.equal((await fetch(`${asanaUrl}/workspaces/${workspace}`, { headers })).status, 200);
      assert.equal((await fetch(`${controlUrl}/state`)).status, 200);
      assert.deepEqual(Object.keys(conductorOne), ['url', 'clientId', 'clientSecret', 'caFile']);
      assert.equal((await fetch(`${controlUrl}/conductorone/state`)).status, 200);
    });
    assert.match(printed, /^\{[^\n]+\}\n$/);
    await assert.rejects(fetch(`${url}/users/me`), TypeError);
  });

  it('takes every flag from a variable too', async () => {
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

  it('puts ConductorOne where it is told, and its credentials lead there', async () => {
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

  it('names for every flag the variable it can come from', () => {
    const help = sandboxCommand(new AbortController().signal).helpInformation();
    const flags = help.match(/^ {2}--\S+/gm) ?? [];
    assert.ok(flags.length >= 9);
    assert.equal(help.match(/env:\s+SANDBOX_/g)?.length, flags.length);
  });

  it('refuses a flag that is no whole number', async () => {
    const command = sandboxCommand(new AbortController().signal)
      .exitOverride()
      .configureOutput({ writeErr: () => {} });
    await assert.rejects(
      command.parseAsync(['node', 'sandbox', '--accounts', 'many']),
      /must be a whole number/,
    );
  });

  it('fails when its port is taken, and leaves nothing open', async () => {
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

  it('does not start at all when it has been told to stop already', async () => {
    let printed = '';
    const command = sandboxCommand(AbortSignal.abort(), { write: (text: string) => (printed += text) });
    await command.parseAsync(['node', 'sandbox']);
    assert.equal(printed, '');
  });
});
