import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { aboutThePeople, adjust } from './adjustments.ts';
import { type Draft, listPages, readDraft } from './collect-pages.ts';
import { type Block, blocksIn, documentsIn, isExcerpt, isManifest } from './page-blocks.ts';
import { openStage, type Stage } from './stage.ts';

/** The page whose commands end what the other pages need; it runs last. */
const LAST = 'uninstalling';

/** Returns the connector that every page can rely on, in mode Apply. */
function connectorFor(workspace: string): string {
  return JSON.stringify({
    apiVersion: 'asana-connector.dev/v1alpha1',
    kind: 'AsanaConnector',
    metadata: { name: 'acme', namespace: 'iga' },
    spec: {
      credentials: { type: 'ServiceAccount', secretRef: { name: 'baton-asana-secrets' } },
      defaultWorkspace: workspace,
      scim: { enabled: true },
      provisioning: { mode: 'Apply', removalDelay: '2s', allowedNamespaces: ['*'] },
    },
  });
}

const GRANTS = 'alg,atg,awg,aac';
/** Removes the grants of the previous page and leaves Asana as it is. */
const LEAVE_NOTHING = `kubectl annotate ${GRANTS} -n iga --all --overwrite asana-connector.dev/abandon=true && kubectl delete ${GRANTS} -n iga --all`;

/**
 * Runs every command and applies every manifest of the pages, against a real API server with the operator and a
 * simulated Asana.
 * @param only addresses of the pages to run; all if it is empty
 * @throws Error that names the commands that failed, after all were run
 */
export async function runPages(only: readonly string[]): Promise<void> {
  const drafts = await Promise.all((await listPages()).map(readDraft));
  const order = [
    ...drafts.filter(({ page }) => page.slug !== LAST),
    ...drafts.filter(({ page }) => page.slug === LAST),
  ];
  await using stage = await openStage();
  await prepare(stage);
  const failures: string[] = [];
  for (const draft of order) {
    const blocks = blocksIn(draft.body);
    const { slug } = draft.page;
    if (blocks.length === 0 || (only.length > 0 && !only.includes(slug))) continue;
    console.log(`\n${slug} (${draft.page.source})`);
    await stage.run(LEAVE_NOTHING);
    await stage.run('kubectl replace -f connector.yaml || kubectl create -f connector.yaml');
    await stage.run('kubectl wait asc/acme -n iga --for=condition=Ready --timeout=90s');
    for (const block of blocks) failures.push(...(await runBlock(stage, draft, block)));
  }
  if (failures.length > 0) throw new Error(`${failures.length} did not work:\n${failures.join('\n')}`);
}

/** Creates what a reader has before the first page, and the objects of others that the pages mention. */
async function prepare(stage: Stage): Promise<void> {
  const values = ['BATON_TOKEN="$ASANA_TOKEN"', 'BATON_USE_SERVICE_ACCOUNT=true', 'BATON_USE_SCIM_API=true'];
  const literals = values.map((value) => `--from-literal=${value}`).join(' ');
  const secret = `kubectl create secret generic baton-asana-secrets -n iga ${literals}`;
  await stage.run(`kubectl create namespace iga && ${secret}`);
  await stage.run('kubectl create namespace argocd && kubectl create configmap argocd-cm -n argocd');
  await stage.run('kubectl create deployment baton-asana -n iga --image=registry.example.com/baton-asana');
  await writeFile(join(stage.folder, 'connector.yaml'), connectorFor(stage.workspace));
  await writeFile(join(stage.folder, 'corporate-ca.pem'), '');
  await stage.run('mkdir -p iga grants && cp connector.yaml iga/ && cp -r docs/gitops/team-chart access');
  await stage.run(
    'mkdir -p overlays/production && cp connector.yaml grants/ && cp connector.yaml overlays/production/',
  );
  await writeFile(
    join(stage.folder, 'overlays/production/kustomization.yaml'),
    'resources: [connector.yaml]\n',
  );
}

/** Runs one block. Returns a line for each command that failed. */
async function runBlock(stage: Stage, draft: Draft, block: Block): Promise<string[]> {
  const steps = block.type === 'commands' ? block.commands.map(commandStep) : [await yamlStep(stage, block)];
  const failures: string[] = [];
  for (const step of steps) {
    const [line = ''] = step.shown.split('\n');
    try {
      if (step.command !== null) await stage.run(step.command, step.input);
      console.log(`  ${step.command === null ? 'elsewhere' : 'ok'}  ${line}`);
    } catch (error) {
      console.log(`  FAILED  ${line}\n${String(error)}`);
      failures.push(`${draft.page.source}: ${line}`);
    }
  }
  return failures;
}

interface Step {
  readonly shown: string;
  /** `null` if a test runs it elsewhere. */
  readonly command: string | null;
  readonly input?: string;
}

function commandStep(command: string): Step {
  return { shown: command, command: adjust(command) };
}

/** Returns the step of a block: a manifest is applied, or saved to its file and dry-run; values go to the chart. */
async function yamlStep({ folder }: Stage, { text, file }: Block & { type: 'yaml' }): Promise<Step> {
  const input = aboutThePeople(text);
  const shown = `yaml: ${text}`;
  if (file !== null) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), input);
  }
  if (isManifest(text)) {
    const dryRun = file === null ? '' : ' --dry-run=server';
    return { shown, command: `kubectl apply --server-side --force-conflicts${dryRun} -f -`, input };
  }
  // Parts of another Deployment or pipeline; test/commands/migration-page.test.ts checks the former.
  if (isExcerpt(text) || /^(- run|stringData):/.test(text)) return { shown, command: null };
  if (!text.startsWith('spec:'))
    return { shown, command: 'helm template asana-connector charts/asana-connector -f -', input };
  const patch = JSON.stringify(documentsIn(text)[0]);
  return { shown, command: `kubectl patch asc acme -n iga --type merge --dry-run=server -p '${patch}'` };
}
