import type { AsanaConnector } from '../../api/asana-connector.ts';
import { CodedError } from '../../core/errors.ts';
import { ExitError } from '../command-line/exit-code.ts';
import type { Output } from '../command-line/output.ts';
import { oneLine } from '../command-line/text-table.ts';
import { type Cluster, type ClusterFlags, listConnectors, withCluster } from './cluster.ts';
import { bad, type Finding, sentenceOf } from './diagnosis.ts';
import { examineCluster } from './examine-cluster.ts';
import { examineConnector } from './examine-connector.ts';
import { heading, mark, writeJson } from './screen.ts';

export interface DoctorFlags extends ClusterFlags {
  readonly asanaApiUrl: string;
}

/** Checks failed; the findings and their remedies were printed. */
class UnwellError extends CodedError {
  constructor(count: number) {
    super('Unwell', 'stalling', `${count} checks failed. Each has its remedy above.`);
  }
}

/** `kubectl asana doctor`: checks everything a connector needs, and prints a remedy for each problem. Only reads. */
export async function examine(flags: DoctorFlags, output: Output): Promise<void> {
  const sections = await withCluster(flags, async (cluster) => {
    const { connectors, findings: listing } = await findConnectors(cluster);
    const examined = await examineCluster(cluster, namespacesToExamine(cluster, connectors));
    const found: { title: string; findings: Finding[] }[] = [
      { title: 'Cluster', findings: [...listing, ...examined] },
    ];
    for (const connector of connectors) {
      const { namespace, name } = connector.metadata;
      const findings = await examineConnector(cluster, connector, flags.asanaApiUrl);
      found.push({ title: `AsanaConnector ${namespace}/${name}`, findings });
    }
    return found;
  });
  if (flags.output === 'json') writeJson(output, sections);
  else
    for (const { title, findings } of sections)
      output.write(`${heading(title)}\n${findings.map(lineOf).join('')}`);
  const wrong = sections.flatMap(({ findings }) => findings).filter(({ state }) => state === 'bad').length;
  if (wrong > 0) throw new ExitError(1, new UnwellError(wrong));
}

async function findConnectors(
  cluster: Cluster,
): Promise<{ connectors: readonly AsanaConnector[]; findings: Finding[] }> {
  try {
    return { connectors: await listConnectors(cluster), findings: [] };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const remedy = 'Install the CRDs, or ask for the built-in role view.';
    return { connectors: [], findings: [bad('AsanaConnectors', sentenceOf(error), remedy)] };
  }
}

/** Returns the selected namespace; with -A, the namespaces that have connectors, or the context's if there are none. */
export function namespacesToExamine(
  { scope, namespace }: Pick<Cluster, 'scope' | 'namespace'>,
  connectors: readonly AsanaConnector[],
): string[] {
  const named = [...new Set(connectors.map(({ metadata }) => metadata.namespace))].toSorted();
  return scope === null && named.length > 0 ? named : [namespace];
}

const tones = { ok: ['ok  ', 'green'], bad: ['bad ', 'red'], unknown: ['?   ', 'yellow'] } as const;

function lineOf({ what, state, found, remedy }: Finding): string {
  const [word, tone] = tones[state];
  const line = `  ${mark(word, tone)} ${oneLine(what)}: ${oneLine(found)}\n`;
  return remedy === null ? line : `${line}       → ${oneLine(remedy)}\n`;
}
