import type { IncomingMessage } from 'node:http';
import type { Fault } from '../../kubernetes/faulty-proxy.ts';
import type { Side } from './watched-replica.ts';
import { isGiving, type Wish } from './wishes.ts';

/** What a request of the leader shows about the progress of one action. */
type Moment =
  /** Reads the person in Asana. */
  | 'Look'
  /** Changes the person. */
  | 'Change'
  /** Writes the finalizers of the object. */
  | 'Finalizer'
  | 'Status'
  /** Reads the object from the API server, right before a removal. */
  | 'Ask'
  | 'Event';

/** A step of an action at which the leader is killed. */
export interface Step {
  readonly name: string;
  readonly moment: Moment;
  /** True if the change has already left. */
  readonly after: boolean;
  /** True if the request arrives, so that only its answer is lost. */
  readonly arrives: boolean;
  /** Whether the wish's action has this step. */
  readonly of: (wish: Pick<Wish, 'action'>) => boolean;
}

const both = () => true;
const giving = ({ action }: Pick<Wish, 'action'>) => isGiving(action);
const taking = (wish: Pick<Wish, 'action'>) => !giving(wish);

function step(
  name: string,
  moment: Moment,
  { after = false, arrives = false }: { after?: boolean; arrives?: boolean },
  of: Step['of'] = both,
): Step {
  return { name, moment, after, arrives, of };
}

/** In the order in which an action goes through them. */
export const steps: readonly Step[] = [
  step('reading the person', 'Look', {}),
  step('before the finalizer is written', 'Finalizer', {}, giving),
  step('after the finalizer is written', 'Finalizer', { arrives: true }, giving),
  step('before the intent is in the status', 'Status', {}),
  step('after the intent is in the status', 'Status', { arrives: true }),
  step('reading the object from the API server once more', 'Ask', {}, taking),
  step('before the request reaches Asana', 'Change', {}),
  step('after Asana has made the change', 'Change', { arrives: true }),
  step('reading the result back', 'Look', { after: true }),
  step('before the result is in the status', 'Status', { after: true }, giving),
  step('after the result is in the status', 'Status', { after: true, arrives: true }, giving),
  step('before the finalizer is removed', 'Finalizer', { after: true }, taking),
  step('after the finalizer is removed', 'Finalizer', { after: true, arrives: true }, taking),
  step('writing the event', 'Event', { after: true }),
];

/** Waits for the leader to reach a step of one action, holds the request there, and calls `kill`. */
export class Trap {
  readonly #step: Step;
  readonly #wish: Wish;
  #looked = false;
  #intended = false;
  #changed = false;
  #hit = false;

  constructor(step: Step, wish: Wish) {
    this.#step = step;
    this.#wish = wish;
  }

  /** @param kill ends the process that sent the request; a request that is held never goes on */
  strike(side: Side, request: IncomingMessage, kill: () => void): Fault | null {
    const moment = momentOf(this.#wish, side, request);
    if (moment === null || this.#hit) return null;
    if (this.#isStep(moment)) return this.#spring(kill);
    if (moment === 'Look') this.#looked = true;
    if (moment === 'Change') this.#changed = true;
    if (moment === 'Status' && this.#looked) this.#intended = true;
    return null;
  }

  #isStep(moment: Moment): boolean {
    const { moment: wanted, after } = this.#step;
    if (moment !== wanted || after !== this.#changed) return false;
    // The intent is the status write after the look, and only a read after the intent is the one before the removal.
    if (moment === 'Status') return after || this.#looked;
    return moment === 'Ask' ? this.#intended : true;
  }

  #spring(kill: () => void): Fault {
    this.#hit = true;
    if (this.#step.arrives) return { kind: 'freeze', onHead: kill };
    kill();
    return { kind: 'silence' };
  }
}

function momentOf(wish: Wish, side: Side, { method, url = '' }: IncomingMessage): Moment | null {
  const path = decodeURIComponent(url);
  if (side === 'asana') {
    if (method !== 'GET') return 'Change';
    return path.includes(wish.email) || (wish.gid !== null && path.includes(wish.gid)) ? 'Look' : null;
  }
  if (method === 'POST' && path.includes('/events')) return 'Event';
  const name = wish.ref.split('/').at(-1) ?? '';
  const [, below] = new RegExp(`/${name}(/status)?(?:\\?|$)`).exec(path) ?? [];
  if (!path.includes(`/${name}`) || path.includes('/leases')) return null;
  if (method === 'GET') return below === undefined && /\/[a-z]+-\d+$/.test(path) ? 'Ask' : null;
  return below === undefined ? 'Finalizer' : 'Status';
}
