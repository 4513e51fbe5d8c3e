import { isDeepStrictEqual } from 'node:util';
import { runContainer } from './container.ts';
import { imageFiles, misplacedFiles, modulesWithSandbox } from './contents.ts';
import type { Engine } from './engine.ts';
import { packedBytes } from './packed-size.ts';
import type { Subject, Trial } from './trial.ts';

const MIB = 1024 ** 2;
const STARTS = 5;
const COMMANDS = ['operator', 'connector', 'release', 'plan', 'export', 'review', 'migrate', 'kubectl-asana'];
const NODE = '/nodejs/bin/node';
/** 128 + SIGKILL, by which the kernel ends a process that uses too much memory. */
const KILLED = 137;

const LOOK_AROUND = String.raw`
const { mkdtempSync, readFileSync } = require('node:fs');
const attempt = (work) => { try { work(); return 'yes'; } catch (error) { return error.code; } };
const status = readFileSync('/proc/self/status', 'utf8');
for (const name of ['CapEff', 'CapBnd', 'NoNewPrivs'])
  console.log(name + ' ' + new RegExp('^' + name + ':\\s+(\\S+)', 'm').exec(status)[1].replace(/^0+(?=.)/, ''));
for (const folder of ['/app', '/', '/tmp'])
  console.log('writes to ' + folder + ': ' + attempt(() => mkdtempSync(folder + '/x')));
`;
const RESTRICTED = [
  'CapEff 0',
  'CapBnd 0',
  'NoNewPrivs 1',
  'writes to /app: EROFS',
  'writes to /: EROFS',
  'writes to /tmp: yes',
];

export function mib(bytes: number): string {
  return `${(bytes / MIB).toFixed(1)} MiB`;
}

/** Checks that the image contains only the program, and that the program's user can change none of it. */
export async function tryContents(engine: Engine, image: string): Promise<Trial> {
  return engine.withFiles(image, async (root) => {
    const files = await imageFiles(root);
    const problems = misplacedFiles(files);
    for (const name of await modulesWithSandbox(root))
      problems.push(`/app/${name} has a part of the sandbox`);
    if (problems.length > 0) throw new Error(`the image is not as it should be:\n${problems.join('\n')}`);
    const sum = (prefix: string) =>
      files.filter(({ path }) => path.startsWith(prefix)).reduce((bytes, file) => bytes + file.bytes, 0);
    const sizes = `${mib(sum('/'))} unpacked (${mib(sum('/nodejs/'))} Node, ${mib(sum('/app/'))} the program)`;
    return { what: 'contents and size', seen: `${sizes}, ${mib(await packedBytes(root))} packed` };
  });
}

/** Checks what the container may do, seen from inside, and that it is killed when it exceeds its memory limit. */
export async function tryRestrictions(engine: Engine, subject: Subject): Promise<Trial> {
  const options = { ...subject, environment: {}, user: '12345:0' };
  const look = await runContainer(engine, { ...options, command: [NODE, '-e', LOOK_AROUND], args: [] });
  if (!isDeepStrictEqual(look.output.trim().split('\n'), RESTRICTED))
    throw new Error(`the container is not restricted as it should be:\n${look.output}`);
  const greedy = `Buffer.alloc(${subject.memoryBytes + 64 * MIB}, 1)`;
  const { code } = await runContainer(engine, { ...options, command: [NODE, '-e', greedy], args: [] });
  if (code !== KILLED) throw new Error(`who takes more than ${mib(subject.memoryBytes)} ended with ${code}`);
  return {
    what: 'restrictions (user 12345:0)',
    seen: `${RESTRICTED.join(', ')}, ${mib(subject.memoryBytes)}`,
  };
}

/** Checks the version by both names of the program, and measures how long a start takes. */
export async function tryVersion(engine: Engine, subject: Subject, version: string): Promise<Trial> {
  const options = { ...subject, args: ['--version'], environment: {} };
  const times: number[] = [];
  for (const command of [undefined, ['/baton-asana'], ...Array<undefined>(STARTS - 1).fill(undefined)]) {
    const ending = await runContainer(engine, { ...options, ...(command ? { command } : {}) });
    if (ending.code !== 0 || ending.output.trim() !== version)
      throw new Error(`--version ended with ${ending.code} and wrote: ${ending.output}`);
    if (command === undefined) times.push(ending.milliseconds);
  }
  const median = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  return { what: '--version, 5 starts', seen: `${version} after ${Math.round(median)} ms (median)` };
}

/** Checks that each command has a help text, and that there is no sandbox command. */
export async function tryHelp(engine: Engine, subject: Subject): Promise<Trial> {
  const options = { ...subject, environment: {}, user: '12345:0' };
  for (const command of COMMANDS) {
    const { code, output } = await runContainer(engine, { ...options, args: [command, '--help'] });
    if (code !== 0 || !output.startsWith(`Usage: asana-connector ${command}`))
      throw new Error(`${command} --help ended with ${code} and wrote: ${output}`);
  }
  const { code, output } = await runContainer(engine, { ...options, args: ['sandbox'] });
  if (code === 0) throw new Error(`the image has a command "sandbox": ${output}`);
  return { what: '--help (user 12345:0)', seen: `${COMMANDS.length} commands, and no sandbox` };
}
