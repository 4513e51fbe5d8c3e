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
    ['is never, where nothing says so', {}, null],
    ['is expiresAt', { spec: { expiresAt: at(NOW + HOUR) } }, NOW + HOUR],
    ['is not known before a duration begins', { spec: { duration: '8h' } }, null],
    [
      'is a duration after it was first applied',
      { spec: { duration: '8h' }, status: { applied: applied(NOW) } },
      NOW + 8 * HOUR,
    ],
    [
      'outlives what was applied, so that an edit of something else grants nothing again',
      {
        spec: { duration: '8h' },
        status: { expiresAt: at(NOW - HOUR), endDuration: '8h', endSetAt: at(NOW) },
      },
      NOW - HOUR,
    ],
    [
      'moves with the duration, and keeps its beginning',
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
      'does not move when the right is applied anew',
      {
        spec: { duration: '8h' },
        status: { applied: applied(NOW), expiresAt: at(NOW + HOUR), endDuration: '8h', endSetAt: at(NOW) },
      },
      NOW + HOUR,
    ],
  ];
  for (const [what, changes, end] of ends) test(what, () => assert.equal(endOf(grantObject(changes)), end));

  test('by deletion outranks the one by expiry', () => {
    const metadata = { deletionTimestamp: at(NOW - 5_000) };
    const object = grantObject({ metadata, spec: { expiresAt: at(NOW - HOUR) } });
    assert.deepEqual(endingOf(object, NOW), { because: 'Deleted', at: NOW - 5_000 });
  });

  test('has come at its very instant', () => {
    assert.equal(endingOf(grantObject({ spec: { expiresAt: at(NOW) } }), NOW)?.because, 'Expired');
    assert.equal(endingOf(grantObject({ spec: { expiresAt: at(NOW + 1_000) } }), NOW), null);
  });

  test('is set once: a status that says it keeps the time since when', () => {
    const spec = { expiresAt: '2026-06-01T20:00:00+00:00' };
    const first = endFields(grantObject({ spec }), NOW);
    assert.deepEqual(first, { expiresAt: spec.expiresAt, endSetAt: at(NOW) }, 'as the user wrote it');
    assert.deepEqual(endFields(grantObject({ spec, status: first }), NOW + HOUR), first);
    const later = { expiresAt: at(NOW + 24 * HOUR) };
    const respelled = { expiresAt: spec.expiresAt.replace('+00:00', 'Z') };
    assert.deepEqual(
      endFields(grantObject({ spec: respelled, status: first }), NOW + HOUR),
      { ...respelled, endSetAt: at(NOW) },
      'another spelling of the same time moves nothing',
    );
    assert.equal(endFields(grantObject({ spec: later, status: first }), NOW + HOUR).endSetAt, at(NOW + HOUR));
  });
});

suite('an end surprises nobody', () => {
  const window = HOUR;
  const status = (set: number, from: number) => ({
    applied: applied(from),
    expiresAt: at(NOW),
    endSetAt: at(set),
  });
  const expired = { because: 'Expired', at: NOW } as const;
  const cases: readonly [what: string, set: number, late: number, onTime: boolean][] = [
    ['that was said from the beginning, and comes then', NOW - 2 * HOUR, 0, true],
    ['that comes within a window of its time', NOW - 2 * HOUR, HOUR, true],
    ['unless it comes later than that', NOW - 2 * HOUR, HOUR + 1, false],
    ['unless it was advanced since', NOW - HOUR, 0, false],
  ];
  for (const [what, set, late, onTime] of cases)
    test(what, () => {
      const object = grantObject({ status: status(set, NOW - 2 * HOUR) });
      assert.equal(endsOnTime(object, expired, window, NOW + late), onTime);
    });

  test('unless an edit has just advanced it, and no status says so yet', () => {
    const object = grantObject({
      spec: { expiresAt: at(NOW - 1_000) },
      status: { ...status(NOW - 2 * HOUR, NOW - 2 * HOUR), expiresAt: at(NOW + 24 * HOUR) },
    });
    assert.equal(endsOnTime(object, { because: 'Expired', at: NOW - 1_000 }, window, NOW), false);
  });

  test('unless somebody deleted the object', () => {
    const object = grantObject({ status: status(NOW - 2 * HOUR, NOW - 2 * HOUR) });
    assert.equal(endsOnTime(object, { because: 'Deleted', at: NOW }, window, NOW), false);
  });
});

suite('time comes again', () => {
  const until = (changes: Changes) => untilNextInstant(grantObject(changes), NOW);

  test('never, for a grant without times', () => assert.equal(until({}), null));
  test('at the beginning', () => assert.equal(until({ spec: { startsAt: at(NOW + HOUR) } }), HOUR));
  test('at the end, where nothing is applied', () =>
    assert.equal(until({ spec: { expiresAt: at(NOW + HOUR) } }), HOUR));
  test('a tenth of the time before the end', () =>
    assert.equal(
      until({ spec: { expiresAt: at(NOW + 10 * HOUR) }, status: { applied: applied(NOW) } }),
      9 * HOUR,
    ));
  test('at once, for an end that passed while it was decided', () =>
    assert.equal(until({ spec: { expiresAt: at(NOW - HOUR) } }), 1));

  test('72 h before the end at most', () => {
    const object = grantObject({
      spec: { expiresAt: at(NOW + 2_000 * HOUR) },
      status: { applied: applied(NOW) },
    });
    assert.equal(noticeAt(object), NOW + 1_928 * HOUR);
  });

  test('counted from when it was applied, where startsAt has moved past that', () => {
    const object = grantObject({
      spec: { startsAt: at(NOW + 90 * HOUR), expiresAt: at(NOW + 100 * HOUR) },
      status: { applied: applied(NOW) },
    });
    assert.equal(noticeAt(object), NOW + 90 * HOUR);
  });

  test('once: a notice that was given is not given again', () => {
    const status: AsanaLicenseGrant['status'] = { applied: applied(NOW), expiresSoonToldAt: at(NOW) };
    assert.equal(noticeAt(grantObject({ spec: { expiresAt: at(NOW + HOUR) }, status })), null);
  });
});
