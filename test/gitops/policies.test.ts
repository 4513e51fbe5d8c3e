import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster } from '../api/cluster.ts';
import { grantOf, type Manifest } from '../api/manifests.ts';

const FOLDER = join(import.meta.dirname, '../../docs/gitops/policies');
const DAY_MS = 24 * 3_600_000;
/** How long the API server may take to observe a new policy. */
const NOTICED_WITHIN_MS = 30_000;

const GOVERNED = 'example.com/asana-grants=governed';
const REQUESTED_BY = 'example.com/requested-by';

/** Fields that satisfy every policy except those about users. */
const GOOD = { reason: 'Design project, REQ-1234', duration: '8h', deletionPolicy: 'Revoke' };

const inDays = (days: number) => new Date(Date.now() + days * DAY_MS).toISOString();
const license = (spec: object, name = 'trial') => grantOf('AsanaLicenseGrant', { ...GOOD, ...spec }, name);
const team = (spec: object) => grantOf('AsanaTeamGrant', { ...GOOD, ...spec }, 'trial');
const workspace = (spec: object) => grantOf('AsanaWorkspaceGrant', { ...GOOD, ...spec }, 'trial');

/** A grant without a reason and without an end. */
const OLD = grantOf('AsanaLicenseGrant', {}, 'old');

interface Asked {
  readonly manifest: Manifest;
  readonly because: string;
  /** The policy's message; `null` if the grant is admitted. */
  readonly refused: RegExp | null;
}

/** Users who may write any grant in the namespace; what they may declare depends on further roles. */
const WRITER = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'writer' },
  rules: [
    {
      apiGroups: ['asana-connector.dev'],
      resources: ['asanalicensegrants', 'asanateamgrants', 'asanaworkspacegrants', 'asanaaccounts'],
      verbs: ['get', 'create', 'update', 'patch', 'delete'],
    },
  ],
};
/** Users who may request an absence. */
const ASKERS = {
  ...WRITER,
  metadata: { name: 'askers' },
  rules: [{ apiGroups: ['asana-connector.dev'], resources: ['asanaaccounts'], verbs: ['grant'] }],
};
/** Users who may also approve an absence, and declare view-only licenses. */
const APPROVERS = {
  ...WRITER,
  metadata: { name: 'approvers' },
  rules: [
    { apiGroups: ['asana-connector.dev'], resources: ['asanaaccounts'], verbs: ['grant', 'approve'] },
    {
      apiGroups: ['asana-connector.dev'],
      resources: ['asanalicensegrants'],
      resourceNames: ['ViewOnly'],
      verbs: ['grant'],
    },
  ],
};

describe('the admission policies for grants', () => {
  let cluster: Cluster;

  before(async () => {
    cluster = await Cluster.open();
    await cluster.run(['create', '-f', '-'], OLD);
    await cluster.run(['label', 'namespace', cluster.namespace, GOVERNED]);
    await cluster.run(['apply', '--validate=strict', '-f', FOLDER]);
    for (const role of [WRITER, ASKERS, APPROVERS]) await cluster.run(['apply', '-f', '-'], role);
    await bind('writer', 'carol', 'dave', 'erin');
    await bind('askers', 'erin');
    await bind('approvers', 'carol', 'dave');
    await untilNoticed();
  });
  after(async () => {
    await cluster.try(['delete', '-f', FOLDER, '--ignore-not-found']);
    await cluster.close();
  });

  function bind(role: string, ...users: string[]): Promise<string> {
    return cluster.run([
      'create',
      'rolebinding',
      role,
      `--role=${role}`,
      ...users.map((user) => `--user=${user}`),
    ]);
  }

  /** Returns the API server's error; empty if it accepts the manifest. */
  async function answer(manifest: Manifest, verb = 'create', ...flags: string[]): Promise<string> {
    const args = [verb, '--dry-run=server', '--validate=strict', ...flags, '-f', '-'];
    const { code, stderr } = await cluster.try(args, manifest);
    return code === 0 ? '' : stderr;
  }

  /** Waits until each policy refuses a manifest that violates only this policy. */
  async function untilNoticed(): Promise<void> {
    const offences: readonly (readonly [policy: string, manifest: Manifest, user: string])[] = [
      ['asana-reason-with-ticket', license({ reason: 'Because.' }), 'admin'],
      ['asana-end-within-90-days', license({ duration: '2161h' }), 'admin'],
      ['asana-who-may-grant', license({ license: 'Enterprise' }), 'carol'],
      ['asana-four-eyes', absence({ suspend: false }, 'admin'), 'admin'],
    ];
    const policies = readdirSync(FOLDER).map((file) => `asana-${file.replace('.yaml', '')}`);
    assert.deepEqual(
      offences.map(([policy]) => policy).toSorted((a, b) => a.localeCompare(b)),
      policies.filter((policy) => policy !== 'asana-roles-of-a-team'),
    );
    const giveUp = AbortSignal.timeout(NOTICED_WITHIN_MS);
    for (const [policy, manifest, user] of offences) {
      const flags = user === 'admin' ? [] : [`--as=${user}`];
      while (!(await answer(manifest, 'create', ...flags)).includes(policy))
        await sleep(100, undefined, { signal: giveUp });
    }
  }

  async function check(
    { manifest, because, refused }: Asked,
    verb?: string,
    ...flags: string[]
  ): Promise<void> {
    const found = await answer(manifest, verb, ...flags);
    if (refused) assert.match(found, refused, because);
    else assert.equal(found, '', because);
  }

  const tickets: readonly Asked[] = [
    { manifest: license({}), because: 'it names a ticket', refused: null },
    { manifest: license({ reason: 'REQ-1' }), because: 'it is a ticket', refused: null },
    {
      manifest: license({ reason: undefined }),
      because: 'it is missing',
      refused: /must name a ticket/,
    },
    {
      manifest: license({ reason: 'Because.' }),
      because: 'it names no ticket',
      refused: /must name a ticket/,
    },
    {
      manifest: team({ reason: 'REQ-0' }),
      because: 'its ticket has the number 0',
      refused: /must name a ticket/,
    },
    {
      manifest: team({ reason: 'req-12' }),
      because: 'its ticket is in lower case',
      refused: /must name a ticket/,
    },
  ];
  for (const asked of tickets)
    test(`${asked.refused ? 'reject' : 'accept'} a reason: ${asked.because}`, () => check(asked));

  const ends: readonly Asked[] = [
    {
      manifest: license({ duration: undefined, expiresAt: inDays(89) }),
      because: 'expiresAt is in 89 days',
      refused: null,
    },
    {
      manifest: license({ duration: undefined, expiresAt: inDays(91) }),
      because: 'expiresAt is in 91 days',
      refused: /expiresAt must be at most 90 days/,
    },
    { manifest: license({ duration: undefined }), because: 'there is none', refused: /the grant must end/ },
    { manifest: team({ duration: '2160h' }), because: 'duration is 90 days', refused: null },
    {
      manifest: team({ duration: '2160h1s' }),
      because: 'duration is 90 days and one second',
      refused: /duration, counted from/,
    },
    {
      manifest: team({ startsAt: inDays(10), duration: '1921h' }),
      because: 'startsAt is in 10 days, and duration is 80 days and one hour',
      refused: /duration, counted from/,
    },
    {
      manifest: team({ startsAt: inDays(10), duration: '1919h' }),
      because: 'startsAt is in 10 days, and duration is one hour less than 80 days',
      refused: null,
    },
    {
      manifest: team({ startsAt: inDays(-10), duration: '2160h' }),
      because: 'startsAt in the past does not change the limit',
      refused: null,
    },
    {
      manifest: license({ deletionPolicy: 'Retain' }),
      because: 'deletionPolicy is Retain',
      refused: /deletionPolicy must be "Revoke"/,
    },
  ];
  for (const asked of ends)
    test(`${asked.refused ? 'reject' : 'accept'} the end of a grant: ${asked.because}`, () => check(asked));

  test('reject an extension beyond 90 days after the creation', async () => {
    const before = license({ duration: '48h' }, 'extended');
    await cluster.run(['create', '-f', '-'], before);
    const extended = (duration: string) => ({ ...before, spec: { ...before.spec, duration } });
    assert.equal(await answer(extended('2000h'), 'apply'), '');
    assert.match(await answer(extended('2200h'), 'apply'), /duration, counted from/);
  });

  test('do not apply to an older grant until its spec is edited', async () => {
    const change = (body: object) => [
      'patch',
      OLD.kind,
      OLD.metadata.name,
      '--type=merge',
      '-p',
      JSON.stringify(body),
    ];
    await cluster.run(change({ metadata: { finalizers: ['asana-connector.dev/revoke'] } }));
    await cluster.run(change({ metadata: { annotations: { 'asana-connector.dev/requestedAt': 'now' } } }));
    const { stderr } = await cluster.try(change({ spec: { suspend: true } }));
    assert.match(stderr, /must name a ticket|the grant must end/);
    await cluster.run(change({ metadata: { finalizers: [] } }));
  });

  const rights: readonly Asked[] = [
    {
      manifest: license({ license: 'ViewOnly' }),
      because: 'a license that their role allows',
      refused: null,
    },
    {
      manifest: license({ license: 'Enterprise' }),
      because: 'another license',
      refused: /lead may not grant Enterprise in namespace/,
    },
    { manifest: license({}), because: 'the default license', refused: /lead may not grant Enterprise/ },
    {
      manifest: license({ license: 'ViewOnly', onMissingAccount: 'Create' }),
      because: 'a license that creates the account',
      refused: /lead may not create accounts in namespace/,
    },
    {
      manifest: team({ team: { name: 'Design' } }),
      because: 'a team that their role allows, by name',
      refused: null,
    },
    {
      manifest: team({ team: { gid: '1200000000000007' } }),
      because: 'a team that their role allows, by gid',
      refused: null,
    },
    {
      manifest: team({ team: { name: 'Board' } }),
      because: 'a team that their role does not allow',
      refused: /lead may not grant Board/,
    },
    {
      manifest: workspace({ workspace: '1200000000000002' }),
      because: 'a kind that their role does not let them create',
      refused: /cannot create resource "asanaworkspacegrants"/,
    },
  ];
  for (const asked of rights)
    test(`${asked.refused ? 'do not let' : 'let'} team leads grant ${asked.because}`, () =>
      check(asked, 'create', '--as=lead', '--as-group=design-leads'));

  test('reject an edit to a license that the user may not grant', async () => {
    await cluster.run(['create', '--as=carol', '-f', '-'], license({ license: 'ViewOnly' }, 'upgraded'));
    const edited = license({ license: 'Enterprise' }, 'upgraded');
    assert.match(await answer(edited, 'apply', '--as=carol'), /carol may not grant Enterprise/);
  });

  describe('that require two people for an absence', () => {
    const as = (user: string) => [`--as=${user}`];
    const patch = async (name: string, body: object, user: string): Promise<string> => {
      const args = ['patch', 'asanaaccount', name, '--type=merge', '-p', JSON.stringify(body), ...as(user)];
      const { code, stderr } = await cluster.try(args);
      return code === 0 ? '' : stderr;
    };

    test('accept a request only in the name of the requester, and only if it is suspended', async () => {
      assert.equal(await answer(absence({ suspend: true }, 'carol'), 'create', ...as('carol')), '');
      const others = absence({ suspend: true }, 'dave');
      assert.match(await answer(others, 'create', ...as('carol')), /must be your own name, carol/);
      const atOnce = absence({ suspend: false }, 'carol');
      assert.match(await answer(atOnce, 'create', ...as('carol')), /another person sets it to false/);
    });

    test('accept an approval only from another person who has the verb approve', async () => {
      await cluster.run(['create', ...as('carol'), '-f', '-'], absence({ suspend: true }, 'carol', 'leaver'));
      const approval = { spec: { suspend: false } };
      assert.match(await patch('leaver', approval, 'carol'), /the requester cannot approve/);
      assert.match(await patch('leaver', approval, 'erin'), /erin may not approve/);
      const inAnothersName = { metadata: { annotations: { [REQUESTED_BY]: 'erin' } } };
      assert.match(await patch('leaver', inAnothersName, 'carol'), /must not change/);
      assert.match(await patch('leaver', { ...inAnothersName, ...approval }, 'carol'), /must not change/);
      assert.equal(await patch('leaver', approval, 'dave'), '');
    });

    test('reject an edit of an approved absence unless it is a new request, which needs a new approval', async () => {
      const edit = { spec: { reason: 'Another one, REQ-2' } };
      assert.match(await patch('leaver', edit, 'carol'), /an edit requires a new approval/);
      const again = {
        metadata: { annotations: { [REQUESTED_BY]: 'dave' } },
        spec: { ...edit.spec, suspend: true },
      };
      assert.match(await patch('leaver', { spec: again.spec }, 'dave'), /an edit makes you the requester/);
      assert.equal(await patch('leaver', again, 'dave'), '');
      assert.match(
        await patch('leaver', { spec: { suspend: false } }, 'dave'),
        /the requester cannot approve/,
      );
      assert.equal(await patch('leaver', { spec: { suspend: false } }, 'carol'), '');
    });

    test('require a request to change an account from Present to Absent', async () => {
      const present = grantOf('AsanaAccount', { ...GOOD, ensure: 'Present' }, 'turned');
      await cluster.run(['create', ...as('carol'), '-f', '-'], present);
      const turned = { spec: { ensure: 'Absent', duration: null, expiresAt: null } };
      assert.match(await patch('turned', turned, 'carol'), /a request must have "suspend: true"/);
      const asked = {
        metadata: { annotations: { [REQUESTED_BY]: 'carol' } },
        spec: { ...turned.spec, suspend: true },
      };
      assert.equal(await patch('turned', asked, 'carol'), '');
      assert.match(
        await patch('turned', { spec: { suspend: false } }, 'carol'),
        /the requester cannot approve/,
      );
    });
  });
});

/** Returns a declared absence. */
function absence(spec: object, requestedBy: string, name = 'trial'): Manifest {
  const { duration: _, ...good } = GOOD;
  const manifest = grantOf('AsanaAccount', { ...good, ensure: 'Absent', ...spec }, name);
  const annotations = { [REQUESTED_BY]: requestedBy };
  return { ...manifest, metadata: { name, annotations } as Manifest['metadata'] };
}
