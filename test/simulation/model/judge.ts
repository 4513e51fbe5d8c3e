import type { AsanaAnswer, AsanaRequest, AsanaWatcher, AsanaWrite } from '../asana/front.ts';
import { type Holding, readHolding, subjectOf } from '../asana/holding.ts';
import type { Site } from '../asana/site.ts';
import { type Effect, effectOf, isRemoval } from './effect.ts';
import { Facts, isAbout } from './facts.ts';
import { HeldGrants } from './holds.ts';
import { modelOf } from './kinds.ts';
import { Limits } from './limits.ts';
import { CONNECTOR_KIND, type Connector, type Grant, keyOf, nameOf } from './objects.ts';
import { Pauses } from './pauses.ts';
import { Readings } from './readings.ts';
import type { Commit, Owner, Task, Witness } from './records.ts';
import { judgeRelease, type Release } from './releases.ts';
import { type Case, graceOf, type LeadershipFacts, type NamedRule, type Rule } from './rule.ts';
import { rules } from './rules.ts';
import { type StatusCase, statusRules } from './status-rules.ts';
import { Unanswered } from './unanswered.ts';

/** A rule that was broken. */
export interface Violation {
  /** Simulated milliseconds since the world began. */
  readonly at: number;
  readonly rule: string;
  readonly sentence: string;
  readonly detail: string;
}

export interface JudgeOptions {
  readonly witness: Witness;
  readonly leadership: () => LeadershipFacts;
  /** Reports whether a name is that of an operator process. */
  readonly isOperator: (name: string) => boolean;
  readonly onViolation: (violation: Violation) => void;
}

const UNASKED = {
  name: 'Unasked',
  sentence: 'every change that is sent belongs to an object or a task',
};
const PAUSE = {
  name: 'PauseKept',
  sentence: 'after a 429, a process sends nothing with that token before `Retry-After` has passed',
};
const BLIND = {
  name: 'NeverBlindly',
  sentence: 'a creation or deprovision that got no answer is not sent again within three minutes',
};
const TWICE = {
  name: 'OncePerIntent',
  sentence: 'each action of an object or a task changes Asana at most once',
};

/** Rules about the limits. */
const LIMITS: readonly string[] = ['RemovalLimit', 'DeprovisionLimit', 'SeatLimit'];

const LET_GO = {
  name: 'ReleasedRightly',
  sentence:
    'a grant is released only for a reason that is true, and not before objects deleted with it could be seen',
};

/** Rules about all writes together, in addition to the rules for each write, and about releases. */
export const wireRules: readonly NamedRule[] = [UNASKED, PAUSE, BLIND, TWICE, LET_GO];

/** Sees every commit, request and answer, and reports every breach of the contract at once. */
export class Judge implements AsanaWatcher {
  readonly facts: Facts;
  readonly held: HeldGrants;
  readonly readings: Readings;
  readonly limits: Limits;
  readonly #options: JudgeOptions;
  /** The owner of each write, by request number. */
  readonly #owners = new Map<number, { owner: Owner; connector: Connector; grant: Grant | null }>();

  readonly #unanswered = new Unanswered();
  readonly #pauses = new Pauses();

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.facts = new Facts(options.witness);
    this.held = new HeldGrants(this.facts);
    this.readings = new Readings(this.facts, this.#pauses);
    this.limits = new Limits(this.facts, this.held, this.readings);
  }

  /** Reports a broken rule; rules outside this class use it too. */
  report(rule: NamedRule, detail: string): void {
    const at = this.facts.witness.time();
    this.#options.onViolation({ at, rule: rule.name, sentence: rule.sentence, detail });
  }

  /** Judges a line of the audit log. */
  audit(release: Release): void {
    const uid = release.requester.uid ?? '';
    // An expired grant is released too, and still exists; a grant whose connector was created again is not gone.
    const grant = this.facts.grants.get(uid) ?? this.facts.gone.get(uid)?.grant;
    const detail = grant && judgeRelease(release, grant, this.facts);
    if (grant && detail) this.report(LET_GO, `${nameOf(grant)} was released as ${release.action}: ${detail}`);
  }

  commit(commit: Commit): void {
    const { kind, before, after, verb, by } = commit;
    this.facts.commit(commit);
    if (kind === CONNECTOR_KIND) {
      if (after) this.held.connector(before as Connector | null, after as Connector);
      else if (before) {
        this.held.forget(before as Connector);
        const token = this.facts.tokenOf(before as Connector);
        // Another connector may use the same token.
        if (this.facts.connectorsOf(token).length === 0) this.readings.forget(token);
      }
    } else if (modelOf(kind) && after) {
      const grant = after as Grant;
      this.held.grant(grant);
      const connector = this.facts.connectorOf(grant);
      if (connector) this.limits.sample(connector);
    }
    if (
      verb === 'status' &&
      after &&
      this.#options.isOperator(by) &&
      (kind === CONNECTOR_KIND || modelOf(kind))
    )
      this.#judgeStatus({
        before: before as Grant | null,
        after: after as Grant,
        facts: this.facts,
        readings: this.readings,
        held: this.held,
      });
  }

  leaves(request: AsanaRequest): void {
    const early = this.#pauses.until(request.by, request.token) - this.facts.witness.time();
    if (early > 0)
      this.report(PAUSE, `${request.by} sent ${request.operation} ${Math.ceil(early)} ms too early`);
    if (request.method === 'GET') return;
    const effect = effectOf(request);
    if (!effect) {
      this.report(UNASKED, `the contract has no action ${request.method} ${request.operation}`);
      return;
    }
    const { site } = request;
    const person = subjectOf(request);
    const holding = person ? readHolding(site, person) : null;
    this.facts.sends(request, effect, holding?.gid ?? null);
    const cases = this.#casesFor(request, effect, holding);
    if (cases.length === 0) {
      if (!this.#isGoneOfLate(effect, site, holding))
        this.report(
          UNASKED,
          `${tell(effect, holding)} by ${request.by}: no object and no task is about this person`,
        );
      return;
    }
    const judged = cases
      .map((c) => ({ c, broken: brokenOf(c) }))
      .sort((a, b) => a.broken.length - b.broken.length);
    const best = judged.find(({ c }) => isPending(c)) ?? judged[0];
    if (!best) return;
    const innocent = judged.find(({ broken }) => broken.length === 0) ?? best;
    this.#remember(request, innocent.c);
    // If several objects or tasks wait for the same change, it is unknown which of them the write is for.
    const waiting = cases.filter((c) => c.task !== null || isPending(c));
    const sender = waiting.length === 1 ? (waiting[0]?.grant ?? null) : null;
    if (this.#unanswered.leaves(request, effect, sender, this.facts.witness.time()))
      this.report(
        BLIND,
        `${tell(effect, holding)} by ${request.by}: the result of the previous request is not known yet`,
      );
    const [first] = innocent.broken.length === 0 ? [] : best.broken;
    if (!first || (first.rule.name !== 'LeaderActs' && this.#isForgiven(best.c, first.rule))) return;
    const whom = best.c.grant ? nameOf(best.c.grant) : `task ${best.c.task?.id ?? ''}`;
    this.report(first.rule, `${tell(effect, holding)} by ${request.by} for ${whom}: ${first.detail}`);
  }

  arrives(request: AsanaRequest): void {
    this.facts.arrives(request);
  }

  writes(write: AsanaWrite): void {
    const made = this.#owners.get(write.number) ?? null;
    const earlier = this.facts.changes.findLast(
      ({ owner, action, gid }) =>
        made !== null &&
        owner === made.owner.id &&
        action !== null &&
        action === made.owner.action &&
        gid === write.after?.gid,
    );
    const change = this.facts.write(write, made?.owner ?? null);
    if (!change) return;
    if (
      earlier &&
      this.facts.touchedAt(change.site, change.gid) < earlier.at &&
      earlier.effect.type === change.effect.type
    )
      this.report(
        TWICE,
        `${tell(change.effect, write.after)}: action ${change.action ?? ''} has already changed Asana`,
      );
    if (made) this.limits.count(change, made.connector, made.grant);
  }

  answers(answer: AsanaAnswer): void {
    this.facts.look(answer);
    this.facts.accept(answer);
    this.#pauses.take(answer, this.facts.witness.time());
    this.readings.take(answer);
    this.#unanswered.answers(answer);
  }

  /** Records a task that ConductorOne gives to the operator. */
  given(task: Task): void {
    this.facts.tasks.set(task.id, task);
  }

  /** Records that a task was answered. */
  ended(id: string): void {
    const task = this.facts.tasks.get(id);
    if (task) this.facts.answered(task);
    this.facts.tasks.delete(id);
  }

  #judgeStatus(c: StatusCase): void {
    for (const rule of statusRules) {
      const detail = rule.broken(c);
      if (detail !== null) this.report(rule, `${nameOf(c.after)}: ${detail}`);
    }
  }

  #casesFor(request: AsanaRequest, effect: Effect, holding: Holding | null): Case[] {
    const { facts, held, limits, readings } = this;
    const { site } = request;
    const leadership = this.#options.leadership();
    const shared = { request, effect, site, holding, facts, held, limits, readings, leadership };
    return facts.connectorsOf(request.token).flatMap((connector) => {
      const grants = facts
        .grantsOf(connector)
        .filter((grant) => isOfTeam(effect, grant))
        .filter(
          (grant) =>
            isAbout(effect, grant) || (holding !== null && facts.holdingOf(grant, site)?.gid === holding.gid),
        )
        .map((grant): Case => ({ ...shared, connector, grant, task: null }));
      const tasks = [...facts.tasks.values()]
        .filter(
          (task) =>
            task.connector === keyOf(connector) &&
            task.effects.includes(effect.type) &&
            task.team === effect.team &&
            [effect.gid, effect.email, holding?.gid].includes(task.user),
        )
        .map((task): Case => ({ ...shared, connector, grant: null, task }));
      return [...grants, ...tasks];
    });
  }

  #remember(request: AsanaRequest, { grant, task, connector }: Case): void {
    const owner: Owner = grant
      ? { id: grant.metadata.uid, action: grant.status?.lastAction?.id ?? null }
      : { id: task?.id ?? '', action: task?.id ?? null };
    this.#owners.set(request.number, { owner, connector, grant });
  }

  #isGoneOfLate(effect: Effect, site: Site, holding: Holding | null): boolean {
    const graceMs = isRemoval(effect) ? 1_000 : 6_000;
    const since = this.facts.witness.time() - graceMs;
    return [...this.facts.gone.values()].some(
      ({ grant, at }) =>
        at >= since && (isAbout(effect, grant) || this.facts.holdingOf(grant, site)?.gid === holding?.gid),
    );
  }

  /** Whether the process could not know what a rule judges: it changed a moment ago, or since the last look. */
  #isForgiven(c: Case, { name }: Rule): boolean {
    const now = this.facts.witness.time();
    const graceMs = graceOf(c);
    const recent = (at: number) => now - at <= graceMs;
    if (recent(this.facts.intentChangedAt(c.connector.metadata.uid))) return true;
    // A process that does what an edit has just asked for has seen the edit, and the limits.
    const knows = c.grant && !c.grant.metadata.deletionTimestamp && LIMITS.includes(name);
    if (c.grant && !knows && recent(this.facts.intentChangedAt(c.grant.metadata.uid))) return true;
    if (!c.holding) return false;
    const touched = this.facts.touchedAt(c.site, c.holding.gid);
    const looked = this.facts.lookedAt(c.request.by, c.holding.gid);
    if (recent(touched) || (looked !== null && touched >= looked - graceMs)) return true;
    // `Limits.seats` already allows for upgrades that stale license listings lack.
    return name !== 'SeatLimit' && c.site.directory.reads.areStale();
  }
}

function brokenOf(c: Case): { rule: Rule; detail: string }[] {
  return rules.flatMap((rule) => {
    const detail = rule.broken(c);
    return detail === null ? [] : [{ rule, detail }];
  });
}

/** Whether a write may be for a grant as far as teams go: a write about a team is only for grants of that very team. */
function isOfTeam({ team }: Effect, { kind, spec, status }: Grant): boolean {
  if (team === null) return kind !== 'AsanaTeamGrant';
  return kind === 'AsanaTeamGrant' && team === (status?.team?.gid ?? spec.team?.gid);
}

function isPending({ grant, effect }: Case): boolean {
  const action = grant?.status?.lastAction;
  return action?.result === 'Pending' && action.type === effect.type;
}

function tell({ type, gid, email, team, workspace }: Effect, holding: Holding | null): string {
  const where = team ?? (type === 'RemoveFromWorkspace' || type === 'AddToWorkspace' ? workspace : null);
  const who = holding?.email ?? email ?? gid ?? 'an unknown person';
  return `${type} of ${who}${where === null ? '' : ` in ${where}`}`;
}
