import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, type Benchmark, type Figure } from './figure.ts';
import { peopleHolding, Rig } from './rig.ts';

const ACCOUNTS = 20_000;
const GRANTS = 10_000;
const ROOT = join(import.meta.dirname, '../..');
/** Tells the largest resident set of a program when it ends. */
const GAUGE =
  'data:text/javascript,process.on("exit",()=>console.error("PEAK",process.resourceUsage().maxRSS))';

interface Run {
  readonly seconds: number;
  readonly peakMiB: number;
}

/** Plans a file in a process of its own. */
async function planOnce(file: string, asanaUrl: string, token: string): Promise<Run> {
  const began = performance.now();
  const flags = ['plan', '-f', file, '--output', 'json', '--asana-requests-per-minute', '0'];
  const child = spawn(process.execPath, ['--import', GAUGE, join(ROOT, 'src/main.ts'), ...flags], {
    env: { ...process.env, ASANA_API_URL: asanaUrl, ASANA_TOKEN: token },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const code = await new Promise((resolve) => child.once('close', resolve));
  const peak = /PEAK (\d+)/.exec(errors);
  if (!peak || (code !== 0 && code !== 2)) throw new Error(`the plan failed: ${errors}`);
  return { seconds: (performance.now() - began) / 1000, peakMiB: Number(peak[1]) / 1024 };
}

function manifests(emails: readonly string[], workspace: string): string {
  const head = 'apiVersion: asana-connector.dev/v1alpha1\nkind:';
  const connector = `${head} AsanaConnector\nmetadata: { name: acme, namespace: iga }\nspec:\n  credentials: { type: ServiceAccount, secretRef: { name: s } }\n  defaultWorkspace: "${workspace}"\n  scim: { enabled: true }\n`;
  const grants = emails.map(
    (email, index) =>
      `${head} AsanaLicenseGrant\nmetadata:\n  name: g${index}\n  namespace: iga\nspec:\n  connectorRef:\n    name: acme\n  user:\n    email: ${JSON.stringify(email.toLowerCase())}\n`,
  );
  return [connector, ...grants].join('---\n');
}

/** A plan of many grants, beside a plan of one: what is left of the difference is the planning itself. */
export const plan: Benchmark = {
  name: 'plan',
  about: 'a plan of 10,000 grants, every one of them a change, against 20,000 accounts',
  async run(log): Promise<Figure[]> {
    const rig = new Rig();
    const folder = await mkdtemp(join(tmpdir(), 'plan-bench-'));
    try {
      const sandbox = await rig.sandbox({ accounts: ACCOUNTS, teams: 200 });
      const emails = await peopleHolding(sandbox, 'view only', GRANTS);
      const token = sandbox.tokens.serviceAccount;
      const [one, many] = [join(folder, 'one.yaml'), join(folder, 'many.yaml')];
      await writeFile(one, manifests(emails.slice(0, 1), sandbox.workspace));
      await writeFile(many, manifests(emails, sandbox.workspace));
      log('one grant …');
      const alone = await planOnce(one, sandbox.asanaUrl, token);
      log(`${emails.length} grants …`);
      const all = await planOnce(many, sandbox.asanaUrl, token);
      return [
        atMost('time beyond the sync', all.seconds - alone.seconds, 3, 's'),
        atMost('largest resident set', all.peakMiB, 400, 'MiB', 0),
      ];
    } finally {
      await rm(folder, { recursive: true });
      await rig.close();
    }
  },
};
