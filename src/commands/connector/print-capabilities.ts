import { createRegistry, toJson } from '@bufbuild/protobuf';
import { AnySchema, anyPack } from '@bufbuild/protobuf/wkt';
import { connectorCapabilities } from '../../conductorone/capabilities.ts';
import { file_c1_connector_v2_annotation } from '../../conductorone/generated/c1/connector/v2/annotation_pb.ts';
import {
  ConnectorCapabilitiesSchema,
  file_c1_connector_v2_connector,
} from '../../conductorone/generated/c1/connector/v2/connector_pb.ts';
import { readConfigFile } from '../baton-settings/config-file.ts';
import { type Flags, readSettings } from '../baton-settings/read-settings.ts';

/**
 * Returns the capabilities as Go's connectors print them: a `google.protobuf.Any` in protobuf JSON, indented by two
 * spaces.
 * @throws InvalidInputError
 */
export async function readCapabilities(
  flags: Flags,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const file = await readConfigFile(environment);
  const { useScimApi, provisioning } = readSettings(['asana'], { flags, environment, file });
  const capabilities = connectorCapabilities({ licenses: useScimApi, provision: provisioning });
  const registry = createRegistry(file_c1_connector_v2_annotation, file_c1_connector_v2_connector);
  const message = toJson(AnySchema, anyPack(ConnectorCapabilitiesSchema, capabilities), { registry });
  return JSON.stringify(message, null, 2);
}
