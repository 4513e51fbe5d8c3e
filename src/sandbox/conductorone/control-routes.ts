import type { FastifyInstance, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { readChecked } from '../checked.ts';
import { ControlError } from '../operator-console.ts';
import { showAccount, showEntitlement, showGrant, showResourceType } from './access-view.ts';
import { showCall, showInstance, showTask, showUpload } from './show.ts';
import type { SyncedFile } from './synced-file.ts';
import { readOrder } from './task-order.ts';
import type { TaskRecord } from './task-record.ts';
import type { Tenant } from './tenant.ts';
import { parseTenantFault } from './tenant-faults.ts';

const PREFIX = '/conductorone';

const word = Type.Optional(Type.String({ maxLength: 2048 }));
const idSchema = Type.Object({ id: Type.String({ maxLength: 2048 }) });
const sinceQuery = Type.Object({ since: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })) });
const accountQuery = Type.Object({ user: word }, { additionalProperties: false });
const entitlementQuery = Type.Object({ id: word, resource: word }, { additionalProperties: false });
const grantQuery = Type.Object({ user: word, entitlement: word }, { additionalProperties: false });

/**
 * The tenant's side of the simulated ConductorOne, on the control endpoint. A user is named by email or gid.
 *
 * - `GET /conductorone/state`: instances by host id with their latest Hello, the last upload, the number of tasks by
 *   state
 * - `GET|POST /conductorone/tasks`, `GET|DELETE /conductorone/tasks/{id}`: the queue; DELETE cancels. POST takes
 *   `{"type": "hello"}`, `syncFull` (with `skipGrants`, `skipEntitlementsAndGrants`, `skipExpandGrants`, `resources`,
 *   `resourceTypes`, `storageEngine`, `debug`), `grant` and `revoke` (`entitlement`, `user`: from the last upload),
 *   `createAccount` (`email`, `login`, `profile`, `resourceType`), `raw` (`task`: a Task in protobuf JSON), `unknown`
 *   (`field`: the number of an unknown task type)
 * - `GET /conductorone/uploads`, `POST /conductorone/uploads/{id}/accept`: the uploads; accepts one that is held
 * - `GET /conductorone/resource-types`, `/accounts?user=`, `/entitlements?id=&resource=`, `/grants?user=&entitlement=`:
 *   the contents of the last whole upload
 * - `GET|POST|DELETE /conductorone/faults`, `DELETE /conductorone/faults/{id}`: the scheduled faults
 * - `GET|POST /conductorone/settings`
 * - `GET /conductorone/calls?since=N`: the calls after sequence number N, and why they were refused
 * - `DELETE /conductorone/connections`: cuts every open connection
 */
export function addConductorOne(app: FastifyInstance, tenant: Tenant): void {
  addTasks(app, tenant);
  addUploads(app, tenant);
  addViews(app, tenant);
  addTenantConduct(app, tenant);
}

function addTasks(app: FastifyInstance, { queue, instances, uploads }: Tenant): void {
  app.get(`${PREFIX}/state`, () => ({
    instances: instances.list().map(({ instance, connected }) => showInstance(instance, connected)),
    lastUpload: uploads.list().map(showUpload).at(-1) ?? null,
    tasks: countStates(queue.list()),
  }));
  app.get(`${PREFIX}/tasks`, () => ({ tasks: queue.list().map(showTask) }));
  app.post(`${PREFIX}/tasks`, (request, reply) =>
    reply.code(201).send(showTask(queue.add(readOrder(request.body, uploads.current)))),
  );
  const find = (request: FastifyRequest): TaskRecord => {
    const task = queue.find(idOf(request));
    if (task === undefined) throw new ControlError(404, 'there is no such task');
    return task;
  };
  app.get(`${PREFIX}/tasks/:id`, (request) => showTask(find(request)));
  app.delete(`${PREFIX}/tasks/:id`, (request) => {
    const task = find(request);
    if (!queue.cancel(task)) throw new ControlError(409, 'the task is over');
    return showTask(task);
  });
}

function addUploads(app: FastifyInstance, { uploads }: Tenant): void {
  app.get(`${PREFIX}/uploads`, () => ({ uploads: uploads.list().map(showUpload) }));
  app.post(`${PREFIX}/uploads/:id/accept`, async (request, reply) => {
    if (!(await uploads.accept(Number(idOf(request))))) throw new ControlError(404, 'no such upload is held');
    return reply.code(204).send();
  });
}

function addViews(app: FastifyInstance, { uploads }: Tenant): void {
  const current = (): SyncedFile => {
    if (uploads.current === null) throw new ControlError(404, 'nothing has been uploaded yet');
    return uploads.current;
  };
  app.get(`${PREFIX}/resource-types`, () => ({
    resourceTypes: current().resourceTypes().map(showResourceType),
  }));
  app.get(`${PREFIX}/accounts`, (request) => {
    const { user } = readChecked('query', accountQuery, request.query);
    const file = current();
    const held = file.held();
    const one = user === undefined ? undefined : file.resource(`user:${file.userId(user) ?? ''}`);
    const chosen = one === undefined ? file.resources('user') : one === null ? [] : [one];
    return {
      accounts: chosen.map((person) => showAccount(person, held.get(person.id?.resource ?? '') ?? [])),
    };
  });
  app.get(`${PREFIX}/entitlements`, (request) => {
    const { id, resource } = readChecked('query', entitlementQuery, request.query);
    const holders = current().holders();
    const shown = current()
      .entitlements()
      .map((entitlement) => showEntitlement(entitlement, holders.get(entitlement.id) ?? 0));
    return {
      entitlements: shown.filter(
        (one) => (id === undefined || one.id === id) && (resource === undefined || one.resource === resource),
      ),
    };
  });
  app.get(`${PREFIX}/grants`, (request) => {
    const { user, entitlement } = readChecked('query', grantQuery, request.query);
    const gid = user === undefined ? undefined : (current().userId(user) ?? user);
    return { grants: current().grants({ user: gid, entitlement }).map(showGrant) };
  });
}

function addTenantConduct(app: FastifyInstance, tenant: Tenant): void {
  const { faults } = tenant;
  app.get(`${PREFIX}/faults`, () => ({ faults: faults.list() }));
  app.post(`${PREFIX}/faults`, (request, reply) => {
    const given: readonly unknown[] = Array.isArray(request.body) ? request.body : [request.body];
    const parsed = given.map(parseTenantFault);
    return reply.code(201).send({ ids: parsed.map((fault) => faults.add(fault)) });
  });
  app.delete(`${PREFIX}/faults`, (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
  app.delete(`${PREFIX}/faults/:id`, (request, reply) => {
    if (!faults.remove(Number(idOf(request)))) throw new ControlError(404, 'there is no such fault');
    return reply.code(204).send();
  });
  app.get(`${PREFIX}/calls`, (request) => {
    const { since = '0' } = readChecked('query', sinceQuery, request.query);
    return { calls: tenant.calls.since(Number(since)).map(showCall) };
  });
  app.get(`${PREFIX}/settings`, () => tenant.settings);
  app.post(`${PREFIX}/settings`, (request) => {
    tenant.change(request.body);
    return tenant.settings;
  });
  app.delete(`${PREFIX}/connections`, (_request, reply) => {
    tenant.cut();
    return reply.code(204).send();
  });
}

function countStates(tasks: readonly TaskRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { state } of tasks) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

function idOf(request: FastifyRequest): string {
  return readChecked('path', idSchema, request.params).id;
}
