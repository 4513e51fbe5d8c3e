import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { askControl } from '../../scripts/sandbox-control.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { Bundle, Child, Folder, type Variables } from './child.ts';

/** The result of a task, as the simulated ConductorOne shows it. */
interface ShownEnd {
  readonly codeName: string;
  readonly message: string;
}

describe('an account that ConductorOne requests', () => {
  let program: Bundle;
  let sandbox: Sandbox;

  before(async () => {
    program = await Bundle.make();
    sandbox = await startSandbox({ requestsPerMinute: 0, conductorOneSettings: { nextPollMs: 20 } });
  });
  after(async () => {
    await sandbox.close();
    await program[Symbol.asyncDispose]();
  });

  /** Runs the connector while `use` requests accounts. */
  async function serving(
    token: string,
    more: Variables,
    use: (create: (profile: object) => Promise<ShownEnd>) => Promise<void>,
  ): Promise<void> {
    await using folder = await Folder.make(program.main);
    const child = new Child(folder, {
      BATON_CLIENT_ID: sandbox.conductorOne.clientId,
      BATON_CLIENT_SECRET: sandbox.conductorOne.clientSecret,
      BATON_TOKEN: token,
      BATON_PROVISIONING: 'true',
      BATON_HOST_ID: folder.path.slice(-12),
      ASANA_API_URL: sandbox.asanaUrl,
      SSL_CERT_FILE: sandbox.conductorOne.caFile,
      ...more,
    });
    try {
      await use(async (profile) => {
        const tasks = '/conductorone/tasks';
        const order = { type: 'createAccount', profile };
        const { id } = await askControl<{ id: string }>(sandbox, 'POST', tasks, order);
        const look = () => askControl<{ result: ShownEnd | null }>(sandbox, 'GET', `${tasks}/${id}`);
        return child.until(`the end of ${id}`, async () => (await look()).result);
      });
    } finally {
      child.kill('SIGTERM');
    }
    assert.equal((await child.end()).code, 0);
  }

  const licenseOf = (email: string) => sandbox.state.personByEmail(email)?.profile.license;

  for (const { means, kind, settings, license } of [
    {
      means: 'SCIM',
      kind: 'serviceAccount',
      settings: { BATON_USE_SERVICE_ACCOUNT: 'true', BATON_USE_SCIM_API: 'true' },
      license: 'view only',
    },
    { means: 'an invitation', kind: 'personalAccessToken', settings: {}, license: 'enterprise' },
  ] as const) {
    it(`is created through ${means} only if the request or the connector names a workspace`, async () => {
      const [refused, named, defaulted] = ['a', 'b', 'c'].map((name) => `${name}.${kind}@acme.example`) as [
        string,
        string,
        string,
      ];
      const token = sandbox.tokens[kind];
      await serving(token, settings, async (create) => {
        const nowhere = await create({ email: refused });
        assert.equal(nowhere.codeName, 'InvalidArgument');
        assert.match(nowhere.message, /Specify one, or set .*BATON_DEFAULT_WORKSPACE_ID/);
        const there = await create({ email: named, workspace_id: sandbox.workspace });
        assert.equal(there.codeName, 'OK', there.message);
      });
      await serving(token, { ...settings, BATON_DEFAULT_WORKSPACE_ID: sandbox.workspace }, async (create) => {
        const there = await create({ email: defaulted });
        assert.equal(there.codeName, 'OK', there.message);
      });
      assert.deepEqual([refused, named, defaulted].map(licenseOf), [undefined, license, license]);
    });
  }
});
