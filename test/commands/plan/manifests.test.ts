import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, suite, test } from 'node:test';
import { ManifestValidator } from '../../../src/api/validation.ts';
import { ManifestErrors } from '../../../src/commands/manifests/manifest-error.ts';
import { readManifestFiles } from '../../../src/commands/manifests/manifest-files.ts';
import { readDeclarations } from '../../../src/commands/manifests/manifest-reading.ts';

const validator = new ManifestValidator();

function read(text: string, name = 'm.yaml') {
  return readDeclarations([{ name, text }], { validator, namespace: 'iga' });
}

/** Returns a license grant with these lines in its spec. */
function grant(spec: string, head = 'metadata: { name: alice }'): string {
  return `apiVersion: asana-connector.dev/v1alpha1\nkind: AsanaLicenseGrant\n${head}\nspec:\n  connectorRef: { name: acme }\n${spec}\n`;
}

const USER = '  user: { email: alice@acme.com }';
const LONG = `${'a'.repeat(64)}@${'b'.repeat(255)}.com`;

const EMAIL = /^m\.yaml:6: spec\.user\.email: must be an email address such as name@example\.com$/;
const LOWER_CASE = /^m\.yaml:6: spec\.user\.email: must be an email address in lower case$/;
const NO_MANIFEST = /^m\.yaml:1: is not a manifest: an object with apiVersion, kind and metadata is expected/;
const ALIASES = /^m\.yaml:1: has aliases that expand too much or refer to nothing: replace them with their/;

const refused: readonly (readonly [string, string, RegExp])[] = [
  [
    'an unknown field',
    grant(`${USER}\n  licence: Enterprise`),
    /^m\.yaml:7: spec\.licence: is not a field of this kind: remove it or correct its name$/,
  ],
  [
    'an unknown nested field',
    grant('  user: { email: a@b.cc, mail: x }'),
    /^m\.yaml:6: spec\.user\.mail: is not a field of this kind: remove it or correct its name$/,
  ],
  [
    'an unknown field beside spec',
    `${grant(USER)}specs: {}\n`,
    /^m\.yaml:7: specs: is not a field of this kind: remove it or correct its name$/,
  ],
  [
    'an unknown kind of the API group',
    grant(USER).replace('LicenseGrant', 'LicenceGrant'),
    /^m\.yaml:2: kind: must be one of .*\bAsanaLicenseGrant\b/,
  ],
  [
    'an unknown API version',
    grant(USER).replace('v1alpha1', 'v1'),
    /^m\.yaml:1: apiVersion: must be asana-connector\.dev\/v1alpha1$/,
  ],
  [
    'a known kind in an unknown API group',
    grant(USER).replace('asana-connector.dev', 'asana.dev'),
    /^m\.yaml:1: apiVersion: must be asana-connector\.dev\/v1alpha1$/,
  ],
  [
    'a missing spec',
    'apiVersion: asana-connector.dev/v1alpha1\nkind: AsanaAccount\nmetadata: { name: a }\n',
    /^m\.yaml:1: spec: is missing: add it$/,
  ],
  ['a missing name', grant(USER, 'metadata: {}'), /^m\.yaml:3: metadata\.name: is missing: add it$/],
  [
    'generateName instead of a name',
    grant(USER, 'metadata: { generateName: a- }'),
    /^m\.yaml:3: metadata\.name: is missing: replace generateName with name/,
  ],
  [
    'a name with a capital letter',
    grant(USER, 'metadata: { name: Alice }'),
    /^m\.yaml:3: metadata\.name: must consist of lowercase letters, digits, "-" and "\."/,
  ],
  [
    'a namespace with a dot',
    grant(USER, 'metadata: { name: a, namespace: a.b }'),
    /^m\.yaml:3: metadata\.namespace: must consist of lowercase letters, digits and "-"/,
  ],
  [
    'a label that is a number',
    grant(USER, 'metadata: { name: a, labels: { tier: 1 } }'),
    /^m\.yaml:3: metadata\.labels\.tier: must be a string: put it in quotes$/,
  ],
  [
    'both an email address and a gid',
    grant('  user: { email: a@b.cc, gid: "1" }'),
    /^m\.yaml:6: spec\.user: specify exactly one of user\.email and user\.gid$/,
  ],
  ['an address with a capital letter', grant('  user: { email: Alice@acme.com }'), LOWER_CASE],
  ['an address with İ', grant('  user: { email: İ@acme.com }'), LOWER_CASE],
  ['an address with the Kelvin sign', grant('  user: { email: \u212A@acme.com }'), LOWER_CASE],
  [
    'an address of more than 320 characters',
    grant(`  user: { email: ${LONG} }`),
    /^m\.yaml:6: spec\.user\.email: must NOT have more than 320 characters$/,
  ],
  ['an address with a quote', grant(`  user: { email: 'a"b@acme.com' }`), EMAIL],
  ['an address with a backslash', grant(String.raw`  user: { email: 'a\b@acme.com' }`), EMAIL],
  [
    'an expiry that is not a time',
    grant(`${USER}\n  expiresAt: tomorrow`),
    /^m\.yaml:7: spec\.expiresAt: must be a time such as 2027-01-31T00:00:00Z$/,
  ],
  [
    'an expiry on the 30th of February',
    grant(`${USER}\n  expiresAt: "2027-02-30T00:00:00Z"`),
    /^m\.yaml:7: spec\.expiresAt: must be a time such as 2027-01-31T00:00:00Z$/,
  ],
  [
    'an expiry before the start',
    grant(`${USER}\n  startsAt: "2027-02-01T00:00:00Z"\n  expiresAt: "2027-01-01T00:00:00Z"`),
    /^m\.yaml:8: spec\.expiresAt: expiresAt must be later than startsAt$/,
  ],
  [
    'both an expiry and a duration',
    grant(`${USER}\n  expiresAt: "2027-01-01T00:00:00Z"\n  duration: 8h`),
    /^m\.yaml:8: spec\.duration: specify at most one of expiresAt and duration$/,
  ],
  [
    'a gid without quotes',
    grant('  user: { gid: 1200 }'),
    /^m\.yaml:6: spec\.user\.gid: must be a string: put it in quotes$/,
  ],
  ['a duplicate key', grant(`${USER}\n${USER}`), /^m\.yaml:7: is not valid YAML: correct it$/],
  ['invalid YAML', 'a: [b\nc: }', /^m\.yaml:[12]: is not valid YAML: correct it$/],
  ['plain text', 'this is a letter to you', NO_MANIFEST],
  ['a YAML list', '- a\n- b\n', NO_MANIFEST],
  [
    'an item of a List that is not an object',
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n- hello\n',
    /^m\.yaml:6: items\[1\]: is not a manifest: an object with apiVersion, kind and metadata is expected$/,
  ],
  [
    'lists that are nested 100,000 levels deep',
    `a: ${'['.repeat(100_000)}`,
    /^m\.yaml:1: is not valid YAML: correct it$/,
  ],
  ['aliases that expand exponentially', explosion(), ALIASES],
  ['an alias without an anchor', 'kind: *nobody\n', ALIASES],
];

/** Returns a "billion laughs" document. */
function explosion(): string {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 12; level += 1)
    lines.push(`a${level}: &a${level} [${Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ')}]`);
  return `${lines.join('\n')}\nkind: ConfigMap\n`;
}

suite('manifests with a fault', () => {
  for (const [what, text, expected] of refused) {
    test(`are rejected with an error that names the place and the remedy: ${what}`, () => {
      assert.throws(
        () => read(text),
        (error: Error) => {
          assert.ok(error instanceof ManifestErrors);
          assert.match(error.message, expected);
          return true;
        },
      );
    });
  }

  test('are rejected with all their faults at once, each with its line', () => {
    const text = [
      grant('  user: { email: A@b.cc }'),
      grant(`${USER}\n  licence: X`, 'metadata: { name: b }'),
    ].join('---\n');
    assert.throws(
      () => read(text),
      (error: ManifestErrors) => {
        assert.deepEqual(
          error.errors.map(({ line, field }) => [line, field]),
          [
            [6, 'spec.user.email'],
            [14, 'spec.licence'],
          ],
        );
        return true;
      },
    );
  });

  test('are rejected if two files declare the same object', () => {
    const files = ['a.yaml', 'b.yaml'].map((name) => ({ name, text: grant(USER) }));
    assert.throws(
      () => readDeclarations(files, { validator, namespace: 'iga' }),
      /^ManifestErrors: b\.yaml:3: metadata\.name: AsanaLicenseGrant iga\/alice is also declared in a\.yaml:1/,
    );
  });

  test('are rejected if two addresses look the same but differ in Unicode normalization', () => {
    const [composed, decomposed] = ['jos\u00e9@acme.com', 'jose\u0301@acme.com'];
    const text = [composed, decomposed]
      .map((email, index) => grant(`  user: { email: ${email} }`, `metadata: { name: g${index} }`))
      .join('---\n');
    assert.throws(() => read(text), /m\.yaml:13: spec\.user\.email: looks the same as in m\.yaml:1/);
  });

  test('report at most 100 faults, and the number of the others', () => {
    const text = Array.from({ length: 150 }, (_, index) =>
      grant('  user: {}', `metadata: { name: g${index} }`),
    ).join('---\n');
    assert.throws(() => read(text), /and 50 more$/);
  });
});

suite('manifests', () => {
  test('may be documents, nested Lists, and objects of other kinds, which are only counted', () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [
        json('b'),
        { apiVersion: 'v1', kind: 'List', items: [json('c'), { apiVersion: 'v1', kind: 'Pod' }] },
      ],
    };
    const text = `# comment\n---\n${grant(USER)}---\n---\n${JSON.stringify(list)}\n---\napiVersion: v1\nkind: ConfigMap\ndata:\n  text: |\n    a\n     b\n...\n`;
    const { objects, foreign } = read(text);
    assert.deepEqual(
      objects.map(({ name, place }) => [name, place.line]),
      [
        ['alice', 3],
        ['b', 11],
        ['c', 11],
      ],
    );
    assert.equal(foreign, 2);
  });

  test('are parsed as Kubernetes parses them: yes is a boolean, and a timestamp is a string', () => {
    const [object] = read(grant(`${USER}\n  suspend: yes\n  expiresAt: 2027-01-31T00:00:00Z`)).objects;
    assert.equal(object?.spec['suspend'], true);
    assert.equal(object?.spec['expiresAt'], '2027-01-31T00:00:00Z');
  });

  test('default to the namespace of the flag and to the defaults of the schema', () => {
    const [object] = read(grant(USER)).objects;
    assert.equal(object?.namespace, 'iga');
    assert.equal(object?.spec['license'], 'Enterprise');
  });
});

function json(name: string) {
  return {
    apiVersion: 'asana-connector.dev/v1alpha1',
    kind: 'AsanaLicenseGrant',
    metadata: { name },
    spec: { connectorRef: { name: 'acme' }, user: { email: `${name}@acme.com` } },
  };
}

suite('manifest files', () => {
  let folder = '';
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'manifests-'));
    await mkdir(join(folder, 'b/deep'), { recursive: true });
    await mkdir(join(folder, '.git'));
    for (const name of ['a.yaml', 'b/deep/c.json', 'b/d.yml', 'README.md', '.git/e.yaml'])
      await writeFile(join(folder, name), name);
    await writeFile(join(folder, 'picture.png'), Buffer.from([0x89, 0x50, 0xff, 0]));
    await symlink(folder, join(folder, 'b/round'));
    await symlink(folder, join(folder, 'b/round.yaml'));
  });
  after(() => rm(folder, { recursive: true }));

  test('are the YAML and JSON files of a folder and its subfolders, ordered by name', async () => {
    const files = await readManifestFiles([folder], Readable.from([]));
    assert.deepEqual(
      files.map(({ text }) => text),
      ['a.yaml', 'b/d.yml', 'b/deep/c.json'],
    );
  });

  test('are read through symbolic links as in a mounted ConfigMap, and a broken link is rejected', async () => {
    const mounted = join(folder, '.mounted');
    await mkdir(join(mounted, '..2026'), { recursive: true });
    await writeFile(join(mounted, '..2026', 'a.yaml'), 'text');
    await symlink('..2026', join(mounted, '..data'));
    await symlink('..data/a.yaml', join(mounted, 'a.yaml'));
    const files = await readManifestFiles([mounted], Readable.from([]));
    assert.deepEqual(files, [{ name: join(mounted, 'a.yaml'), text: 'text' }]);
    await symlink('nowhere.yaml', join(mounted, 'b.yaml'));
    await assert.rejects(readManifestFiles([mounted], Readable.from([])), /b\.yaml: cannot be read/);
  });

  test('may be standard input', async () => {
    const [file] = await readManifestFiles(['-'], Readable.from([Buffer.from('kind: X')]));
    assert.deepEqual(file, { name: 'standard input', text: 'kind: X' });
  });

  test('are rejected if they do not exist or are not UTF-8 text', async () => {
    await assert.rejects(
      readManifestFiles([join(folder, 'none.yaml')], Readable.from([])),
      /none\.yaml: cannot be read: correct the path/,
    );
    await assert.rejects(
      readManifestFiles([join(folder, 'picture.png')], Readable.from([])),
      /picture\.png: is not valid YAML: it is not UTF-8 text/,
    );
  });

  test('are rejected before they are read if they are larger than 32 MiB', async () => {
    const large = join(folder, 'large.yaml');
    await writeFile(large, '');
    // A sparse file of 1 TiB, which nobody could read into memory.
    await truncate(large, 2 ** 40);
    await assert.rejects(
      readManifestFiles([large], Readable.from([])),
      /large\.yaml: makes the manifests larger than 32 MiB: specify fewer files/,
    );
    await rm(large);
  });

  test('are rejected if standard input does not end', async () => {
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(1024 * 1024, 'a');
      })(),
    );
    await assert.rejects(
      readManifestFiles(['-'], endless),
      /standard input: makes the manifests larger than 32 MiB: specify fewer files/,
    );
  });
});
