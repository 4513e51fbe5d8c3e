import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import type { AsanaConnector } from '../../src/api/asana-connector.ts';
import { grantKinds, kinds } from '../../src/api/kinds.ts';
import {
  ACKNOWLEDGE_ANNOTATION,
  DISCARD_ANNOTATION,
  GROUP,
  REQUESTED_AT_ANNOTATION,
} from '../../src/api/resources.ts';
import { runLua } from './lua.ts';
import {
  connectorsByReason,
  connectorsInTime,
  connectorUnseen,
  connectorWithHolds,
} from './recorded-connectors.ts';
import { grantsByReason, grantsInTime, grantsUnseen } from './recorded-grants.ts';

interface Customization {
  readonly 'discovery.lua': string;
  readonly definitions: readonly { readonly name: string; readonly 'action.lua': string }[];
}

interface Action {
  readonly disabled: boolean;
  readonly displayName: string;
}

interface Changed {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly suspend: boolean };
}

const file = join(import.meta.dirname, '../../docs/gitops/argocd/argocd-cm.yaml');
const { data } = parse(await readFile(file, 'utf8')) as { data: Readonly<Record<string, string>> };

function customizationOf(part: 'health' | 'actions', kind: string): string {
  const text = data[`resource.customizations.${part}.${GROUP}_${kind}`];
  assert.ok(text, `no ${part} for ${kind}`);
  return text;
}

async function healthOf(object: { readonly kind: string }): Promise<{ status: string; message: string }> {
  const health = await runLua(customizationOf('health', object.kind), object);
  return health as { status: string; message: string };
}

function actionsFor(kind: string): Customization {
  return parse(customizationOf('actions', kind)) as Customization;
}

async function offered(object: { readonly kind: string }): Promise<Readonly<Record<string, Action>>> {
  const actions = await runLua(actionsFor(object.kind)['discovery.lua'], object);
  return actions as Readonly<Record<string, Action>>;
}

async function enabled(object: { readonly kind: string }): Promise<string[]> {
  return Object.entries(await offered(object))
    .filter(([, { disabled }]) => !disabled)
    .map(([name]) => name)
    .toSorted((a, b) => a.localeCompare(b));
}

async function act(name: string, object: { readonly kind: string }): Promise<Changed> {
  const action = actionsFor(object.kind).definitions.find((definition) => definition.name === name);
  assert.ok(action, `no action ${name}`);
  return (await runLua(action['action.lua'], object)) as Changed;
}

describe('the health that Argo CD shows', () => {
  for (const { name, object, argo } of [
    ...connectorsByReason,
    ...connectorsInTime,
    ...grantsByReason,
    ...grantsInTime,
  ])
    test(`is ${argo} for ${name}`, async () => {
      const { status, message } = await healthOf(object);
      assert.equal(status, argo, message);
      const ready = object.status?.conditions?.find(({ type }) => type === 'Ready');
      const seen = object.status?.observedGeneration === object.metadata.generation;
      const unseen = 'The operator has not looked at the newest edit yet.';
      assert.equal(message, seen ? `${ready?.reason}: ${ready?.message}` : unseen);
    });

  for (const object of [connectorUnseen, ...grantsUnseen])
    test(`is Progressing for a new ${object.kind} without a status`, async () => {
      assert.equal((await healthOf(object)).status, 'Progressing');
    });

  test('shows the message of a condition even if it contains quotes and Lua code', async () => {
    const object = structuredClone(connectorsByReason[0]?.object) as AsanaConnector;
    for (const condition of object.status?.conditions ?? []) condition.message = '"]] .. error() -- \n\\ é';
    assert.match((await healthOf(object)).message, /"\]\] \.\. error\(\) -- \n\\ é$/);
  });
});

describe('the actions that Argo CD offers', () => {
  test('are exactly the defined ones, for every kind', async () => {
    for (const { kind } of [connectorUnseen, ...grantsUnseen]) {
      const defined = actionsFor(kind).definitions.map(({ name }) => name);
      const object = { kind, metadata: {}, spec: {} };
      assert.deepEqual(new Set(Object.keys(await offered(object))), new Set(defined), kind);
    }
    assert.equal(Object.keys(data).length, 2 * kinds.length);
  });

  for (const object of [connectorUnseen, ...grantsUnseen]) {
    test(`suspend and resume a ${object.kind}, and request a sync of it`, async () => {
      const before = { ...object, spec: { ...object.spec, suspend: false } };
      assert.deepEqual(await enabled(before), ['suspend', 'sync-now']);
      const suspended = await act('suspend', before);
      assert.equal(suspended.spec.suspend, true);
      const after = { ...before, spec: { ...before.spec, suspend: true } };
      assert.deepEqual(await enabled(after), ['resume']);
      assert.equal((await act('resume', after)).spec.suspend, false);
      const asked = (await act('sync-now', before)).metadata.annotations?.[REQUESTED_AT_ANNOTATION];
      assert.match(asked ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    });
  }

  test('keep the other annotations and the spec of the object', async () => {
    const annotated = {
      ...connectorUnseen,
      metadata: { ...connectorUnseen.metadata, annotations: { a: 'b' } },
    };
    const { metadata, spec } = await act('sync-now', annotated);
    assert.equal(metadata.annotations?.['a'], 'b');
    assert.deepEqual(spec, connectorUnseen.spec);
  });

  test('answer the only hold of a connector with its current token', async () => {
    const object = connectorWithHolds('TooManyRemovals');
    assert.deepEqual(await enabled(object), ['acknowledge', 'discard', 'suspend', 'sync-now']);
    assert.match(
      (await offered(object))['acknowledge']?.displayName ?? '',
      /TooManyRemovals, 7 \(3acbbfd3\.2\)/,
    );
    const token = object.status?.holds?.[0]?.token;
    const acknowledged = await act('acknowledge', object);
    assert.deepEqual(acknowledged.metadata.annotations, { [ACKNOWLEDGE_ANNOTATION]: token });
    const discarded = await act('discard', object);
    assert.deepEqual(discarded.metadata.annotations, { [DISCARD_ANNOTATION]: token });
  });

  for (const reason of ['DirectoryShrunk', 'ListingShort', 'OrganizationChanged'] as const)
    test(`acknowledge a held reading (${reason}), but do not discard it`, async () => {
      assert.deepEqual(await enabled(connectorWithHolds(reason)), ['acknowledge', 'suspend', 'sync-now']);
    });

  test('do not answer holds if there are several or none', async () => {
    for (const object of [connectorWithHolds('TooManyRemovals', 'DirectoryShrunk'), connectorUnseen]) {
      assert.deepEqual(await enabled(object), ['suspend', 'sync-now']);
      await assert.rejects(act('acknowledge', object), /set the annotation .*acknowledge to the token/);
      await assert.rejects(act('discard', object), /set the annotation .*discard to the token/);
    }
  });

  test('do not answer holds on a grant', () => {
    for (const { names } of grantKinds) {
      const defined = actionsFor(names.kind).definitions.map(({ name }) => name);
      assert.deepEqual(defined, ['sync-now', 'suspend', 'resume']);
    }
  });
});
