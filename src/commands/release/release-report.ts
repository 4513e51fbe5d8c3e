import type { Output } from '../command-line/output.ts';
import type { PassResult } from './grant-sweep.ts';
import type { StopOutcome } from './operator-stop.ts';

/** What the command tells while it works. */
export interface ReleaseReport {
  begins(lease: string): void;
  stopped(outcome: StopOutcome): void;
  /** One audit line, as JSON. */
  audited(line: string): void;
  /** So many grants were let go in this pass. */
  progress(count: number): void;
  /** What the last pass saw, with all that was released. */
  ends(result: PassResult, complete: boolean): void;
}

const outcomes: Readonly<Record<StopOutcome, string>> = {
  Heard: 'The operator has stopped.',
  NobodyLeads: 'No operator is running.',
  HolderSilent: 'The operator that held the lease no longer renews it.',
};

/** One JSON object a line: the audit lines, and what the command does. */
export function reportJson(output: Output): ReleaseReport {
  const tell = (record: Readonly<Record<string, unknown>>) => output.write(`${JSON.stringify(record)}\n`);
  return {
    begins: (lease) => tell({ release: 'Begins', lease }),
    stopped: (outcome) => tell({ release: 'OperatorStopped', outcome }),
    audited: (line) => output.write(`${line}\n`),
    progress: () => {},
    ends: ({ seen, released, left }, complete) =>
      tell({ release: complete ? 'Complete' : 'Incomplete', grants: seen, released, left }),
  };
}

/** Sentences for a person, with a counter that overwrites itself. */
export function reportText(output: Output): ReleaseReport {
  let counting = false;
  const say = (sentence: string) => {
    output.write(`${counting ? '\n' : ''}${sentence}\n`);
    counting = false;
  };
  return {
    begins: (lease) => say(`Stopping the operator through its lease ${lease}.`),
    stopped: (outcome) => say(outcomes[outcome]),
    audited: () => {},
    progress: (count) => {
      output.write(`\rReleased ${count} grants`);
      counting = true;
    },
    ends: ({ seen, released, left }, complete) => {
      say(`${released} grants were released, ${seen} exist. Nothing was changed in Asana.`);
      for (const { kind, namespace, name, why } of left)
        say(`Not released: ${kind} ${namespace}/${name}: ${why}`);
      if (complete) say('You can now uninstall the operator.');
    },
  };
}
