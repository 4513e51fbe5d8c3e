import { grantReasons } from '../../src/api/reasons.ts';
import { reasonOfRefusal } from '../../src/controllers/grants/grant-reasons.ts';
import type { ActionType } from '../../src/provisioning/action.ts';
import { type RefusalCode, refusals } from '../../src/provisioning/refusal.ts';
import { stepKinds } from './steps/all.ts';
import type { Counts, Tally } from './tally.ts';

/** How often a long campaign must have seen each thing before its lack of findings counts. */
export const ENOUGH = 100;

const HOLDS = ['TooManyRemovals', 'DirectoryShrunk', 'OrganizationChanged', 'ListingShort'];
/** Every action type. */
const ACTIONS = Object.keys({
  GrantEnterprise: true,
  RevokeEnterprise: true,
  CreateAccount: true,
  InviteAccount: true,
  Deprovision: true,
  AddToTeam: true,
  RemoveFromTeam: true,
  AddToWorkspace: true,
  RemoveFromWorkspace: true,
} satisfies Record<ActionType, true>);
const OUTCOMES = ['Pending', 'Succeeded', 'Unconfirmed', 'Failed'];
/** Refusals of a task because of its ids and addresses, before the engine is asked. */
const OF_IDS: readonly RefusalCode[] = [
  'EntitlementNotFound',
  'InvalidEmail',
  'InvalidPrincipal',
  'ImmutableRole',
];

/** Lists what was seen fewer than `enough` times, with the counts. */
export function listRare(tally: Tally, enough: number): string[] {
  return [...countAll(tally)]
    .filter(([, count]) => count < enough)
    .map(([name, count]) => `${name} ${count}`);
}

function countAll(tally: Tally): Map<string, number> {
  const all = new Map<string, number>();
  const put = (group: string, names: readonly string[], count: (name: string) => number) => {
    for (const name of names) all.set(`${group} ${name}`, count(name));
  };
  const [steps, actions, holds] = [tally.of('step'), tally.of('action'), tally.of('hold')];
  const [reasons, tasks] = [tally.of('reason'), tally.of('task')];
  put(
    'step',
    stepKinds.map(({ name }) => name),
    (name) => steps[name] ?? 0,
  );
  put('action', ACTIONS, (name) => actions[`${name} Succeeded`] ?? 0);
  put('outcome', OUTCOMES, (name) => sumOf(actions, (key) => key.endsWith(` ${name}`)));
  put('hold', HOLDS, (name) => holds[name] ?? 0);
  put('reason', Object.keys(grantReasons), (name) => reasons[name] ?? 0);
  const asked = (Object.keys(refusals) as RefusalCode[]).filter((code) => !OF_IDS.includes(code));
  // A grant shows several refusals as one reason, so the refusals of tasks count too.
  put('refusal', asked, (code) =>
    Math.max(tasks[code] ?? 0, reasons[reasonOfRefusal[code as RefusalCode]] ?? 0),
  );
  return all;
}

function sumOf(counts: Counts, wanted: (key: string) => boolean): number {
  return Object.entries(counts).reduce((sum, [key, count]) => sum + (wanted(key) ? count : 0), 0);
}
