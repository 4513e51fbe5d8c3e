import { create, toBinary } from '@bufbuild/protobuf';
import { isImmutableTeamRole, roleFields, teamRoleWords } from '../entitlements.ts';
import { EntitlementSchema } from '../generated/c1/connector/v2/entitlement_pb.ts';
import { GrantSchema } from '../generated/c1/connector/v2/grant_pb.ts';
import { GroupTraitSchema } from '../generated/c1/connector/v2/trait_pb.ts';
import { grantAnnotations } from '../grants.ts';
import { roleGrantId, type TeamRole, teamRoles } from '../ids.ts';
import { type TeamHead, teamProfile } from '../resources.ts';
import { displayName } from '../text.ts';
import { FieldWriter } from './field-writer.ts';
import type { GrantPattern } from './grant-bytes.ts';
import { typeUrlOf, writeAnnotation, writeName, writeProfile, writeRawId } from './resource-fields.ts';

const GROUP_TRAIT = typeUrlOf(GroupTraitSchema);

/** The bytes that the entitlements of one role share in all teams, encoded once. */
interface RoleBytes {
  /** Fields 5 to 8 of an Entitlement. */
  readonly details: Uint8Array;
  /** Fields 7 and 8 of an Entitlement, which a grant contains too. */
  readonly kind: Uint8Array;
  /** Field 4 of a Grant. */
  readonly grantTail: Uint8Array;
}

const roleBytes = new Map<TeamRole, RoleBytes>(
  teamRoles.map((role) => {
    const immutable = isImmutableTeamRole(role);
    const fields = roleFields(role, immutable);
    const { purpose, slug } = fields;
    return [
      role,
      {
        details: toBinary(EntitlementSchema, create(EntitlementSchema, fields)),
        kind: toBinary(EntitlementSchema, create(EntitlementSchema, { purpose, slug })),
        grantTail: toBinary(GrantSchema, create(GrantSchema, { annotations: grantAnnotations(immutable) })),
      },
    ];
  }),
);

/** Encodes one team at a time, to the same bytes as `teamOffer` and `patternOf`, without building their messages. */
export class TeamEncoder {
  readonly #resource = new FieldWriter();
  readonly #writer = new FieldWriter();
  #gid = '';
  #organization = '';
  #displayName = '';

  /** Switches to another team. */
  take(team: TeamHead): void {
    const { gid, organization } = team;
    this.#gid = gid;
    this.#organization = organization;
    this.#displayName = displayName(team.name, gid);
    const profile = teamProfile(team);
    const writer = this.#resource.clear();
    this.#writeName(writer);
    writeAnnotation(writer, GROUP_TRAIT, () => writeStruct(writer, 2, profile));
    writeRawId(writer, gid);
    writeStruct(writer, 9, profile);
  }

  /** Returns the team's Resource: a view that the next team overwrites. */
  resource(): Uint8Array {
    return this.#resource.written();
  }

  /** Returns the Entitlement of a role: a view that the next call of any method overwrites. */
  entitlement(role: TeamRole): { readonly id: string; readonly data: Uint8Array } {
    const { id, name, description } = teamRoleWords(this.#gid, this.#displayName, role);
    const writer = this.#writer.clear().message(1, this.#resource.written());
    writer.string(2, id).string(3, name).string(4, description).raw(bytesOf(role).details);
    return { id, data: writer.written() };
  }

  /** Returns the columns and bytes that the grants of a role share. */
  pattern(role: TeamRole): GrantPattern {
    const { id, name } = teamRoleWords(this.#gid, this.#displayName, role);
    const { kind, grantTail } = bytesOf(role);
    const writer = this.#writer.clear();
    const entitlement = writer.begin(1);
    const resource = writer.begin(1);
    this.#writeName(writer);
    writer.end(resource).string(2, id).string(3, name).raw(kind).end(entitlement);
    return {
      resourceType: 'team',
      resource: this.#gid,
      entitlement: id,
      idPrefix: roleGrantId(id, ''),
      head: Uint8Array.from(writer.written()),
      tail: grantTail,
    };
  }

  #writeName(writer: FieldWriter): void {
    writeName(writer, ['team', this.#gid], this.#organization, this.#displayName);
  }
}

function writeStruct(writer: FieldWriter, field: number, profile: ReturnType<typeof teamProfile>): void {
  const inside = writer.begin(field);
  writeProfile(writer, profile);
  writer.end(inside);
}

function bytesOf(role: TeamRole): RoleBytes {
  return roleBytes.get(role) as RoleBytes;
}
