import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { conditionOf, SERVICE_ACCOUNT } from '../../operator/cluster-objects.ts';
import type { Fault } from '../fault.ts';
import { Story } from '../story.ts';
import { isLease, isSecret } from '../strike.ts';
import type { World } from '../world.ts';

/** Makes the proxy accept only this bearer token, like an API server after a rotation. */
function takeOnly(world: World, token: string): void {
  world.proxy.faultOf = ({ headers }) =>
    headers.authorization === `Bearer ${token}` ? null : { kind: 'answer', status: 401 };
}

/** The source of the operator's own credentials. */
interface Source {
  readonly name: string;
  readonly what: string;
  readonly user: (folder: string) => Record<string, unknown>;
  readonly write: (folder: string, token: string) => Promise<void>;
  readonly setClockByMs?: number;
}

const TOKEN_FILE = 'token';

/** Replaces the token file as the kubelet does: the file exists at every moment. */
async function replaceFile(folder: string, text: string): Promise<void> {
  await writeFile(join(folder, `${TOKEN_FILE}.new`), text);
  await rename(join(folder, `${TOKEN_FILE}.new`), join(folder, TOKEN_FILE));
}

const fromFile = {
  user: (folder: string) => ({
    'auth-provider': { name: 'tokenFile', config: { tokenFile: join(folder, TOKEN_FILE) } },
  }),
  write: replaceFile,
};

const sources: readonly Source[] = [
  {
    name: 'token-file-rotated',
    what: "The operator's own token is replaced in its file, and the API server rejects the old one",
    ...fromFile,
  },
  {
    name: 'token-file-rotated-clock-set-back',
    what: 'The same, while the local clock is set back by two hours so that the old token seems fresh',
    ...fromFile,
    setClockByMs: -2 * 3_600_000,
  },
  {
    name: 'exec-plugin-without-expiry',
    what: "The operator's own token comes from an exec plugin without an expiry, and the API server rejects it after it was replaced",
    user: (folder) => ({
      exec: {
        apiVersion: 'client.authentication.k8s.io/v1',
        command: 'cat',
        args: [join(folder, TOKEN_FILE)],
        interactiveMode: 'Never',
      },
    }),
    write: (folder, token) =>
      replaceFile(
        folder,
        JSON.stringify({
          apiVersion: 'client.authentication.k8s.io/v1',
          kind: 'ExecCredential',
          status: { token },
        }),
      ),
  },
];

const ownCredentials = sources.map(
  ({ name, what, user, write, setClockByMs }): Fault => ({
    name,
    group: 'credentials',
    standsFor: ['R10', 'R7'],
    isShort: name === 'token-file-rotated',
    what,
    holds:
      'After a 401, the token is read again at once: no lease renewal fails, no event is lost, and no edit waits.',
    async run(worlds) {
      const world = await worlds.open({ begins: false, user });
      await write(world.folder, 'canary-first');
      takeOnly(world, 'canary-first');
      await world.begin();
      const story = await Story.begin(world);
      world.expect('nothing was refused before', world.proxy.fired === 0, () => world.proxy.fired);
      if (setClockByMs !== undefined) world.operator.suffer({ do: 'setClock', byMs: setClockByMs });
      await write(world.folder, 'canary-second');
      takeOnly(world, 'canary-second');
      const from = world.proxy.arrivals.length;
      world.proxy.resetAll();
      await expectRenewals(world, from);
      // How a deletion in the future is handled is not a question of credentials, so the clock is set right first.
      if (setClockByMs !== undefined) world.operator.suffer({ do: 'setClock', byMs: -setClockByMs });
      await story.edit();
      await story.end();
      world.expect('the process leads', (await world.operator.metric('leader')) === 1);
      await world.untilEvent('comes', 'LicenseGranted');
      const lost = world.operator.lines.filter((line) => /event not written|lease not renewed/.test(line));
      world.expect('no event and no renewal was given up', lost.length === 0, () => lost);
      const most = 30;
      world.expect(`${world.proxy.fired} requests met a 401, no storm`, world.proxy.fired <= most);
      return { fired: world.proxy.fired, checks: world.checks };
    },
  }),
);

async function expectRenewals(world: World, from: number): Promise<void> {
  await world.expectSoon(
    'the lease is renewed with the new token',
    () =>
      world.arrivals((asked) => isLease(asked) && asked.method === 'PUT' && asked.fault === null, from)
        .length >= 2,
  );
}

const refusedByAsana = (world: World) =>
  world.sandbox.requests.since(0).filter(({ status }) => status === 401).length;

const missing: Fault = {
  name: 'secret-missing',
  group: 'credentials',
  isLong: true,
  standsFor: ['R10'],
  what: 'The Secret of a connector does not exist at first and is created later',
  holds:
    'The connector stalls with `SecretNotFound` and sends no request to Asana. About a minute after the Secret is created, it is connected.',
  async run(worlds) {
    const world = await worlds.open({ begins: false });
    await world.createConnector();
    await world.startOperator();
    await world.expectSoon('the connector says SecretNotFound', async () => {
      const connector = await world.connector();
      const reason = conditionOf(connector, 'Ready')?.reason;
      return connector?.status?.phase === 'Failed' && reason === 'SecretNotFound';
    });
    world.expect('Asana was asked nothing', world.sandbox.requests.last === 0);
    const fired = world.arrivals(isSecret).length;
    await world.createSecret();
    await world.expectSoon(
      'the connector is Connected',
      async () => (await world.connector())?.status?.phase === 'Connected',
      {
        patienceMs: 100_000,
      },
    );
    const story = await Story.begin(world);
    await story.edit();
    await story.end();
    return { fired, checks: world.checks };
  },
};

const NEXT_TOKEN = 'canary-next-token';

/** Puts the next token into the Secret, and revokes the old one in Asana. */
async function rotate(world: World): Promise<void> {
  const { tokenRegister, people } = world.sandbox;
  tokenRegister.issue(NEXT_TOKEN, 'serviceAccount', people.serviceAccount);
  await world.patchSecret({ BATON_TOKEN: NEXT_TOKEN });
  tokenRegister.revoke(SERVICE_ACCOUNT);
}

const rotated: Fault = {
  name: 'secret-rotated-mid-sync',
  group: 'credentials',
  standsFor: ['R10'],
  what: 'The token in the Secret is replaced and the old one revoked during a sync',
  holds:
    'After the first 401, the Secret is read again. The next sync uses the new token, and no grant loses its state.',
  async run(worlds) {
    const world = await worlds.open({ sandbox: { accounts: 240 } });
    const story = await Story.begin(world);
    await world.setLatency(300);
    const from = world.sandbox.requests.last;
    await world.patchConnector({
      metadata: { annotations: { 'asana-connector.dev/requestedAt': 'mid-sync' } },
    });
    await world.until('the sync is under way', async () => world.sandbox.requests.last > from + 2);
    await rotate(world);
    await world.expectSoon('Asana refused the old token', () => refusedByAsana(world) > 0);
    await world.setLatency(0);
    await story.edit();
    await story.end();
    const fired = refusedByAsana(world);
    await world.sync();
    world.expect('the old token is used no more', refusedByAsana(world) === fired, () =>
      refusedByAsana(world),
    );
    return { fired, checks: world.checks };
  },
};

const gone: Fault = {
  name: 'secret-gone-during-finalizer',
  group: 'credentials',
  isLong: true,
  standsFor: ['R10'],
  what: 'The Secret is deleted and its token revoked; then a grant is deleted',
  holds:
    'The deleted grant waits, and its message names the annotation `abandon`. When the Secret exists again, the right is revoked and the grant is gone.',
  async run(worlds) {
    const world = await worlds.open();
    const story = await Story.begin(world);
    const { tokenRegister, people } = world.sandbox;
    await world.deleteSecret();
    tokenRegister.revoke(SERVICE_ACCOUNT);
    await story.edit();
    await world.expectSoon(
      'the connector says SecretNotFound',
      async () => conditionOf(await world.connector(), 'Ready')?.reason === 'SecretNotFound',
      { detail: async () => (await world.connector())?.status?.conditions },
    );
    await world.expectSoon('the deleted grant waits and names the way out', async () => {
      const ready = conditionOf(await world.grant('leaves'), 'Ready');
      return (ready?.message ?? '').includes('asana-connector.dev/abandon');
    });
    world.expect('nothing was taken yet', await story.holdsEnterprise('alice'));
    tokenRegister.issue(NEXT_TOKEN, 'serviceAccount', people.serviceAccount);
    await world.createSecret({ BATON_TOKEN: NEXT_TOKEN });
    await story.end({ patienceMs: 120_000 });
    return { fired: refusedByAsana(world), checks: world.checks };
  },
};

export const credentialFaults: readonly Fault[] = [...ownCredentials, missing, rotated, gone];
