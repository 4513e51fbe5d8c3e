import { InvalidInputError } from '../core/errors.ts';
import { isHostName } from '../core/host-name.ts';
import { splitAuthority } from './authority.ts';
import type { ClientId } from './credentials.ts';
import { ConductorOneError } from './errors.ts';

/** Patterns of the hosts of ConductorOne's tenants; the default of `--allowed-conductorone-hosts`. */
export const conductorOneHosts: readonly string[] = ['*.conductor.one', '*.conductorone.com'];

/** Where to send calls and token requests: always https. */
export interface Endpoint {
  /** `https://host[:port]`, without a trailing slash. */
  readonly origin: string;
  /** For messages: host, and port unless it is 443. */
  readonly host: string;
}

export interface EndpointWish {
  readonly clientId: ClientId;
  /** `BATON_C1_API_HOST`: host or host:port to use instead of the client ID's; set by the program's administrator. */
  readonly apiHost?: string | undefined;
  /** Host patterns that a client ID may name; `null` for any, if the owner of the ID also runs this program. */
  readonly allowedHosts: readonly string[] | null;
}

/**
 * Returns the endpoint of a client ID. The ID comes from a Secret that can be written by anyone who may create
 * connectors, so its host is checked against the list of allowed hosts.
 * @throws ConductorOneError `HostNotAllowed`
 * @throws InvalidInputError for an invalid `apiHost`
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
 * Whether a pattern matches the host. A pattern is a host name without port, or `*.` and a domain, which matches every
 * name below the domain but not the domain itself. Case is ignored.
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
