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

/** How many objects go to etcd at a time; it takes no more than 128. */
const AT_ONCE = 100;

/** A grant of what a person holds already. */
export interface Held {
  readonly kind: ResourceNames;
  readonly person: PersonView;
}

/** A grant as the API server shows it, with all that it holds. */
type Settled = GrantView & KubernetesObject;

/**
 * One grant a person: of the license that they hold, and of the account where there are fewer licenses than `count`.
 * @param people active members, each with a license
 */
export function heldBy(people: readonly PersonView[], count: number): Held[] {
  const held = [asanaLicenseGrants, asanaAccounts].flatMap((kind) =>
    people.map((person) => ({ kind, person })),
  );
  if (held.length < count) throw new Error(`${people.length} people have no ${count} rights`);
  return held.slice(0, count);
}

/** A settled grant, of which copies are made. */
export interface Template extends Held {
  readonly object: Settled;
}

/** Has the operator, which must be running, settle the first grant of each sort. */
export async function settleTemplates(client: KubernetesClient, held: readonly Held[]): Promise<Template[]> {
  const firsts = new Map(held.toReversed().map((one) => [sortOf(one), one]));
  return Promise.all(
    [...firsts.values()].map(async (one) => ({ ...one, object: await declare(client, one) })),
  );
}

/**
 * Writes the other grants into etcd, as copies: for the operator to settle 100,000 of them one by one takes most of an
 * hour. It must not be running, so that it finds them as it finds what another process has settled.
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
 * Declares a grant, and waits until the operator says that it is Ready.
 * @returns it, as the API server shows it then
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

/** The key and the value by which etcd keeps what is the template's, in words that fit another person. */
function copyOf({ kind, person, object }: Template, { person: other }: Held): readonly [string, string] {
  // etcd keeps the version beside the object; without a value JSON leaves it out.
  const metadata = { ...object.metadata, uid: randomUUID(), resourceVersion: undefined };
  const text = (value: string) => JSON.stringify(value).slice(1, -1);
  const value = JSON.stringify({ ...object, metadata })
    .replaceAll(person.email, other.email)
    .replaceAll(person.gid, other.gid)
    .replaceAll(text(person.name), text(other.name));
  return [`/registry/${kind.group}/${kind.plural}/${NAMESPACE}/${nameOf(other)}`, value];
}

/** It holds the gid, so that a copy gets its name with everything else. */
function nameOf({ gid }: PersonView): string {
  return `settled-${gid}`;
}

async function put(etcdUrl: string, entries: readonly (readonly [string, string])[]): Promise<void> {
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const success = entries.map(([key, value]) => ({ requestPut: { key: base64(key), value: base64(value) } }));
  const answer = await fetch(`${etcdUrl}/v3/kv/txn`, { method: 'POST', body: JSON.stringify({ success }) });
  if (!answer.ok) throw new Error(`etcd answered ${answer.status}: ${await answer.text()}`);
}
