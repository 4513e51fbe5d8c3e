import type { AsanaConnector } from '../../api/asana-connector.ts';
import { ACKNOWLEDGE_ANNOTATION, DISCARD_ANNOTATION } from '../../api/resources.ts';
import type { DoubtReason } from '../../directory/doubt.ts';
import type { Answer } from '../../provisioning/removals/demand.ts';
import { parseHoldToken } from '../../provisioning/removals/hold-token.ts';
import type { RemovalDesk } from '../../provisioning/removals/removal-desk.ts';

/** The result of an annotation that answers a hold. */
export type GivenAnswer = {
  readonly annotation: string;
  readonly token: string;
} & (
  | { readonly kind: 'Unknown' }
  /** These grants have to be decided again. */
  | { readonly kind: 'Removals'; readonly ids: readonly string[] }
  /** The last reading was accepted as it is. */
  | { readonly kind: 'Accepted'; readonly reason: DoubtReason }
);

/** The receiver of answers. */
export interface AnswerTaker {
  readonly desk: Pick<RemovalDesk, 'answer' | 'doubts'>;
  /** Whether a reading of this process shows the doubt, so that it can be accepted. */
  readonly canAccept: (reason: DoubtReason) => boolean;
  readonly acceptReading: (reason: DoubtReason) => void;
  /** Makes a sync due at once, even after a stalled one, since no reading of this process shows what was accepted. */
  readonly readAgain: () => void;
}

/** Discard comes first: if both annotations name the same removals, no access is removed. */
const words: readonly { readonly annotation: string; readonly word: Answer }[] = [
  { annotation: DISCARD_ANNOTATION, word: 'discard' },
  { annotation: ACKNOWLEDGE_ANNOTATION, word: 'acknowledge' },
];

/** Applies the answers that people give to the holds of one connector by annotation. Each answer is applied once. */
export class HoldAnswers {
  /** The token that was answered last, by annotation. */
  readonly #given = new Map<string, string>();
  /** The tokens whose answers wait for a reading, by annotation; each reading is requested once. */
  readonly #waiting = new Map<string, string>();

  /** Ignores answers to holds that no longer stand: old annotations stay on the object and are not mistakes. */
  constructor({ metadata, status }: AsanaConnector) {
    const standing = new Set(status?.holds?.map(({ id }) => id));
    for (const { annotation } of words) {
      const token = metadata.annotations?.[annotation];
      if (token !== undefined && !standing.has(parseHoldToken(token)?.id ?? ''))
        this.#given.set(annotation, token);
    }
  }

  /** Applies every new answer. One that comes too early, before all grants were decided, is applied the next time. */
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

/** Applies one answer; `null` if it changes nothing. */
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
