import type { AsanaRequest } from '../asana/front.ts';
import type { Holding } from '../asana/holding.ts';
import type { Site } from '../asana/site.ts';
import { type Effect, isRemoval } from './effect.ts';
import type { Facts } from './facts.ts';
import type { HeldGrants } from './holds.ts';
import type { Limits } from './limits.ts';
import type { Connector, Grant } from './objects.ts';
import type { Readings } from './readings.ts';
import type { Task } from './records.ts';

/** Who leads, as the world itself knows it. */
export interface LeadershipFacts {
  readonly holder: string | null;
  /** Milliseconds since the holder began to lead. */
  readonly sinceMs: number;
  readonly takenOver: boolean;
  readonly stopped: boolean;
}

/** A write that is about to leave, seen as made for one object or one task. */
export interface Case {
  readonly request: AsanaRequest;
  readonly effect: Effect;
  readonly site: Site;
  /** How the person stands in Asana; null for nobody. */
  readonly holding: Holding | null;
  readonly connector: Connector;
  /** Null for a task. */
  readonly grant: Grant | null;
  /** Null for a grant. */
  readonly task: Task | null;
  readonly facts: Facts;
  readonly held: HeldGrants;
  readonly limits: Limits;
  readonly readings: Readings;
  readonly leadership: LeadershipFacts;
}

/** Something that must be so, in one sentence. */
export interface NamedRule {
  readonly name: string;
  readonly sentence: string;
}

/** One thing that must be so whenever a write leaves. */
export interface Rule extends NamedRule {
  /** What is wrong, in a few words; null when nothing is. */
  readonly broken: (c: Case) => string | null;
}

/** How long after somebody changes a thing a write may still go by what was before, in ms. */
const TAKE_GRACE_MS = 1_000;
/** The same for a write that gives, which goes by what the watch has brought. */
export const GIVE_GRACE_MS = 6_000;

/** How long a change of the world may go unseen by a write of this kind. */
export function graceOf(c: Case): number {
  return isRemoval(c.effect) ? TAKE_GRACE_MS : GIVE_GRACE_MS;
}

/**
 * Whether the connector has recorded another organization than the one behind its token: it has only just come or gone,
 * and what may be written there is for `OrganizationKnown` to say.
 */
export function hasRecordedAnother({ connector, site }: Pick<Case, 'connector' | 'site'>): boolean {
  const recorded = connector.status?.organizations ?? [];
  return recorded.length > 0 && !recorded.includes(site.organization.gid);
}

/** A check of removals alone. */
export function onRemoval(check: (c: Case) => string | null): Rule['broken'] {
  return (c) => (isRemoval(c.effect) ? check(c) : null);
}

/** A check of writes for objects alone. */
export function ofGrant(check: (c: Case, grant: Grant) => string | null): Rule['broken'] {
  return (c) => (c.grant ? check(c, c.grant) : null);
}

/** A change that changes nothing harms nobody: it is sent again when its answer was lost. */
export function isSoAlready({ type, team, workspace }: Effect, holding: Holding | null): boolean {
  switch (type) {
    case 'GrantEnterprise':
      return holding?.license === 'Enterprise';
    case 'RevokeEnterprise':
      return holding?.license === 'ViewOnly';
    case 'AddToTeam':
      return holding?.teams.includes(team ?? '') ?? false;
    case 'RemoveFromTeam':
      return !holding?.teams.includes(team ?? '');
    case 'AddToWorkspace':
      return holding?.workspaces.includes(workspace ?? '') ?? false;
    case 'RemoveFromWorkspace':
      return !holding?.workspaces.includes(workspace ?? '');
    case 'CreateAccount':
      return holding !== null;
    case 'Deprovision':
      return !holding?.active;
  }
}
