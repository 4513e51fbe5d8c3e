import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { promisify } from 'node:util';
import { kubectlPath } from '../controlplane/tools.ts';
import { debianProgram } from '../ground/debian-program.ts';
import { Bundle } from './child.ts';

const run = promisify(execFile);

/** How to ask each shell for its completions of a command line; the last word is unfinished. */
const shells: Readonly<Record<string, (script: string, words: readonly string[]) => readonly string[]>> = {
  bash: (script, words) => [
    '--norc',
    '-c',
    `source ${script}; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _${(words[0] ?? '').replace('-', '_')}; printf '%s\\n' "\${COMPREPLY[@]}"`,
  ],
  // Without a terminal compadd does nothing, so a function replaces it and prints the offered words.
  zsh: (script, words) => [
    '-f',
    '-c',
    `autoload -Uz compinit && compinit -u -D; source ${script}; compadd() { print -rl -- \${(P)2} }; words=(${words.join(' ')}); CURRENT=${words.length}; \${_comps[${words[0]}]}`,
  ],
  fish: (script, words) => ['--no-config', '-c', `source ${script}; complete -C '${words.join(' ')}'`],
};

suite('shell completion', () => {
  let bundle: Bundle;
  let bin: string;
  before(async () => {
    bundle = await Bundle.make();
    bin = await mkdtemp(join(tmpdir(), 'completion-'));
    // Runs the program with this Node, whichever Node is on the PATH.
    await symlink(process.execPath, join(bin, 'node'));
    for (const name of ['kubectl-asana', 'asana-connector']) await symlink(bundle.main, join(bin, name));
  });
  after(async () => {
    await rm(bin, { recursive: true });
    await bundle[Symbol.asyncDispose]();
  });

  const environment = (...further: string[]) => ({
    PATH: [bin, ...further, '/usr/bin', '/bin'].join(delimiter),
    HOME: bin,
  });

  /** Returns the completions that a shell offers. */
  async function offers(shell: string, ...words: string[]): Promise<string[]> {
    const [name = ''] = words;
    const program = await debianProgram({
      names: [shell],
      package: shell,
      purpose: `The completion for ${shell} is tested in ${shell}.`,
    });
    const script = join(bin, `${name}.${shell}`);
    const { stdout: source } = await run(join(bin, name), ['completion', shell], { env: environment() });
    await writeFile(script, source);
    const ask = shells[shell] ?? assert.fail(`no command asks ${shell} for completions`);
    const { stdout, stderr } = await run(program, [...ask(script, words)], {
      env: environment(),
    });
    assert.equal(stderr, '');
    return stdout.split('\n').filter((line) => line !== '');
  }

  for (const shell of Object.keys(shells)) {
    test(`offers sub-commands, flags and arguments in ${shell}`, async () => {
      assert.deepEqual(await offers(shell, 'kubectl-asana', 'sy'), ['sync']);
      assert.deepEqual(await offers(shell, 'kubectl-asana', 'extend', 'alg/alice', '--un'), ['--until']);
      assert.deepEqual(await offers(shell, 'kubectl-asana', 'completion', 'f'), ['fish']);
      assert.deepEqual(await offers(shell, 'asana-connector', 'exp'), ['export']);
    });
  }

  // Debian has no package of PowerShell, so this checks the script without running it.
  test('has a PowerShell script that runs complete-words under the name of the completed program', async () => {
    const { stdout: script } = await run(join(bin, 'kubectl-asana'), ['completion', 'powershell'], {
      env: environment(),
    });
    assert.match(
      script,
      /^Register-ArgumentCompleter -Native -CommandName 'kubectl-asana' -ScriptBlock \{$/m,
    );
    assert.match(script, /^ {2}& 'kubectl-asana' @arguments 2>\$null \| ForEach-Object \{ .* \}$/m);
    assert.match(script, /^ {2}\$arguments = @\('complete-words', '--'\) \+ \$words \+ @\(\$last\)$/m);
    for (const [open, close] of ['()', '{}', '[]']) {
      assert.equal(script.split(open ?? '').length, script.split(close ?? '').length, `${open}${close}`);
    }
    const { stdout } = await run(join(bin, 'kubectl-asana'), ['complete-words', '--', 'completion', 'p'], {
      env: environment(),
    });
    assert.equal(stdout, 'powershell\n');
  });

  test('is offered by kubectl if kubectl_complete-asana is on the PATH', async () => {
    const kubectl = await kubectlPath();
    const script = '#!/bin/sh\nexec kubectl-asana complete-words -- "$@"\n';
    await writeFile(join(bin, 'kubectl_complete-asana'), script, { mode: 0o755 });
    const { stdout } = await run(kubectl, ['__complete', 'asana', 'ack'], {
      env: environment(dirname(kubectl)),
    });
    assert.match(stdout, /^acknowledge$/m);
  });
});
