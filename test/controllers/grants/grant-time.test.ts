import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { AsanaLicenseGrant } from '../../../src/api/asana-license-grant.ts';
import {
  endFields,
  endingOf,
  endOf,
  endsOnTime,
  noticeAt,
  untilNextInstant,
} from '../../../src/controllers/grants/grant-time.ts';
import { grantObject } from '../objects.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const HOUR = 3_600_000;
const at = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;
type Changes = Parameters<typeof grantObject>[0];
const applied = (ms: number) => ({ license: 'Enterprise' as const, at: at(ms), adopted: false });

suite('the end of a grant', () => {
  const ends: readonly [what: string, changes: Changes, end: number | null][] = [
    ['is null without expiresAt and duration', {}, null],
    ['is expiresAt', { spec: { expiresAt: at(NOW + HOUR) } }, NOW + HOUR],
    ['is null while a duration has not begun', { spec: { duration: '8h' } }, null],
    [
      'is one duration after the grant was first applied',
      { spec: { duration: '8h' }, status: { applied: applied(NOW) } },
      NOW + 8 * HOUR,
    ],
    [
      'remains when nothing is applied any more, so that another edit grants nothing again',
      {
        spec: { duration: '8h' },
        status: { expiresAt: at(NOW - HOUR), endDuration: '8h', endSetAt: at(NOW) },
      },
      NOW - HOUR,
    ],
    [
      'moves with an edited duration, counted from the same beginning',
      {
        spec: { duration: '10h' },
        status: {
          applied: applied(NOW - HOUR),
          expiresAt: at(NOW + 7 * HOUR),
          endDuration: '8h',
          endSetAt: at(NOW),
        },
      },
      NOW + 9 * HOUR,
    ],
    [
      'does not move when the right is applied again',
      {
        spec: { duration: '8h' },
        status: { applied: applied(NOW), expiresAt: at(NOW + HOUR), endDuration: '8h', endSetAt: at(NOW) },
      },
      NOW + HOUR,
    ],
  ];
  for (const [what, changes, end] of ends) test(what, () => assert.equal(endOf(grantObject(changes)), end));

  test('is the deletion if the grant is both deleted and expired', () => {
    const metadata = { deletionTimestamp: at(NOW - 5_000) };
    const object = grantObject({ metadata, spec: { expiresAt: at(NOW - HOUR) } });
    assert.deepEqual(endingOf(object, NOW), { because: 'Deleted', at: NOW - 5_000 });
  });

  test('has come at exactly expiresAt, and not before', () => {
    assert.equal(endingOf(grantObject({ spec: { expiresAt: at(NOW) } }), NOW)?.because, 'Expired');
    assert.equal(endingOf(grantObject({ spec: { expiresAt: at(NOW + 1_000) } }), NOW), null);
  });

  test('keeps endSetAt in the status until the time of the end changes', () => {
    const spec = { expiresAt: '2026-06-01T20:00:00+00:00' };
    const first = endFields(grantObject({ spec }), NOW);
    assert.deepEqual(first, { expiresAt: spec.expiresAt, endSetAt: at(NOW) }, 'as the user wrote it');
    assert.deepEqual(endFields(grantObject({ spec, status: first }), NOW + HOUR), first);
    const later = { expiresAt: at(NOW + 24 * HOUR) };
    const respelled = { expiresAt: spec.expiresAt.replace('+00:00', 'Z') };
    assert.deepEqual(
      endFields(grantObject({ spec: respelled, status: first }), NOW + HOUR),
      { ...respelled, endSetAt: at(NOW) },
      'another spelling of the same time keeps endSetAt',
    );
    assert.equal(endFields(grantObject({ spec: later, status: first }), NOW + HOUR).endSetAt, at(NOW + HOUR));
  });
});

suite('the end of an applied grant', () => {
  const window = HOUR;
  const status = (set: number, from: number) => ({
    applied: applied(from),
    expiresAt: at(NOW),
    endSetAt: at(set),
  });
  const expired = { because: 'Expired', at: NOW } as const;
  const cases: readonly [what: string, set: number, late: number, onTime: boolean][] = [
    ['is on time if the status has shown it since the first application', NOW - 2 * HOUR, 0, true],
    ['is on time if it comes at most one window late', NOW - 2 * HOUR, HOUR, true],
    ['is not on time if it comes more than one window late', NOW - 2 * HOUR, HOUR + 1, false],
    ['is not on time if it was set after the first application', NOW - HOUR, 0, false],
  ];
  for (const [what, set, late, onTime] of cases)
    test(what, () => {
      const object = grantObject({ status: status(set, NOW - 2 * HOUR) });
      assert.equal(endsOnTime(object, expired, window, NOW + late), onTime);
    });

  test('is not on time if an edit has just advanced it and the status does not show that yet', () => {
    const object = grantObject({
      spec: { expiresAt: at(NOW - 1_000) },
      status: { ...status(NOW - 2 * HOUR, NOW - 2 * HOUR), expiresAt: at(NOW + 24 * HOUR) },
    });
    assert.equal(endsOnTime(object, { because: 'Expired', at: NOW - 1_000 }, window, NOW), false);
  });

  test('is not on time if the object was deleted', () => {
    const object = grantObject({ status: status(NOW - 2 * HOUR, NOW - 2 * HOUR) });
    assert.equal(endsOnTime(object, { because: 'Deleted', at: NOW }, window, NOW), false);
  });
});

suite('the next instant of a grant', () => {
  const until = (changes: Changes) => untilNextInstant(grantObject(changes), NOW);

  test('is null without times in the spec', () => assert.equal(until({}), null));
  test('is startsAt before the beginning', () =>
    assert.equal(until({ spec: { startsAt: at(NOW + HOUR) } }), HOUR));
  test('is expiresAt if nothing is applied', () =>
    assert.equal(until({ spec: { expiresAt: at(NOW + HOUR) } }), HOUR));
  test('is the notice, a tenth of the lifetime before the end', () =>
    assert.equal(
      until({ spec: { expiresAt: at(NOW + 10 * HOUR) }, status: { applied: applied(NOW) } }),
      9 * HOUR,
    ));
  test('is at once if the end passed during the decision', () =>
    assert.equal(until({ spec: { expiresAt: at(NOW - HOUR) } }), 1));

  test('is the notice at most 72 h before the end', () => {
    const object = grantObject({
      spec: { expiresAt: at(NOW + 2_000 * HOUR) },
      status: { applied: applied(NOW) },
    });
    assert.equal(noticeAt(object), NOW + 1_928 * HOUR);
  });

  test('is a notice counted from the application if startsAt has moved past it', () => {
    const object = grantObject({
      spec: { startsAt: at(NOW + 90 * HOUR), expiresAt: at(NOW + 100 * HOUR) },
      status: { applied: applied(NOW) },
    });
    assert.equal(noticeAt(object), NOW + 90 * HOUR);
  });

  test('is no notice if one was given already', () => {
    const status: AsanaLicenseGrant['status'] = { applied: applied(NOW), expiresSoonToldAt: at(NOW) };
    assert.equal(noticeAt(grantObject({ spec: { expiresAt: at(NOW + HOUR) }, status })), null);
  });
});
