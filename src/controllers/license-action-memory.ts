import type { AsanaLicenseGrant } from '../api/asana-license-grant.ts';
import type { Clock } from '../core/clock.ts';
import { keyOf } from '../kubernetes/resource.ts';
import type { ActionType } from '../provisioning/decision.ts';
import type { LastAction } from './license-action-record.ts';
import { openRequest } from './license-grant-view.ts';
import type { RemovalMemory } from './removal-gates.ts';

/** What this process remembers of a grant between two reconciles; nothing of it is needed after a restart. */
export interface ActionMemory {
  removal?: RemovalMemory;
  /** Gives back the license that an upgrade under way takes before the directory shows it. */
  freeSeat?: () => void;
  /** A change that Asana took and did not show: monotonic clock when it was sent. */
  unconfirmed?: { readonly id: string; readonly type: string; readonly at: number };
  /** What was so when a person's help became necessary; tried again when any of it moves. */
  stalledOn?: string;
}

/** The memories of all grants, by key. */
export class ActionMemories {
  readonly #clock: Clock;
  readonly #memories = new Map<string, ActionMemory>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  of(object: AsanaLicenseGrant): ActionMemory {
    const key = keyOf(object);
    const known = this.#memories.get(key);
    if (known) return known;
    const memory: ActionMemory = {};
    this.#memories.set(key, memory);
    return memory;
  }

  /** Nothing is under way (any more): all is as declared, or the object is gone. */
  forget(key: string): void {
    this.#memories.get(key)?.freeSeat?.();
    this.#memories.delete(key);
  }

  /** No removal is wanted (any more): the next one begins anew, with its delay and its place in the limit. */
  forgetRemoval(key: string): void {
    delete this.#memories.get(key)?.removal;
  }

  /** An edit asks for another removal, which begins anew. */
  removalOf(memory: ActionMemory, { metadata, status }: AsanaLicenseGrant): RemovalMemory {
    const { generation } = metadata;
    if (memory.removal?.generation === generation) return memory.removal;
    const restarted = status?.observedGeneration === generation && status.planned?.notBefore !== undefined;
    memory.removal = { generation, firstSeen: this.#clock.monotonic(), restarted, booked: false };
    return memory.removal;
  }

  /** An action of this type that was sent and is not seen yet: by this process, or by one before it. */
  unconfirmedOf(memory: ActionMemory, object: AsanaLicenseGrant, type: ActionType): { id: string } | null {
    if (memory.unconfirmed?.type === type) return memory.unconfirmed;
    const last = object.status?.lastAction;
    const blind = type === 'CreateAccount' || type === 'Deprovision';
    // A license may be set twice; a creation or a deprovision is sent again only when a person asks for it.
    if (!blind || last?.type !== type || !mayStillShow(object, last)) return null;
    memory.unconfirmed = { id: last.id, type, at: this.#clock.monotonic() };
    return memory.unconfirmed;
  }
}

/** Sent, and neither seen nor given up for good: what a person asks for anew, or edits, is tried anew. */
function mayStillShow(object: AsanaLicenseGrant, { result }: LastAction): boolean {
  const { status, metadata } = object;
  const asked = openRequest(object) !== null || status?.observedGeneration !== metadata.generation;
  return result === 'Pending' || (result === 'Unconfirmed' && !asked);
}
