export type Shell = 'bash' | 'zsh' | 'fish' | 'powershell';

export const shells: readonly Shell[] = ['bash', 'zsh', 'fish', 'powershell'];

/** Returns a script with which a shell asks the program for completions. */
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
  // Before version 7.3, PowerShell drops an empty argument unless it is quoted.
  powershell: (
    program,
  ) => `# PowerShell completion of ${program}: ${program} completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName '${program}' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 |
    Where-Object { $_.Extent.EndOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
  $last = "$wordToComplete"
  if ($last -eq '' -and $PSNativeCommandArgumentPassing -in $null, 'Legacy') { $last = '""' }
  $arguments = @('complete-words', '--') + $words + @($last)
  & '${program}' @arguments 2>$null | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
`,
};
