import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConnectorSeats } from '../../../src/controllers/connectors/connector-seats.ts';
import { BegunAttempts } from '../../../src/controllers/grants/begun-attempts.ts';
import type { GrantSubject } from '../../../src/controllers/grants/grant-context.ts';
import { Seats } from '../../../src/controllers/grants/seats.ts';
import { Directory } from '../../../src/directory/directory.ts';
import { Organizations } from '../../../src/provisioning/removals/organizations.ts';
import { fastClock } from '../../asana/fake-clock.ts';

const upgrade = {
  type: 'GrantEnterprise',
  gid: '12001',
  email: 'ada@acme.example',
  from: 'ViewOnly',
  to: 'Enterprise',
} as const;

/** Returns the parts of a grant that Seats reads. */
function subjectOf(uid: string): GrantSubject {
  return { object: { metadata: { uid } }, connectorKey: 'iga/acme' } as unknown as GrantSubject;
}

describe('the state of grants in memory', () => {
  test('an attempt is unknown once its object is forgotten, and those of other objects are kept', () => {
    const begun = new BegunAttempts();
    begun.note('uid-1', 'action-1', 'Accepted');
    begun.note('uid-2', 'action-2', 'Accepted');
    begun.forget('uid-1');
    assert.equal(begun.whereabouts('uid-1', 'action-1'), 'Unknown');
    assert.equal(begun.whereabouts('uid-2', 'action-2'), 'Accepted');
  });

  test('a re-created object, which has another uid, inherits no attempt', () => {
    const begun = new BegunAttempts();
    begun.note('uid-1', 'action-1', 'Accepted');
    assert.equal(begun.whereabouts('uid-2', 'action-1'), 'Unknown');
  });

  test('a pending license counts for the other grants until the directory shows it', () => {
    const clock = fastClock(1);
    const organizations = new Organizations(clock);
    const directory = new Directory(clock);
    const session = {
      seats: new ConnectorSeats(organizations, { key: 'iga/acme', uid: '1200' }),
      directory,
    } as never;
    const seats = new Seats(() => {});
    seats.take(subjectOf('uid-1'), session, upgrade);
    assert.equal(organizations.seatsBeside('1200', 'uid-2', 'iga/acme'), 1);
    seats.keep('uid-1');
    assert.equal(organizations.seatsBeside('1200', 'uid-2', 'iga/acme'), 0);
  });
});
