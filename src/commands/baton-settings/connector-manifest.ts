import { API_VERSION, asanaConnectors } from '../../api/resources.ts';
import type { Settings } from './settings-table.ts';

/** The settings that an AsanaConnector has fields for. */
export type ManifestSettings = Pick<
  Settings,
  | 'useServiceAccount'
  | 'useScimApi'
  | 'workspaceIds'
  | 'defaultWorkspaceId'
  | 'allowDeprovision'
  | 'maxDeprovisions'
> & {
  /** Whether ConductorOne's tasks are carried out; null without service mode. */
  readonly provisioning: boolean | null;
};

/** Where the secrets of the settings are. */
export interface SecretPlaces {
  readonly secret: string;
  /** Key of the token for SCIM alone; null when there is none. */
  readonly scimTokenKey: string | null;
}

/**
 * The Go connector's settings as an AsanaConnector without metadata. What is left to its default is left out. It is
 * what `migrate` prints, and what the `connector` command runs, so that both mean the same.
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

/** The kind's own default. */
const DEFAULT_MAX_DEPROVISIONS = 5;
