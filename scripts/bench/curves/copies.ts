import { randomUUID } from 'node:crypto';
import {
  API_VERSION,
  asanaAccounts,
  asanaLicenseGrants,
  type ResourceNames,
} from '../../../src/api/resources.ts';
import type { KubernetesClient } from '../../../src/kubernetes/client.ts';
import type { KubernetesObject } from '../../../src/kubernetes/resource.ts';
import { type GrantView, isReady, NAMESPACE, type PersonView, type Place } from '../objects.ts';
import { until } from '../rig.ts';

/** Objects per etcd transaction; etcd accepts at most 128. */
const AT_ONCE = 100;

/** A grant of a right that a person already holds. */
export interface Held {
  readonly kind: ResourceNames;
  readonly person: PersonView;
}

/** A grant as the API server returns it, with all its fields. */
type Settled = GrantView & KubernetesObject;

/**
 * Returns a license grant for each person, followed by account grants if there are fewer people than `count`.
 * @param people active members, each with a license
 */
export function heldBy(people: readonly PersonView[], count: number): Held[] {
  const held = [asanaLicenseGrants, asanaAccounts].flatMap((kind) =>
    people.map((person) => ({ kind, person })),
  );
  if (held.length < count) throw new Error(`${people.length} people have no ${count} rights`);
  return held.slice(0, count);
}

/** A settled grant that copies are made from. */
export interface Template extends Held {
  readonly object: Settled;
}

/** Has the running operator settle the first grant of each sort. */
export async function settleTemplates(client: KubernetesClient, held: readonly Held[]): Promise<Template[]> {
  const firsts = new Map(held.toReversed().map((one) => [sortOf(one), one]));
  return Promise.all(
    [...firsts.values()].map(async (one) => ({ ...one, object: await declare(client, one) })),
  );
}

/**
 * Writes the other grants into etcd as copies, because the operator would take most of an hour to settle 100,000 of
 * them one by one. The operator must not be running, so that it finds them the way it finds grants settled by another
 * process.
 */
export async function putCopies(
  etcdUrl: string,
  held: readonly Held[],
  templates: readonly Template[],
): Promise<void> {
  const bySort = new Map(templates.map((template) => [sortOf(template), template]));
  const entries = held.flatMap((one) => {
    const template = bySort.get(sortOf(one));
    return template && template.person !== one.person ? [copyOf(template, one)] : [];
  });
  for (let i = 0; i < entries.length; i += AT_ONCE) await put(etcdUrl, entries.slice(i, i + AT_ONCE));
}

function sortOf({ kind, person }: Held): string {
  return `${kind.kind} ${person.license}`;
}

/**
 * Declares a grant and waits until the operator reports it Ready.
 * @returns the grant as the API server shows it then
 */
export async function declare(
  client: KubernetesClient,
  { kind, person }: Held,
  { namespace = NAMESPACE, connector = 'acme' }: Place = {},
): Promise<Settled> {
  const { email, license } = person;
  const right =
    kind === asanaAccounts
      ? { email }
      : { user: { email }, license: license === 'enterprise' ? 'Enterprise' : 'ViewOnly' };
  const name = nameOf(person);
  await client.create(kind, namespace, {
    apiVersion: API_VERSION,
    kind: kind.kind,
    metadata: { name },
    spec: { connectorRef: { name: connector }, ...right },
  });
  let settled: Settled[] = [];
  await until(`${name} is Ready`, async () => {
    const object = await client.get<Settled>(kind, namespace, name);
    settled = object && isReady(object) ? [object] : [];
    return settled.length > 0;
  });
  return settled[0] as Settled;
}

/** Returns the key and value under which etcd stores a copy of the template for another person. */
function copyOf({ kind, person, object }: Template, { person: other }: Held): readonly [string, string] {
  // etcd keeps the version beside the object; JSON omits a field that is undefined.
  const metadata = { ...object.metadata, uid: randomUUID(), resourceVersion: undefined };
  const text = (value: string) => JSON.stringify(value).slice(1, -1);
  const value = JSON.stringify({ ...object, metadata })
    .replaceAll(person.email, other.email)
    .replaceAll(person.gid, other.gid)
    .replaceAll(text(person.name), text(other.name));
  return [`/registry/${kind.group}/${kind.plural}/${NAMESPACE}/${nameOf(other)}`, value];
}

/** Returns a name that contains the gid, so that replacing the gid in a copy renames it too. */
function nameOf({ gid }: PersonView): string {
  return `settled-${gid}`;
}

async function put(etcdUrl: string, entries: readonly (readonly [string, string])[]): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const success = entries.map(([key, value]) => ({ requestPut: { key: base64(key), value: base64(value) } }));
  const answer = await fetch(`${etcdUrl}/v3/kv/txn`, { method: 'POST', body: JSON.stringify({ success }) });
  if (!answer.ok) throw new Error(`etcd answered ${answer.status}: ${await answer.text()}`);
}
