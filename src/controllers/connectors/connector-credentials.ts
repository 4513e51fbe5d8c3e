import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { AsanaSession } from '../../asana/session.ts';
import { InvalidInputError } from '../../core/errors.ts';
import type { Redacted } from '../../core/redacted.ts';
import type { ConnectorSession } from './connector-session.ts';
import { CredentialsError, type SecretCache, SecretUnreadableError, takeCredential } from './credentials.ts';
import { obstacleOf } from './obstacle.ts';

/** Creates the clients of a connector without sending anything. */
export type OpenAsana = (
  connector: AsanaConnector,
  tokens: { readonly token: Redacted; readonly scimToken: Redacted | undefined },
) => AsanaSession;

/**
 * Uses the tokens that the connector's Secret holds now, or records in the session what is wrong with it. While the
 * Secret cannot be read, everything stays as it is.
 * @param fresh read the Secret from the API server even if it is cached
 */
export async function takeUpCredentials(
  connector: AsanaConnector,
  session: ConnectorSession,
  {
    secrets,
    openAsana,
    fresh,
  }: { readonly secrets: SecretCache; readonly openAsana: OpenAsana; readonly fresh: boolean },
): Promise<void> {
  const { name, tokenKey, scimTokenKey } = connector.spec.credentials.secretRef;
  try {
    const keys = scimTokenKey === undefined ? [tokenKey] : [tokenKey, scimTokenKey];
    const secret = await secrets.get({ connector: session.key, name, keys, fresh });
    const token = takeCredential(secret, name, tokenKey);
    const scimToken = scimTokenKey === undefined ? undefined : takeCredential(secret, name, scimTokenKey);
    const tokens = [token.fingerprint(), scimToken?.fingerprint()].join(' ');
    const open = () => openAsana(connector, { token, scimToken });
    await session.useCredentials(tokens, open, {
      settings: String(connector.spec.scim.enabled),
      secretVersion: secret?.resourceVersion ?? '',
    });
  } catch (error) {
    if (error instanceof SecretUnreadableError) return session.clients.keep(obstacleOf(error));
    // An InvalidInputError comes from the proxy settings of the environment: no token can be used with them.
    if (!(error instanceof CredentialsError || error instanceof InvalidInputError)) throw error;
    await session.dropCredentials(obstacleOf(error));
  }
}
