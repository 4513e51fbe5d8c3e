import { ConductorOneView } from '../demo/conductorone.ts';
import type { SandboxAddress } from '../sandbox-control.ts';
import { whileRunning } from './container.ts';
import type { Engine } from './engine.ts';
import type { Subject, Trial } from './trial.ts';

const AUTHORITY = '/etc/conductorone/ca.pem';

/**
 * Runs the image in place of baton-asana's: no arguments, the variables of its Secret, the image's own user. It must
 * connect to ConductorOne, upload the directory when asked for it, and exit cleanly.
 */
export async function tryConnector(
  engine: Engine,
  { image, memoryBytes }: Subject,
  sandbox: SandboxAddress,
): Promise<Trial> {
  const { clientId, clientSecret, caFile } = sandbox.conductorOne;
  const environment = {
    BATON_CLIENT_ID: clientId,
    BATON_CLIENT_SECRET: clientSecret,
    BATON_TOKEN: sandbox.tokens.serviceAccount,
    BATON_USE_SERVICE_ACCOUNT: 'true',
    BATON_PROVISIONING: 'true',
    BATON_DEFAULT_WORKSPACE_ID: sandbox.workspace,
    BATON_USE_SCIM_API: 'true',
    ASANA_API_URL: sandbox.asanaUrl,
    SSL_CERT_FILE: AUTHORITY,
  };
  const view = new ConductorOneView(sandbox);
  let seen = '';
  let peak = 0;
  const options = { image, args: [], environment, memoryBytes, files: { [AUTHORITY]: caFile } };
  await whileRunning(engine, options, async ({ peakMemory }) => {
    const result = await view.carryOut({ type: 'syncFull' });
    const { accounts, bytes } = await view.uploaded();
    if (result !== 'OK' || accounts === 0) throw new Error(`the sync task ended with ${result}`);
    seen = `${accounts} accounts uploaded to ConductorOne (${bytes} bytes)`;
    peak = await peakMemory();
  });
  return { what: 'connector (service mode)', seen, peakMemory: peak };
}
