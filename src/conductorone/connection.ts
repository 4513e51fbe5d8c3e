import type { Clock } from '../core/clock.ts';
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
  /** Host patterns; null for no restriction. */
  readonly allowedHosts: readonly string[] | null;
  /** From `readTrust`. */
  readonly trust: Trust;
  readonly clock: Clock;
}

/** One client of one tenant: its calls, and the end of its connections. */
export interface ConductorOneConnection {
  readonly client: BatonClient;
  /** Ends the connections, and every call on them. */
  close(): Promise<void>;
}

/**
 * Prepares a connection with ConductorOne; sends nothing yet.
 * @throws InvalidInputError for malformed credentials or an `apiHost` that is none
 * @throws ConductorOneError `HostNotAllowed`
 */
export function openConnection(options: ConnectionOptions): ConductorOneConnection {
  const { hostId, apiHost, allowedHosts, trust, clock } = options;
  const clientId = parseClientId(options.clientId);
  const key = parseClientSecret(options.clientSecret);
  const endpoint = chooseEndpoint({ clientId, apiHost, allowedHosts });
  const tokens = new TokenSource({ endpoint, clientId, key, trust, clock });
  const grpc = openTransport({ endpoint, clientId, tokens, trust });
  return {
    client: new BatonClient({ transport: grpc.transport, host: endpoint.host, hostId, clock }),
    close: async () => {
      grpc.close();
      await tokens.close();
    },
  };
}
