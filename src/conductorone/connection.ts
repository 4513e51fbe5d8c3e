import type { Clock } from '../core/clock.ts';
import { type Environment, proxyFor } from '../core/proxy.ts';
import type { Redacted } from '../core/redacted.ts';
import { BatonClient } from './client.ts';
import { parseClientId, parseClientSecret } from './credentials.ts';
import { chooseEndpoint } from './hosts.ts';
import { TokenSource } from './token.ts';
import { openTransport } from './transport.ts';
import type { Trust } from './trust.ts';

export interface ConnectionOptions {
  readonly clientId: string;
  readonly clientSecret: Redacted;
  readonly hostId: string;
  /** `BATON_C1_API_HOST`. */
  readonly apiHost?: string | undefined;
  /** Host patterns; `null` for no restriction. */
  readonly allowedHosts: readonly string[] | null;
  /** From `readTrust`. */
  readonly trust: Trust;
  /** Names the proxy to use, if any: `HTTPS_PROXY`, `NO_PROXY`. */
  readonly environment: Environment;
  readonly clock: Clock;
}

/** A client of one tenant, and the means to close its connections. */
export interface ConductorOneConnection {
  readonly client: BatonClient;
  /** Closes the connections and ends every call on them. */
  close(): Promise<void>;
}

/**
 * Prepares a connection to ConductorOne without sending anything yet.
 * @throws InvalidInputError for malformed credentials, an invalid `apiHost`, or an unusable proxy
 * @throws ConductorOneError `HostNotAllowed`
 */
export function openConnection(options: ConnectionOptions): ConductorOneConnection {
  const { hostId, apiHost, allowedHosts, trust, environment, clock } = options;
  const clientId = parseClientId(options.clientId);
  const key = parseClientSecret(options.clientSecret);
  const endpoint = chooseEndpoint({ clientId, apiHost, allowedHosts });
  const route = { endpoint, proxy: proxyFor(endpoint, environment), trust, clock };
  const tokens = new TokenSource({ route, clientId, key });
  const grpc = openTransport({ route, clientId, tokens });
  return {
    client: new BatonClient({ transport: grpc.transport, host: endpoint.host, hostId, clock }),
    close: async () => {
      grpc.close();
      await tokens.close();
    },
  };
}
