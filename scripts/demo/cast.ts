import { stringify } from 'yaml';

/** The people of the demo, as the sandbox seeds them. */
export const people = {
  alice: 'alice@acme.example',
  bob: 'bob@acme.example',
  carol: 'carol@acme.example',
} as const;

/** A person whom Asana does not know yet. */
export const newcomer = { email: 'erin.evans@acme.example', name: 'Erin Evans' } as const;

export interface SecretValues {
  readonly token: string;
  readonly workspace: string;
  readonly clientId: string;
  readonly clientSecret: string;
}

/** Returns the Secret of a baton-asana Deployment. Booleans are quoted: the API server refuses unquoted ones. */
export function secretManifest({ token, workspace, clientId, clientSecret }: SecretValues): string {
  return `apiVersion: v1
kind: Secret
metadata:
  name: baton-asana-secrets
  namespace: iga
type: Opaque
stringData:
  BATON_CLIENT_ID: "${clientId}"
  BATON_CLIENT_SECRET: "${clientSecret}"
  BATON_TOKEN: "${token}"
  BATON_USE_SERVICE_ACCOUNT: "true"
  BATON_PROVISIONING: "true"
  BATON_DEFAULT_WORKSPACE_ID: "${workspace}"
  BATON_USE_SCIM_API: "true"
`;
}

/** Returns the connector, with defaults except for what the demo shows and a short removalDelay that saves time. */
export function connectorManifest(workspace: string): string {
  return `apiVersion: asana-connector.dev/v1alpha1
kind: AsanaConnector
metadata:
  name: acme
  namespace: iga
spec:
  credentials:
    type: ServiceAccount
    secretRef:
      name: baton-asana-secrets
  workspaces: ["${workspace}"]
  defaultWorkspace: "${workspace}"
  scim:
    enabled: true
  provisioning:
    mode: Plan
    removalDelay: 2s
    maxRemovals:
      atLeast: 2
  conductorOne:
    secretRef:
      name: baton-asana-secrets
    provision: true
`;
}

type GrantKind = 'AsanaLicenseGrant' | 'AsanaTeamGrant' | 'AsanaAccount';

/** Returns the manifest of a grant of any kind, as a user would commit it. */
export function grantManifest(
  kind: GrantKind,
  name: string,
  spec: Readonly<Record<string, unknown>>,
  labels?: Readonly<Record<string, string>>,
): string {
  return stringify({
    apiVersion: 'asana-connector.dev/v1alpha1',
    kind,
    metadata: { name, namespace: 'iga', ...(labels ? { labels } : {}) },
    spec: { connectorRef: { name: 'acme' }, ...spec },
  });
}
