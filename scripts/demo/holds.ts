import { grantManifest } from './cast.ts';
import { annotate, isReady, readGrants, readHold, type ShownHold } from './objects.ts';
import { say, showTable } from './screen.ts';
import { type Stage, until } from './stage.ts';

const PROJECT = ['-l', 'project=apollo'] as const;
/** One more than maxRemovals of the demo's connector allows. */
const PEOPLE = 3;

/** Deletes all grants of a project: nothing is removed until a person says whether it was a mistake or intended. */
export async function tellHolds(stage: Stage): Promise<void> {
  const { kubectl, expect } = stage;
  const emails = await choosePeople(stage);
  const manifest = emails.map(projectGrant).join('---\n');
  await kubectl.run(['apply', '-f', '-'], manifest);
  await untilAllHold(stage, emails);
  say(`${PEOPLE} people of project Apollo have their grants, and hold enterprise.`);

  say(
    "Somebody deletes them all. That is more than the connector's maxRemovals allows, so nothing is taken back yet.",
  );
  const first = await deleteProject(stage);
  say('It was a mistake: discard. The deleted objects are released, and Asana stays as it is.');
  await annotate(kubectl, 'discard', first.token);
  await untilGone(stage);
  const kept = await countHolders(stage, emails);
  expect('a mass removal is held, and discarded', `${kept} of ${PEOPLE} keep enterprise`, kept === PEOPLE);

  await kubectl.show(['apply', '-f', '-'], manifest);
  await untilAllHold(stage, emails);
  say('The grants are applied again, as Git would. This time the project really ends.');
  const second = await deleteProject(stage);
  await annotate(kubectl, 'acknowledge', second.token);
  await untilGone(stage);
  const left = await countHolders(stage, emails);
  expect('held again, and acknowledged', `${left} of ${PEOPLE} keep enterprise`, left === 0);
  await until('no hold is left', async () => (await readHold(kubectl)) === null);
}

async function choosePeople({ asana }: Stage): Promise<string[]> {
  const members = (await asana.people()).filter(
    ({ email, role, active, license }) =>
      role === 'member' && active && license === 'view only' && !/^(alice|bob|carol|erin)/.test(email),
  );
  return members.slice(0, PEOPLE).map(({ email }) => email.toLowerCase());
}

function projectGrant(email: string): string {
  const name = email.slice(0, email.indexOf('@')).replaceAll(/[^a-z0-9]+/g, '-');
  const spec = { user: { email }, license: 'Enterprise', reason: 'Project Apollo' };
  return grantManifest('AsanaLicenseGrant', name, spec, { project: 'apollo' });
}

/** Deletes every grant of the project, and returns the hold once its token names all of them. */
async function deleteProject({ kubectl }: Stage): Promise<ShownHold> {
  await kubectl.show(['delete', 'alg', '-n', 'iga', ...PROJECT, '--wait=false']);
  let hold: ShownHold | null = null;
  await until('the token of the hold names them all', async () => {
    hold = await readHold(kubectl);
    return hold !== null && hold.count === PEOPLE && (await namesAll(kubectl, hold));
  });
  const { token, pending } = hold as unknown as ShownHold;
  const path = '{.status.holds[0].reason}: {.status.holds[0].people} people, token {.status.holds[0].token}';
  await kubectl.show(['get', 'asc', 'acme', '-n', 'iga', '-o', `jsonpath=${path}`]);
  showTable(
    ['WHO', 'WOULD LOSE'],
    (pending ?? []).map(({ who, what }) => [who, what]),
  );
  return { ...(hold as unknown as ShownHold), token };
}

/** Whether the token names all grants: a new, higher number is shown once nothing has joined for some seconds. */
async function namesAll(kubectl: Stage['kubectl'], { token }: ShownHold): Promise<boolean> {
  const grants = (await readGrants(kubectl, PROJECT)) as readonly {
    status?: { planned?: { hold?: string } };
  }[];
  const number = (text: string | undefined) => Number(text?.split('.')[1] ?? Number.POSITIVE_INFINITY);
  return grants.every(({ status }) => number(status?.planned?.hold) <= number(token));
}

async function untilAllHold({ kubectl }: Stage, emails: readonly string[]): Promise<void> {
  await until('everybody of the project is Granted', async () => {
    const grants = await readGrants(kubectl, PROJECT);
    return grants.length === emails.length && grants.every(isReady);
  });
}

async function untilGone({ kubectl }: Stage): Promise<void> {
  await until('the deleted grants are gone', async () => (await readGrants(kubectl, PROJECT)).length === 0);
}

async function countHolders({ asana }: Stage, emails: readonly string[]): Promise<number> {
  const licenses = await Promise.all(emails.map((email) => asana.license(email)));
  return licenses.filter((license) => license === 'enterprise').length;
}
