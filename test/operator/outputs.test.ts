import assert from 'node:assert/strict';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Bundle, Child, Folder, freePort, linesOf } from '../commands/child.ts';
import { Collector, type ReceivedSpan } from '../telemetry/collector.ts';
import { OperatorRig, SERVICE_ACCOUNT } from './rig.ts';
import { TenantView } from './tenant.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Returns the message texts that the source passes to the methods of a logger. */
async function messagesInSource(): Promise<ReadonlySet<string>> {
  const messages = new Set<string>();
  for await (const path of glob('src/**/*.ts', { cwd: ROOT }))
    for (const [, , message = ''] of (await readFile(join(ROOT, path), 'utf8')).matchAll(
      /\b(debug|info|warn|error)(?:'\])?\(\s*'([^'\n]+)'/g,
    ))
      messages.add(message);
  return messages;
}

suite('the bundled operator with --otel-endpoint', () => {
  let collector: Collector;
  let rig: OperatorRig;
  let stderr: string;
  let stdout: string;
  let log: readonly Readonly<Record<string, unknown>>[];
  let liveness: string;
  let readiness: string;
  /** Two people without an enterprise license: the first gets one by a grant, the second by a task. */
  let people: readonly string[];
  let taskId: string;
  let actionId: string | undefined;
  before(async () => {
    collector = await Collector.start();
    rig = await OperatorRig.start('traces', { conductorOneSettings: { nextPollMs: 100 } });
    await rig.stopOperator();
    people = (await rig.peopleInAsana())
      .filter(({ license, role, active }) => license === 'view only' && role === 'member' && active)
      .map(({ email }) => email.toLowerCase());
    await using bundle = await Bundle.make();
    await using folder = await Folder.make(bundle.main);
    const health = `127.0.0.1:${await freePort()}`;
    const flags = [
      ['--no-leader-elect'],
      ['--namespace', rig.namespace],
      ['--asana-api-url', rig.sandbox.asanaUrl],
      ['--asana-requests-per-minute', '0'],
      ['--allowed-conductorone-hosts', 'localhost'],
      ['--metrics-bind-address', '0'],
      ['--health-bind-address', health],
      ['--log-level', 'debug'],
      ['--otel-endpoint', collector.url],
    ].flat();
    const variables = {
      KUBECONFIG: rig.kubeconfigPath,
      SSL_CERT_FILE: rig.sandbox.conductorOne.caFile,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20canary-of-the-collector',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      OTEL_SERVICE_NAME: 'asana-test',
    };
    const operator = new Child(folder, variables, ['operator', ...flags]);
    try {
      await live();
      liveness = await (await fetch(`http://${health}/livez?verbose`)).text();
      readiness = await (await fetch(`http://${health}/readyz?verbose`)).text();
    } finally {
      operator.kill('SIGTERM');
    }
    const ending = await operator.end();
    ({ stderr, stdout } = ending);
    assert.equal(ending.code, 0, stderr);
    log = linesOf(stderr);
    rig.logs.push(stderr);
  });
  after(async () => {
    await collector[Symbol.asyncDispose]();
    await rig.close();
  });

  /** Has the operator handle a sync, a task and a grant. */
  async function live(): Promise<void> {
    const [declared = '', requested = ''] = people;
    const tenant = new TenantView(rig);
    await tenant.createSecret(SERVICE_ACCOUNT);
    await rig.createConnector({ conductorOne: { secretRef: { name: 'token' }, provision: true } });
    await rig.untilPhase('Connected');
    assert.equal((await tenant.carryOut({ type: 'syncFull' })).code, 'OK');
    taskId = await tenant.order({ type: 'grant', entitlement: 'enterprise', user: requested });
    assert.equal((await tenant.untilEnded(taskId)).code, 'OK');
    await rig.createGrant('declared', declared);
    await rig.untilReason('declared', 'Granted');
    actionId = (await rig.grant('declared'))?.status?.lastAction?.id;
  }

  function onlyOne(spans: readonly ReceivedSpan[]): ReceivedSpan {
    const [span] = spans;
    assert.ok(span && spans.length === 1, `${spans.length} spans`);
    return span;
  }

  /** Returns the names of the span's ancestors; the root of the trace comes last. */
  function ancestorsOf(span: ReceivedSpan): string[] {
    const parent = collector.spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent ? [parent.name, ...ancestorsOf(parent)] : [];
  }

  const actionOfTheGrant = () =>
    onlyOne(
      collector.named('action GrantEnterprise').filter(({ attributes }) => attributes['name'] === 'declared'),
    );

  test('exports the span of an action below the reconcile of its grant, with the IDs of status and log', () => {
    const action = actionOfTheGrant();
    assert.deepEqual(ancestorsOf(action), ['reconcile asanalicensegrant']);
    const { actionID, connector, kind, namespace, result } = action.attributes;
    assert.ok(actionId !== undefined);
    assert.deepEqual(
      { actionID, connector, kind, namespace, result },
      {
        actionID: actionId,
        connector: `${rig.namespace}/acme`,
        kind: 'AsanaLicenseGrant',
        namespace: rig.namespace,
        result: 'Succeeded',
      },
    );
    const reconcile = onlyOne(collector.spans.filter(({ spanId }) => spanId === action.parentSpanId));
    assert.equal(reconcile.attributes['result'], 'success');
    const { reconcileID } = reconcile.attributes;
    const decided = log.filter(
      (line) => line['reconcileID'] === reconcileID && line['message'] === 'decided',
    );
    assert.ok(decided.length > 0, 'the log has no line of this reconcile');
    assert.equal(decided[0]?.['name'], 'declared');
  });

  test('exports a span for every request of an action, with its operation and status but no URL', () => {
    const action = actionOfTheGrant();
    const requests = collector.childrenOf(action);
    assert.deepEqual(
      requests.map(({ name }) => name),
      ['scim users.get', 'scim users.set_user_type', 'scim users.get'],
    );
    const shown = ['api', 'attempt', 'connector', 'http.request.method', 'http.response.status_code'];
    for (const { kind, attributes } of requests) {
      assert.equal(kind, 3);
      assert.deepEqual(Object.keys(attributes).toSorted(), [...shown, 'operation', 'requestID']);
      assert.equal(attributes['http.response.status_code'], 200);
      assert.equal(attributes['connector'], `${rig.namespace}/acme`);
    }
  });

  test('exports the span of a task with its ID, and the span of its action below it', () => {
    const task = onlyOne(collector.named('task grant'));
    assert.equal(task.parentSpanId, '');
    const { task: id, type, result, connector } = task.attributes;
    assert.deepEqual(
      { id, type, result, connector },
      { id: taskId, type: 'grant', result: 'Succeeded', connector: `${rig.namespace}/acme` },
    );
    const [action] = collector.childrenOf(task).filter(({ name }) => name === 'action GrantEnterprise');
    assert.equal(action?.attributes['task'], taskId);
  });

  test('exports the span of a sync with all of its requests below it', () => {
    const [sync] = collector.named('sync').filter(({ attributes }) => attributes['outcome'] === 'Complete');
    assert.ok(sync);
    assert.equal(sync.parentSpanId, '');
    const requests = collector.childrenOf(sync);
    assert.equal(requests.length, sync.attributes['requests']);
    assert.ok(requests.some(({ name }) => name === 'scim users.list'));
  });

  test('exports no request to Asana outside a reconcile, a sync or a task', () => {
    const requests = collector.spans.filter(({ kind }) => kind === 3);
    assert.ok(requests.length > 0);
    for (const request of requests)
      assert.match(ancestorsOf(request).at(-1) ?? request.name, /^(reconcile|sync|task)\b/);
  });

  test('sends the headers, service name and attributes of the OTEL_ variables', () => {
    assert.equal(collector.requests[0]?.headers.authorization, 'Bearer canary-of-the-collector');
    const { resource } = collector.spans[0] ?? {};
    assert.equal(resource?.['service.name'], 'asana-test');
    assert.equal(resource?.['deployment.environment.name'], 'test');
  });

  test('is alive and ready while it runs, and reports every check by name', () => {
    const checks = ['watches', 'workers', 'leaderElection'];
    const passed = (names: string[]) => [...names.map((name) => `[+]${name} ok`), 'ok', ''].join('\n');
    assert.equal(liveness, passed(checks));
    assert.equal(readiness, passed([...checks, 'caches']));
  });

  test('logs one JSON object per line, with a time, a level and a message that is a constant of the source', async () => {
    const lines = stderr.trimEnd().split('\n');
    assert.ok(lines.length > 10);
    assert.equal(log.length, lines.length, 'a line is not JSON');
    const messages = await messagesInSource();
    for (const { time, level, message } of log) {
      assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.match(String(level), /^(debug|info|warn|error)$/);
      assert.ok(messages.has(String(message)), `a message contains data: ${String(message)}`);
    }
  });

  test('logs every line of a reconcile with its ID and the object', () => {
    const ofReconciles = log.filter((line) => 'controller' in line);
    assert.ok(ofReconciles.length > 0);
    for (const line of ofReconciles) {
      assert.match(String(line['reconcileID']), /^[0-9a-f-]{36}$/);
      assert.equal(line['namespace'], rig.namespace);
      assert.match(String(line['name']), /^(acme|declared)$/);
    }
  });

  test('writes one audit line for each change in Asana, with the ID of its action', () => {
    const changes = linesOf(stdout).filter(({ kind }) => kind === 'Change');
    assert.equal(changes.length, rig.writesInAsana().length);
    assert.deepEqual(
      changes.map(({ id }) => String(id)).toSorted(),
      collector
        .named('action GrantEnterprise')
        .map(({ attributes }) => String(attributes['actionID']))
        .toSorted(),
    );
    assert.equal(changes.length, 2);
  });

  test('exports no secret and no email address', () => {
    assert.ok(collector.raw.length > 0);
    for (const word of ['canary', ...people.slice(0, 2)])
      assert.ok(!collector.raw.includes(word), `${word} is in a span`);
  });
});
