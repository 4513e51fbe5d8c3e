import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
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

const refused: readonly (readonly [string, string, RegExp])[] = [
  [
    'an unknown field',
    grant(`${USER}\n  licence: Enterprise`),
    /^m\.yaml:7: spec\.licence: is not a field of this kind/,
  ],
  [
    'an unknown field within',
    grant('  user: { email: a@b.cc, mail: x }'),
    /^m\.yaml:6: spec\.user\.mail: is not a field/,
  ],
  ['a field beside spec', `${grant(USER)}specs: {}\n`, /^m\.yaml:7: specs: is not a field of this kind/],
  [
    'a wrong kind of the group',
    grant(USER).replace('LicenseGrant', 'LicenceGrant'),
    /^m\.yaml:2: kind: must be one of/,
  ],
  [
    'a wrong version',
    grant(USER).replace('v1alpha1', 'v1'),
    /^m\.yaml:1: apiVersion: must be asana-connector\.dev\/v1alpha1/,
  ],
  [
    'a kind of ours under a wrong group',
    grant(USER).replace('asana-connector.dev', 'asana.dev'),
    /^m\.yaml:1: apiVersion: must be/,
  ],
  [
    'no spec',
    'apiVersion: asana-connector.dev/v1alpha1\nkind: AsanaAccount\nmetadata: { name: a }\n',
    /^m\.yaml:1: spec: is missing/,
  ],
  ['no name', grant(USER, 'metadata: {}'), /^m\.yaml:3: metadata\.name: is missing: add it/],
  [
    'a generated name',
    grant(USER, 'metadata: { generateName: a- }'),
    /metadata\.name: is missing: replace generateName with name/,
  ],
  [
    'a name in capitals',
    grant(USER, 'metadata: { name: Alice }'),
    /^m\.yaml:3: metadata\.name: must consist of lowercase letters/,
  ],
  [
    'a namespace with a dot',
    grant(USER, 'metadata: { name: a, namespace: a.b }'),
    /metadata\.namespace: must consist of/,
  ],
  [
    'a label that is a number',
    grant(USER, 'metadata: { name: a, labels: { tier: 1 } }'),
    /metadata\.labels\.tier: must be a string: put it in quotes/,
  ],
  ['a broken rule', grant('  user: { email: a@b.cc, gid: "1" }'), /spec\.user: /],
  [
    'an address in capitals',
    grant('  user: { email: Alice@acme.com }'),
    /^m\.yaml:6: spec\.user\.email: must be an email address in lower case/,
  ],
  [
    'an address with İ',
    grant('  user: { email: İ@acme.com }'),
    /spec\.user\.email: must be an email address in lower case/,
  ],
  [
    'an address with the Kelvin sign',
    grant('  user: { email: \u212A@acme.com }'),
    /spec\.user\.email: must be an email address in lower case/,
  ],
  [
    'an address of more than 320 characters',
    grant(`  user: { email: ${LONG} }`),
    /spec\.user\.email: must NOT have more than 320 characters/,
  ],
  [
    'an address with a quote',
    grant(`  user: { email: 'a"b@acme.com' }`),
    /spec\.user\.email: must be an email address such as/,
  ],
  [
    'an address with a backslash',
    grant(String.raw`  user: { email: 'a\b@acme.com' }`),
    /spec\.user\.email: must be an email address such as/,
  ],
  [
    'an expiry that is no date',
    grant(`${USER}\n  expiresAt: tomorrow`),
    /^m\.yaml:7: spec\.expiresAt: must be a time such as/,
  ],
  [
    'an expiry on the 30th of February',
    grant(`${USER}\n  expiresAt: "2027-02-30T00:00:00Z"`),
    /spec\.expiresAt: /,
  ],
  [
    'an expiry before the start',
    grant(`${USER}\n  startsAt: "2027-02-01T00:00:00Z"\n  expiresAt: "2027-01-01T00:00:00Z"`),
    /^m\.yaml:8: spec\.expiresAt: expiresAt must be later than startsAt/,
  ],
  [
    'both an expiry and a duration',
    grant(`${USER}\n  expiresAt: "2027-01-01T00:00:00Z"\n  duration: 8h`),
    /^m\.yaml:8: spec\.duration: specify at most one of expiresAt and duration/,
  ],
  [
    'a gid without quotes',
    grant('  user: { gid: 1200 }'),
    /spec\.user\.gid: must be a string: put it in quotes/,
  ],
  ['a key twice', grant(`${USER}\n${USER}`), /^m\.yaml:7: is not valid YAML/],
  ['what is not valid YAML', 'a: [b\nc: }', /is not valid YAML: correct it/],
  ['a sentence', 'this is a letter to you', /^m\.yaml:1: is not a manifest/],
  ['a list', '- a\n- b\n', /^m\.yaml:1: is not a manifest/],
  [
    'an item of a List that is no object',
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n- hello\n',
    /^m\.yaml:6: items\[1\]: is not a manifest: an object/,
  ],
  ['lists that are nested without end', `a: ${'['.repeat(100_000)}`, /^m\.yaml:1: is not valid YAML/],
  ['aliases that explode', explosion(), /^m\.yaml:1: has aliases that expand too much/],
  ['an alias of nothing', 'kind: *nobody\n', /^m\.yaml:1: /],
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
    test(`are refused with file, line, field and remedy: ${what}`, () => {
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

  test('are refused for all their faults at once, each on its line', () => {
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

  test('are refused when one object is declared twice, in whatever files', () => {
    const files = ['a.yaml', 'b.yaml'].map((name) => ({ name, text: grant(USER) }));
    assert.throws(
      () => readDeclarations(files, { validator, namespace: 'iga' }),
      /^ManifestErrors: b\.yaml:3: metadata\.name: AsanaLicenseGrant iga\/alice is also declared in a\.yaml:1/,
    );
  });

  test('are refused when one address is written in two spellings that look the same', () => {
    const [composed, decomposed] = ['jos\u00e9@acme.com', 'jose\u0301@acme.com'];
    const text = [composed, decomposed]
      .map((email, index) => grant(`  user: { email: ${email} }`, `metadata: { name: g${index} }`))
      .join('---\n');
    assert.throws(() => read(text), /m\.yaml:13: spec\.user\.email: looks the same as in m\.yaml:1/);
  });

  test('show no more than a hundred of their faults', () => {
    const text = Array.from({ length: 150 }, (_, index) =>
      grant('  user: {}', `metadata: { name: g${index} }`),
    ).join('---\n');
    assert.throws(() => read(text), /and 50 more$/);
  });
});

suite('manifests', () => {
  test('may be documents, Lists within Lists, and objects of others, which are counted', () => {
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

  test('are read as the parser of Kubernetes reads them: yes is a boolean, an instant is a string', () => {
    const [object] = read(grant(`${USER}\n  suspend: yes\n  expiresAt: 2027-01-31T00:00:00Z`)).objects;
    assert.equal(object?.spec['suspend'], true);
    assert.equal(object?.spec['expiresAt'], '2027-01-31T00:00:00Z');
  });

  test('take the namespace of the flag where they name none, and the defaults of the schema', () => {
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

suite('the files of manifests', () => {
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

  test('are those of a folder and below, in the order of their names, and no others', async () => {
    const files = await readManifestFiles([folder], Readable.from([]));
    assert.deepEqual(
      files.map(({ text }) => text),
      ['a.yaml', 'b/d.yml', 'b/deep/c.json'],
    );
  });

  test('are those that links in a folder lead to, as in a mounted ConfigMap', async () => {
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

  test('are refused when they are not there, or no text', async () => {
    await assert.rejects(
      readManifestFiles([join(folder, 'none.yaml')], Readable.from([])),
      /none\.yaml: cannot be read: correct the path/,
    );
    await assert.rejects(
      readManifestFiles([join(folder, 'picture.png')], Readable.from([])),
      /picture\.png: is not valid YAML: it is not UTF-8 text/,
    );
  });

  test('are refused when they have 50 MB, before they are read', async () => {
    const large = join(folder, 'large.yaml');
    await writeFile(large, Buffer.alloc(50 * 1024 * 1024, 'a'));
    await assert.rejects(
      readManifestFiles([large], Readable.from([])),
      /large\.yaml: makes the manifests larger than 32 MiB: specify fewer files/,
    );
    await rm(large);
  });

  test('are refused from a standard input that does not end', async () => {
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
