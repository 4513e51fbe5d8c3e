export type Shell = 'bash' | 'zsh' | 'fish';

export const shells: readonly Shell[] = ['bash', 'zsh', 'fish'];

/** A script that makes a shell ask a program for the words that may follow its name. */
export function shellScript(shell: Shell, program: string): string {
  return scripts[shell](program, `_${program.replaceAll('-', '_')}`);
}

const scripts: Readonly<Record<Shell, (program: string, name: string) => string>> = {
  bash: (program, name) => `# bash completion of ${program}: source <(${program} completion bash)
${name}() {
  local IFS=$'\\n'
  COMPREPLY=($(${program} complete-words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -F ${name} ${program}
`,
  zsh: (program, name) => `#compdef ${program}
# zsh completion of ${program}: source <(${program} completion zsh)
${name}() {
  local -a answers
  answers=("\${(@f)$(${program} complete-words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a answers
}
compdef ${name} ${program}
`,
  fish: (program) => `# fish completion of ${program}: ${program} completion fish | source
complete -c ${program} -f -a '(${program} complete-words -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
};
