import type { GrantObject } from '../../api/kinds.ts';
import { isAsanaError } from '../../asana/errors.ts';
import { CodedError } from '../../core/errors.ts';
import { refresh } from '../../directory/reader.ts';
import { keyOf } from '../../kubernetes/resource.ts';
import { subjectOfRight } from '../../provisioning/decide-task.ts';
import { blockUnseen, withWayOut } from '../../provisioning/grant-case.ts';
import type { Right } from '../../provisioning/right.ts';
import { discardedFields, plannedBefore, plannedStill } from '../removals/kept-removal.ts';
import type { RemovalGate } from '../removals/removal-gate.ts';
import type { GrantDeps, GrantSubject } from './grant-context.ts';
import { grantReasonOf } from './grant-reasons.ts';
import type { GrantReporter } from './grant-reporter.ts';
import { EditedMeanwhileError, PromptWord } from './prompt-word.ts';

/** `Edited`: the grant was edited or replaced meanwhile. `Failed`: the lookup failed, and the status says why. */
export interface Lookup {
  readonly kind: 'LookedUp' | 'Edited' | 'Failed';
  readonly object: GrantObject;
}

/** Looks up people individually who are missing from a listing: absence from a listing alone has no consequences. */
export class GrantLookups {
  readonly #deps: GrantDeps;
  readonly #gate: RemovalGate;
  readonly #reporter: GrantReporter;

  constructor(deps: GrantDeps, gate: RemovalGate, reporter: GrantReporter) {
    this.#deps = deps;
    this.#gate = gate;
    this.#reporter = reporter;
  }

  /** @throws errors that the queue has to retry */
  async lookUp(subject: GrantSubject, right: Right | null, signal: AbortSignal): Promise<Lookup> {
    const { kind, session, context, connector, view, object } = subject;
    const { clock, actionTimeoutMs: ms, grants } = this.#deps;
    const person = { gid: view.recorded?.gid ?? view.user.gid, email: view.user.email };
    const where = right && context.reading && subjectOfRight(right, context.reading, person);
    const asana = session?.asana;
    if (!session || !asana || !where) return { kind: 'LookedUp', object };
    const word = new PromptWord({
      clock,
      object,
      latest: () => grants.of(kind).get(keyOf(object)),
      say: (seen) => this.#say({ ...subject, object: seen }),
    });
    try {
      await word.during({ ms, signal }, (limited) =>
        refresh(asana, session.directory, where, {
          membership: true,
          userTypes: connector.spec.scim.userTypes,
          priority: 'read',
          signal: limited,
        }),
      );
      return { kind: 'LookedUp', object: await word.newest() };
    } catch (error) {
      const newest = await word.newest();
      if (error instanceof EditedMeanwhileError) return { kind: 'Edited', object: newest };
      return this.#fail({ ...subject, object: newest }, error);
    }
  }

  #say({ kind, object }: GrantSubject): Promise<GrantObject> {
    const outcome = { reason: 'Progressing', message: 'Looking up the person in Asana.' } as const;
    return this.#reporter.report(
      { kind, object },
      { outcome, planned: plannedBefore(object), keepsRequest: true },
    );
  }

  /** Handles a failed lookup: the grant is not decided, and what is held stays held. */
  async #fail(subject: GrantSubject, error: unknown): Promise<Lookup> {
    const { kind, object, view, session, connectorKey } = subject;
    const reason = grantReasonOf(error);
    if (!reason || !(error instanceof CodedError)) throw error;
    if (isAsanaError(error, 'CredentialsRejected'))
      this.#deps.touchConnector(connectorKey, 'CredentialsRejected');
    const kept = this.#gate.note(subject, blockUnseen('NotReady', error.message));
    session?.noteDecided(object.metadata.uid);
    const retrying = view.ending?.because === 'Deleted';
    const written = await this.#reporter.report(
      { kind, object },
      {
        outcome: { reason, message: withWayOut(view, error.message), retrying },
        planned: plannedStill(object, kept),
        ...discardedFields(object, kept),
        keepsRequest: true,
      },
    );
    if (error.errorClass !== 'stalling') throw error;
    return { kind: 'Failed', object: written };
  }
}
