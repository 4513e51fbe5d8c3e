import type { Resource } from '../../../src/kubernetes/resource.ts';
import { isObject, type Json, type StoredObject } from './object.ts';
import { refusal, UndecodableError } from './refusal.ts';
import { type ServedKind, tableOf } from './served-kind.ts';

export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
};
export const EVENTS: Resource = { group: 'events.k8s.io', version: 'v1', plural: 'events', kind: 'Event' };
export const SECRETS: Resource = { group: '', version: 'v1', plural: 'secrets', kind: 'Secret' };
/** Cluster-scoped: its objects are stored under the empty namespace. */
export const NAMESPACES: Resource = { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace' };

/** The kinds of every API server, as far as the operator uses them. */
export const builtinKinds: readonly ServedKind[] = [
  builtin(LEASES, checkLease, 'NamedVersionOrNew'),
  builtin(EVENTS, checkEvent),
  builtin(SECRETS, () => {}),
  builtin(NAMESPACES, () => {}),
];

type Check = (object: StoredObject, previous: StoredObject | null) => void;

function builtin(
  resource: Resource,
  check: Check,
  replacing: ServedKind['replacing'] = 'AnyVersion',
): ServedKind {
  return {
    resource,
    table: tableOf(resource),
    custom: false,
    replacing,
    admit: (object, previous) => {
      check(object, previous);
      return object;
    },
  };
}

function invalid({ kind, metadata }: StoredObject, field: string): never {
  throw refusal('Invalid', `${kind} "${metadata.name}" is invalid: ${field}`);
}

/** `metav1.MicroTime` is parsed with exactly six digits; anything else cannot be decoded. */
const MICRO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}(Z|[+-]\d{2}:\d{2})$/;

function checkMicroTimes(fields: Json, names: readonly string[]): void {
  for (const name of names) {
    const value = fields[name];
    if (value === undefined || value === null) continue;
    if (typeof value !== 'string' || !MICRO_TIME.test(value))
      throw new UndecodableError(`parsing time of ${name}: six digits after the seconds are wanted`);
  }
}

function checkLease(lease: StoredObject): void {
  const spec = isObject(lease['spec']) ? lease['spec'] : {};
  checkMicroTimes(spec, ['acquireTime', 'renewTime']);
  const { leaseDurationSeconds = 1, leaseTransitions = 0 } = spec;
  if (!(Number(leaseDurationSeconds) > 0))
    invalid(lease, 'spec.leaseDurationSeconds: must be greater than 0');
  if (!(Number(leaseTransitions) >= 0)) invalid(lease, 'spec.leaseTransitions: must not be negative');
}

/** Maximum length of a note, in bytes. */
const LONGEST_NOTE = 1024;
/** Maximum length of a reason, an action and the name of a reporting instance. */
const LONGEST_WORD = 128;

function checkEvent(event: StoredObject, previous: StoredObject | null): void {
  checkMicroTimes(event, ['eventTime']);
  if (!previous) checkNewEvent(event);
  const { series } = event;
  if (!isObject(series)) return;
  checkMicroTimes(series, ['lastObservedTime']);
  if (!(Number(series['count'] ?? 0) >= 2)) invalid(event, 'series.count: should be at least 2');
  if (series['lastObservedTime'] === undefined) invalid(event, 'series.lastObservedTime: Required value');
}

function checkNewEvent(event: StoredObject): void {
  const { eventTime, reportingController, type, note } = event;
  if (eventTime === undefined) invalid(event, 'eventTime: Required value');
  if (typeof reportingController !== 'string' || reportingController === '')
    invalid(event, 'reportingController: Required value');
  for (const name of ['reportingInstance', 'action', 'reason']) {
    const word = event[name];
    if (typeof word !== 'string' || word === '' || word.length > LONGEST_WORD)
      invalid(event, `${name}: Invalid`);
  }
  if (type !== 'Normal' && type !== 'Warning') invalid(event, 'type: has invalid value');
  if (typeof note === 'string' && Buffer.byteLength(note) > LONGEST_NOTE) invalid(event, 'note: Too long');
}
