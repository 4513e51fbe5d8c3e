import { Argument, Command, Option } from 'commander';
import { durationOption } from '../command-line/flag-types.ts';
import type { AnswerFlags, HoldAnswer } from './answer-hold.ts';
import type { ClusterFlags } from './cluster.ts';
import { completeWords, completionScript, type Shell, shells } from './completion.ts';
import type { DoctorFlags } from './examine.ts';
import type { ExtendFlags } from './extend-grant.ts';
import type { SyncFlags } from './request-sync.ts';

/** `kubectl asana`: what people look at and answer, from where they use kubectl. Each part is loaded when asked for. */
export function kubectlAsanaCommand(): Command {
  const program = new Command('kubectl-asana').description(
    'Shows connectors, holds and grants, and answers holds. As kubectl plugin: kubectl asana.',
  );
  addViews(program);
  addAnswers(program);
  addChanges(program);
  addCompletion(program);
  return program;
}

function addViews(program: Command): void {
  withCluster(program.command('status'))
    .description('connectors, holds, and what is blocked and why')
    .action(async (flags: ClusterFlags) => {
      const { showStatus } = await import('./show-status.ts');
      await showStatus(flags, process.stdout);
    });
  withCluster(program.command('why'))
    .description('every grant about a person, and the rule that decided')
    .argument('<email>', 'email address or gid of the person')
    .action(async (email: string, flags: ClusterFlags) => {
      const { explainPerson } = await import('./explain-person.ts');
      await explainPerson(email, flags, process.stdout);
    });
  withCluster(program.command('hold'))
    .description('everything that is held, as a table')
    .action(async (flags: ClusterFlags) => {
      const { showHeld } = await import('./held-grants.ts');
      await showHeld(flags, process.stdout);
    });
  withCluster(program.command('doctor'))
    .description('checks Secrets, tokens, workspaces, SCIM, rights, clocks and ConductorOne; changes nothing')
    .addOption(
      new Option('--asana-api-url <url>', 'REST root of Asana')
        .default('https://app.asana.com/api/1.0')
        .env('ASANA_API_URL'),
    )
    .action(async (flags: DoctorFlags) => {
      const { examine } = await import('./examine.ts');
      await examine(flags, process.stdout);
    });
}

function addAnswers(program: Command): void {
  const answers: readonly [HoldAnswer, string][] = [
    ['acknowledge', 'carries out what the token of a hold names'],
    ['discard', 'leaves alone in Asana what the token of a hold names'],
  ];
  for (const [answer, description] of answers)
    withCluster(program.command(answer))
      .description(`${description}; shows it and asks first`)
      .argument('<token>', 'token of the hold: kubectl asana status')
      .option('-y, --yes', 'answer questions with yes')
      .action(async (token: string, flags: AnswerFlags) => {
        const { answerHold } = await import('./answer-hold.ts');
        await answerHold(answer, token, flags, process.stdout);
      });
}

function addChanges(program: Command): void {
  withCluster(program.command('sync'))
    .description('asks connectors to read Asana now')
    .argument('[name]', 'name of one connector; default all')
    .option('--wait', 'wait until it is done')
    .addOption(durationOption('--timeout <duration>', 'how long to wait', '5m'))
    .action(async (name: string | undefined, flags: SyncFlags) => {
      const { requestSync } = await import('./request-sync.ts');
      await requestSync(name, flags, process.stdout);
    });
  withCluster(program.command('extend'))
    .description('moves the end of a grant to a later time')
    .argument('<grant>', 'alg/NAME, atg/NAME, awg/NAME or aac/NAME; a name alone is a license grant')
    .requiredOption('--until <time>', 'the new end, such as 2027-01-31T00:00:00Z')
    .action(async (grant: string, flags: ExtendFlags) => {
      const { extendGrant } = await import('./extend-grant.ts');
      await extendGrant(grant, flags, process.stdout);
    });
}

function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('prints a script that completes words of kubectl-asana in a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action((shell: Shell) => {
      process.stdout.write(completionScript(shell));
    });
  program
    .command('complete-words', { hidden: true })
    .argument('[words...]')
    .action((words: string[]) => {
      process.stdout.write(
        completeWords(program, words)
          .map((word) => `${word}\n`)
          .join(''),
      );
    });
}

/** The flags that every sub-command shares with kubectl. */
function withCluster(command: Command): Command {
  return command
    .option('-n, --namespace <namespace>', "namespace; default that of the kubeconfig's context")
    .option('-A, --all-namespaces', 'look in all namespaces')
    .option('--context <context>', 'context of the kubeconfig')
    .option('--kubeconfig <path>', 'path of the kubeconfig')
    .addOption(
      new Option('-o, --output <format>', 'table or json').choices(['table', 'json']).default('table'),
    );
}
