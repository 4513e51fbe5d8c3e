import { type SitePlan, secretOf } from './asana/site.ts';
import { between, chance, pick, stream } from './random.ts';

export interface ConnectorPlan {
  readonly namespace: string;
  readonly name: string;
  /** Index of its organization. */
  readonly site: number;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The initial state of a world. With a seed and steps, it makes a complete story. */
export interface WorldPlan {
  readonly sites: readonly SitePlan[];
  readonly namespaces: readonly string[];
  readonly connectors: readonly ConnectorPlan[];
  /** Number of operator processes; one of them leads. */
  readonly replicas: number;
  /** True if Asana's listings include people who were removed. */
  readonly inactiveMemberships: boolean;
  readonly keepDeprovisioned: boolean;
}

export const NAMESPACES = ['iga', 'team-a', 'team-b'];
/** gid of the workspace beside the first organization. */
const PLAIN = '1100000000000001';

/** Draws the initial state of the world of a seed. */
export function drawPlan(seed: number): WorldPlan {
  const random = stream(seed, 'plan');
  const sites = [
    {
      name: 'acme',
      organization: '1200000000000001',
      domain: 'acme.example',
      people: between(random, 6, 20),
      teams: pick(random, [0, 1, 2, 3, 9]),
      workspace: PLAIN,
    },
    { name: 'beta', organization: '1300000000000001', domain: 'beta.example', people: 7, teams: 1 },
  ];
  // A personal connector that comes first takes the organization, and so acts in it too.
  const first = chance(random, 0.15) ? 'personal' : 'acme';
  const connectors = [drawConnector(first, 'iga', 0, random)];
  if (chance(random, 0.3)) connectors.push(drawConnector('beta', pick(random, NAMESPACES), 1, random));
  if (chance(random, 0.25)) connectors.push(drawConnector('second', pick(random, NAMESPACES), 0, random));
  if (chance(random, 0.25) && first !== 'personal')
    connectors.push(drawConnector('personal', pick(random, NAMESPACES), 0, random));
  return {
    sites,
    namespaces: NAMESPACES,
    connectors,
    replicas: chance(random, 0.4) ? 2 : 1,
    inactiveMemberships: chance(random, 0.5),
    keepDeprovisioned: chance(random, 0.5),
  };
}

/** Returns whose token a connector uses: its own, or sometimes that of the connector `acme`. */
function drawHolder(name: string, random: () => number): string {
  return name === 'second' && chance(random, 0.4) ? 'acme' : name;
}

/** Draws one connector, usually in mode Apply. */
export function drawConnector(
  name: string,
  namespace: string,
  site: number,
  random: () => number,
): ConnectorPlan {
  const secret = secretOf({ name: site === 0 ? 'acme' : 'beta' }, drawHolder(name, random));
  const organization = site === 0 ? '1200000000000001' : '1300000000000001';
  if (name === 'personal') return { name, namespace, site, spec: drawPersonal(organization, secret, random) };
  return {
    name,
    namespace,
    site,
    spec: {
      credentials: { type: 'ServiceAccount', secretRef: { name: secret } },
      // Without a default workspace, no account is created.
      ...(chance(random, 0.9) ? { defaultWorkspace: organization } : {}),
      sync: { interval: pick(random, ['10m', '20m', '1h']) },
      provisioning: {
        mode: chance(random, 0.85) ? 'Apply' : 'Plan',
        allowDeprovision: chance(random, 0.6),
        ...(chance(random, 0.4)
          ? { allowedNamespaces: pick(random, [['*'], ['team-a'], ['team-a', 'team-b']]) }
          : {}),
        protectAdmins: chance(random, 0.8),
        ...(chance(random, 0.3) ? { maxEnterpriseLicenses: between(random, 4, 12) } : {}),
        removalDelay: pick(random, ['0s', '5s', '1m', '1m']),
        maxRemovals: {
          percent: pick(random, [10, 20, 50]),
          atLeast: pick(random, [1, 2, 3, 5]),
          window: pick(random, ['5m', '30m', '1h']),
        },
        maxDeprovisions: pick(random, [1, 2, 5]),
        ...(chance(random, 0.1) ? { maxDuration: pick(random, ['2h', '720h']) } : {}),
      },
      conductorOne: {
        secretRef: { name: secret },
        provision: chance(random, 0.8),
      },
      // Without SCIM, nobody has a license, and people are invited and removed over REST.
      scim: { enabled: chance(random, 0.9) },
    },
  };
}

/** Draws a connector with a personal access token, for the plain workspace or both; it deprovisions nobody. */
function drawPersonal(
  organization: string,
  secret: string,
  random: () => number,
): Readonly<Record<string, unknown>> {
  const workspaces = chance(random, 0.3) ? [PLAIN] : [organization, PLAIN];
  return {
    credentials: { type: 'PersonalAccessToken', secretRef: { name: secret } },
    workspaces,
    defaultWorkspace: pick(random, workspaces),
    sync: { interval: pick(random, ['10m', '20m']) },
    provisioning: { mode: chance(random, 0.85) ? 'Apply' : 'Plan' },
    conductorOne: { secretRef: { name: secret }, provision: chance(random, 0.8) },
  };
}
