import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import type { Finding } from '../../src/commands/kubectl-asana/diagnosis.ts';
import { examineConnector } from '../../src/commands/kubectl-asana/examine-connector.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { connectorObject } from '../controllers/objects.ts';

async function start(t: TestContext): Promise<Sandbox> {
  const sandbox = await startSandbox({ accounts: 5, requestsPerMinute: 0 });
  t.after(() => sandbox.close());
  return sandbox;
}

/** Returns what doctor finds with this token. */
function examine(sandbox: Sandbox, token: string, connector: AsanaConnector): Promise<Finding[]> {
  const secret = { resourceVersion: '1', data: new Map([['BATON_TOKEN', Buffer.from(token)]]) };
  const client = { readSecret: () => Promise.resolve(secret) };
  return examineConnector({ client }, connector, sandbox.asanaUrl);
}

const statesOf = (findings: readonly Finding[]) => findings.map(({ what, state }) => `${what}: ${state}`);
const findingOf = (findings: readonly Finding[], name: string) =>
  findings.find(({ what }) => what === name) ?? assert.fail(`nothing about ${name}`);

suite('a connector examined by kubectl asana doctor', () => {
  test('is ok with a SCIM-only service account, and the finding names what is missing', async (t) => {
    const sandbox = await start(t);
    const connector = connectorObject({ spec: { defaultWorkspace: sandbox.workspace } });
    const findings = await examine(sandbox, sandbox.tokens.scimOnly, connector);
    assert.deepEqual(statesOf(findings), [
      'Secret iga/asana: ok',
      'token of Asana (REST): ok',
      'workspaces: ok',
      'SCIM: ok',
    ]);
    assert.match(findingOf(findings, 'token of Asana (REST)').found, /Guests, roles .* are missing/);
  });

  test('is bad with a SCIM-only service account if defaultWorkspace is not set', async (t) => {
    const sandbox = await start(t);
    const findings = await examine(sandbox, sandbox.tokens.scimOnly, connectorObject());
    const { state, found } = findingOf(findings, 'workspaces');
    assert.equal(state, 'bad');
    assert.match(found, /Set spec\.defaultWorkspace/);
  });

  test('is bad with a SCIM-only service account if REST was read before, and the remedy restores REST', async (t) => {
    const sandbox = await start(t);
    const status = { organizations: [sandbox.workspace] };
    const connector = connectorObject({ spec: { defaultWorkspace: sandbox.workspace }, status });
    const findings = await examine(sandbox, sandbox.tokens.scimOnly, connector);
    const { state, remedy } = findingOf(findings, 'token of Asana (REST)');
    assert.equal(state, 'bad');
    assert.match(remedy ?? '', /full permissions .* scimTokenKey/);
  });

  test('is bad with a personal token for SCIM, and the remedy names the required permissions', async (t) => {
    const sandbox = await start(t);
    const findings = await examine(sandbox, sandbox.tokens.personalAccessToken, connectorObject());
    const { state, remedy } = findingOf(findings, 'SCIM');
    assert.equal(state, 'bad');
    assert.match(remedy ?? '', /Users and Teams, or full permissions/);
  });

  test('shows the gid of the owner of its token if Asana shows no name', async (t) => {
    const sandbox = await start(t);
    const { serviceAccount } = sandbox.people;
    sandbox.state.change(serviceAccount, { name: '' });
    const findings = await examine(sandbox, sandbox.tokens.serviceAccount, connectorObject());
    assert.equal(findingOf(findings, 'token of Asana (REST)').found, `belongs to ${serviceAccount.gid}`);
  });
});
