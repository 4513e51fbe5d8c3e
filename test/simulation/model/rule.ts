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

/** The actual leadership, as the world knows it. */
export interface LeadershipFacts {
  readonly holder: string | null;
  /** Milliseconds since the holder began to lead. */
  readonly sinceMs: number;
  readonly takenOver: boolean;
  readonly stopped: boolean;
}

/** A write that is about to leave, assumed to be for one object or one task. */
export interface Case {
  readonly request: AsanaRequest;
  readonly effect: Effect;
  readonly site: Site;
  /** What the person has in Asana; `null` if there is no such person. */
  readonly holding: Holding | null;
  readonly connector: Connector;
  /** `null` for a task. */
  readonly grant: Grant | null;
  /** `null` for a grant. */
  readonly task: Task | null;
  readonly facts: Facts;
  readonly held: HeldGrants;
  readonly limits: Limits;
  readonly readings: Readings;
  readonly leadership: LeadershipFacts;
}

/** A condition that must hold, in one sentence. */
export interface NamedRule {
  readonly name: string;
  readonly sentence: string;
}

/** A condition that must hold whenever a write leaves. */
export interface Rule extends NamedRule {
  /** Returns what is wrong, in a few words; `null` if nothing is. */
  readonly broken: (c: Case) => string | null;
}

/** How long after a change by somebody else a write may still rely on the state before it, in ms. */
const TAKE_GRACE_MS = 1_000;
/** The same for a write that gives, which relies on what the watch has delivered. */
export const GIVE_GRACE_MS = 6_000;

/** Returns how long a write of this kind may miss a change of the world. */
export function graceOf(c: Case): number {
  return isRemoval(c.effect) ? TAKE_GRACE_MS : GIVE_GRACE_MS;
}

/**
 * Whether the connector has recorded another organization than the one behind its token: the token has only just been
 * redirected, or back, and `OrganizationKnown` judges what may be written there.
 */
export function hasRecordedAnother({ connector, site }: Pick<Case, 'connector' | 'site'>): boolean {
  const recorded = connector.status?.organizations ?? [];
  return recorded.length > 0 && !recorded.includes(site.organization.gid);
}

/** Limits a check to removals. */
export function onRemoval(check: (c: Case) => string | null): Rule['broken'] {
  return (c) => (isRemoval(c.effect) ? check(c) : null);
}

/** Limits a check to writes for grants. */
export function ofGrant(check: (c: Case, grant: Grant) => string | null): Rule['broken'] {
  return (c) => (c.grant ? check(c, c.grant) : null);
}

/** Whether the change changes nothing, which is harmless: it is sent again when its answer was lost. */
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
