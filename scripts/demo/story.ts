import { setTimeout as sleep } from 'node:timers/promises';
import { askControl, type SandboxAddress, userPath } from '../sandbox-control.ts';
import { connectorManifest, grantManifest, people, secretManifest } from './cast.ts';
import { ConductorOneView, tellConductorOne } from './conductorone.ts';
import type { Kubectl } from './kubectl.ts';
import { heading, say, showTable } from './screen.ts';

/** One line of the closing table. */
export interface Happening {
  readonly what: string;
  readonly saw: string;
  readonly ok: boolean;
}

/** Waiting for the operator is bounded: on a slow machine each step has this long. */
const PATIENCE_MS = 90_000;
const LOOK_EVERY_MS = 250;

/** What the column STATUS may show (an object without a status shows nothing there). */
const PHASES: ReadonlySet<string> = new Set([
  'Pending',
  'Syncing',
  'Connected',
  'Degraded',
  'Failed',
  'Suspended',
]);

/** Tells the whole story with kubectl, and returns what happened. */
export async function tellStory(kubectl: Kubectl, sandbox: SandboxAddress): Promise<Happening[]> {
  const asana = new AsanaView(sandbox);
  const happenings: Happening[] = [];
  const expect = (what: string, saw: string, ok: boolean) => {
    happenings.push({ what, saw, ok });
  };

  heading(1, 'One Secret, one object: the connector');
  await kubectl.run(['create', 'namespace', 'iga']);
  const { workspace, conductorOne } = sandbox;
  const token = sandbox.tokens.serviceAccount;
  await kubectl.show(['apply', '-f', '-'], secretManifest({ token, workspace, ...conductorOne }));
  const phases = await connect(kubectl, connectorManifest(sandbox.workspace));
  expect(
    'connector goes Syncing → Connected',
    phases.join(' → '),
    phases.at(-1) === 'Connected' && phases.includes('Syncing'),
  );

  heading(2, 'The directory before');
  const before = await asana.licenses();
  showLicenses(before);

  heading(3, 'Three grants, in mode Plan: decided, reported, nothing touched');
  await kubectl.show(['apply', '-f', '-'], grants());
  await until('every grant is Ready', async () => (await readyGrants(kubectl)) === 3);
  await kubectl.show(['get', 'alg', '-n', 'iga']);
  const planned = await asana.licenses();
  expect('Plan changes nobody', describe(planned), describe(planned) === describe(before));

  heading(4, 'mode: Apply');
  await setMode(kubectl, 'Apply');
  await until('alice holds enterprise', async () => (await asana.licenses()).alice === 'enterprise');
  await until('carol holds enterprise', async () => (await asana.licenses()).carol === 'enterprise');
  await until('every grant is Granted', async () => (await grantedGrants(kubectl)) === 3);
  await kubectl.show(['get', 'alg', '-n', 'iga']);
  const after = await asana.licenses();
  showLicenses(after);
  expect(
    'alice: view-only → enterprise',
    `${before.alice} → ${after.alice}`,
    before.alice === 'view only' && after.alice === 'enterprise',
  );
  expect(
    'bob had it: adopted, not touched',
    `${before.bob} → ${after.bob}`,
    before.bob === after.bob && (await isAdopted(kubectl, 'bob')),
  );
  expect('carol: view-only → enterprise', `${before.carol} → ${after.carol}`, after.carol === 'enterprise');

  heading(5, "Somebody changes carol's license behind the operator's back");
  await asana.setLicense(people.carol, 'view only');
  say(
    `In the Asana console: carol is ${(await asana.licenses()).carol} now. The next sync notices (asked for here; else at the interval).`,
  );
  await kubectl.show([
    'annotate',
    'asc',
    'acme',
    '-n',
    'iga',
    '--overwrite',
    `asana-connector.dev/requestedAt=${new Date().toISOString()}`,
  ]);
  await until('carol is set back', async () => (await asana.licenses()).carol === 'enterprise');
  await until(
    "the set-back shows in carol's status",
    async () => (await statusOf(kubectl, 'carol')).drift?.count === 1,
  );
  say(`carol is ${(await asana.licenses()).carol} again.`);
  expect(
    'a change behind its back is set back',
    `carol ${(await asana.licenses()).carol}, drift.count 1`,
    true,
  );

  heading(6, "Alice's grant is deleted: enterprise is taken back, view-only is left");
  await kubectl.show(['delete', 'alg', 'alice', '-n', 'iga', '--timeout=90s']);
  const released = await asana.licenses();
  showLicenses(released);
  expect('alice is view-only again, not out', `alice ${released.alice}`, released.alice === 'view only');

  heading(7, 'ConductorOne: connected, an upload, an access request');
  await tellConductorOne({
    kubectl,
    conductorOne: new ConductorOneView(sandbox),
    licenseOfAlice: async () => (await asana.licenses()).alice,
    until,
    expect,
  });

  heading(8, 'What the objects tell');
  await kubectl.show(['describe', 'alg', 'carol', '-n', 'iga']);
  const events = await kubectl.show(['get', 'events', '-n', 'iga', '--sort-by=.metadata.creationTimestamp']);
  expect(
    'events say who was changed and why',
    `${events.trim().split('\n').length - 1} events`,
    /LicenseGranted/.test(events),
  );
  await kubectl.show(['get', 'asc,alg', '-n', 'iga', '-o', 'wide']);
  return happenings;
}

/** Applies the connector and follows its phase until it is Connected; returns the phases seen, in order. */
async function connect(kubectl: Kubectl, manifest: string): Promise<string[]> {
  const phases: string[] = [];
  const stop = kubectl.follow(['get', 'asc', '-n', 'iga', '-w'], (line) => {
    say(line);
    const phase = line.split(/\s+/)[1];
    if (phase !== undefined && PHASES.has(phase) && phases.at(-1) !== phase) phases.push(phase);
  });
  try {
    await kubectl.show(['apply', '-f', '-'], manifest);
    await until('the connector is Connected', async () => {
      const phase = phases.at(-1);
      return phase === 'Connected';
    });
  } finally {
    stop();
  }
  return phases;
}

function grants(): string {
  return [
    grantManifest('alice', people.alice, 'Enterprise', 'Design project, REQ-1234'),
    grantManifest('bob', people.bob, 'Enterprise', 'Holds it already'),
    grantManifest('carol', people.carol, 'Enterprise', 'Data team'),
  ].join('---\n');
}

async function setMode(kubectl: Kubectl, mode: 'Plan' | 'Apply'): Promise<void> {
  const patch = JSON.stringify({ spec: { provisioning: { mode } } });
  await kubectl.show(['patch', 'asc', 'acme', '-n', 'iga', '--type', 'merge', '-p', patch]);
}

interface GrantStatus {
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
  }[];
  readonly applied?: { readonly adopted: boolean };
  readonly drift?: { readonly count: number };
}

async function statusOf(kubectl: Kubectl, name: string): Promise<GrantStatus> {
  return (await kubectl.read('alg', name))?.status ?? {};
}

async function isAdopted(kubectl: Kubectl, name: string): Promise<boolean> {
  return (await statusOf(kubectl, name)).applied?.adopted === true;
}

async function countGrants(kubectl: Kubectl, wanted: (reason: string) => boolean): Promise<number> {
  const list = JSON.parse(await kubectl.run(['get', 'alg', '-n', 'iga', '-o', 'json'])) as {
    items: { status?: GrantStatus }[];
  };
  return list.items.filter((item) =>
    item.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True' && wanted(c.reason)),
  ).length;
}

const readyGrants = (kubectl: Kubectl) => countGrants(kubectl, () => true);
const grantedGrants = (kubectl: Kubectl) => countGrants(kubectl, (reason) => reason === 'Granted');

type Licenses = Record<keyof typeof people, string>;

function describe(licenses: Licenses): string {
  return Object.entries(licenses)
    .map(([name, license]) => `${name} ${license}`)
    .join(', ');
}

function showLicenses(licenses: Licenses): void {
  showTable(
    ['PERSON', 'EMAIL', 'LICENSE IN ASANA'],
    Object.entries(licenses).map(([name, license]) => [name, people[name as keyof Licenses], license]),
  );
}

/** Asana itself, through the sandbox's control endpoint: what a person would see in the Admin Console. */
class AsanaView {
  readonly #sandbox: SandboxAddress;

  constructor(sandbox: SandboxAddress) {
    this.#sandbox = sandbox;
  }

  async licenses(): Promise<Licenses> {
    const entries = await Promise.all(
      Object.entries(people).map(async ([name, email]) => {
        const person = await askControl<{ license: string | null }>(this.#sandbox, 'GET', userPath(email));
        return [name, person.license ?? 'none'] as const;
      }),
    );
    return Object.fromEntries(entries) as Licenses;
  }

  async setLicense(email: string, license: string): Promise<void> {
    await askControl(this.#sandbox, 'PATCH', userPath(email), { license });
  }
}

/** Looks until `seen` is true; names what did not happen when patience runs out. */
async function until(what: string, seen: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await seen())) {
    if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_MS / 1000} s, but not: ${what}`);
    await sleep(LOOK_EVERY_MS);
  }
}
