import { BlockList, isIP } from 'node:net';
import { InvalidInputError } from './errors.ts';
import { Redacted } from './redacted.ts';

/** An HTTP proxy that opens tunnels (CONNECT, RFC 9110 §9.3.6). */
export interface Proxy {
  /** The environment variable that it comes from, as spelled there. */
  readonly variable: string;
  /** The full address, including user and password if there are any. */
  readonly url: Redacted;
  /** True if the connection to the proxy itself uses TLS. */
  readonly secure: boolean;
  /** Host name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** The value of `Proxy-Authorization`; `null` for a proxy without credentials. */
  readonly authorization: Redacted | null;
}

/** The target of a connection, regardless of the path. */
export interface Destination {
  /** `https://host[:port]`. */
  readonly origin: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Returns the proxy for a host, or `null` for none, by the rules of Go's net/http and grpc-go (package
 * golang.org/x/net/http/httpproxy): `HTTPS_PROXY` and `NO_PROXY`, or else their lower-case names; never for loopback.
 * @throws InvalidInputError if the proxy is no http or https URL; its value may contain a password and is not shown
 */
export function proxyFor(destination: Destination, environment: Environment): Proxy | null {
  const variable = ['HTTPS_PROXY', 'https_proxy'].find((name) => environment[name]);
  if (variable === undefined) return null;
  const proxy = parseProxy(variable, environment[variable] ?? '');
  const { host, port } = addressOf(destination);
  const exceptions = environment['NO_PROXY'] || environment['no_proxy'] || '';
  return isLoopback(host) || isExcepted(host, port, exceptions) ? null : proxy;
}

/** Returns the host and the port; an IPv6 address comes without brackets. */
export function addressOf({ origin }: Destination): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(origin);
  return { host: bare(hostname), port: Number(port || '443') };
}

function parseProxy(variable: string, value: string): Proxy {
  // Like Go, treat host:port as http://host:port.
  const text = value.includes('://') ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  const secure = url?.protocol === 'https:';
  if (!url || !(secure || url.protocol === 'http:')) {
    throw new InvalidInputError(
      variable,
      'must be the URL of an HTTP proxy, http://host:port or https://host:port (SOCKS is not supported): correct or unset it',
    );
  }
  return {
    variable,
    url: new Redacted(url.href),
    secure,
    host: bare(url.hostname),
    port: Number(url.port || (secure ? '443' : '80')),
    authorization: authorizationOf(variable, url),
  };
}

function authorizationOf(variable: string, { username, password }: URL): Redacted | null {
  if (username === '' && password === '') return null;
  try {
    const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
    return new Redacted(`Basic ${Buffer.from(credentials).toString('base64')}`);
  } catch {
    // The error of decodeURIComponent adds nothing, so it is not kept as the cause.
    throw new InvalidInputError(
      variable,
      'user and password must be percent-encoded: write a percent sign as %25',
    );
  }
}

function isLoopback(host: string): boolean {
  const loopback = new BlockList();
  loopback.addSubnet('127.0.0.0', 8);
  loopback.addAddress('::1', 'ipv6');
  return host === 'localhost' || holds(loopback, host);
}

/**
 * Whether NO_PROXY excludes the host. An entry is `*`, an address, a network, or a domain with its subdomains (with a
 * leading dot: only the subdomains); an address or a domain may end in `:port`.
 */
function isExcepted(host: string, port: number, exceptions: string): boolean {
  // Go separates entries with commas; curl also allows white space.
  return exceptions
    .toLowerCase()
    .split(/[,\s]+/)
    .some((entry) => entry !== '' && matches(entry, host, port));
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInNetwork(entry, host);
  const [, name = entry, only] = /^(\[.*\]|[^:]*)(?::(\d+))?$/.exec(entry) ?? [];
  if (only !== undefined && Number(only) !== port) return false;
  const pattern = bare(name);
  if (isIP(pattern)) return isInNetwork(`${pattern}/${isIP(pattern) === 4 ? 32 : 128}`, host);
  const domain = pattern.replace(/^\*?\./, '');
  return domain !== '' && (host.endsWith(`.${domain}`) || (host === domain && domain === pattern));
}

function isInNetwork(network: string, host: string): boolean {
  const [, address = '', prefix = ''] = /^([^/]*)\/(\d{1,3})$/.exec(network) ?? [];
  const family = isIP(address);
  if (family === 0 || Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6');
  return holds(list, host);
}

function holds(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
