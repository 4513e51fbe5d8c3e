import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atMost, type Benchmark, type Figure, told } from './figure.ts';
import { peopleHolding } from './objects.ts';
import { Rig } from './rig.ts';

const ACCOUNTS = 20_000;
const GRANTS = 10_000;

function manifests(emails: readonly string[], workspace: string): string {
  const head = 'apiVersion: asana-connector.dev/v1alpha1\nkind:';
  const connector = `${head} AsanaConnector\nmetadata: { name: acme, namespace: iga }\nspec:\n  credentials: { type: ServiceAccount, secretRef: { name: s } }\n  defaultWorkspace: "${workspace}"\n  scim: { enabled: true }\n`;
  const grants = emails.map(
    (email, index) =>
      `${head} AsanaLicenseGrant\nmetadata:\n  name: g${index}\n  namespace: iga\nspec:\n  connectorRef:\n    name: acme\n  user:\n    email: ${JSON.stringify(email.toLowerCase())}\n`,
  );
  return [connector, ...grants].join('---\n');
}

/**
 * Plan and review of many grants, and an export, each compared with a plan of one grant: the difference is the cost of
 * the command itself. Processor time is reported too, since other load on the machine lengthens it far less than the
 * elapsed time.
 */
export const plan: Benchmark = {
  name: 'plan',
  about: 'plan, review and export with 10,000 grants, every one of them a change, against 20,000 accounts',
  async run(log): Promise<Figure[]> {
    const rig = new Rig();
    const folder = await mkdtemp(join(tmpdir(), 'plan-bench-'));
    try {
      const sandbox = await rig.sandbox({ accounts: ACCOUNTS, teams: 200 });
      const emails = await peopleHolding(sandbox, 'view only', GRANTS);
      const [one, many] = [join(folder, 'one.yaml'), join(folder, 'many.yaml')];
      await writeFile(one, manifests(emails.slice(0, 1), sandbox.workspace));
      await writeFile(many, manifests(emails, sandbox.workspace));
      const read = (...args: string[]) => {
        log(`${args.slice(0, 3).join(' ')} …`);
        return rig.command(sandbox, args);
      };
      const alone = await read('plan', '-f', one, '--output', 'json');
      const figures: Figure[] = [];
      const commands = [
        { bound: 3, args: ['plan', '-f', many, '--output', 'json'] },
        { bound: 5, args: ['review', '-f', many, '--format', 'html'] },
        { bound: 5, args: ['export', '-f', one] },
      ];
      for (const { bound, args } of commands) {
        const spent = await read(...args);
        const beyond = spent.processorSeconds - alone.processorSeconds;
        figures.push(
          atMost(`${args[0]}: time beyond the sync`, spent.seconds - alone.seconds, bound, 's'),
          told(`${args[0]}: processor time beyond the sync`, beyond, 's'),
          atMost(`${args[0]}: largest resident set`, spent.peakMiB, 400, 'MiB', 0),
        );
      }
      return figures;
    } finally {
      await rm(folder, { recursive: true });
      await rig.close();
    }
  },
};
