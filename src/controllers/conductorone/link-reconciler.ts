import type { AsanaConnector } from '../../api/asana-connector.ts';
import { REQUESTED_AT_ANNOTATION } from '../../api/resources.ts';
import type { ServiceState } from '../../conductorone/service.ts';
import type { Redacted } from '../../core/redacted.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import {
  CredentialsError,
  type SecretCache,
  SecretUnreadableError,
  takeCredential,
} from '../connectors/credentials.ts';
import { obstacleOf } from '../connectors/obstacle.ts';
import type { ConductorOneLink, OpenService } from './link.ts';

/** Creates the service for a connector; sends nothing before it runs. */
export type OpenConductorOne = (
  connector: AsanaConnector,
  credentials: { readonly clientId: Redacted; readonly clientSecret: Redacted },
  onChange: (state: ServiceState) => void,
) => Promise<OpenService>;

/**
 * Starts, restarts or ends service mode according to the connector's spec and Secret. An unusable Secret affects
 * service mode only; sync and grants continue. While the Secret cannot be read, a running service continues too.
 * @param fresh read the Secret from the API server even if it is cached
 */
export async function reconcileConductorOne(
  connector: AsanaConnector,
  link: ConductorOneLink,
  fresh: boolean,
  { secrets, open }: { readonly secrets: SecretCache; readonly open: OpenConductorOne },
): Promise<void> {
  const { conductorOne } = connector.spec;
  if (!conductorOne) return link.end();
  const { name, clientIdKey, clientSecretKey } = conductorOne.secretRef;
  const { generation, annotations } = connector.metadata;
  try {
    const keys = [clientIdKey, clientSecretKey];
    const secret = await secrets.get({ connector: keyOf(connector), name, keys, fresh });
    const clientId = takeCredential(secret, name, clientIdKey);
    const clientSecret = takeCredential(secret, name, clientSecretKey);
    const { scim, credentials } = connector.spec;
    const settings = [scim.enabled, credentials.type, conductorOne.provision];
    await link.use(
      {
        fingerprint: [clientId.fingerprint(), clientSecret.fingerprint(), ...settings].join(' '),
        touched: [secret?.resourceVersion, generation, annotations?.[REQUESTED_AT_ANNOTATION]].join(' '),
      },
      (onChange) => open(connector, { clientId, clientSecret }, onChange),
    );
  } catch (error) {
    if (error instanceof SecretUnreadableError) return link.waitFor(obstacleOf(error));
    if (!(error instanceof CredentialsError)) throw error;
    await link.stopFor(obstacleOf(error));
  }
}
