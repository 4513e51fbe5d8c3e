import { InvalidInputError } from '../core/errors.ts';
import { isHostName } from '../core/host-name.ts';
import { splitAuthority } from './authority.ts';
import type { ClientId } from './credentials.ts';
import { ConductorOneError } from './errors.ts';

/** The hosts that ConductorOne's tenants are on; the default of `--allowed-conductorone-hosts`. */
export const conductorOneHosts: readonly string[] = ['*.conductor.one', '*.conductorone.com'];

/** Where to send calls and token requests: always https. */
export interface Endpoint {
  /** `https://host[:port]`, without a slash at its end. */
  readonly origin: string;
  /** For messages: host, and port unless it is 443. */
  readonly host: string;
}

export interface EndpointWish {
  readonly clientId: ClientId;
  /** `BATON_C1_API_HOST`: host or host:port that replaces the one of the client ID. It is set by whoever runs this program. */
  readonly apiHost?: string | undefined;
  /** Host patterns that a client ID may name; null where the ID and the program have the same owner. */
  readonly allowedHosts: readonly string[] | null;
}

/**
 * Where this client ID leads. The ID comes out of a Secret that whoever may create connectors can write, so the
 * host it names is held against the operator's list.
 * @throws ConductorOneError `HostNotAllowed`
 * @throws InvalidInputError for an `apiHost` that is none
 */
export function chooseEndpoint({ clientId, apiHost, allowedHosts }: EndpointWish): Endpoint {
  if (apiHost !== undefined && apiHost !== '') return endpointOf('conductorone-host', apiHost);
  if (allowedHosts && !isAllowedHost(clientId.host, allowedHosts)) {
    throw new ConductorOneError(
      'HostNotAllowed',
      `The client ID names the host ${clientId.host}, which is not in the list of allowed hosts (${allowedHosts.join(', ') || 'empty'}). Use the credentials of your own tenant, or add the host to --allowed-conductorone-hosts.`,
    );
  }
  return endpointOf('client-id', clientId.authority);
}

/**
 * True when a pattern names the host. A pattern is a host name without port, or `*.` and a domain, which stands
 * for every name below it and not for the domain itself. Compared without case.
 */
export function isAllowedHost(host: string, patterns: readonly string[]): boolean {
  const name = host.toLowerCase();
  return patterns.some((pattern) => {
    const lower = pattern.toLowerCase();
    return lower.startsWith('*.')
      ? name.endsWith(lower.slice(1)) && name.length > lower.length - 1
      : name === lower;
  });
}

/**
 * Checks a list of host patterns from a flag.
 * @throws InvalidInputError
 */
export function checkHostPatterns(field: string, patterns: readonly string[]): readonly string[] {
  const wrong = patterns.find((pattern) => !isHostName(pattern.replace(/^\*\./, '')));
  if (wrong === undefined) return patterns;
  throw new InvalidInputError(
    field,
    `${JSON.stringify(wrong.slice(0, 100))} is not a host name: specify names without ports, such as acme.conductor.one or *.conductor.one`,
  );
}

function endpointOf(field: string, authority: string): Endpoint {
  const { host, port } = splitAuthority(field, authority);
  const shown = port === 443 ? host : `${host}:${port}`;
  return { origin: `https://${shown}`, host: shown };
}
