import type { AsanaConnector } from '../../api/asana-connector.ts';
import { findCondition } from '../../api/conditions.ts';
import { BudgetRegistry } from '../../asana/budget-registry.ts';
import { AsanaError, isAsanaError, type Surface } from '../../asana/errors.ts';
import { type AsanaSession, openSession } from '../../asana/session.ts';
import { parseClientId, parseClientSecret } from '../../conductorone/credentials.ts';
import { takeCredential } from '../../controllers/connectors/credentials.ts';
import { systemClock, TOLERATED_SKEW_MS } from '../../core/clock.ts';
import { silentLogger } from '../../core/logger.ts';
import { silentMeter } from '../../core/meter.ts';
import { scimOnly } from '../../directory/directory-error.ts';
import { scopeOverScim } from '../../directory/scope.ts';
import type { KubernetesClient, SecretReading } from '../../kubernetes/client.ts';
import { bad, type Finding, ok, sentenceOf, unknown } from './diagnosis.ts';

const CALL = { priority: 'read' } as const;

/** Checks one connector: its Secret, what its tokens can read in Asana, the clock, and ConductorOne. Only reads. */
export async function examineConnector(
  { client }: { readonly client: Pick<KubernetesClient, 'readSecret'> },
  connector: AsanaConnector,
  asanaApiUrl: string,
): Promise<Finding[]> {
  const { namespace } = connector.metadata;
  const findings: Finding[] = [];
  const readSecret = async (name: string): Promise<SecretReading | null | undefined> => {
    try {
      return await client.readSecret(namespace, name);
    } catch (error) {
      findings.push(
        unknown(
          `Secret ${namespace}/${name}`,
          sentenceOf(error),
          'Run this command as a user who can read the Secret, or see the conditions of the connector.',
        ),
      );
      return undefined;
    }
  };
  const secret = await readSecret(connector.spec.credentials.secretRef.name);
  if (secret !== undefined) findings.push(...(await examineTokens(connector, secret, asanaApiUrl)));
  const { conductorOne } = connector.spec;
  if (conductorOne) {
    const own = await readSecret(conductorOne.secretRef.name);
    if (own !== undefined) findings.push(examineClient(connector, own));
    findings.push(examineConnection(connector));
  }
  return findings;
}

async function examineTokens(
  connector: AsanaConnector,
  secret: SecretReading | null,
  baseUrl: string,
): Promise<Finding[]> {
  const { name, tokenKey, scimTokenKey } = connector.spec.credentials.secretRef;
  const what = `Secret ${connector.metadata.namespace}/${name}`;
  let session: AsanaSession;
  try {
    session = openSession({
      baseUrl,
      token: takeCredential(secret, name, tokenKey),
      scimToken: scimTokenKey === undefined ? undefined : takeCredential(secret, name, scimTokenKey),
      scimEnabled: connector.spec.scim.enabled,
      budgets: new BudgetRegistry(
        { requestsPerMinute: 0, percent: 100 },
        { clock: systemClock, meter: silentMeter },
      ),
      log: silentLogger,
      meter: silentMeter,
      clock: systemClock,
      random: Math.random,
    });
  } catch (error) {
    return [bad(what, sentenceOf(error), 'Store the token in the Secret under this key.')];
  }
  try {
    return [ok(what, 'has the required keys'), ...(await examineAsana(connector, session))];
  } finally {
    session.close();
  }
}

const REST_TOKEN = 'token of Asana (REST)';

async function examineAsana(connector: AsanaConnector, session: AsanaSession): Promise<Finding[]> {
  const { rest, scim } = session;
  const ofScim = scim
    ? await examining('SCIM', async () => {
        await scim.probe(CALL);
        return [ok('SCIM', 'accepts the token')];
      })
    : [];
  const me = rest.me(CALL);
  const refusal = await me.then(
    () => null,
    (error: unknown) => error,
  );
  const acceptsScim = session.sharedToken && ofScim.some(({ state }) => state === 'ok');
  if (isAsanaError(refusal, 'Forbidden') && acceptsScim && !isRestKnown(connector))
    return [...(await examineScimOnly(connector, refusal)), ...ofScim];
  const ofRest = await examining(REST_TOKEN, async () => {
    const { value, date } = await me;
    // The name is empty if Asana does not show it.
    return [ok(REST_TOKEN, `belongs to ${value.name || value.gid}`), examineClocks(date)];
  });
  return [...ofRest, ...(await examineWorkspaces(connector, rest)), ...ofScim];
}

/** Whether an earlier sync has read over REST. If so, a token that can only use SCIM has lost permissions. */
function isRestKnown({ status }: AsanaConnector): boolean {
  return (status?.organizations ?? []).length > 0;
}

/** Checks a token with SCIM permissions only, which is enough to sync if the connector names its organization. */
async function examineScimOnly({ spec }: AsanaConnector, refusal: AsanaError): Promise<Finding[]> {
  const ofScope = await examining('workspaces', async () => {
    const { workspaces } = scopeOverScim(spec);
    return [ok('workspaces', `SCIM reads ${workspaces.map(({ gid }) => gid).join(', ')}`)];
  });
  return [ok(REST_TOKEN, scimOnly(refusal).message), ...ofScope];
}

function examineWorkspaces({ spec }: AsanaConnector, rest: AsanaSession['rest']): Promise<Finding[]> {
  return examining('workspaces', async () => {
    const seen: string[] = [];
    await rest.workspaces((items) => void seen.push(...items.map(({ gid }) => gid)), CALL);
    const missing = (spec.workspaces ?? []).filter((gid) => !seen.includes(gid));
    return [
      missing.length === 0
        ? ok('workspaces', `the token can see ${seen.length}: ${seen.join(', ')}`)
        : bad(
            'workspaces',
            `the token cannot see ${missing.join(', ')}`,
            'Correct spec.workspaces, or give the account of the token access to them.',
          ),
    ];
  });
}

/** Checks that the local clock agrees with Asana's: everything that ends at a given time depends on it. */
function examineClocks(date: number | null): Finding {
  const apart = date === null ? 0 : Math.abs(systemClock.now() - date);
  return apart <= TOLERATED_SKEW_MS
    ? ok('clock', 'agrees with the clock of Asana')
    : bad(
        'clock',
        `differs from the clock of Asana by ${Math.round(apart / 1000)} s`,
        'Correct the clock of this machine, and check the clocks of the nodes (NTP).',
      );
}

async function examining(what: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [bad(what, sentenceOf(error), remedyOf(error))];
  }
}

/** Individually selected permissions of a service account give access to SCIM only, never to the REST API. */
const remediesOfForbidden: Readonly<Record<Surface, string>> = {
  rest: 'Give the service account full permissions in the Admin Console. Or store the token of an account with the admin role under tokenKey, and the token of the service account under scimTokenKey.',
  scim: 'Give the service account the permissions Users and Teams, or full permissions, in the Admin Console. SCIM does not accept personal access tokens.',
};

function remedyOf(error: unknown): string {
  if (!(error instanceof AsanaError)) return 'See the message.';
  if (error.code === 'CredentialsRejected') return 'Create a new token in Asana and store it in the Secret.';
  if (error.code === 'Forbidden') return remediesOfForbidden[error.surface];
  if (error.code === 'PlanRefused') return 'This requires an Enterprise plan of Asana.';
  return 'Check the network between this machine and Asana, and try again.';
}

function examineClient(connector: AsanaConnector, secret: SecretReading | null): Finding {
  const what = 'client of ConductorOne';
  const ref = connector.spec.conductorOne?.secretRef;
  try {
    parseClientId(takeCredential(secret, ref?.name ?? '', ref?.clientIdKey ?? '').reveal());
    parseClientSecret(takeCredential(secret, ref?.name ?? '', ref?.clientSecretKey ?? ''));
    return ok(what, 'has an ID and a secret in the right format');
  } catch (error) {
    return bad(
      what,
      sentenceOf(error),
      'Create a new client in ConductorOne and store both values in the Secret.',
    );
  }
}

function examineConnection({ status }: AsanaConnector): Finding {
  const what = 'ConductorOne';
  const condition = findCondition(status?.conditions, 'ConductorOneConnected');
  if (condition?.status === 'True') return ok(what, condition.message);
  return bad(
    what,
    condition?.message ?? 'the operator has not reported on the connection yet',
    'Follow the message. Hosts outside of ConductorOne require --allowed-conductorone-hosts.',
  );
}
