import { connectorManifest, grantManifest, newcomer, people, secretManifest } from './cast.ts';
import { ConductorOneView, tellConductorOne } from './conductorone.ts';
import { tellHolds } from './holds.ts';
import type { Kubectl } from './kubectl.ts';
import { annotate, isReady, readGrant, readGrants, reasonOf } from './objects.ts';
import { tellPullRequest, tellReview } from './reports.ts';
import { heading, say, showTable } from './screen.ts';
import { AsanaView, type Happening, type Stage, until } from './stage.ts';

const TEAM = 'Research guild';
/** The duration of the grant that expires during the story. */
const SHORT = '8s';

/** The values that the column STATUS may show (it is empty for an object without a status). */
const PHASES: ReadonlySet<string> = new Set([
  'Pending',
  'Syncing',
  'Connected',
  'Degraded',
  'Failed',
  'Suspended',
]);

/** Tells the whole story as a person at a terminal would see it, and returns what happened. */
export async function tellStory(props: Omit<Stage, 'asana' | 'expect'>): Promise<Happening[]> {
  const { sandbox } = props;
  const asana = new AsanaView(sandbox);
  const happenings: Happening[] = [];
  const stage: Stage = {
    ...props,
    asana,
    expect: (what, saw, ok) => happenings.push({ what, saw, ok }),
  };
  await asana.createTeam(TEAM);

  heading(1, 'One Secret, one object: the connector');
  await tellConnector(stage);
  heading(2, 'The directory before');
  const before = await showDirectory(stage);
  heading(3, 'Before anything is applied: a plan, as it would stand below a pull request');
  await tellPullRequest(stage, grants());
  heading(4, 'Six grants of three kinds, in mode Plan: decided, reported, nothing touched');
  await tellPlan(stage, before);
  heading(5, 'mode: Apply');
  await tellApply(stage, before);
  heading(6, "Somebody changes carol's license behind the operator's back");
  await tellDrift(stage);
  heading(7, "Alice's license grant is deleted: her enterprise license is revoked, view-only remains");
  await tellRevoke(stage);
  heading(8, `A grant that ends by itself: bob was in ${TEAM} for ${SHORT}`);
  await tellExpiry(stage);
  heading(9, 'Many grants are deleted at once: a hold, and a person decides');
  await tellHolds(stage);
  heading(10, 'ConductorOne: connected, an upload, an access request');
  await tellConductorOne({
    ...stage,
    conductorOne: new ConductorOneView(sandbox),
    licenseOfAlice: () => asana.license(people.alice),
  });
  heading(11, 'Who has what, since when and why: the review page');
  await tellReview(stage);
  heading(12, 'What the objects tell');
  await tellObjects(stage);
  return happenings;
}

async function tellConnector({ kubectl, sandbox, expect }: Stage): Promise<void> {
  await kubectl.run(['create', 'namespace', 'iga']);
  const { workspace, conductorOne } = sandbox;
  const token = sandbox.tokens.serviceAccount;
  await kubectl.show(['apply', '-f', '-'], secretManifest({ token, workspace, ...conductorOne }));
  const phases = await connect(kubectl, connectorManifest(workspace));
  expect(
    'connector goes Syncing → Connected',
    phases.join(' → '),
    phases.at(-1) === 'Connected' && phases.includes('Syncing'),
  );
}

async function tellPlan({ kubectl, asana, expect }: Stage, before: Directory): Promise<void> {
  const manifests = grants();
  await kubectl.show(['apply', '-f', '-'], manifests.join('---\n'));
  await until('every grant is Ready', async () => {
    const seen = await readGrants(kubectl);
    return seen.length === manifests.length && seen.every(isReady);
  });
  await kubectl.show(['get', 'alg,atg,aac', '-n', 'iga']);
  const planned = await readDirectory(asana);
  expect('Plan changes nobody', describe(planned), describe(planned) === describe(before));
}

async function tellApply(stage: Stage, before: Directory): Promise<void> {
  const { kubectl, asana, expect } = stage;
  await setMode(kubectl, 'Apply');
  await until('every grant is Granted', async () =>
    (await readGrants(kubectl)).every((grant) => ['Granted', 'Expired'].includes(reasonOf(grant) ?? '')),
  );
  await kubectl.show(['get', 'alg,atg,aac', '-n', 'iga']);
  const after = await showDirectory(stage);
  const bob = await readGrant(kubectl, 'alg', 'bob');
  expect(
    'alice: view-only → enterprise',
    `${before.alice} → ${after.alice}`,
    before.alice === 'view only' && after.alice === 'enterprise',
  );
  expect(
    'bob had it: adopted, not touched',
    `${before.bob} → ${after.bob}`,
    before.bob === after.bob && bob?.status?.applied?.adopted === true,
  );
  expect('carol: view-only → enterprise', `${before.carol} → ${after.carol}`, after.carol === 'enterprise');
  const isIn = await asana.isInTeam(people.alice, TEAM);
  expect(`alice: added to ${TEAM}`, isIn ? 'in the team' : 'not in the team', isIn);
  expect(
    'erin: a new account',
    `${before.erin} → ${after.erin}`,
    before.erin === 'none' && after.erin === 'view only',
  );
}

async function tellDrift({ kubectl, asana, expect }: Stage): Promise<void> {
  await asana.setLicense(people.carol, 'view only');
  say(
    `In the Asana console: carol is ${await asana.license(people.carol)} now. The next sync notices (asked for here; else at the interval).`,
  );
  await annotate(kubectl, 'requestedAt', new Date().toISOString());
  await until('carol is set back', async () => (await asana.license(people.carol)) === 'enterprise');
  await until(
    "the set-back shows in carol's status",
    async () => (await readGrant(kubectl, 'alg', 'carol'))?.status?.drift?.count === 1,
  );
  const license = await asana.license(people.carol);
  say(`carol is ${license} again.`);
  expect('a change behind its back is set back', `carol ${license}, drift.count 1`, license === 'enterprise');
}

async function tellRevoke(stage: Stage): Promise<void> {
  await stage.kubectl.show(['delete', 'alg', 'alice', '-n', 'iga', '--timeout=90s']);
  const { alice } = await showDirectory(stage);
  stage.expect('alice is view-only again, not out', `alice ${alice}`, alice === 'view only');
}

/** Waits for the end of a grant that was applied some chapters ago, and has expired by now, or nearly. */
async function tellExpiry({ kubectl, asana, expect }: Stage): Promise<void> {
  await until(
    "bob's membership has expired",
    async () => reasonOf(await readGrant(kubectl, 'atg', 'bob-for-a-while')) === 'Expired',
  );
  await kubectl.show(['get', 'atg', '-n', 'iga']);
  const isIn = await asana.isInTeam(people.bob, TEAM);
  expect('a grant ends by itself', isIn ? 'bob is still in the team' : 'bob left the team', !isIn);
}

async function tellObjects({ kubectl, expect }: Stage): Promise<void> {
  await kubectl.show(['describe', 'alg', 'carol', '-n', 'iga']);
  const events = await kubectl.show(['get', 'events', '-n', 'iga', '--sort-by=.metadata.creationTimestamp']);
  expect(
    'events say who was changed and why',
    `${events.trim().split('\n').length - 1} events`,
    /LicenseGranted/.test(events) && /AddedToTeam/.test(events) && /AccountCreated/.test(events),
  );
  await kubectl.show(['get', 'asana', '-n', 'iga', '-o', 'wide']);
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
    await until('the connector is Connected', async () => phases.at(-1) === 'Connected');
  } finally {
    stop();
  }
  return phases;
}

function grants(): string[] {
  const license = (name: keyof typeof people, reason: string) =>
    grantManifest('AsanaLicenseGrant', name, {
      user: { email: people[name] },
      license: 'Enterprise',
      reason,
    });
  const member = (name: string, email: string, more: Record<string, unknown>) =>
    grantManifest('AsanaTeamGrant', name, { user: { email }, team: { name: TEAM }, ...more });
  return [
    license('alice', 'Design project, REQ-1234'),
    license('bob', 'Holds it already'),
    license('carol', 'Data team'),
    member('alice', people.alice, { reason: 'Design project, REQ-1234' }),
    member('bob-for-a-while', people.bob, { duration: SHORT, reason: 'Looks in' }),
    grantManifest('AsanaAccount', 'erin', { ...newcomer, reason: 'Starts on Monday' }),
  ];
}

async function setMode(kubectl: Kubectl, mode: 'Plan' | 'Apply'): Promise<void> {
  const patch = JSON.stringify({ spec: { provisioning: { mode } } });
  await kubectl.show(['patch', 'asc', 'acme', '-n', 'iga', '--type', 'merge', '-p', patch]);
}

const cast = { ...people, erin: newcomer.email } as const;
/** The license of each person in the story. */
type Directory = Record<keyof typeof cast, string>;

async function readDirectory(asana: AsanaView): Promise<Directory> {
  const entries = Object.entries(cast).map(
    async ([name, email]) => [name, await asana.license(email)] as const,
  );
  return Object.fromEntries(await Promise.all(entries)) as Directory;
}

async function showDirectory({ asana }: Stage): Promise<Directory> {
  const licenses = await readDirectory(asana);
  const rows = Object.entries(cast).map(async ([name, email]) => {
    const team = (await asana.isInTeam(email, TEAM)) ? 'yes' : 'no';
    return [name, email, licenses[name as keyof Directory], team];
  });
  showTable(['PERSON', 'EMAIL', 'LICENSE IN ASANA', `IN ${TEAM.toUpperCase()}`], await Promise.all(rows));
  return licenses;
}

function describe(licenses: Directory): string {
  return Object.entries(licenses)
    .map(([name, license]) => `${name} ${license}`)
    .join(', ');
}
