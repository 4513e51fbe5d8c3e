import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { run } from '@bufbuild/cel';
import { parseAllDocuments } from 'yaml';
import { kinds } from '../../src/api/kinds.ts';
import { API_VERSION } from '../../src/api/resources.ts';
import type { Recorded } from './recorded.ts';
import { connectorsByReason, connectorsInTime } from './recorded-connectors.ts';
import { grantsByReason, grantsInTime } from './recorded-grants.ts';

interface HealthCheck {
  readonly apiVersion: string;
  readonly kind: string;
  readonly inProgress: string;
  readonly failed: string;
  readonly current: string;
}

interface Kustomization {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly dependsOn?: readonly { readonly name: string }[];
    readonly wait?: boolean;
    readonly healthCheckExprs?: readonly HealthCheck[];
  };
}

const file = join(import.meta.dirname, '../../docs/gitops/flux/kustomizations.yaml');
const kustomizations = parseAllDocuments(await readFile(file, 'utf8'))
  .map((document) => document.toJS() as Kustomization)
  .filter(({ kind }) => kind === 'Kustomization');
const checks = kustomizations.flatMap(({ spec }) => spec.healthCheckExprs ?? []);

/** Returns the health that Flux computes (its RFC 9): the observed generation first, then each expression. */
function healthOf(object: Recorded['object']): Recorded['flux'] {
  if (object.status?.observedGeneration !== object.metadata.generation) return 'InProgress';
  const check = checks.find(({ kind }) => kind === object.kind);
  assert.ok(check, `no expressions for ${object.kind}`);
  const values = JSON.parse(JSON.stringify(object)) as Parameters<typeof run>[1];
  const holds = (expression: string): boolean => {
    const result = run(expression, values);
    if (result instanceof Error) throw result;
    assert.equal(typeof result, 'boolean', expression);
    return result === true;
  };
  if (holds(check.inProgress)) return 'InProgress';
  if (holds(check.failed)) return 'Failed';
  return holds(check.current) ? 'Current' : 'InProgress';
}

describe('the health that Flux computes', () => {
  for (const { name, object, flux } of [
    ...connectorsByReason,
    ...connectorsInTime,
    ...grantsByReason,
    ...grantsInTime,
  ])
    test(`is ${flux} for ${name}`, () => {
      assert.equal(healthOf(object), flux);
    });

  test('has expressions exactly once for every kind', () => {
    assert.deepEqual(
      checks.map(({ apiVersion, kind }) => `${apiVersion} ${kind}`).toSorted(),
      kinds.map(({ names }) => `${API_VERSION} ${names.kind}`).toSorted(),
    );
  });
});

test('Flux applies the operator, then connectors, then grants, and waits for each', () => {
  assert.deepEqual(
    kustomizations.map(({ metadata, spec }) => [
      metadata.name,
      spec.dependsOn?.map(({ name }) => name) ?? [],
    ]),
    [
      ['asana-operator', []],
      ['asana-connectors', ['asana-operator']],
      ['asana-grants-design', ['asana-connectors']],
    ],
  );
  assert.ok(kustomizations.every(({ spec }) => spec.wait));
});
