import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, suite, test } from 'node:test';
import { parse } from 'yaml';
import { askControl } from '../../scripts/sandbox-control.ts';
import { asanaConnectors } from '../../src/api/resources.ts';
import { migrateCommand } from '../../src/commands/migrate/migrate-command.ts';
import type { KubernetesObject, Resource } from '../../src/kubernetes/resource.ts';
import { STRANGER } from '../../src/sandbox/seed.ts';
import { Bundle, Child, Folder, type Variables } from '../commands/child.ts';
import { conditionOf, OperatorRig, PERSONAL, SCIM_ONLY, SERVICE_ACCOUNT } from './rig.ts';
import { TenantView } from './tenant.ts';

const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' };
const DEPLOYMENTS: Resource = { group: 'apps', version: 'v1', plural: 'deployments', kind: 'Deployment' };
const NAME = 'baton-asana';
const ALICE = 'alice@acme.example';
const GUEST = 'dave@partner.example';

/** What a connector with certain credentials does. */
interface Row {
  readonly credentials: string;
  /** The prefix of the namespace. */
  readonly purpose: string;
  readonly token: string;
  /** Booleans of the Secret that the documentation calls optional. */
  readonly options: Readonly<Record<string, string>>;
  readonly guestElsewhere?: boolean;
  /** Whether guests are shown, and whether licenses are. */
  readonly shows: { readonly guests: boolean; readonly licenses: boolean };
  /** The code that provisioning ends with. */
  readonly provisioning: 'OK' | 'FailedPrecondition';
}

const WITH_SCIM = { BATON_USE_SERVICE_ACCOUNT: 'true', BATON_USE_SCIM_API: 'true' };

const rows: readonly Row[] = [
  {
    credentials: 'a service account with full permissions',
    purpose: 'seed-full',
    token: SERVICE_ACCOUNT,
    options: WITH_SCIM,
    shows: { guests: true, licenses: true },
    provisioning: 'OK',
  },
  {
    credentials: 'a service account with Users: Read and Teams: Read alone',
    purpose: 'seed-minimum',
    token: SCIM_ONLY,
    options: WITH_SCIM,
    shows: { guests: false, licenses: true },
    provisioning: 'FailedPrecondition',
  },
  {
    credentials: 'a personal access token',
    purpose: 'seed-personal',
    token: PERSONAL,
    options: {},
    shows: { guests: true, licenses: false },
    provisioning: 'OK',
  },
  {
    credentials: 'a personal access token whose owner is a guest elsewhere',
    purpose: 'seed-guest',
    token: PERSONAL,
    options: {},
    guestElsewhere: true,
    shows: { guests: true, licenses: false },
    provisioning: 'OK',
  },
];

let program: Bundle;
before(async () => {
  program = await Bundle.make();
});
after(() => program[Symbol.asyncDispose]());

for (const row of rows) {
  suite(`the documented manifests with quoted booleans and ${row.credentials}`, () => {
    let rig: OperatorRig;
    let tenant: TenantView;
    let secret: Record<string, string>;

    before(async () => {
      rig = await OperatorRig.start(row.purpose, {
        secondWorkspace: row.guestElsewhere ? 'organization' : 'none',
        scimOnlyReads: true,
        conductorOneSettings: { nextPollMs: 50 },
      });
      tenant = new TenantView(rig);
      const { clientId, clientSecret, caFile } = rig.sandbox.conductorOne;
      rig.environment['SSL_CERT_FILE'] = caFile;
      secret = {
        BATON_CLIENT_ID: clientId,
        BATON_CLIENT_SECRET: clientSecret,
        BATON_TOKEN: row.token,
        BATON_PROVISIONING: 'true',
        BATON_DEFAULT_WORKSPACE_ID: rig.sandbox.workspace,
        ...row.options,
      };
      await rig.client.create(SECRETS, rig.namespace, secretManifest(secret));
      await rig.client.create(DEPLOYMENTS, rig.namespace, deploymentManifest('true'));
    });
    after(() => rig.close());

    /** Returns the accounts of a person in the directory that was uploaded last. */
    const accountsOf = async (user: string): Promise<readonly unknown[]> => {
      const path = `/conductorone/accounts?user=${encodeURIComponent(user)}`;
      return (await askControl<{ accounts: unknown[] }>(rig.sandbox, 'GET', path)).accounts;
    };

    /** Checks what ConductorOne sees and may do, whichever program connects it. */
    async function uploadsAndProvisions(newcomer: string): Promise<void> {
      const synced = await tenant.carryOut({ type: 'syncFull' });
      assert.equal(synced.code, 'OK', synced.message);
      assert.equal((await tenant.uploads()).uploads.at(-1)?.state, 'current');
      assert.equal((await accountsOf(ALICE)).length, 1);
      assert.equal((await accountsOf(GUEST)).length, row.shows.guests ? 1 : 0);
      assert.equal((await accountsOf(STRANGER)).length, 0, 'a stranger’s directory is not imported');
      const licensed = (await tenant.grantsOf(ALICE)).some((id) => id.startsWith('view only:'));
      assert.equal(licensed, row.shows.licenses);
      const [team] = rig.sandbox.people.organization.teams;
      const orders = [
        ...(row.shows.licenses ? [{ type: 'grant', entitlement: 'enterprise', user: ALICE }] : []),
        { type: 'grant', entitlement: `team:${team?.gid}:Team Member`, user: 'carol@acme.example' },
        { type: 'createAccount', email: newcomer },
      ];
      for (const order of orders) {
        const { code, message } = await tenant.carryOut(order);
        assert.equal(code, row.provisioning, `${JSON.stringify(order)}: ${message}`);
        if (code !== 'OK') assert.match(message, /full permissions/);
      }
      const done = row.provisioning === 'OK';
      assert.equal(await isInAsana(newcomer), done);
      if (!row.shows.licenses) return;
      assert.equal(await rig.licenseInAsana(ALICE), done ? 'enterprise' : 'view only');
      if (done) await revoke('enterprise', 'OK');
      assert.equal(await rig.licenseInAsana(ALICE), 'view only');
      await revoke('view only', 'FailedPrecondition');
      assert.equal((await rig.personInAsana(ALICE)).active, true, 'the account is not deprovisioned');
    }

    /** Takes a license of Alice back, after a sync that shows it to ConductorOne. */
    async function revoke(entitlement: string, expected: string): Promise<void> {
      assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
      const { code, message } = await tenant.carryOut({ type: 'revoke', entitlement, user: ALICE });
      assert.equal(code, expected, message);
    }

    const isInAsana = async (address: string): Promise<boolean> =>
      (await rig.peopleInAsana()).some(({ email }) => email === address);

    test('are rejected by the API server if their booleans are not quoted', async () => {
      const bare = { ...secretManifest({}), stringData: { BATON_PROVISIONING: true } };
      await assert.rejects(rig.client.create(SECRETS, rig.namespace, bare), /stringData/);
      await assert.rejects(rig.client.create(DEPLOYMENTS, rig.namespace, deploymentManifest(true)), /labels/);
    });

    test('work with another image, which connects, uploads, and provisions or explains why not', async () => {
      await using folder = await Folder.make(program.main);
      const child = new Child(folder, {
        ...(await environmentOf(rig)),
        BATON_HOST_ID: `${NAME}-pod`,
        ASANA_API_URL: rig.sandbox.asanaUrl,
        SSL_CERT_FILE: rig.sandbox.conductorOne.caFile,
      });
      try {
        await uploadsAndProvisions('grace.hopper@acme.example');
      } finally {
        child.kill('SIGTERM');
      }
      const { code, stderr } = await child.end();
      assert.equal(code, 0, stderr);
      for (const line of ['connected to ConductorOne', 'sync ended', 'directory uploaded'])
        assert.ok(stderr.includes(line), `the log does not say "${line}"`);
      const told = stderr
        .split('\n')
        .filter((line) => line.includes('the directory was not read completely'));
      assert.equal(told.length, row.provisioning === 'OK' && !row.guestElsewhere ? 0 : 1, told.join('\n'));
    });

    test('convert to an AsanaConnector that connects, uploads, and provisions or explains why not', async () => {
      const found = await rig.client.get<KubernetesObject>(SECRETS, rig.namespace, `${NAME}-secrets`);
      const connector = await migrated({ ...found, kind: 'Secret' });
      await rig.client.create(asanaConnectors, rig.namespace, connector);
      const seen = await rig.untilPhase('Connected', NAME);
      assert.equal(conditionOf(seen, 'Synced')?.reason, row.token === SCIM_ONLY ? 'ScimOnly' : 'Synced');
      assert.deepEqual(
        seen.status?.workspaces?.filter(({ leftOut }) => leftOut !== undefined).map(({ leftOut }) => leftOut),
        row.guestElsewhere ? ['Guest'] : [],
      );
      await uploadsAndProvisions('barbara.liskov@acme.example');
    });
  });
}

function secretManifest(stringData: Readonly<Record<string, string>>) {
  return { metadata: { name: `${NAME}-secrets` }, type: 'Opaque', stringData };
}

/** Returns the Deployment of the documentation with another image; `baton` is a label. */
function deploymentManifest(baton: unknown) {
  const container = {
    name: NAME,
    image: 'registry.example.com/asana-connector:0.1.0',
    imagePullPolicy: 'IfNotPresent',
    envFrom: [{ secretRef: { name: `${NAME}-secrets` } }],
  };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: NAME, labels: { app: NAME } },
    spec: {
      selector: { matchLabels: { app: NAME } },
      template: {
        metadata: { labels: { app: NAME, baton, 'baton-app': 'asana' } },
        spec: { containers: [container] },
      },
    },
  };
}

/** Returns the environment that a kubelet would give the Deployment's container, from the objects in the API server. */
async function environmentOf(rig: OperatorRig): Promise<Variables> {
  type Containers = { envFrom?: { secretRef: { name: string } }[] }[];
  type Deployment = KubernetesObject & { spec: { template: { spec: { containers: Containers } } } };
  type Secret = KubernetesObject & { data: Record<string, string> };
  const deployment = await rig.client.get<Deployment>(DEPLOYMENTS, rig.namespace, NAME);
  const [container] = deployment?.spec.template.spec.containers ?? [];
  const name = container?.envFrom?.[0]?.secretRef.name ?? '';
  const secret = await rig.client.get<Secret>(SECRETS, rig.namespace, name);
  return Object.fromEntries(
    Object.entries(secret?.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
  );
}

/** Returns what `migrate` makes of the Secret as the cluster shows it. */
async function migrated(secret: object): Promise<object> {
  let printed = '';
  const output = { write: (text: string) => (printed += text) };
  const input = Readable.from([JSON.stringify(secret)]);
  const command = migrateCommand({ input, output, errors: { write: () => {} } });
  await command.parseAsync(['-f', '-', '--name', NAME], { from: 'user' });
  return parse(printed) as object;
}
