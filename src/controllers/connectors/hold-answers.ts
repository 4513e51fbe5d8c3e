import type { AsanaConnector } from '../../api/asana-connector.ts';
import { ACKNOWLEDGE_ANNOTATION, DISCARD_ANNOTATION } from '../../api/resources.ts';
import type { DoubtReason } from '../../directory/doubt.ts';
import type { Answer } from '../../provisioning/removals/demand.ts';
import { parseHoldToken } from '../../provisioning/removals/hold-token.ts';
import type { RemovalDesk } from '../../provisioning/removals/removal-desk.ts';

/** What came of an annotation that answers a hold. */
export type GivenAnswer = {
  readonly annotation: string;
  readonly token: string;
} & (
  | { readonly kind: 'Unknown' }
  /** These grants are to be decided again. */
  | { readonly kind: 'Removals'; readonly ids: readonly string[] }
  /** The last reading counts as it is. */
  | { readonly kind: 'Accepted'; readonly reason: DoubtReason }
);

/** Whom answers are given to. */
export interface AnswerTaker {
  readonly desk: Pick<RemovalDesk, 'answer' | 'doubts'>;
  /** Whether a reading of this process shows what a doubt is about. */
  readonly canAccept: (reason: DoubtReason) => boolean;
  readonly acceptReading: (reason: DoubtReason) => void;
  /** No reading of this process shows what a person accepts: one is due at once, also where the last one failed for good. */
  readonly readAgain: () => void;
}

/** In this order: where both name the same removals, nobody loses access. */
const words: readonly { readonly annotation: string; readonly word: Answer }[] = [
  { annotation: DISCARD_ANNOTATION, word: 'discard' },
  { annotation: ACKNOWLEDGE_ANNOTATION, word: 'acknowledge' },
];

/** Takes what people answer to the holds of one connector by annotation. Each answer is given once. */
export class HoldAnswers {
  /** By annotation, the token that was answered last. */
  readonly #given = new Map<string, string>();
  /** The same for answers that wait for a reading, which is asked for once. */
  readonly #waiting = new Map<string, string>();

  /** An answer to a hold of long ago stays on the object, and is nobody's mistake. */
  constructor({ metadata, status }: AsanaConnector) {
    const standing = new Set(status?.holds?.map(({ id }) => id));
    for (const { annotation } of words) {
      const token = metadata.annotations?.[annotation];
      if (token !== undefined && !standing.has(parseHoldToken(token)?.id ?? ''))
        this.#given.set(annotation, token);
    }
  }

  /** Gives every new answer on. One that comes too early, before all grants were looked at, is given the next time. */
  take({ metadata }: AsanaConnector, taker: AnswerTaker): readonly GivenAnswer[] {
    const given: GivenAnswer[] = [];
    for (const { annotation, word } of words) {
      const token = metadata.annotations?.[annotation];
      if (token === undefined) this.#given.delete(annotation);
      if (token === undefined || this.#given.get(annotation) === token) continue;
      const answer = giveOne({ annotation, token, word }, taker);
      if (answer === 'Unread' && this.#waiting.get(annotation) !== token) taker.readAgain();
      if (answer === 'Unread') this.#waiting.set(annotation, token);
      if (answer === 'TooEarly' || answer === 'Unread') continue;
      this.#given.set(annotation, token);
      if (answer) given.push(answer);
    }
    return given;
  }
}

/** Null for an answer that changes nothing. */
function giveOne(
  { annotation, token, word }: { readonly annotation: string; readonly token: string; readonly word: Answer },
  { desk, canAccept, acceptReading }: AnswerTaker,
): GivenAnswer | 'TooEarly' | 'Unread' | null {
  const doubt = desk.doubts.named(token);
  if (doubt && word === 'acknowledge' && !canAccept(doubt.reason)) return 'Unread';
  const outcome = desk.answer(token, word);
  switch (outcome.kind) {
    case 'TooEarly':
      return 'TooEarly';
    case 'Unknown':
      return { kind: 'Unknown', annotation, token };
    case 'Removals':
      return { kind: 'Removals', annotation, token, ids: outcome.ids };
    case 'Reading':
      if (!outcome.accepted) return null;
      acceptReading(outcome.reason);
      return { kind: 'Accepted', annotation, token, reason: outcome.reason };
  }
}
