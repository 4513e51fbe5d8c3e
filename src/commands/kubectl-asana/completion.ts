import type { Command } from 'commander';

export type Shell = 'bash' | 'zsh' | 'fish';

export const shells: readonly Shell[] = ['bash', 'zsh', 'fish'];

/** Words that may follow: sub-commands first, then the flags of the one that was written. */
export function completeWords(program: Command, words: readonly string[]): string[] {
  const current = words.at(-1) ?? '';
  const written = words.slice(0, -1).filter((word) => !word.startsWith('-'));
  const command = program.commands.find((candidate) => candidate.name() === written[0]);
  const choices = command
    ? [...flagsOf(command), ...(command.name() === 'completion' ? shells : [])]
    : program.commands.map((candidate) => candidate.name());
  return choices.filter((choice) => choice.startsWith(current)).toSorted();
}

function flagsOf(command: Command): string[] {
  return command.options.flatMap(({ short, long }) =>
    [short, long].filter((flag) => typeof flag === 'string'),
  );
}

/** A script that makes a shell ask this program for the words that may follow. */
export function completionScript(shell: Shell): string {
  return scripts[shell];
}

const scripts: Readonly<Record<Shell, string>> = {
  bash: `# bash completion of kubectl-asana: source <(kubectl-asana completion bash)
_kubectl_asana() {
  local IFS=$'\\n'
  COMPREPLY=($(kubectl-asana complete-words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -F _kubectl_asana kubectl-asana
`,
  zsh: `#compdef kubectl-asana
# zsh completion of kubectl-asana: source <(kubectl-asana completion zsh)
_kubectl_asana() {
  local -a answers
  answers=("\${(@f)$(kubectl-asana complete-words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a answers
}
compdef _kubectl_asana kubectl-asana
`,
  fish: `# fish completion of kubectl-asana: kubectl-asana completion fish | source
complete -c kubectl-asana -f -a '(kubectl-asana complete-words -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
};
