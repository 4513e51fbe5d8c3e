import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaLicenseGrant } from '../../src/api/asana-license-grant.ts';
import { ABANDON_ANNOTATION, REQUESTED_AT_ANNOTATION } from '../../src/api/resources.ts';
import {
  endingOf,
  openRequest,
  untilExpiry,
  viewLicenseGrant,
} from '../../src/controllers/license-grant-view.ts';
import { CREATED, connectorObject, grantObject } from './objects.ts';

const NOW = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;
const at = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
const view = (object: AsanaLicenseGrant, connector = connectorObject()) =>
  viewLicenseGrant(object, connector, NOW);

suite('a grant object, as provisioning sees it', () => {
  test('has what its spec and status say', () => {
    const object = grantObject({
      spec: { license: 'ViewOnly', onMissingAccount: 'Create', deletionPolicy: 'Retain', reason: 'REQ-1' },
      status: {
        user: { gid: '7', email: 'a@acme.com', name: 'A' },
        applied: { license: 'ViewOnly', at: CREATED, adopted: true },
      },
    });
    assert.deepEqual(view(object), {
      object: { kind: 'AsanaLicenseGrant', namespace: 'iga', name: 'alice', uid: 'u1', generation: 1 },
      createdAt: Date.parse(CREATED),
      user: { email: 'alice@acme.com', gid: null },
      recorded: { gid: '7', email: 'a@acme.com' },
      license: 'ViewOnly',
      onMissingAccount: 'Create',
      deletionPolicy: 'Retain',
      reason: 'REQ-1',
      ending: null,
      suspended: false,
      abandoned: false,
      applied: { license: 'ViewOnly', at: CREATED, adopted: true },
      upgrading: false,
      accountCreated: false,
      sameNamespace: true,
      namespaceAllowed: true,
      setBacks: 0,
      discarded: false,
    });
  });

  const namespaces: readonly [
    namespace: string,
    allowed: string[] | undefined,
    is: boolean,
    because: string,
  ][] = [
    ['iga', undefined, true, "the connector's own"],
    ['other', undefined, false, 'none is allowed by default'],
    ['other', ['third'], false, 'another is allowed'],
    ['other', ['other'], true, 'it is allowed by name'],
    ['other', ['*'], true, 'all are allowed'],
  ];
  for (const [namespace, allowedNamespaces, is, because] of namespaces) {
    test(`of namespace ${namespace} is ${is ? '' : 'not '}allowed: ${because}`, () => {
      const connector = connectorObject({ provisioning: allowedNamespaces ? { allowedNamespaces } : {} });
      const { sameNamespace, namespaceAllowed } = view(grantObject({ metadata: { namespace } }), connector);
      assert.deepEqual([sameNamespace, namespaceAllowed], [namespace === 'iga', is], because);
    });
  }

  test('is abandoned by the exact word only', () => {
    for (const [value, abandoned] of [
      ['true', true],
      ['True', false],
      ['', false],
      ['false', false],
    ] as const) {
      assert.equal(
        view(grantObject({ metadata: { annotations: { [ABANDON_ANNOTATION]: value } } })).abandoned,
        abandoned,
      );
    }
  });

  test('is discarded at the generation that was discarded', () => {
    assert.equal(view(grantObject({ status: { discardedGeneration: 1 } })).discarded, true);
    assert.equal(
      view(grantObject({ metadata: { generation: 2 }, status: { discardedGeneration: 1 } })).discarded,
      false,
    );
  });

  test('whose account was created once is known', () => {
    const lastAction = { id: 'x', type: 'CreateAccount' as const, at: CREATED };
    for (const [result, created] of [
      ['Succeeded', true],
      ['Unconfirmed', true],
      ['Failed', false],
    ] as const) {
      assert.equal(
        view(grantObject({ status: { lastAction: { ...lastAction, result } } })).accountCreated,
        created,
        result,
      );
    }
  });
});

suite('the end of a grant', () => {
  const expiresAt = at(NOW);
  const rows: readonly [object: AsanaLicenseGrant, ending: ReturnType<typeof endingOf>, because: string][] = [
    [grantObject(), null, 'it does not expire'],
    [grantObject({ spec: { expiresAt: at(NOW + 1_000) } }), null, 'it has not expired yet'],
    [grantObject({ spec: { expiresAt } }), { because: 'Expired', at: NOW }, 'it expires now'],
    [
      grantObject({ metadata: { deletionTimestamp: at(NOW - 5_000) } }),
      { because: 'Deleted', at: NOW - 5_000 },
      'it was deleted',
    ],
    [
      grantObject({ metadata: { deletionTimestamp: at(NOW - 5_000) }, spec: { expiresAt: at(NOW - HOUR) } }),
      { because: 'Deleted', at: NOW - 5_000 },
      'deletion outranks expiry',
    ],
  ];
  for (const [object, ending, because] of rows) {
    test(because, () => assert.deepEqual(endingOf(object, NOW), ending, because));
  }
});

suite('set-backs', () => {
  const drift = { count: 3, since: at(NOW - HOUR) };
  const requested = { annotations: { [REQUESTED_AT_ANNOTATION]: 'x' } };
  const rows: readonly [object: AsanaLicenseGrant, setBacks: number, because: string][] = [
    [grantObject({ status: { observedGeneration: 1, drift } }), 3, 'within a day they count'],
    [
      grantObject({ status: { observedGeneration: 1, drift: { count: 3, since: at(NOW - 24 * HOUR) } } }),
      0,
      'after a day no more',
    ],
    [
      grantObject({ metadata: { generation: 2 }, status: { observedGeneration: 1, drift } }),
      0,
      'nor after an edit',
    ],
    [
      grantObject({ metadata: requested, status: { observedGeneration: 1, drift } }),
      0,
      'nor after a request',
    ],
    [
      grantObject({
        metadata: requested,
        status: { observedGeneration: 1, drift, lastHandledReconcileAt: 'x' },
      }),
      3,
      'but again once that was answered and they went on',
    ],
  ];
  for (const [object, setBacks, because] of rows) {
    test(`${because}: ${setBacks}`, () => assert.equal(view(object).setBacks, setBacks, because));
  }
});

test('a request is open until its very value was answered', () => {
  const ask = (value: string, handled?: string) =>
    openRequest(
      grantObject({
        metadata: { annotations: { [REQUESTED_AT_ANNOTATION]: value } },
        ...(handled === undefined ? {} : { status: { lastHandledReconcileAt: handled } }),
      }),
    );
  assert.deepEqual(
    [ask('a'), ask('a', 'b'), ask('a', 'a'), openRequest(grantObject())],
    ['a', 'a', null, null],
  );
});

suite('the wait for an expiry', () => {
  const at = '2026-06-01T00:00:00Z';
  const grant = grantObject({ spec: { expiresAt: at } });

  test('lasts until then', () => assert.equal(untilExpiry(grant, Date.parse(at) - 1_500), 1_500));

  test('is over at once when the expiry passed while the grant was being decided, and never forgotten', () => {
    assert.equal(untilExpiry(grant, Date.parse(at)), 1);
    assert.equal(untilExpiry(grant, Date.parse(at) + 60_000), 1);
  });

  test('is none for a grant that does not expire', () => assert.equal(untilExpiry(grantObject(), 0), null));
});
