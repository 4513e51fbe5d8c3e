import type { Violation } from './model/judge.ts';
import type { Story } from './run.ts';
import { tellStep } from './steps/all.ts';

/** Renders a story and the violation at its end as readable text. */
export function tellStory({ seed, plan, steps }: Story, violation: Violation): string {
  const connectors = plan.connectors.map(
    ({ namespace, name, spec }) => `  connector ${namespace}/${name} ${JSON.stringify(spec)}`,
  );
  const told = steps.map((step, index) => `  ${index + 1}. ${tellStep(step)}`);
  return [
    `${violation.rule}: ${violation.sentence}.`,
    `  But ${describeTime(violation.at)} after the beginning: ${violation.detail}`,
    `Seed ${seed}, ${plan.replicas} process(es), ${plan.sites[0]?.people ?? 0} people:`,
    ...connectors,
    ...told,
  ].join('\n');
}

function describeTime(ms: number): string {
  const seconds = (ms / 1000).toFixed(3);
  return ms < 120_000
    ? `${seconds} s`
    : `${Math.floor(ms / 60_000)} min ${((ms % 60_000) / 1000).toFixed(3)} s`;
}
