import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { grantKinds } from '../../../src/api/kinds.ts';
import type { PlanReport, ReportedHeld, ReportedObject } from '../../../src/commands/plan/plan-report.ts';
import type { AuditRecord } from '../../../src/provisioning/audit.ts';
import { between, chance, stream } from '../../simulation/random.ts';
import { drawConnector, drawGrant, drawGrants } from './random-manifests.ts';
import { SimulatedSite, type TestManifest } from './simulated-site.ts';

const SEEDS = Number(process.env['PLAN_SEEDS'] ?? 25);
const FIRST = Number(process.env['PLAN_FIRST_SEED'] ?? 1);
const MINUTE = 60_000;

suite('a plan', () => {
  for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
    test(`contains exactly the actions that Apply then carries out, and is empty afterwards (seed ${seed})`, () =>
      tryOnce(seed));
  }
});

async function tryOnce(seed: number): Promise<void> {
  const random = stream(seed, 'manifests');
  const holder = chance(random, 0.4) ? 'personal' : 'acme';
  const site = new SimulatedSite(seed, { people: between(random, 6, 14), teams: 3, holder });
  const connector = drawConnector(random, holder);
  let grants = drawGrants(site, random, between(random, 5, 30));
  try {
    const first = await site.plan([connector, ...grants]);
    assert.deepEqual(
      site.planned.filter((request) => !request.startsWith('GET ')),
      [],
      'a plan only reads',
    );
    await site.apply([connector, ...grants]);
    await site.startOperator();
    await site.clock.advance(15 * MINUTE);
    compare(first, site, site.audit.splice(0));
    await expectNothing(site, [connector, ...grants]);

    const restarts = seed % 2 === 0;
    if (restarts) await site.restartOperator();
    grants = edit(site, grants, random);
    const second = await site.plan([connector, ...grants], { against: 'cluster' });
    await applyEdit(site, grants);
    await site.clock.advance(15 * MINUTE);
    const audit = site.audit.splice(0);
    if (restarts) compare(second, site, audit);
    else compareWithKnowing(second, site, audit, first);
    await expectNothing(site, [connector, ...grants]);
  } finally {
    site.stop();
  }
}

/** Asserts equal actions per object, in the same order, equal held grants and equal blocking rules. */
function compare(report: PlanReport, site: SimulatedSite, audit: readonly AuditRecord[]): void {
  const applied = audit.filter(({ kind, result }) => kind === 'Change' && result === 'Succeeded');
  const planned = report.changes.map(({ object, action, who, where, before, after }) => [
    `${object.kind} ${object.namespace}/${object.name}`,
    [action, who, where, before, after].join(' '),
  ]);
  const done = applied.map(({ requester, action, account, place, before, after }) => [
    requester.type === 'Object' ? `${requester.kind} ${requester.namespace}/${requester.name}` : '',
    [action, account.email ?? account.gid, place, before, after].join(' '),
  ]);
  assert.deepEqual(byObject(planned), byObject(asPlanned(done, planned)), 'the changes');
  const rules = Object.fromEntries(
    report.blocked.map(({ rule, object }) => [`${object.kind} ${object.namespace}/${object.name}`, rule]),
  );
  const { blocked, held } = stateOf(site);
  assert.deepEqual(sorted(rules), sorted(blocked), 'the blocked grants');
  const names = report.held.map(({ object }) => `${object.kind} ${object.namespace}/${object.name}`);
  assert.deepEqual(names.toSorted(), held.toSorted(), 'the held grants');
}

/**
 * Compares the plan with an operator that was not restarted: it knows which people had a removal earlier in the window,
 * and counts each once. A plan, like a restarted operator, only knows their number, and so may hold more removals.
 */
function compareWithKnowing(
  report: PlanReport,
  site: SimulatedSite,
  audit: readonly AuditRecord[],
  before: PlanReport,
): void {
  if (!before.changes.some(({ removal }) => removal)) return compare(report, site, audit);
  const isDone = ({ object, action }: ReportedHeld) =>
    audit.some((record) => record.action === action && record.result === 'Succeeded' && isBy(record, object));
  const known = report.held.filter(isDone);
  compare(
    { ...report, held: report.held.filter((held) => !known.includes(held)) },
    site,
    audit.filter(
      (record) => !known.some(({ object, action }) => record.action === action && isBy(record, object)),
    ),
  );
}

function isBy({ requester }: AuditRecord, { kind, namespace, name }: ReportedObject): boolean {
  return (
    requester.type === 'Object' &&
    requester.kind === kind &&
    requester.namespace === namespace &&
    requester.name === name
  );
}

async function expectNothing(site: SimulatedSite, manifests: readonly TestManifest[]): Promise<void> {
  const { changes } = await site.plan(manifests, { against: 'cluster' });
  assert.deepEqual(changes, [], 'after Apply nothing is left to do');
}

/**
 * If two grants declare the same for one person, either of them may make the change, or both before either sees the
 * other. Which one is first depends on timing, so the change counts once, for the grant that the plan names.
 */
function asPlanned(done: readonly (readonly string[])[], planned: readonly (readonly string[])[]) {
  return done.flatMap(([object = '', line = '']) => {
    const isSame = ([, other]: readonly string[]) => effectOf(other) === effectOf(line);
    const named = planned.find(isSame);
    if (!named || object === named[0]) return [[object, line]];
    return done.some((other) => isSame(other) && other[0] === named[0]) ? [] : [named];
  });
}

/** Returns what an action does in Asana: a workspace's account and its membership come from the same request. */
function effectOf(line = ''): string {
  return line.replace(/^(InviteAccount|AddToWorkspace) (\S+ \S+).*/, 'Joins $2');
}

function byObject(lines: readonly (readonly string[])[]): Record<string, readonly string[]> {
  const found: Record<string, string[]> = {};
  for (const [object = '', line = ''] of lines) (found[object] ??= []).push(line);
  return sorted(found);
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

interface Shown {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly status?: {
    readonly planned?: { readonly hold?: string };
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason: string;
    }[];
  };
}

/** Returns the grants that are blocked or held according to the statuses in the cluster. */
function stateOf(site: SimulatedSite): { blocked: Record<string, string>; held: string[] } {
  const blocked: Record<string, string> = {};
  const held: string[] = [];
  for (const { names } of grantKinds) {
    for (const { metadata, status } of site.cluster.objects(names.kind) as unknown as readonly Shown[]) {
      const name = `${names.kind} ${metadata.namespace}/${metadata.name}`;
      const ready = status?.conditions?.find(({ type }) => type === 'Ready');
      if (status?.planned?.hold && ready?.reason === 'RemovalsPaused') held.push(name);
      else if (ready && ready.status !== 'True') blocked[name] = ready.reason;
    }
  }
  return { blocked, held };
}

/** Makes the random changes of a pull request: removes, edits and adds some grants. */
function edit(site: SimulatedSite, grants: readonly TestManifest[], random: () => number): TestManifest[] {
  const kept = grants
    .filter(() => !chance(random, 0.25))
    .map((grant) => (chance(random, 0.2) ? { ...grant, spec: editSpec(grant, random) } : grant));
  const added = Array.from({ length: between(random, 0, 5) }, (_, index) =>
    drawGrant(site, random, `h${index}`),
  );
  // The grants are created within one second, so their names decide which is older.
  return [...kept, ...added.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))];
}

function keyOf({ namespace, name }: TestManifest): string {
  return `${namespace}/${name}`;
}

function editSpec({ kind, spec }: TestManifest, random: () => number): TestManifest['spec'] {
  if (chance(random, 0.3)) return { ...spec, suspend: spec['suspend'] !== true };
  if (kind === 'AsanaLicenseGrant')
    return { ...spec, license: spec['license'] === 'ViewOnly' ? 'Enterprise' : 'ViewOnly' };
  if (kind === 'AsanaAccount' && !('duration' in spec))
    return { ...spec, ensure: spec['ensure'] === 'Absent' ? 'Present' : 'Absent' };
  return { ...spec, reason: 'edited' };
}

/** Applies the removals first, so that added grants see the removed ones ending, as in a plan. */
async function applyEdit(site: SimulatedSite, grants: readonly TestManifest[]): Promise<void> {
  const named = new Set(grants.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`));
  for (const { names } of grantKinds) {
    for (const { metadata } of [...site.cluster.objects(names.kind)] as unknown as readonly Shown[]) {
      const { namespace, name } = metadata;
      if (!named.has(`${names.kind} ${namespace}/${name}`))
        await site.cluster.remove(names.kind, namespace, name);
    }
  }
  await site.apply(grants);
}
