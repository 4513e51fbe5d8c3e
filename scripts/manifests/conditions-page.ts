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
import { reasonOfAsanaError, reasonOfRefusal } from '../../src/controllers/grants/grant-reasons.ts';
import { type RefusalCode, refusals } from '../../src/provisioning/refusal.ts';
import { code, generatedNote, table } from './markdown.ts';

/** Returns docs/reference/conditions.md: condition types, phases, and every reason with its remedy. */
export function conditionsPage(): string {
  return `${generatedNote('src/api/reasons.ts and src/controllers/grants/grant-reasons.ts')}

# Conditions and their reasons

Look up the reason that \`kubectl get\` or \`kubectl describe\` shows to learn what to do. The transition time of a
condition changes only with its status, and its \`observedGeneration\` is the generation of the object that it
describes. Ready, Reconciling and Stalled follow kstatus, which Flux, Argo CD and \`kubectl wait\` understand.

## Reasons of a grant

The last column says what happens to a grant that was deleted, still has access to revoke, and meets the reason.
*Released*: the object is removed with a Warning event and Asana stays as it is. *Waits*: the object stays until the
access was revoked; the annotation \`asana-connector.dev/abandon: "true"\` releases it at once.

${grantReasonTable()}

The condition Drifted has a reason of its own:

${reasonTable(driftedReasons)}

## Reasons of an AsanaConnector

${reasonTable(connectorReasons)}

## What the classes mean

${table(
  ['class', 'what happens next'],
  [
    ['ok', 'Nothing needs to be done. Ready is True.'],
    ['waiting', 'The operator continues by itself at a known time or event. Reconciling is True.'],
    ['transient', 'The operator tries again by itself, at growing intervals. Reconciling is True.'],
    ['stalling', 'A person must act. Stalled is True, and nothing is tried until something changes.'],
    ['as it was', 'Ready keeps the status it had.'],
  ],
)}

## Conditions of a grant

${conditionTable(grantConditionTypes)}

## Conditions of an AsanaConnector

${conditionTable(connectorConditionTypes)}

## Phases of an AsanaConnector

\`status.phase\` sums up the conditions in one word. The first that fits is shown:

${table(['phase', 'when'], Object.entries(connectorPhases))}
`;
}

const REASON_COLUMNS = ['reason', 'class', 'what it means and what to do'];

function reasonTable(reasons: Readonly<Record<string, ReasonEntry>>): string {
  return table(
    REASON_COLUMNS,
    inAlphabet(reasons).map(([reason, entry]) => reasonCells(reason, entry)),
  );
}

function grantReasonTable(): string {
  const released = reasonsThatRelease();
  const rows = inAlphabet(grantReasons).map(([reason, entry]) => {
    const fate = released.has(reason) ? 'released' : 'waits';
    return [...reasonCells(reason, entry), entry.class === 'ok' ? '' : fate];
  });
  return table([...REASON_COLUMNS, 'when deleted'], rows);
}

/** Returns the reasons of refusals that release. A reason that also stands for something that may pass is left out. */
function reasonsThatRelease(): ReadonlySet<string> {
  const released = new Set<string>();
  const waiting = new Set<string>(Object.values(reasonOfAsanaError));
  for (const [code, { ended }] of Object.entries(refusals)) {
    const reason = reasonOfRefusal[code as RefusalCode];
    (ended === 'Wait' ? waiting : released).add(reason);
  }
  return released.difference(waiting);
}

/** Sorts by reason, because readers look up a reason. */
function inAlphabet(reasons: Readonly<Record<string, ReasonEntry>>): [string, ReasonEntry][] {
  return Object.entries(reasons).toSorted(([a], [b]) => a.localeCompare(b));
}

function reasonCells(reason: string, entry: ReasonEntry): string[] {
  return [code(reason), className(entry.class), entry.remedy];
}

function className(reasonClass: ReasonClass): string {
  return reasonClass === 'asItWas' ? 'as it was' : reasonClass;
}

function conditionTable(conditions: Readonly<Record<string, ConditionEntry>>): string {
  const rows = Object.entries(conditions).map(([type, { shown, meaning }]) => [code(type), shown, meaning]);
  return table(['condition', 'shown', 'what it says'], rows);
}
