import type { AsanaConnector } from '../../api/asana-connector.ts';
import type { ConnectorHold } from '../../api/asana-connector-status.ts';
import { ACKNOWLEDGE_ANNOTATION, asanaConnectors, DISCARD_ANNOTATION } from '../../api/resources.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { parseHoldToken } from '../../provisioning/removals/hold-token.ts';
import type { Output } from '../command-line/output.ts';
import { askYesNo } from './ask-yes-no.ts';
import { type Cluster, type ClusterFlags, FIELD_MANAGER, listConnectors, withCluster } from './cluster.ts';
import { describeNotShown, listGrantsOf, type NotShown, notShownOf } from './connector-grants.ts';
import { type HeldRemoval, heldAmong, heldTable, isNamedBy } from './held-grants.ts';
import { describeReadingHold, isOfRemovals, makeSureItStands } from './hold-words.ts';
import { writeJson } from './screen.ts';

export type HoldAnswer = 'acknowledge' | 'discard';

export interface AnswerFlags extends ClusterFlags {
  /** Answers every question with yes. */
  readonly yes?: boolean;
}

const annotations: Readonly<Record<HoldAnswer, string>> = {
  acknowledge: ACKNOWLEDGE_ANNOTATION,
  discard: DISCARD_ANNOTATION,
};

const questions: Readonly<Record<HoldAnswer, string>> = {
  acknowledge: 'Remove this access in Asana?',
  discard: 'Discard these removals and leave Asana unchanged?',
};

/**
 * `kubectl asana acknowledge TOKEN` and `discard TOKEN`: shows what the token names, asks, and answers the hold.
 * @throws InvalidInputError if the token cannot be answered, or if a required confirmation cannot be asked for
 */
export async function answerHold(
  answer: HoldAnswer,
  token: string,
  flags: AnswerFlags,
  output: Output,
  ask: (question: string) => Promise<boolean> = askYesNo,
): Promise<void> {
  const id = parseHoldToken(token)?.id;
  if (id === undefined)
    throw new InvalidInputError(
      'TOKEN',
      'must be the token of a hold, such as k3x9.2: to list the tokens, run kubectl asana status',
    );
  await withCluster(flags, async (cluster) => {
    const { connector, hold } = findHold(await listConnectors(cluster), id);
    const { namespace, name } = connector.metadata;
    checkAnswer(answer, token, hold);
    const { removals, notShown } = await findNamed(cluster, token, { connector, hold });
    if (notShown && flags.yes)
      throw new InvalidInputError(
        '-y',
        `confirms only what is shown. ${describeNotShown(notShown)} ${remedyOf(notShown)}`,
      );
    if (flags.output !== 'json') {
      output.write(isOfRemovals(hold) ? heldTable(removals) : `${describeReadingHold(connector, hold)}\n`);
      if (notShown) output.write(`${describeNotShown(notShown)}\n`);
      if (!flags.yes && !(await ask(questionOf(answer, hold, { removals, notShown })))) {
        output.write('The hold was not answered.\n');
        return;
      }
    } else if (!flags.yes)
      throw new InvalidInputError('-y', 'is required with -o json, which cannot ask for confirmation');
    const patch = { metadata: { annotations: { [annotations[answer]]: token } } };
    await cluster.client.mergePatch(asanaConnectors, namespace, name, patch, FIELD_MANAGER);
    if (flags.output === 'json')
      writeJson(output, { connector: `${namespace}/${name}`, answer, token, removals });
    else output.write(`${namespace}/${name}: ${answer} ${token}\n`);
  });
}

/** @throws InvalidInputError if the hold does not accept this answer or token */
function checkAnswer(answer: HoldAnswer, token: string, hold: ConnectorHold): void {
  if (answer === 'discard' && !isOfRemovals(hold))
    throw new InvalidInputError(
      'TOKEN',
      `matches a hold ${hold.reason}, which has nothing to discard, because it holds a reading and no removals: if the reading is correct, run kubectl asana acknowledge ${hold.token}`,
    );
  makeSureItStands(token, hold);
}

/** A hold and its connector. */
interface FoundHold {
  readonly connector: AsanaConnector;
  readonly hold: ConnectorHold;
}

function findHold(connectors: readonly AsanaConnector[], id: string): FoundHold {
  for (const connector of connectors) {
    const hold = connector.status?.holds?.find((standing) => standing.id === id);
    if (hold) return { connector, hold };
  }
  throw new InvalidInputError(
    'TOKEN',
    'matches no current hold here: specify the namespace of its connector with -n, and see kubectl asana status',
  );
}

interface NamedRemovals {
  readonly removals: readonly HeldRemoval[];
  readonly notShown: NotShown | null;
}

/** Finds the removals that the token names, in all namespaces, and counts those of the hold that are not listed. */
async function findNamed(
  { client }: Cluster,
  token: string,
  { connector, hold }: FoundHold,
): Promise<NamedRemovals> {
  if (!isOfRemovals(hold)) return { removals: [], notShown: null };
  const { grants, unlisted } = await listGrantsOf(client, connector);
  const held = heldAmong(grants);
  const { namespace, name } = connector.metadata;
  return {
    removals: held.filter((one) => isNamedBy(token, one)),
    notShown: notShownOf(`${namespace}/${name}`, hold, { held, unlisted }),
  };
}

function questionOf(answer: HoldAnswer, hold: ConnectorHold, { removals, notShown }: NamedRemovals): string {
  if (!isOfRemovals(hold)) return 'Accept the last reading as correct?';
  const more = notShown ? `, and up to ${notShown.count} that are not shown` : '';
  return `${questions[answer]} (${removals.length}${more})`;
}

function remedyOf({ unlisted }: NotShown): string {
  return unlisted.length > 0
    ? 'Run the command as a user who can list them, or on a terminal without -y.'
    : 'Run the command again in a few seconds, or on a terminal without -y.';
}
