import { Command, Option } from 'commander';
import { apiUrlOption } from '../command-line/asana-options.ts';
import { addExamples, type Example } from '../command-line/examples.ts';
import { durationOption, nameOption, pathsOption } from '../command-line/flag-types.ts';
import { completionCommands } from '../completion/completion-command.ts';
import type { AnswerFlags, HoldAnswer } from './answer-hold.ts';
import type { ClusterFlags } from './cluster.ts';
import type { DoctorFlags } from './examine.ts';
import type { WhyFlags } from './explain-person.ts';
import type { ExtendFlags } from './extend-grant.ts';
import type { SyncFlags } from './request-sync.ts';

/** `kubectl asana`: shows connectors and grants, and answers holds. Each sub-command is imported on demand. */
export function kubectlAsanaCommand(): Command {
  const program = new Command('kubectl-asana')
    .summary('Show and control connectors and grants (kubectl asana)')
    .description(
      'Show connectors, grants and holds, and answer holds. As a kubectl plugin, the command is kubectl asana.',
    );
  addViews(program.commandsGroup('Show:'));
  addAnswers(program.commandsGroup('Answer holds:'));
  addChanges(program.commandsGroup('Change:'));
  addCompletion(program.commandsGroup('Other commands:'));
  return addExamples(
    program,
    ['Show connectors, holds and blocked grants in all namespaces', 'kubectl asana status -A'],
    ['Explain why a person has, or lacks, access', 'kubectl asana why alice@example.com'],
    ['Sync a connector and wait until it is done', 'kubectl asana sync acme --wait'],
  );
}

function addViews(program: Command): void {
  withCluster(program.command('status'), 'Show connectors, holds, and which grants are blocked and why', [
    'Show all namespaces',
    'kubectl asana status -A',
  ]).action(async (flags: ClusterFlags) => {
    const { showStatus } = await import('./show-status.ts');
    await showStatus(flags, process.stdout);
  });
  withCluster(program.command('why'), 'Show every grant and task about a person, and the rule that decided', [
    'Explain why a person has, or lacks, access',
    'kubectl asana why alice@example.com',
  ])
    .argument('<email>', 'Email address or gid of the person.')
    .addOption(
      pathsOption(
        '--audit-log <file>',
        'Audit log, or log of the operator, that shows the tasks; may be compressed (.gz). Repeatable.',
      ),
    )
    .action(async (email: string, flags: WhyFlags) => {
      const { explainPerson } = await import('./explain-person.ts');
      await explainPerson(email, flags, process.stdout);
    });
  withCluster(program.command('hold'), 'Show everything that is held', [
    'Show the holds of a namespace',
    'kubectl asana hold -n iga',
  ]).action(async (flags: ClusterFlags) => {
    const { showHeld } = await import('./held-grants.ts');
    await showHeld(flags, process.stdout);
  });
  withCluster(
    program.command('doctor'),
    'Check Secrets, tokens, workspaces, SCIM, permissions, clocks and ConductorOne',
    ['Check the connectors of a namespace', 'kubectl asana doctor -n iga'],
  )
    .addOption(apiUrlOption())
    .action(async (flags: DoctorFlags) => {
      const { examine } = await import('./examine.ts');
      await examine(flags, process.stdout);
    });
}

function addAnswers(program: Command): void {
  const answers: readonly [HoldAnswer, string][] = [
    ['acknowledge', 'Approve the held changes that a token names'],
    ['discard', 'Reject the held changes that a token names, and leave Asana unchanged'],
  ];
  for (const [answer, summary] of answers)
    withCluster(program.command(answer), summary, ['Answer a hold', `kubectl asana ${answer} k3x9.2 -n iga`])
      .description(`${summary}. The changes are shown, and nothing happens before you confirm.`)
      .argument('<token>', 'Token of the hold, as kubectl asana status shows it.')
      .option('-y, --yes', 'Do not ask for confirmation.')
      .action(async (token: string, flags: AnswerFlags) => {
        const { answerHold } = await import('./answer-hold.ts');
        await answerHold(answer, token, flags, process.stdout);
      });
}

function addChanges(program: Command): void {
  withCluster(program.command('sync'), 'Sync connectors now', [
    'Sync a connector and wait until it is done',
    'kubectl asana sync acme --wait',
  ])
    .argument('[name]', 'Name of the connector. Default: all connectors.')
    .option('--wait', 'Wait until the sync is done.')
    .addOption(durationOption('--timeout <duration>', 'Maximum time to wait.', '5m'))
    .action(async (name: string | undefined, flags: SyncFlags) => {
      const { requestSync } = await import('./request-sync.ts');
      await requestSync(name, flags, process.stdout);
    });
  withNamespace(program.command('extend'), 'Move the end of a grant to a later time', [
    'Extend a license grant',
    'kubectl asana extend alg/alice --until 2027-01-31T00:00:00Z',
  ])
    .argument(
      '<grant>',
      'The grant, as alg/NAME, atg/NAME, awg/NAME or aac/NAME. A name alone is a license grant.',
    )
    .requiredOption('--until <time>', 'The new end, such as 2027-01-31T00:00:00Z. Required.')
    .action(async (grant: string, flags: ExtendFlags) => {
      const { extendGrant } = await import('./extend-grant.ts');
      await extendGrant(grant, flags, process.stdout);
    });
}

function addCompletion(program: Command): void {
  const [completion, completeWords] = completionCommands(program);
  program.addCommand(completion).addCommand(completeWords, { hidden: true });
}

/** Adds what `withNamespace` adds, and -A: the command works on one namespace, or on all. */
function withCluster(command: Command, summary: string, example: Example): Command {
  return withNamespace(command, summary, example)
    .optionsGroup('Cluster:')
    .option('-A, --all-namespaces', 'Use all namespaces.')
    .optionsGroup('Options:');
}

/** Adds the description and the example of a command, and the flags that every command shares with kubectl. */
function withNamespace(command: Command, summary: string, example: Example): Command {
  return addExamples(command, example)
    .summary(summary)
    .description(`${summary}.`)
    .optionsGroup('Cluster:')
    .addOption(nameOption('-n, --namespace <namespace>', 'Namespace. Default: the namespace of the context.'))
    .option('--context <context>', 'Context of the kubeconfig file.')
    .option('--kubeconfig <path>', 'Path of the kubeconfig file.')
    .optionsGroup('Options:')
    .addOption(
      new Option('-o, --output <format>', 'Output format.').choices(['table', 'json']).default('table'),
    );
}
