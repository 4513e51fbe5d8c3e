import { ORGANIZATION, type SimulatedSite, type TestManifest } from './simulated-site.ts';

/** Returns a connector for the organization of a simulated site. */
export function connectorWith(spec: Readonly<Record<string, unknown>> = {}, name = 'acme'): TestManifest {
  return {
    kind: 'AsanaConnector',
    namespace: 'iga',
    name,
    spec: {
      credentials: { type: 'ServiceAccount', secretRef: { name: 'asana-acme' } },
      defaultWorkspace: ORGANIZATION,
      scim: { enabled: true },
      ...spec,
    },
  };
}

/** Returns a license grant in the connector's namespace or in another one. */
export function license(
  name: string,
  email: string,
  spec: Readonly<Record<string, unknown>> = {},
  { namespace = 'iga', connector = 'acme' } = {},
): TestManifest {
  return {
    kind: 'AsanaLicenseGrant',
    namespace,
    name,
    spec: { connectorRef: { name: connector, namespace: 'iga' }, user: { email }, ...spec },
  };
}

/** Returns the addresses of people of the site who hold this license, admins excluded. */
export function holders(site: SimulatedSite, wanted: string): string[] {
  const { people } = site.site.organization;
  return people
    .filter(({ kind, profile }) => kind === 'member' && profile.license === wanted && !profile.admin)
    .map(({ profile }) => profile.email);
}
