import {
  type ConditionEntry,
  connectorConditionTypes,
  connectorPhases,
  grantConditionTypes,
} from '../../src/api/condition-types.ts';
import {
  connectorReasons,
  driftedReasons,
  grantReasons,
  type ReasonClass,
  type ReasonEntry,
} from '../../src/api/reasons.ts';
import { code, GENERATED_NOTE, table } from './markdown.ts';

/** docs/reference/conditions.md: condition types, phases, and every reason with its remedy. */
export function conditionsPage(): string {
  return `${GENERATED_NOTE}

# Conditions and their reasons

Look up the reason that \`kubectl get -o wide\` shows, or \`kubectl describe\`: it says what to do. A condition's
transition time moves only with its status, and its \`observedGeneration\` says which generation of the object it
speaks of. Ready, Reconciling and Stalled are those of kstatus, which Flux, Argo CD and \`kubectl wait\` understand.

## Reasons of a grant

${reasonTable(grantReasons)}

The condition Drifted has a reason of its own:

${reasonTable(driftedReasons)}

## Reasons of an AsanaConnector

${reasonTable(connectorReasons)}

## What the classes mean

${table(
  ['class', 'what happens next'],
  [
    ['ok', 'Nothing: it works.'],
    ['waiting', 'The operator comes back at a known time or event, by itself. Reconciling is True.'],
    ['transient', 'The operator tries again by itself, at growing distances. Reconciling is True.'],
    ['stalling', 'A person must act. Stalled is True, and nothing is tried before something has changed.'],
    ['as it was', 'Ready keeps the status it had.'],
  ],
)}

## Conditions of a grant

${conditionTable(grantConditionTypes)}

## Conditions of an AsanaConnector

${conditionTable(connectorConditionTypes)}

## Phases of an AsanaConnector

\`status.phase\` sums the conditions up in one word. The first that fits is shown:

${table(['phase', 'when'], Object.entries(connectorPhases))}
`;
}

/** In alphabetical order: people come with the reason in hand. */
function reasonTable(reasons: Readonly<Record<string, ReasonEntry>>): string {
  const rows = Object.entries(reasons)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([reason, entry]) => [code(reason), className(entry.class), entry.remedy]);
  return table(['reason', 'class', 'what it means and what to do'], rows);
}

function className(reasonClass: ReasonClass): string {
  return reasonClass === 'asItWas' ? 'as it was' : reasonClass;
}

function conditionTable(conditions: Readonly<Record<string, ConditionEntry>>): string {
  const rows = Object.entries(conditions).map(([type, { shown, meaning }]) => [code(type), shown, meaning]);
  return table(['condition', 'shown', 'what it says'], rows);
}
