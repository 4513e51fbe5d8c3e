import type { AsanaConnector } from '../../api/asana-connector.ts';
import { ACKNOWLEDGE_ANNOTATION, asanaConnectors, DISCARD_ANNOTATION } from '../../api/resources.ts';
import { InvalidInputError } from '../../core/errors.ts';
import { parseHoldToken } from '../../provisioning/removals/hold-token.ts';
import type { Output } from '../command-line/output.ts';
import { askYesNo } from './ask-yes-no.ts';
import { type ClusterFlags, FIELD_MANAGER, takeInventory, withCluster } from './cluster.ts';
import { heldAmong, heldTable, isNamedBy } from './held-grants.ts';
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

/** `kubectl asana acknowledge TOKEN` and `discard TOKEN`: shows what the token names, asks, and answers the hold. */
export async function answerHold(
  answer: HoldAnswer,
  token: string,
  flags: AnswerFlags,
  output: Output,
): Promise<void> {
  const id = parseHoldToken(token)?.id;
  if (id === undefined)
    throw new InvalidInputError(
      'TOKEN',
      'must be the token of a hold, such as k3x9.2: to list the tokens, run kubectl asana status',
    );
  await withCluster(flags, async (cluster) => {
    const { connectors, grants } = await takeInventory(cluster);
    const found = findHold(connectors, id);
    if (!found)
      throw new InvalidInputError('TOKEN', 'matches no current hold here: see kubectl asana status');
    const { connector, hold } = found;
    const ofRemovals = isOfRemovals(hold);
    if (answer === 'discard' && !ofRemovals)
      throw new InvalidInputError(
        'TOKEN',
        `matches a hold ${hold.reason}, which has nothing to discard, because it holds a reading and no removals: if the reading is correct, run kubectl asana acknowledge ${hold.token}`,
      );
    makeSureItStands(token, hold);
    const named = heldAmong(grants).filter((held) => isNamedBy(token, held));
    if (flags.output !== 'json') {
      output.write(ofRemovals ? heldTable(named) : `${describeReadingHold(connector, hold)}\n`);
      const question = ofRemovals
        ? `${questions[answer]} (${named.length})`
        : 'Accept the last reading as correct?';
      if (!flags.yes && !(await askYesNo(question))) {
        output.write('The hold was not answered.\n');
        return;
      }
    } else if (!flags.yes)
      throw new InvalidInputError('-y', 'is required with -o json, which cannot ask for confirmation');
    const { namespace, name } = connector.metadata;
    const patch = { metadata: { annotations: { [annotations[answer]]: token } } };
    await cluster.client.mergePatch(asanaConnectors, namespace, name, patch, FIELD_MANAGER);
    if (flags.output === 'json')
      writeJson(output, { connector: `${namespace}/${name}`, answer, token, removals: named });
    else output.write(`${namespace}/${name}: ${answer} ${token}\n`);
  });
}

function findHold(connectors: readonly AsanaConnector[], id: string) {
  for (const connector of connectors) {
    const hold = connector.status?.holds?.find((standing) => standing.id === id);
    if (hold) return { connector, hold };
  }
  return null;
}
