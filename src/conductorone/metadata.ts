import { create } from '@bufbuild/protobuf';
import { type CapabilitySettings, connectorCapabilities } from './capabilities.ts';
import {
  type ConnectorAccountCreationSchema,
  ConnectorAccountCreationSchemaSchema,
  type ConnectorMetadata,
  ConnectorMetadataSchema,
} from './generated/c1/connector/v2/connector_pb.ts';

/** Returns the metadata that the connector sends with every Hello. */
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
 * Returns the required and optional fields of a create-account task, named as in the Go connector. First and last name
 * have an effect only with SCIM: an invitation takes no name.
 */
export function accountCreationSchema({
  licenses,
}: {
  readonly licenses: boolean;
}): ConnectorAccountCreationSchema {
  const email = textField(
    'Email',
    'The email address that the invitation is sent to.',
    'person@example.com',
    1,
    true,
  );
  const workspace = textField(
    'Workspace ID',
    'The gid of the workspace in which the account is created. If it is empty, the default workspace of the connector is used; without one, no account is created.',
    '1200000000000001',
    2,
  );
  const names = {
    first_name: textField('First name', 'Given name of the new account.', 'Ada', 3),
    last_name: textField('Last name', 'Family name of the new account.', 'Lovelace', 4),
  };
  return create(ConnectorAccountCreationSchemaSchema, {
    fieldMap: { email, workspace_id: workspace, ...(licenses ? names : {}) },
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
