import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { parse } from 'yaml';

const ROOT = join(import.meta.dirname, '..', '..');

async function filesBelow(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for await (const path of glob('**/*.ts', { cwd: folder }))
    files.set(path, await readFile(join(folder, path), 'utf8'));
  return files;
}

test('the generated code matches the proto files', async (t) => {
  const output = await mkdtemp(join(tmpdir(), 'generated-test-'));
  t.after(() => rm(output, { recursive: true }));
  await promisify(execFile)(
    join(ROOT, 'node_modules', '.bin', 'buf'),
    ['generate', '--template', JSON.stringify(await templateInto(output))],
    // The plugin is a Node script that looks for `node` on the PATH.
    {
      cwd: join(ROOT, 'proto'),
      env: { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env['PATH']}` },
    },
  );
  const fresh = await filesBelow(output);
  assert.ok(fresh.size >= 8);
  assert.deepEqual(
    await filesBelow(join(ROOT, 'src', 'conductorone', 'generated')),
    fresh,
    'run buf generate in proto/',
  );
});

/** Returns buf.gen.yaml with another output folder. */
async function templateInto(out: string): Promise<object> {
  const template = parse(await readFile(join(ROOT, 'proto', 'buf.gen.yaml'), 'utf8')) as {
    plugins: object[];
  };
  return { ...template, plugins: template.plugins.map((plugin) => ({ ...plugin, out })) };
}
