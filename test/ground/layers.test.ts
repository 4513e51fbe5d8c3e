import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { scanModule } from '../../scripts/import-scan.ts';
import { checkLayers } from '../../scripts/layers.ts';

async function problemsOf(files: Record<string, string>): Promise<string[]> {
  const src = await mkdtemp(join(tmpdir(), 'layers-'));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(src, path)), { recursive: true });
      await writeFile(join(src, path), text);
    }
    return (await checkLayers(src)).map(({ file, problem }) => `${file} ${problem}`);
  } finally {
    await rm(src, { recursive: true });
  }
}

describe('the layer check', () => {
  const forbidden: { because: string; file: string; text: string; says: RegExp }[] = [
    {
      because: 'core imports no other folder',
      file: 'core/clock.ts',
      text: "import { x } from '../api/kind.ts';",
      says: /core must not know api/,
    },
    {
      because: 'a type import counts like an import of a value',
      file: 'asana/client.ts',
      text: "import type { Lease } from '../kubernetes/lease.ts';",
      says: /asana must not know kubernetes/,
    },
    {
      because: 'a dynamic import counts as an import',
      file: 'provisioning/execute.ts',
      text: "export const load = () => import('../controllers/grant.ts');",
      says: /provisioning must not know controllers/,
    },
    {
      because: 'an inline import type counts as an import',
      file: 'directory/sync.ts',
      text: "export type T = import('../provisioning/grant.ts').Grant;",
      says: /directory must not know provisioning/,
    },
    {
      because: 'a re-export over several lines counts as an import',
      file: 'telemetry/log.ts',
      text: "export {\n  a,\n  b,\n} from '../asana/client.ts';",
      says: /telemetry must not know asana/,
    },
    {
      because: 'an import for side effects counts as an import',
      file: 'api/kind.ts',
      text: "import '../kubernetes/client.ts';",
      says: /api must not know kubernetes/,
    },
    {
      because: 'production code must not import the sandbox',
      file: 'commands/operator/operator-command.ts',
      text: "import { start } from '../../sandbox/server.ts';",
      says: /commands must not know sandbox/,
    },
    {
      because: 'shipped code must not import tests',
      file: 'commands/operator/operator-command.ts',
      text: "import { x } from '../../../test/x.ts';",
      says: /outside src/,
    },
    {
      because: 'a module name that is computed at run time cannot be checked',
      file: 'commands/operator/operator-command.ts',
      text: 'export const load = (name: string) => import(`../../${name}.ts`.trim());',
      says: /computed at run time/,
    },
    {
      because: 'only main.ts may end the process',
      file: 'kubernetes/election.ts',
      text: 'export const lost = () => process.exit(1);',
      says: /only main\.ts ends the process/,
    },
    {
      because: 'a new folder must be added to the layers first',
      file: 'misc/x.ts',
      text: '',
      says: /misc is not among the folders/,
    },
    {
      because: 'a new folder of the controllers must be added to the layers first',
      file: 'controllers/misc/x.ts',
      text: '',
      says: /controllers\/misc is not among the rooms/,
    },
  ];
  for (const { because, file, text, says } of forbidden) {
    test(`rejects ${file}, because ${because}`, async () => {
      const problems = await problemsOf({ [file]: text });
      assert.equal(problems.length, 1, because);
      assert.match(problems[0] ?? '', says, because);
    });
  }

  test('accepts the imports that the design allows', async () => {
    const problems = await problemsOf({
      'core/clock.ts': "import { setTimeout } from 'node:timers/promises';",
      'asana/client.ts': "import type { Clock } from '../core/clock.ts';\nimport './errors.ts';",
      'controllers/operator.ts': "import { watch } from './connectors/watch.ts';",
      'controllers/grants/grant.ts': "import { decide } from '../../provisioning/license/decide.ts';",
      'commands/sandbox/sandbox-command.ts': "import { start } from '../../sandbox/server.ts';",
      'main.ts': "import { operator } from './commands/operator/operator-command.ts';\nprocess.exit(1);",
    });
    assert.deepEqual(problems, []);
  });
});

describe('the check for circular imports', () => {
  const circles: { because: string; files: Record<string, string>; says: string }[] = [
    {
      because: 'two files import each other',
      files: {
        'core/a.ts': "import { b } from './b.ts';",
        'core/b.ts': "import { a } from './a.ts';",
      },
      says: 'core/a.ts imports itself in a circle: core/a.ts → core/b.ts → core/a.ts.',
    },
    {
      because: 'two files import types from each other',
      files: {
        'core/a.ts': "import type { B } from './b.ts';",
        'core/b.ts': "export type { A } from './a.ts';",
      },
      says: 'core/a.ts imports itself in a circle: core/a.ts → core/b.ts → core/a.ts.',
    },
    {
      because: 'the shortest of two, wherever it begins',
      files: {
        'core/a.ts': "import './b.ts';",
        'core/b.ts': "import './c.ts';",
        'core/c.ts': "import './d.ts'; import './a.ts';",
        'core/d.ts': "import './c.ts';",
      },
      says: 'core/c.ts imports itself in a circle: core/c.ts → core/d.ts → core/c.ts.',
    },
    {
      because: 'a file imports itself',
      files: { 'core/a.ts': "export const load = () => import('./a.ts');" },
      says: 'core/a.ts imports itself in a circle: core/a.ts → core/a.ts.',
    },
    {
      because: 'two files of one layer import each other',
      files: {
        'controllers/grants/a.ts': "import '../removals/b.ts';",
        'controllers/removals/b.ts': "import '../grants/a.ts';",
      },
      says: 'controllers/grants/a.ts imports itself in a circle: controllers/grants/a.ts → controllers/removals/b.ts → controllers/grants/a.ts.',
    },
  ];
  for (const { because, files, says } of circles) {
    test(`reports one circle once: ${because}`, async () => {
      const problems = await problemsOf(files);
      assert.equal(problems.length, 1, because);
      assert.ok((problems[0] ?? '').startsWith(says), because);
    });
  }

  test('reports two separate circles, and no file that merely leads to one', async () => {
    const problems = await problemsOf({
      'core/a.ts': "import './b.ts';",
      'core/b.ts': "import './a.ts';",
      'core/c.ts': "import './a.ts';",
      'core/x.ts': "import './y.ts';",
      'core/y.ts': "import './x.ts';",
    });
    assert.deepEqual(
      problems.map((problem) => problem.split(' ')[0]),
      ['core/a.ts', 'core/x.ts'],
    );
  });

  test('accepts two files that import the same third one', async () => {
    const problems = await problemsOf({
      'core/a.ts': "import './b.ts'; import './c.ts';",
      'core/b.ts': "import './c.ts';",
      'core/c.ts': '',
    });
    assert.deepEqual(problems, []);
  });
});

describe('the import scanner', () => {
  const cases: { because: string; source: string; imports: string[] }[] = [
    { because: 'comments import nothing', source: "// import './a.ts'\n/* from './b.ts' */", imports: [] },
    {
      because: 'strings import nothing',
      source: `const a = "import './a.ts'"; const b = 'from "./b.ts"';`,
      imports: [],
    },
    {
      because: 'a template imports nothing, but its placeholders may',
      source: "const a = `import './a.ts' ${await import('./b.ts')} from './c.ts' ${{ d: { e: 1 } }.d.e}`;",
      imports: ['./b.ts'],
    },
    {
      because: 'a quote in a regular expression opens no string',
      source: "const quote = /['\"`/]/; import('./a.ts');",
      imports: ['./a.ts'],
    },
    {
      because: 'a division is not a regular expression',
      source: "const half = (a + b) / 2; import './a.ts'; const c = a / b;",
      imports: ['./a.ts'],
    },
    {
      because: 'a member called from or import is only a member',
      source: "Array.from('./a.ts'); loader.import('./b.ts');",
      imports: [],
    },
    {
      because: 'attributes and default imports change nothing',
      source: "import a, { type B } from './a.json' with { type: 'json' };\nimport * as c from './c.ts'",
      imports: ['./a.json', './c.ts'],
    },
  ];
  for (const { because, source, imports } of cases) {
    test(`knows that ${because}`, () => {
      assert.deepEqual(scanModule(source).imports, imports, because);
    });
  }
});
