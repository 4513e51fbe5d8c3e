import type { Output } from '../command-line/output.ts';
import type { PassResult } from './grant-sweep.ts';
import type { StopOutcome } from './operator-stop.ts';

/** The progress report of the command. */
export interface ReleaseReport {
  begins(lease: string): void;
  stopped(outcome: StopOutcome): void;
  /** Reports one audit line, in JSON. */
  audited(line: string): void;
  /** Reports how many grants were released in this pass so far. */
  progress(count: number): void;
  /** Reports what the last pass saw, with the total of released grants. */
  ends(result: PassResult, complete: boolean): void;
}

const outcomes: Readonly<Record<StopOutcome, string>> = {
  Heard: 'The operator has stopped.',
  NobodyLeads: 'No operator is running.',
  HolderSilent: 'The operator that held the lease no longer renews it.',
};

/** Reports in JSON lines: the audit lines, and the steps of the command. */
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

/** Reports in sentences for a person, with a counter that overwrites itself. */
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
