import { checkBaseUrl } from '../../asana/base-url.ts';
import { systemClock } from '../../core/clock.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { KubernetesClient } from '../../kubernetes/client.ts';
import { ApiServerConnection, loadKubeConfig } from '../../kubernetes/connection.ts';
import { createLogger } from '../../telemetry/log.ts';
import type { AsanaFlags } from '../asana-reading/asana-flags.ts';
import { readTokens } from '../asana-reading/asana-tokens.ts';
import { accessOf } from '../asana-reading/directory-reading.ts';
import { readWholeDirectory } from '../asana-reading/whole-directory.ts';
import type { Output } from '../command-line/output.ts';
import { readAuditLines } from './audit-reading.ts';
import { buildReview } from './build-review.ts';
import { writeCsv } from './review-csv.ts';
import { writeJson } from './review-json.ts';
import { writeOutput } from './review-output.ts';
import { writePage } from './review-page.ts';
import type { Review } from './review-row.ts';
import type { ReviewSubject } from './review-subject.ts';
import { findSubjectInCluster } from './subject-in-cluster.ts';
import { findSubjectInManifests } from './subject-in-manifests.ts';

export const reviewFormats = ['csv', 'json', 'html'] as const;
export type ReviewFormat = (typeof reviewFormats)[number];

export interface ReviewFlags extends AsanaFlags {
  readonly format: ReviewFormat;
  readonly output?: string;
  /** Name of the connector, or a file with its manifest. */
  readonly connector?: string;
  readonly namespace?: string;
  readonly filename?: readonly string[];
  readonly auditLog?: readonly string[];
  readonly bom?: boolean;
}

export interface ReviewStreams {
  readonly input: NodeJS.ReadableStream;
  readonly output: Output;
}

/**
 * Writes a review. Only sends read requests, and writes either the whole review or nothing.
 * @throws CodedError
 */
export async function runReview(
  flags: ReviewFlags,
  { input, output }: ReviewStreams,
  signal: AbortSignal,
): Promise<void> {
  const write = writerOf(flags);
  checkBaseUrl(flags.asanaApiUrl);
  const tokens = await readTokens(flags.tokenFile, process.env);
  const audit = await readAuditLines(flags.auditLog ?? []);
  const { connector, grants, note } = await findSubject(flags, input, signal);
  const clock = systemClock;
  const log = createLogger({ level: 'warn', format: process.stderr.isTTY ? 'console' : 'json' });
  if (note !== null) log.warn(note);
  const reading = await readWholeDirectory(connector, accessOf(flags, { tokens, clock, log }), signal);
  const review = buildReview({ connector, grants, reading, audit, now: clock.now() });
  await writeOutput(write(review), flags.output ?? null, output);
}

function writerOf({ format, bom = false }: ReviewFlags): (review: Review) => Iterable<string> {
  if (bom && format !== 'csv')
    throw new InvalidInputError('--bom', 'is valid only with --format csv: remove it');
  switch (format) {
    case 'csv':
      return (review) => writeCsv(review, { bom });
    case 'json':
      return writeJson;
    case 'html':
      return writePage;
  }
}

/** Tells a file from the name of an object: it contains a path separator, or ends like a manifest. */
const FILE_NAME = /[/\\]|[.](ya?ml|json)$/i;

async function findSubject(
  { connector, namespace = 'default', filename = [] }: ReviewFlags,
  input: NodeJS.ReadableStream,
  signal: AbortSignal,
): Promise<ReviewSubject> {
  const isFile = connector !== undefined && FILE_NAME.test(connector);
  const paths = [...(isFile ? [connector] : []), ...filename];
  const name = isFile ? null : (connector ?? null);
  if (paths.length > 0) return findSubjectInManifests({ paths, namespace, name }, input);
  const connection = new ApiServerConnection(loadKubeConfig(), systemClock);
  try {
    return await findSubjectInCluster(new KubernetesClient(connection), { namespace, name }, signal);
  } finally {
    await connection.close();
  }
}
