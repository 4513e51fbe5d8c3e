import { ORGANIZATION, type SimulatedSite, type TestManifest } from './simulated-site.ts';

/** A connector of the organization of a simulated site. */
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

/** A license grant in the namespace of the connector, or in another. */
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

/** Addresses of people of the site who hold this license. */
export function holders(site: SimulatedSite, wanted: string): string[] {
  const { people } = site.site.organization;
  return people
    .filter(({ kind, profile }) => kind === 'member' && profile.license === wanted && !profile.admin)
    .map(({ profile }) => profile.email);
}
