import { create, type JsonObject } from '@bufbuild/protobuf';
import type { License, Workspace } from '../directory/snapshot.ts';
import { annotation } from './annotation.ts';
import { ChildResourceTypeSchema, RawIdSchema } from './generated/c1/connector/v2/annotation_pb.ts';
import { type Resource, ResourceSchema } from './generated/c1/connector/v2/resource_pb.ts';
import { GroupTraitSchema, RoleTraitSchema } from './generated/c1/connector/v2/trait_pb.ts';
import { licenseIds } from './ids.ts';
import { displayName } from './text.ts';

/** A team without its members: the fields that ConductorOne shows. */
export interface TeamHead {
  readonly gid: string;
  readonly name: string;
  /** The organization's gid. */
  readonly organization: string;
}

/** Returns the resource of a workspace. Annotations name its child types: the Go SDK finds children that way. */
export function workspaceResource({ gid, name, organization }: Workspace): Resource {
  const profile = {
    is_organization: organization,
    workspace_id: gid,
    workspace_name: name.toWellFormed(),
  } satisfies JsonObject;
  return create(ResourceSchema, {
    id: { resourceType: 'workspace', resource: gid },
    displayName: displayName(name, gid),
    annotations: [
      annotation(GroupTraitSchema, { profile }),
      annotation(ChildResourceTypeSchema, { resourceTypeId: 'user' }),
      annotation(ChildResourceTypeSchema, { resourceTypeId: 'team' }),
      annotation(RawIdSchema, { id: gid }),
    ],
    profile,
  });
}

export function teamResource(team: TeamHead): Resource {
  const { gid, name, organization } = team;
  const profile: JsonObject = Object.fromEntries(teamProfile(team));
  return create(ResourceSchema, {
    id: { resourceType: 'team', resource: gid },
    parentResourceId: { resourceType: 'workspace', resource: organization },
    displayName: displayName(name, gid),
    annotations: [annotation(GroupTraitSchema, { profile }), annotation(RawIdSchema, { id: gid })],
    profile,
  });
}

export function teamProfile({ gid, name }: TeamHead): readonly (readonly [key: string, value: string])[] {
  return [
    ['team_id', gid],
    ['team_name', name.toWellFormed()],
  ];
}

const LICENSE_NAMES: Readonly<Record<License, string>> = {
  Enterprise: 'Enterprise License',
  ViewOnly: 'View Only License',
};

/** Returns the resource of a license, which has no parent: SCIM covers one organization without naming it. */
export function licenseResource(license: License): Resource {
  const id = licenseIds[license];
  const profile = { license_type: id } satisfies JsonObject;
  return create(ResourceSchema, {
    id: { resourceType: 'license', resource: id },
    displayName: LICENSE_NAMES[license],
    annotations: [annotation(RoleTraitSchema, { profile }), annotation(RawIdSchema, { id })],
    profile,
  });
}
