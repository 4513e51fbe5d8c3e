import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { InvalidInputError } from '../core/errors.ts';
import { readChecked } from './checked.ts';
import { addConductorOne } from './conductorone/control-routes.ts';
import type { Tenant } from './conductorone/tenant.ts';
import type { Directory } from './directory.ts';
import { type AsanaFaults, parseFault } from './faults.ts';
import { ControlError, OperatorConsole } from './operator-console.ts';
import type { RequestLog } from './request-log.ts';
import type { SandboxTime } from './sandbox-time.ts';
import { changeSettings, type Settings } from './settings.ts';
import { type Tokens, tokenKinds } from './tokens.ts';

export interface ControlParts {
  readonly directory: Directory;
  readonly settings: Settings;
  readonly faults: AsanaFaults;
  readonly requests: RequestLog;
  readonly tokens: Tokens;
  readonly time: SandboxTime;
  readonly conductorOne: Tenant;
}

const LARGEST_BODY = 1024 * 1024;

/** A century, which keeps every shifted time within the range of a date. */
const LARGEST_SKEW_MS = 100 * 365 * 86_400_000;

const idSchema = Type.Object({ id: Type.String() });
const sinceSchema = Type.Object({ since: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })) });
const clockSchema = Type.Object({
  skewMs: Type.Integer({ minimum: -LARGEST_SKEW_MS, maximum: LARGEST_SKEW_MS }),
});
const tokenSchema = Type.Object({
  token: Type.String({ pattern: '^\\S{1,500}$' }),
  kind: Type.Enum([...tokenKinds]),
  owner: Type.String({ description: 'Email or gid.' }),
});

/**
 * The control endpoint: what a person can do in Asana's Admin Console, and what Asana does not offer at all. JSON in
 * and out, no token, on loopback only.
 *
 * - `GET /state`: the organization and everybody in it: gid, email, name, license, role, active, teams
 * - `POST /users`, `GET|PUT|PATCH|DELETE /users/{email or gid}`: one person. PATCH changes license, email, name, role
 *   or active behind the operator's back; PUT creates or changes; DELETE erases the person without a trace
 * - `POST /teams`: a team, with members by email
 * - `GET /requests?since=N`: the log after sequence number N; `DELETE /requests` empties it
 * - `GET /statistics`, `DELETE /statistics`: the request counts of each token
 * - `GET|POST|DELETE /faults`, `DELETE /faults/{id}`: the scheduled faults
 * - `GET|POST /settings`: latency, limits, and how Asana behaves where no public source says
 * - `GET|POST /clock`: `{"skewMs": N}` shifts Asana's clock
 * - `POST /tokens`, `DELETE /tokens/{token}`: issues or revokes a token
 * - `/conductorone/…`: the simulated ConductorOne, see `addConductorOne`
 */
export function controlServer(parts: ControlParts): FastifyInstance {
  const app = Fastify({ bodyLimit: LARGEST_BODY, exposeHeadRoutes: false, forceCloseConnections: true });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error instanceof InvalidInputError ? 400 : (error.statusCode ?? 500);
    reply.code(status).send({ error: error.message });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 'there is no such address' }));
  addPeople(app, new OperatorConsole(parts.directory));
  addObservation(app, parts);
  addConduct(app, parts);
  addConductorOne(app, parts.conductorOne);
  return app;
}

function addPeople(app: FastifyInstance, people: OperatorConsole): void {
  app.get('/state', () => people.state());
  app.post('/users', (request, reply) => reply.code(201).send(people.create(request.body)));
  app.get('/users/:id', (request) => people.show(idOf(request)));
  app.put('/users/:id', (request) => people.createOrChange(idOf(request), request.body));
  app.patch('/users/:id', (request) => people.change(idOf(request), request.body));
  app.delete('/users/:id', (request, reply) => {
    people.erase(idOf(request));
    return reply.code(204).send();
  });
  app.post('/teams', (request, reply) => reply.code(201).send(people.createTeam(request.body)));
}

function addObservation(app: FastifyInstance, { requests, tokens }: ControlParts): void {
  app.get('/requests', (request) => {
    const { since = '0' } = readChecked('query', sinceSchema, request.query);
    return { requests: requests.since(Number(since)), last: requests.last };
  });
  app.delete('/requests', (_request, reply) => {
    requests.clear();
    return reply.code(204).send();
  });
  app.get('/statistics', () => ({
    tokens: [...tokens.all].map(({ kind, owner, limits }) => ({
      kind,
      owner: owner.gid,
      ...limits.statistics(),
    })),
  }));
  app.delete('/statistics', (_request, reply) => {
    for (const { limits } of tokens.all) limits.resetStatistics();
    return reply.code(204).send();
  });
}

function addConduct(app: FastifyInstance, { directory, settings, faults, tokens, time }: ControlParts): void {
  app.get('/faults', () => ({ faults: faults.list() }));
  app.post('/faults', (request, reply) => {
    const given: readonly unknown[] = Array.isArray(request.body) ? request.body : [request.body];
    const parsed = given.map(parseFault);
    return reply.code(201).send({ ids: parsed.map((fault) => faults.add(fault)) });
  });
  app.delete('/faults', (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
  app.delete('/faults/:id', (request, reply) => {
    if (!faults.remove(Number(idOf(request)))) throw new ControlError(404, 'there is no such fault');
    return reply.code(204).send();
  });
  app.get('/settings', () => settings);
  app.post('/settings', (request) => {
    changeSettings(settings, request.body);
    return settings;
  });
  app.get('/clock', () => ({ now: new Date(time.now()).toISOString(), skewMs: time.skewMs }));
  app.post('/clock', (request) => {
    time.skewMs = readChecked('clock', clockSchema, request.body).skewMs;
    return { now: new Date(time.now()).toISOString(), skewMs: time.skewMs };
  });
  app.post('/tokens', (request, reply) => {
    const { token, kind, owner } = readChecked('token', tokenSchema, request.body);
    const person = directory.personByEmail(owner) ?? directory.person(owner);
    if (person === undefined)
      throw new InvalidInputError('owner', 'must be the email or gid of somebody there.');
    tokens.issue(token, kind, person);
    return reply.code(201).send({ kind, owner: person.gid });
  });
  app.delete('/tokens/:id', (request, reply) => {
    if (!tokens.revoke(idOf(request))) throw new ControlError(404, 'there is no such token');
    return reply.code(204).send();
  });
}

function idOf(request: FastifyRequest): string {
  return readChecked('path', idSchema, request.params).id;
}
