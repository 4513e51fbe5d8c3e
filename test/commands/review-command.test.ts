import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Review } from '../../src/commands/review/review-row.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/server.ts';
import { Bundle, CANARY, type Ending, Folder } from './child.ts';
import { rightsIn } from './review-world.ts';

const MANIFESTS = `
apiVersion: asana-connector.dev/v1alpha1
kind: AsanaConnector
metadata: { name: acme, namespace: iga }
spec:
  credentials: { type: ServiceAccount, secretRef: { name: asana } }
  scim: { enabled: true }
---
apiVersion: asana-connector.dev/v1alpha1
kind: AsanaLicenseGrant
metadata: { name: bob, namespace: iga }
spec: { connectorRef: { name: acme }, user: { email: bob@acme.example }, license: Enterprise, reason: "REQ-2" }
`;

describe('asana-connector review', () => {
  let sandbox: Sandbox;
  let bundle: Bundle;
  let folder: Folder;

  before(async () => {
    const token = `${CANARY}-token-of-the-service-account`;
    sandbox = await startSandbox({ accounts: 40, requestsPerMinute: 0, tokens: { serviceAccount: token } });
    bundle = await Bundle.make();
    folder = await Folder.make(bundle.main);
    await writeFile(join(folder.path, 'all.yaml'), MANIFESTS);
    await writeFile(join(folder.path, 'token'), `${token}\n`);
  });
  after(async () => {
    await folder[Symbol.asyncDispose]();
    await bundle[Symbol.asyncDispose]();
    await sandbox.close();
  });

  function review(...flags: string[]): Promise<Ending> {
    const variables = {
      ASANA_API_URL: sandbox.asanaUrl,
      ASANA_REQUESTS_PER_MINUTE: '0',
      KUBECONFIG: '/nowhere',
    };
    return folder.run(variables, 'review', '-f', 'all.yaml', '--token-file', 'token', ...flags);
  }

  it('writes one JSON document that lists every right once, with its grant or task', async () => {
    const carol = sandbox.state.personByEmail('carol@acme.example') ?? assert.fail();
    const line = {
      audit: 'v1',
      time: '2026-04-01T09:00:00.000Z',
      kind: 'Change',
      id: 'a1',
      action: 'CreateAccount',
      connector: { namespace: 'iga', name: 'acme' },
      requester: { type: 'Task', taskId: 'task-7' },
      account: { gid: null, email: 'carol@acme.example' },
      place: null,
      before: null,
      after: 'ViewOnly',
      result: 'Succeeded',
      reason: null,
      requestIds: [],
    };
    await writeFile(join(folder.path, 'audit.log.1.gz'), gzipSync(`${JSON.stringify(line)}\n`));
    await writeFile(
      join(folder.path, 'operator.log'),
      '{"time":"…","level":"info","message":"started"}\nplain\n',
    );
    const audit = ['--audit-log', 'audit.log.1.gz', '--audit-log', 'operator.log'];
    const { code, stdout, stderr } = await review('--format', 'json', ...audit);
    assert.equal(code, 0, stderr);
    const document = JSON.parse(stdout) as Review;
    assert.equal(document.version, 'v1');
    const found = document.rows.map(
      ({ account, right, place, value }) => `${account} ${right} ${place} ${value}`,
    );
    assert.deepEqual(found.toSorted(), rightsIn(sandbox));
    const ofBob = document.rows.find(
      ({ email, right }) => email === 'bob@acme.example' && right === 'License',
    );
    assert.deepEqual([ofBob?.grant?.name, ofBob?.why], ['bob', 'REQ-2']);
    const ofCarol = document.rows.filter(({ account }) => account === carol.gid);
    assert.equal(ofCarol.find(({ right }) => right === 'License')?.task, 'task-7');
  });

  it('writes the review to the file of --output, and nothing to standard output', async () => {
    const { code, stdout, stderr } = await review('--format', 'html', '--output', 'review.html');
    assert.deepEqual([code, stdout, stderr], [0, '', '']);
    assert.match(await readFile(join(folder.path, 'review.html'), 'utf8'), /^<!doctype html>/);
  });

  it('sends only GET requests to Asana', async () => {
    const before = sandbox.requests.since(0).length;
    await review('--format', 'csv');
    const methods = new Set(
      sandbox.requests
        .since(0)
        .slice(before)
        .map(({ method }) => method),
    );
    assert.deepEqual([...methods], ['GET']);
  });

  for (const { why, flags, says } of [
    { why: '--format is missing', flags: [], says: /--format/ },
    { why: 'the format is unknown', flags: ['--format', 'pdf'], says: /csv, json, html/ },
    {
      why: '--bom is used with a format other than CSV',
      flags: ['--format', 'json', '--bom'],
      says: /--bom: is valid only with --format csv/,
    },
    {
      why: 'the token file does not exist',
      flags: ['--format', 'csv', '--token-file', 'none'],
      says: /--token-file/,
    },
    {
      why: 'the audit log does not exist',
      flags: ['--format', 'csv', '--audit-log', 'none'],
      says: /cannot read none/,
    },
    {
      why: 'the connector does not exist',
      flags: ['--format', 'csv', '--connector', 'other'],
      says: /named other/,
    },
    {
      why: 'the output folder does not exist',
      flags: ['--format', 'csv', '--output', 'no/x.csv'],
      says: /cannot write no/,
    },
  ]) {
    it(`exits with code 1 and an error message of one line if ${why}`, async () => {
      const { code, stdout, stderr } = await review(...flags);
      assert.deepEqual([code, stdout], [1, '']);
      assert.match(stderr, says);
      // After an error about the flags, a second line refers to the help.
      assert.match(stderr, /^(?:InvalidInput|error): .+\n(?:Run the command with --help .+\n)?$/);
    });
  }

  it('exits with code 1 if an audit line is damaged, and names its file and line', async () => {
    await writeFile(join(folder.path, 'torn.log'), '{"audit":"v1","time":"2026\n');
    const { code, stdout, stderr } = await review('--format', 'csv', '--audit-log', 'torn.log');
    assert.deepEqual([code, stdout], [1, '']);
    assert.match(stderr, /torn\.log:1 is a damaged audit line/);
  });

  it('exits with code 1 if there is no token', async () => {
    const { code, stderr } = await folder.run({}, 'review', '--format', 'csv', '-f', 'all.yaml');
    assert.equal(code, 1);
    assert.match(stderr, /ASANA_TOKEN: contains no token/);
  });
});
