import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { API_VERSION, asanaConnectors } from '../../api/resources.ts';
import { ManifestValidator } from '../../api/validation.ts';
import { connectorKeyOf } from '../../controllers/grants/grant-identity.ts';
import { grantKinds } from '../../controllers/grants/grant-kinds.ts';
import type { KnownGrant } from '../../controllers/grants/grant-stores.ts';
import { formatTime } from '../../core/clock.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { readManifestFiles } from '../manifests/manifest-files.ts';
import { type DeclaredObject, readDeclarations } from '../manifests/manifest-reading.ts';
import type { ReviewSubject } from './review-subject.ts';

export interface ManifestPlace {
  /** Files, folders, or `-`. */
  readonly paths: readonly string[];
  /** Namespace of objects that specify none. */
  readonly namespace: string;
  /** Name of the connector; `null` for the only one. */
  readonly name: string | null;
}

/**
 * Finds a connector in manifests, and the grants there that name it. They have no status: only an audit log can show
 * what was given and when.
 * @throws InvalidInputError, ManifestErrors
 */
export async function findSubjectInManifests(
  { paths, namespace, name }: ManifestPlace,
  input: NodeJS.ReadableStream,
): Promise<ReviewSubject> {
  const files = await readManifestFiles(paths, input);
  const { objects } = readDeclarations(files, { validator: new ManifestValidator(), namespace });
  const connectors = objects.filter(({ kind }) => kind.names.kind === asanaConnectors.kind);
  const named = name === null ? connectors : connectors.filter((one) => one.name === name);
  const [declared, ...others] = named;
  if (!declared || others.length > 0) throw notOne(paths, name, connectors);
  const connector = {
    ...asObject(declared),
    spec: declared.spec as AsanaConnector['spec'],
  } as AsanaConnector;
  const key = `${declared.namespace}/${declared.name}`;
  const grants = objects
    .flatMap((object) => knownGrant(object))
    .filter(({ object }) => connectorKeyOf(object) === key);
  return { connector, grants, note: null };
}

function knownGrant(declared: DeclaredObject): KnownGrant[] {
  const kind = grantKinds.find(({ resource }) => resource.kind === declared.kind.names.kind);
  return kind
    ? [{ kind, object: { ...asObject(declared), spec: declared.spec } as unknown as GrantObject }]
    : [];
}

/** Returns an object as the API server would, with placeholders for the fields that only the API server knows. */
function asObject({ kind, namespace, name, labels, annotations }: DeclaredObject) {
  return {
    apiVersion: API_VERSION,
    kind: kind.names.kind,
    metadata: {
      namespace,
      name,
      labels,
      annotations,
      uid: `${kind.names.kind}/${namespace}/${name}`,
      generation: 1,
      resourceVersion: '0',
      creationTimestamp: formatTime(0),
    },
  };
}

function notOne(
  paths: readonly string[],
  name: string | null,
  connectors: readonly DeclaredObject[],
): InvalidInputError {
  const there = connectors.map((one) => `${one.namespace}/${one.name}`).join(', ') || 'none';
  const wanted = name === null ? 'one AsanaConnector' : `one AsanaConnector named ${name}`;
  return new InvalidInputError(
    '--connector',
    `${wanted} is expected in ${paths.join(', ')}, which contains ${there}: add its file with -f, or specify one with --connector`,
  );
}
