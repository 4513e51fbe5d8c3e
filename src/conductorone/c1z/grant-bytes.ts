import { create, toBinary } from '@bufbuild/protobuf';
import type { Entitlement } from '../generated/c1/connector/v2/entitlement_pb.ts';
import { GrantSchema } from '../generated/c1/connector/v2/grant_pb.ts';
import { ResourceSchema } from '../generated/c1/connector/v2/resource_pb.ts';
import { grantId, grantOf } from '../grants.ts';
import type { GrantKey } from './database.ts';
import type { FieldWriter } from './field-writer.ts';

/** The columns and bytes that the grants of one entitlement share. */
export interface GrantPattern extends GrantKey {
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

/**
 * Encodes field 3 of a Grant, its id, up to the gid of the user at the end of the id.
 * @param gidBytes length of the gid in UTF-8
 * @returns a view of what `writer` has written
 */
export function idBytes({ idPrefix }: GrantKey, gidBytes: number, writer: FieldWriter): Uint8Array {
  const field = writer
    .clear()
    .text(3, idPrefix + '0'.repeat(gidBytes))
    .written();
  return field.subarray(0, field.length - gidBytes);
}
