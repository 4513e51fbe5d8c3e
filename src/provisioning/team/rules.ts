import { isGuest, teamRoleOf } from '../../directory/account.ts';
import type { Team, TeamMembership } from '../../directory/snapshot.ts';
import type { TeamAction } from '../action.ts';
import type { TeamRight } from '../right.ts';
import {
  act,
  alreadySo,
  firstOf,
  nameOf,
  type RightCase,
  type RightRules,
  type Rule,
  refused,
  type Step,
} from '../right-rules.ts';
import {
  areIn,
  makeSureARemovalIsJustified,
  makeSureDeprovisioningIsAllowed,
  makeSureItIsNotDeclared,
  makeSureItIsNotProtected,
  makeSureNoAbsenceIsDeclared,
  makeSureNothingIsDeclared,
  makeSureTheyAreIn,
  whoOf,
} from '../shared-rules.ts';

type Case = RightCase<TeamRight>;

const PARTS = ['accounts', 'teams', 'teamMemberships'] as const;

/** The rules of team membership. Roles other than Member are managed in Asana only. */
export const teamRules: RightRules<TeamRight> = {
  parts: () => PARTS,
  observe: (subject) => {
    const held = heldBy(subject);
    return held && teamRoleOf(held);
  },
  holds: (subject) => heldBy(subject) !== null,
  give: (subject) => firstOf(giving, subject),
  take: (subject) => firstOf(taking, subject),
  keeps: ({ adopted, value }, who) =>
    adopted && value !== 'Member'
      ? {
          message: `${who} had the role ${value} in the team before this grant. Roles are managed in Asana only.`,
          warning: false,
        }
      : null,
};

/** The rules for adding a person to a team, in this order; the last one acts. */
const giving: readonly Rule<TeamRight>[] = [
  makeSureTheTeamIsThere,
  (subject) => makeSureNoAbsenceIsDeclared(subject, homeOf(subject)),
  // Adding a person to a team does not invite them (Asana's OpenAPI document, addUserForTeam).
  (subject) => makeSureTheyAreIn(subject, homeOf(subject)),
  stopWhereTheyAreInTheTeam,
  (subject) => changeTeam('AddToTeam', subject),
];

/** The same for removing a person from a team. */
const taking: readonly Rule<TeamRight>[] = [
  makeSureTheTeamIsThere,
  stopWhereTheyAreNotInTheTeam,
  makeSureItIsNotDeclared,
  makeSureItIsNotProtected,
  makeSureAGuestMayGo,
  (subject) => makeSureARemovalIsJustified(subject, PARTS),
  (subject) => changeTeam('RemoveFromTeam', subject),
];

function teamOf({ right, reading }: Case): Team | undefined {
  return reading.snapshot.teams.get(right.team);
}

function homeOf(subject: Case): string | null {
  return teamOf(subject)?.organization ?? null;
}

/** Returns the membership that counts as held: none after leaving the organization, even if Asana still lists one. */
function heldBy(subject: Case): TeamMembership | null {
  return areIn(subject, homeOf(subject)) ? membershipOf(subject) : null;
}

/** Returns the membership that Asana lists, which a task may take even after the person has left. */
function membershipOf({ right, account, reading }: Case): TeamMembership | null {
  return account && reading.teamMembership(right.team, account.gid);
}

/** Refuses a team that the reading lacks; it may exist all the same if the reading is in doubt. */
function makeSureTheTeamIsThere(subject: Case): Step | null {
  return teamOf(subject) ? null : refuseTeam(subject.reading, subject.right.team);
}

/** Returns why a team is not found: it does not exist, or the list of teams is in doubt. */
export function refuseTeam(reading: Case['reading'], team: string): Step {
  const doubt = reading.doubtAbout(['teams']);
  return doubt
    ? refused(doubt.code, `Team ${team} was not found, and the list of teams is in doubt: ${doubt.message}`)
    : refused('TeamNotFound', `Asana has no team ${team}, or the token cannot see it.`);
}

function stopWhereTheyAreInTheTeam(subject: Case): Step | null {
  return membershipOf(subject) ? alreadySo(`${whoOf(subject)} is in the team.`) : null;
}

function stopWhereTheyAreNotInTheTeam(subject: Case): Step | null {
  return membershipOf(subject) ? null : alreadySo(`${whoOf(subject)} is not in the team.`);
}

/** Asana may be set to remove guests with their last team: this is a deprovision, which only a task may ask for. */
function makeSureAGuestMayGo(subject: Case): Step | null {
  if (!isGuestsLast(subject)) return null;
  if (subject.asker === 'Task')
    return makeSureNothingIsDeclared(subject, homeOf(subject)) ?? makeSureDeprovisioningIsAllowed(subject);
  const message = `${whoOf(subject)} is a guest, and this is their last team. Asana can be set to remove guests without a team, so the membership is kept. Remove it in Asana.`;
  return refused('GuestsLastTeam', message);
}

function isGuestsLast(subject: Case): boolean {
  const { account, reading } = subject;
  if (account === null || !isGuest(account, homeOf(subject))) return false;
  return reading.countOtherTeamsOf(account.gid, teamOf(subject)?.gid ?? '') === 0;
}

function changeTeam(type: TeamAction['type'], subject: Case): Step {
  const { account } = subject;
  const team = teamOf(subject);
  if (!team || !account) throw new TypeError('a team was changed for nobody, or none was');
  const { gid, email } = account;
  const joins = type === 'AddToTeam';
  const membership = membershipOf(subject);
  const action: TeamAction = {
    type,
    gid,
    email,
    team: team.gid,
    organization: team.organization,
    guestsLast: !joins && isGuestsLast(subject),
    from: membership && teamRoleOf(membership),
    to: joins ? 'Member' : null,
  };
  const where = `team ${team.name}`;
  const message = joins
    ? `${nameOf(account)} will be added to ${where}.`
    : `${nameOf(account)} will be removed from ${where}.`;
  return act(action, message);
}
