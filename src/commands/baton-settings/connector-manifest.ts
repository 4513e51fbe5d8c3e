import { API_VERSION, asanaConnectors } from '../../api/resources.ts';
import type { Settings } from './settings-table.ts';

/** The settings that have fields in an AsanaConnector. */
export type ManifestSettings = Pick<
  Settings,
  | 'useServiceAccount'
  | 'useScimApi'
  | 'workspaceIds'
  | 'defaultWorkspaceId'
  | 'allowDeprovision'
  | 'maxDeprovisions'
> & {
  /** Whether ConductorOne's tasks are carried out; `null` without service mode. */
  readonly provisioning: boolean | null;
};

/** Where the secret settings are stored. */
export interface SecretPlaces {
  readonly secret: string;
  /** Key of the token for SCIM only; `null` if there is none. */
  readonly scimTokenKey: string | null;
}

/**
 * Converts the Go connector's settings into an AsanaConnector without metadata, and omits defaults. Both `migrate` and
 * the `connector` command use this function, so that they interpret the settings in the same way.
 */
export function connectorManifest(
  settings: ManifestSettings,
  { secret, scimTokenKey }: SecretPlaces,
): { readonly apiVersion: string; readonly kind: string; readonly spec: Readonly<Record<string, unknown>> } {
  const { useServiceAccount, useScimApi, workspaceIds, defaultWorkspaceId } = settings;
  const { allowDeprovision, maxDeprovisions } = settings;
  const bounds = {
    ...(allowDeprovision ? { allowDeprovision } : {}),
    ...(maxDeprovisions === DEFAULT_MAX_DEPROVISIONS ? {} : { maxDeprovisions }),
  };
  return {
    apiVersion: API_VERSION,
    kind: asanaConnectors.kind,
    spec: {
      credentials: {
        type: useServiceAccount ? 'ServiceAccount' : 'PersonalAccessToken',
        secretRef: { name: secret, ...(scimTokenKey === null ? {} : { scimTokenKey }) },
      },
      ...(workspaceIds.length === 0 ? {} : { workspaces: workspaceIds }),
      ...(defaultWorkspaceId === null ? {} : { defaultWorkspace: defaultWorkspaceId }),
      ...(useScimApi ? { scim: { enabled: true } } : {}),
      ...(Object.keys(bounds).length > 0 ? { provisioning: bounds } : {}),
      ...(settings.provisioning === null
        ? {}
        : { conductorOne: { secretRef: { name: secret }, provision: settings.provisioning } }),
    },
  };
}

/** The default of the AsanaConnector kind. */
const DEFAULT_MAX_DEPROVISIONS = 5;
