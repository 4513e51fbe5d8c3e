import { create, toBinary } from '@bufbuild/protobuf';
import type { Entitlement } from '../generated/c1/connector/v2/entitlement_pb.ts';
import { GrantSchema } from '../generated/c1/connector/v2/grant_pb.ts';
import { type Resource, ResourceSchema } from '../generated/c1/connector/v2/resource_pb.ts';
import { grantId, grantOf } from '../grants.ts';

/** Field 3 of a Grant, length-delimited. */
const ID_TAG = (3 << 3) | 2;
/** The longest length prefix of protobuf, and the tag before it. */
const ID_HEADER_BYTES = 6;

/** What the grants of one entitlement have in common. */
export interface GrantPattern {
  readonly resourceType: string;
  readonly resource: string;
  readonly entitlement: string;
  /** A grant's id is this and the user's gid. */
  readonly idPrefix: string;
  /** Field 1 of the Grant: the entitlement. */
  readonly head: Uint8Array;
  /** Field 4: the annotations. */
  readonly tail: Uint8Array;
}

export function patternOf(entitlement: Entitlement): GrantPattern {
  const grant = grantOf(entitlement, create(ResourceSchema));
  return {
    resourceType: entitlement.resource?.id?.resourceType ?? '',
    resource: entitlement.resource?.id?.resource ?? '',
    entitlement: entitlement.id,
    idPrefix: grantId(entitlement, ''),
    head: toBinary(GrantSchema, create(GrantSchema, { entitlement: grant.entitlement as Entitlement })),
    tail: toBinary(GrantSchema, create(GrantSchema, { annotations: grant.annotations })),
  };
}

/** Field 2 of a Grant: the principal. */
export function principalBytes(principal: Resource): Uint8Array {
  return toBinary(GrantSchema, create(GrantSchema, { principal }));
}

/**
 * Puts the bytes of grants together out of parts that are encoded once: a grant is its entitlement, its principal,
 * its id and its annotations, one behind the other. The same bytes as protobuf's own encoder makes, at a tenth of
 * its time.
 */
export class GrantEncoder {
  #scratch = Buffer.allocUnsafe(8192);

  /** @returns a view that the next call overwrites */
  encode(pattern: GrantPattern, principal: Uint8Array, id: string): Uint8Array {
    const { head, tail } = pattern;
    const idBytes = Buffer.byteLength(id);
    const most = head.length + principal.length + ID_HEADER_BYTES + idBytes + tail.length;
    if (most > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(most * 2);
    const scratch = this.#scratch;
    scratch.set(head, 0);
    let at = head.length;
    scratch.set(principal, at);
    at += principal.length;
    scratch[at] = ID_TAG;
    at += 1;
    let length = idBytes;
    for (; length > 0x7f; length >>>= 7) {
      scratch[at] = (length & 0x7f) | 0x80;
      at += 1;
    }
    scratch[at] = length;
    at += 1 + scratch.write(id, at + 1);
    scratch.set(tail, at);
    return scratch.subarray(0, at + tail.length);
  }
}
