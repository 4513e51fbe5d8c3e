import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantKindName } from '../../api/kinds.ts';
import { asanaConnectors } from '../../api/resources.ts';
import { ManifestValidator } from '../../api/validation.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { InvalidInputError } from '../../core/errors.ts';
import type { Account, Snapshot } from '../../directory/snapshot.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import type { AsanaFlags } from '../asana-reading/asana-flags.ts';
import { readTokens } from '../asana-reading/asana-tokens.ts';
import { accessOf } from '../asana-reading/directory-reading.ts';
import { readWholeDirectory } from '../asana-reading/whole-directory.ts';
import type { Output } from '../command-line/output.ts';
import { readManifestFiles } from '../manifests/manifest-files.ts';
import { readDeclarations } from '../manifests/manifest-reading.ts';
import { applyManifests, type ClusterObjects } from '../plan/applied-manifests.ts';
import type { PlanMeans } from '../plan/run-plan.ts';
import { type ExportedRight, rightsIn } from './exported-rights.ts';
import { ManagedRights } from './managed-rights.ts';
import { printGrant } from './print-grant.ts';

export interface ExportFlags extends AsanaFlags {
  /** Manifest of the AsanaConnector; `-` for standard input. */
  readonly connector: string;
  readonly kind?: readonly GrantKindName[];
  readonly unmanaged?: boolean;
  readonly outputDir?: string;
  readonly namespace: string;
}

/** The inputs and outputs of an export. */
export interface ExportMeans extends PlanMeans {
  /** For warnings about what could not be exported. */
  readonly errors: Output;
}

/**
 * Writes the access that people have in Asana as manifests, one grant per right. Changes nothing in Asana.
 * @throws CodedError if the connector, a flag, a token or the reading cannot be used
 */
export async function runExport(flags: ExportFlags, means: ExportMeans, signal: AbortSignal): Promise<void> {
  const clock = means.clock ?? systemClock;
  const declared = await readConnector(flags, means, clock);
  const tokens = await readTokens(flags.tokenFile, means.environment);
  const there = flags.unmanaged ? await means.readCluster(clock, signal) : null;
  const connector = withRecord(declared, there);
  const access = accessOf(flags, { tokens, carrier: means.carrier, clock, log: means.log });
  const reading = await readWholeDirectory(connector, access, signal);
  const managed = there && new ManagedRights(there.grants, connector, reading, clock.now());
  const { snapshot } = reading;
  const chosen = [...rightsIn(snapshot, connector, addressable(snapshot, means.errors))].filter(
    ({ kind, account, right }) =>
      (flags.kind?.includes(kind) ?? true) && !(managed?.has(account, right) ?? false),
  );
  await write(chosen, connector, flags, means.output);
}

/** Reads the only AsanaConnector of the manifest, as the API server would store it. */
async function readConnector(
  { connector: path, namespace }: ExportFlags,
  { input }: ExportMeans,
  clock: Clock,
): Promise<AsanaConnector> {
  const validator = new ManifestValidator();
  const { objects } = readDeclarations(await readManifestFiles([path], input), { validator, namespace });
  const own = objects.filter(({ kind }) => kind.names.kind === asanaConnectors.kind);
  const there = { connectors: [], grants: [] };
  const { connectors } = applyManifests(own, there, { validator, now: clock.now(), isPruned: () => false });
  const [connector, ...others] = connectors;
  if (connector && others.length === 0) return connector;
  const count = connector ? `${connectors.length} AsanaConnectors` : 'no AsanaConnector';
  throw new InvalidInputError('--connector', `${path} contains ${count}: specify a manifest with one`);
}

/** Adds the status in the cluster, whose measure a reading is compared with, and the annotations that answer holds. */
function withRecord(declared: AsanaConnector, there: ClusterObjects | null): AsanaConnector {
  const known = there?.connectors.find((connector) => keyOf(connector) === keyOf(declared));
  if (!known?.status) return declared;
  const annotations = { ...known.metadata.annotations, ...declared.metadata.annotations };
  return { ...declared, metadata: { ...declared.metadata, annotations }, status: known.status };
}

/**
 * Returns a test of whether a grant may name an account by its email: the schema accepts it, and no other account has
 * it. Any other account is named by its gid and gets no AsanaAccount; it is reported once.
 */
function addressable({ gidsByEmail }: Snapshot, errors: Output): (account: Account) => boolean {
  const validator = new ManifestValidator();
  const judged = new Map<string, boolean>();
  return ({ gid, email, name }) => {
    const known = judged.get(gid);
    if (known !== undefined) return known;
    const fits = email !== null && gidsByEmail.get(email) === gid && isTaken(validator, email);
    judged.set(gid, fits);
    if (!fits)
      errors.write(
        `warning: account ${gid} (${JSON.stringify(name)}) has no email address that is valid in a manifest: its grants use the gid, and it has no AsanaAccount\n`,
      );
    return fits;
  };
}

/** Whether the schema accepts an email. Rejects decomposed letters, which would make the address a second person. */
function isTaken(validator: ManifestValidator, email: string): boolean {
  if (email.normalize('NFC') !== email) return false;
  try {
    validator.check({
      apiVersion: 'asana-connector.dev/v1alpha1',
      kind: 'AsanaAccount',
      spec: { connectorRef: { name: 'any' }, email },
    });
    return true;
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    return false;
  }
}

async function write(
  rights: readonly ExportedRight[],
  connector: AsanaConnector,
  { outputDir }: ExportFlags,
  output: Output,
): Promise<void> {
  if (outputDir === undefined) {
    for (const right of rights) output.write(`---\n${printGrant(right, connector)}`);
    return;
  }
  try {
    await mkdir(outputDir, { recursive: true });
    for (const right of rights) {
      const file = join(outputDir, `${right.kind.toLowerCase()}-${right.name}.yaml`);
      await writeFile(file, printGrant(right, connector));
    }
  } catch (cause) {
    throw new InvalidInputError('--output-dir', `cannot be written: ${(cause as Error).message}`, { cause });
  }
}
