import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { kinds } from '../../src/api/kinds.ts';
import { KubernetesClient } from '../../src/kubernetes/client.ts';
import type { ApiServerConnection } from '../../src/kubernetes/connection.ts';
import { KubernetesError } from '../../src/kubernetes/errors.ts';

const PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const FOLDER = join(import.meta.dirname, '../../crds');

/** Installs our CRDs unless they exist (another test file may install them too), and waits until they are served. */
export async function installKinds(connection: ApiServerConnection): Promise<void> {
  for (const file of readdirSync(FOLDER)) {
    const crd: unknown = parse(readFileSync(join(FOLDER, file), 'utf8'));
    try {
      await connection.send({ method: 'POST', path: PATH, body: crd });
    } catch (error) {
      if (!(error instanceof KubernetesError) || error.code !== 'AlreadyExists') throw error;
    }
  }
  const client = new KubernetesClient(connection);
  for (const { names } of kinds) {
    while (!(await client.verbs(names))?.includes('create')) await sleep(50);
  }
}
