import { findCondition } from '../../api/conditions.ts';
import type { GrantObject } from '../../api/kinds.ts';
import { REVOKE_FINALIZER } from '../../api/resources.ts';
import { EXPIRED_IN_PLAN } from '../../provisioning/decide-grant.ts';
import type { Decision } from '../../provisioning/decision.ts';
import { isGiving, withWayOut } from '../../provisioning/grant-case.ts';
import { isSameRight } from '../../provisioning/right.ts';
import type { HoldFields } from '../removals/kept-removal.ts';
import { provenanceOf, tookItself } from './action-record.ts';
import type { GrantActions } from './grant-actions.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';
import type { GrantReleases } from './grant-releases.ts';
import type { GrantReporter } from './grant-reporter.ts';
import type { GrantFindings } from './grant-status.ts';

type Act = Extract<Decision, { kind: 'Act' }>;
type Release = Extract<Decision, { kind: 'Release' }>;

interface EndingParts {
  readonly deps: GrantDeps;
  readonly reporter: GrantReporter;
  readonly releases: GrantReleases;
  readonly actions: GrantActions;
}

/** Ends grants: revokes, releases or keeps their rights. A deleted object goes; an expired one stays and says so. */
export class GrantEndings {
  readonly #deps: GrantDeps;
  readonly #reporter: GrantReporter;
  readonly #releases: GrantReleases;
  readonly #actions: GrantActions;

  constructor({ deps, reporter, releases, actions }: EndingParts) {
    this.#deps = deps;
    this.#reporter = reporter;
    this.#releases = releases;
    this.#actions = actions;
  }

  /** Finishes a grant whose right was revoked. */
  async conclude(subject: GrantSubject, done: Partial<GrantFindings>, message: string): Promise<void> {
    const { kind, object, session, connectorKey } = subject;
    const { uid } = object.metadata;
    session?.desk.carriedOut(uid);
    const seen = session?.read(uid) ?? null;
    const gid = object.status?.user?.gid;
    const written = await this.#tellWhatStays(subject, {
      ...done,
      outcome: { reason: 'Expired', message },
      account: gid === undefined ? undefined : (seen?.account(gid) ?? null),
      observed: done.lastAction?.to ?? null,
      reading: seen,
      applied: null,
      planned: null,
    });
    await this.#deps.writer(kind).removeFinalizer(written, REVOKE_FINALIZER);
    this.#actions.forget(uid);
    this.#deps.touchConnector(connectorKey, 'SeatFreed');
  }

  /** Releases an ended grant and leaves Asana as it is. */
  async release(subject: GrantSubject, decision: Release, done: Partial<GrantFindings>): Promise<void> {
    const { kind, object, session, connectorKey } = subject;
    const { reason, warning } = decision;
    if (reason === 'Superseded' && !hasInherited(subject, decision))
      return this.#waitForTheSuccessor(subject, decision);
    const last = object.status?.lastAction;
    if (last && tookItself(subject) && (reason === 'ChangedElsewhere' || reason === 'NoLongerHeld'))
      return this.conclude(
        subject,
        { lastAction: { ...last, result: 'Succeeded' } },
        'The access was revoked.',
      );
    const told = toldEnd(object);
    const { reason: ready, message } = told ?? {
      reason: reason === 'Superseded' ? ('Superseded' as const) : ('Expired' as const),
      message: decision.message,
    };
    const { account, right, observed } = decision;
    const written = await this.#tellWhatStays(subject, {
      account,
      right,
      observed,
      reading: subject.context.reading,
      ...endAttempt(subject, decision),
      ...done,
      outcome: { reason: ready, message },
      applied: null,
      planned: null,
    });
    // If the status already says that the grant ended, only the finalizer is left to remove.
    if (told) await this.#deps.writer(kind).removeFinalizer(written, REVOKE_FINALIZER);
    else await this.#releases.release({ kind, object: written }, { reason, message, warning });
    session?.desk.forget(object.metadata.uid);
    this.#actions.abandon(object.metadata.uid);
    if (written !== object || !told) this.#deps.touchConnector(connectorKey, 'Counts');
  }

  /** Handles a discarded removal: a deleted object goes, any other is left alone until it is edited. */
  async discard(subject: GrantSubject, { action, message: why }: Act, held: HoldFields): Promise<void> {
    const { kind, object, view } = subject;
    if (view.ending?.because === 'Deleted') return this.letGo(subject);
    // The hold stays on record: a removal that the next edit asks for has been held before.
    const message = 'This removal was discarded. Edit the grant to have it evaluated again.';
    await this.#reporter.report(
      { kind, object },
      {
        outcome: { reason: 'RemovalDiscarded', message },
        planned: { action: action.type, reason: why, ...held },
        discardedGeneration: object.metadata.generation,
      },
    );
  }

  /** Releases a deleted object whose removal was discarded, whatever the removal would have waited for. */
  async letGo({ kind, object, session }: GrantSubject): Promise<void> {
    const message = 'The removal was discarded. Nothing was changed in Asana.';
    await this.#releases.release({ kind, object }, { reason: 'Discarded', message, warning: false });
    session?.desk.forget(object.metadata.uid);
    this.#actions.forget(object.metadata.uid);
  }

  /** Keeps this grant until its successor has recorded that it took over the right. */
  async #waitForTheSuccessor(subject: GrantSubject, decision: Release): Promise<void> {
    const { kind, object, view, context } = subject;
    const { account, right, observed, message } = decision;
    const outcome = {
      reason: 'Progressing',
      message: withWayOut(
        view,
        `${message} This grant is released as soon as that grant has taken over the right.`,
      ),
    } as const;
    const seen = { account, right, observed, reading: context.reading };
    const given = right ? provenanceOf(subject, { account, right, observed }) : {};
    await this.#reporter.report(
      { kind, object },
      { ...seen, ...given, outcome, planned: null, keepsRequest: true },
    );
  }

  async #tellWhatStays({ kind, object }: GrantSubject, findings: GrantFindings): Promise<GrantObject> {
    const stays = object.metadata.deletionTimestamp === undefined;
    return stays ? this.#reporter.report({ kind, object }, findings) : object;
  }
}

/** An open attempt whose right shows is done: once an expired grant is released, it must not take the right back. */
function endAttempt({ object, view }: GrantSubject, { right, held }: Release): Partial<GrantFindings> {
  const last = object.status?.lastAction;
  if (!last || !held || !right || !isGiving(view, right)) return {};
  return { lastAction: { ...last, result: 'Succeeded' } };
}

function hasInherited({ context, view }: GrantSubject, { right }: Release): boolean {
  const { contest } = context;
  const given = right && isGiving(view, right) ? right : null;
  const held = view.applied?.right ?? given;
  if (contest.kind !== 'Succeeded' || held === null) return true;
  const { applied } = contest.successor.grant;
  return applied !== null && isSameRight(applied.right, held);
}

/** Returns what the status already says about the end of a grant that holds nothing any more; `null` if nothing. */
function toldEnd({
  metadata,
  status,
}: GrantObject): { reason: 'Expired' | 'Superseded'; message: string } | null {
  const ready = findCondition(status?.conditions, 'Ready');
  const over = ready?.reason === 'Expired' || ready?.reason === 'Superseded' ? ready.reason : null;
  if (!ready || !over || status?.applied || ready.message.startsWith(EXPIRED_IN_PLAN)) return null;
  return metadata.deletionTimestamp === undefined ? { reason: over, message: ready.message } : null;
}
