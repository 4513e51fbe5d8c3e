import { Argument, Command } from 'commander';
import { addExamples } from '../command-line/examples.ts';
import { COMPLETE_WORDS, completeWords } from './complete-words.ts';
import { type Shell, shellScript, shells } from './shell-scripts.ts';

/**
 * `completion SHELL`: prints a completion script. Returned together with the hidden command that the script calls.
 * @param program the program whose words are completed
 */
export function completionCommands(program: Command): readonly [completion: Command, answering: Command] {
  const name = program.name();
  const completion = new Command('completion')
    .summary('Print a shell completion script')
    .description(`Print a script that completes the commands and flags of ${name} in a shell.`)
    .addArgument(new Argument('<shell>', 'Shell that the script is for.').choices(shells))
    .action((shell: Shell) => {
      process.stdout.write(shellScript(shell, name));
    });
  addExamples(completion, ['Load the completion in bash', `source <(${name} completion bash)`]);
  return [completion, answering(program)];
}

function answering(program: Command): Command {
  return new Command(COMPLETE_WORDS).argument('[words...]').action((words: string[]) => {
    process.stdout.write(
      completeWords(program, words)
        .map((word) => `${word}\n`)
        .join(''),
    );
  });
}
