import { create, toBinary } from '@bufbuild/protobuf';
import type { Entitlement } from '../generated/c1/connector/v2/entitlement_pb.ts';
import { GrantSchema } from '../generated/c1/connector/v2/grant_pb.ts';
import { ResourceSchema } from '../generated/c1/connector/v2/resource_pb.ts';
import { grantId, grantOf } from '../grants.ts';
import type { GrantKey } from './database.ts';
import { FieldWriter } from './field-writer.ts';

/** What the grants of one entitlement have in common. */
export interface GrantPattern extends GrantKey {
  /** `idPrefix` in UTF-8. */
  readonly idBytes: Uint8Array;
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
    idBytes: Buffer.from(grantId(entitlement, '')),
    head: toBinary(GrantSchema, create(GrantSchema, { entitlement: grant.entitlement as Entitlement })),
    tail: toBinary(GrantSchema, create(GrantSchema, { annotations: grant.annotations })),
  };
}

/**
 * Puts the bytes of grants together out of parts that are encoded once: a grant is its entitlement, its principal,
 * its id and its annotations, one behind the other. The same bytes as protobuf's own encoder makes, at a tenth of
 * its time.
 */
export class GrantEncoder {
  readonly #writer = new FieldWriter();

  /**
   * @param principal field 2 of a Grant
   * @returns a view that the next call overwrites
   */
  encode({ head, idBytes, tail }: GrantPattern, principal: Uint8Array, user: string): Uint8Array {
    const writer = this.#writer.clear().raw(head).raw(principal);
    const id = writer.begin(3);
    return writer.raw(idBytes).append(user).end(id).raw(tail).written();
  }
}
