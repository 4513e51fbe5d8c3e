import { after } from 'node:test';
import { type Client, Code, ConnectError, createClient } from '@connectrpc/connect';
import { createGrpcTransport, Http2SessionManager } from '@connectrpc/connect-node';
import { type ConductorOneConnection, openConnection } from '../../src/conductorone/connection.ts';
import { BatonService } from '../../src/conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import { connectorMetadata } from '../../src/conductorone/metadata.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { Redacted } from '../../src/core/redacted.ts';
import type { Sandbox } from '../../src/sandbox/server.ts';

export const never = new AbortController().signal;

/** Returns the system clock with a monotonic clock that tests can advance. */
export function movableClock(): Clock & { skip(ms: number): void } {
  let skipped = 0;
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + skipped,
    skip: (ms) => {
      skipped += ms;
    },
  };
}

/** A Hello that the sandbox accepts. */
export const goodHello = {
  hostId: 'host-1',
  taskId: '',
  buildInfo: { langVersion: 'v26', package: 'asana-connector', packageVersion: '0.1.0' },
  osInfo: {
    hostname: 'unknown',
    os: 'linux',
    platform: 'linux',
    platformVersion: 'unknown',
    platformFamily: 'linux',
    kernelVersion: 'unknown',
    kernelArch: 'x64',
    virtualizationSystem: 'none',
  },
  connectorMetadata: connectorMetadata({ licenses: true, provision: true }),
};

/** Opens our own client with the sandbox's credentials; it trusts only the sandbox's certificate authority. */
export function connect(sandbox: Sandbox, hostId = 'host-1'): ConductorOneConnection {
  const { clientId, clientSecret, authority } = sandbox.conductorOne;
  const connection = openConnection({
    clientId,
    clientSecret: new Redacted(clientSecret),
    hostId,
    allowedHosts: null,
    trust: [authority],
    environment: {},
    clock: systemClock,
  });
  after(() => connection.close());
  return connection;
}

/** Returns a client that sends any message, with this token. */
export function rawClient(sandbox: Sandbox, token: string): Client<typeof BatonService> {
  return rawConnection(sandbox, token).client;
}

/** Returns a client that sends any message, with this token, and its connection. */
export function rawConnection(
  sandbox: Sandbox,
  token: string,
): { readonly client: Client<typeof BatonService>; readonly sessions: Http2SessionManager } {
  const { url, authority } = sandbox.conductorOne;
  const sessions = new Http2SessionManager(url, {}, { ca: [authority] });
  after(() => sessions.abort());
  const client = createClient(
    BatonService,
    createGrpcTransport({
      baseUrl: url,
      sessionManager: sessions,
      interceptors: [
        (next) => (request) => {
          request.header.set('authorization', `Bearer ${token}`);
          return next(request);
        },
      ],
    }),
  );
  return { client, sessions };
}

/** Returns the refusal of a call: the name of its code and the message. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'no refusal';
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    return `${Code[code]} ${rawMessage}`;
  }
}

/** Returns a client of a host that has said Hello, with a valid token. */
export async function registeredClient(
  sandbox: Sandbox,
  hostId = 'host-1',
): Promise<Client<typeof BatonService>> {
  const client = rawClient(sandbox, sandbox.conductorOne.issueToken());
  await client.hello({ ...goodHello, hostId });
  return client;
}
