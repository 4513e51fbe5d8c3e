import { create } from '@bufbuild/protobuf';
import { type CapabilitySettings, connectorCapabilities } from './capabilities.ts';
import {
  type ConnectorAccountCreationSchema,
  ConnectorAccountCreationSchemaSchema,
  type ConnectorMetadata,
  ConnectorMetadataSchema,
} from './generated/c1/connector/v2/connector_pb.ts';

/** What the connector says of itself with every Hello. */
export function connectorMetadata(settings: CapabilitySettings): ConnectorMetadata {
  return create(ConnectorMetadataSchema, {
    displayName: 'Asana',
    description: settings.licenses
      ? 'Accounts, teams, workspaces and licenses of Asana'
      : 'Accounts, teams and workspaces of Asana',
    capabilities: connectorCapabilities(settings),
    ...(settings.provision ? { accountCreationSchema: accountCreationSchema(settings) } : {}),
  });
}

/**
 * What a create-account task must and may say, under the names of the Go connector. Only what has an effect is
 * asked for: SCIM knows its organization by itself and takes names; an invitation takes a workspace and no name.
 */
export function accountCreationSchema({
  licenses,
}: {
  readonly licenses: boolean;
}): ConnectorAccountCreationSchema {
  const email = textField('Email', 'The address the invitation goes to.', 'person@example.com', 1, true);
  return create(ConnectorAccountCreationSchemaSchema, {
    fieldMap: licenses
      ? {
          email,
          first_name: textField('First name', 'Given name of the new account.', 'Ada', 2),
          last_name: textField('Last name', 'Family name of the new account.', 'Lovelace', 3),
        }
      : {
          email,
          workspace_id: textField(
            'Workspace ID',
            "The gid of the workspace to invite to. Empty: the connector's default workspace.",
            '1200000000000001',
            2,
          ),
        },
  });
}

function textField(
  displayName: string,
  description: string,
  placeholder: string,
  order: number,
  required = false,
) {
  return {
    displayName,
    description,
    placeholder,
    order,
    required,
    field: { case: 'stringField' as const, value: {} },
  };
}
