/**
 * Does the minimum that any program must do for a new license grant: three requests to Asana and four writes to the API
 * server, for fifty grants at a time. Reads lines `<grant> <gid>` from standard input and exits when they end. It makes
 * no decisions, keeps no state and watches nothing; its duration is the floor that the operator is compared with.
 */
import { createInterface } from 'node:readline';
import { Agent, request } from 'undici';
import { API_VERSION, asanaLicenseGrants, REVOKE_FINALIZER } from '../../src/api/resources.ts';
import { systemClock } from '../../src/core/clock.ts';
import { WorkPool } from '../../src/directory/work-pool.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import { ApiServerConnection, loadKubeConfig } from '../../src/kubernetes/connection.ts';
import { formatMicroTime } from '../../src/kubernetes/micro-time.ts';

/** The operator's default concurrency. */
const IN_FLIGHT = 50;
const [asanaUrl = '', namespace = ''] = process.argv.slice(2);
const agent = new Agent({ connections: IN_FLIGHT });
const connection = new ApiServerConnection(loadKubeConfig(), systemClock);
const client = new KubernetesClient(connection);

async function ask(method: 'GET' | 'PATCH', gid: string, body?: object): Promise<void> {
  const answer = await request(`${asanaUrl}/scim/Users/${gid}`, {
    method,
    dispatcher: agent,
    headers: {
      authorization: `Bearer ${process.env['ASANA_TOKEN'] ?? ''}`,
      'content-type': 'application/scim+json',
    },
    body: body ? JSON.stringify(body) : null,
  });
  await answer.body.json();
  if (answer.statusCode !== 200) throw new Error(`Asana answered ${answer.statusCode}`);
}

function statusOf(gid: string, ready: boolean): object {
  const at = new Date().toISOString().replace(/\.\d+/, '');
  const condition = {
    lastTransitionTime: at,
    observedGeneration: 1,
    reason: ready ? 'Granted' : 'Progressing',
  };
  const lastAction = { type: 'GrantEnterprise', id: gid, at, to: 'Enterprise' };
  return {
    observedGeneration: 1,
    user: { email: `${gid}@acme.example`, gid, name: 'Somebody Somewhere', organization: '1200000000000001' },
    observed: { license: ready ? 'Enterprise' : 'ViewOnly', since: at },
    lastAction: { ...lastAction, result: ready ? 'Succeeded' : 'Pending' },
    conditions: [
      {
        ...condition,
        type: 'Ready',
        status: ready ? 'True' : 'False',
        message: 'Somebody holds Enterprise.',
      },
      ...(ready
        ? []
        : [{ ...condition, type: 'Reconciling', status: 'True', message: 'It is being granted.' }]),
    ],
  };
}

async function write(name: string, gid: string, ready: boolean): Promise<void> {
  const body = {
    apiVersion: API_VERSION,
    kind: asanaLicenseGrants.kind,
    metadata: { name, namespace },
    status: statusOf(gid, ready),
  };
  await client.applyStatus(asanaLicenseGrants, namespace, name, body, 'bare-loop');
}

async function workOn(line: string): Promise<void> {
  const [name = '', gid = ''] = line.split(' ');
  await ask('GET', gid);
  const finalizers = { metadata: { finalizers: [REVOKE_FINALIZER] } };
  await client.mergePatch(asanaLicenseGrants, namespace, name, finalizers, 'bare-loop');
  await write(name, gid, false);
  await ask('PATCH', gid, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'userType', value: 'enterprise' }],
  });
  await ask('GET', gid);
  await write(name, gid, true);
  await client.createEvent(namespace, {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name}.granted`, namespace },
    eventTime: formatMicroTime(Date.now()),
    reportingController: 'bare-loop',
    reportingInstance: 'bare-loop',
    type: 'Normal',
    reason: 'Granted',
    action: 'Granted',
    note: 'Somebody holds Enterprise.',
    regarding: { apiVersion: API_VERSION, kind: asanaLicenseGrants.kind, namespace, name },
  });
}

const pool = new WorkPool(IN_FLIGHT, workOn);
for await (const line of createInterface({ input: process.stdin })) pool.add([line]);
await pool.drain();
await connection.close();
await agent.close();
