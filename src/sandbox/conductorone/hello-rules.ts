import {
  Capability,
  type ConnectorAccountCreationSchema,
  type ConnectorCapabilities,
  type ConnectorMetadata,
} from '../../conductorone/generated/c1/connector/v2/connector_pb.ts';
import type {
  BatonServiceHelloRequest,
  BatonServiceHelloRequest_BuildInfo as BuildInfo,
  BatonServiceHelloRequest_OSInfo as OsInfo,
} from '../../conductorone/generated/c1/connectorapi/baton/v1/baton_pb.ts';
import {
  checkAnnotations,
  checkBytes,
  checkHostId,
  checkTaskId,
  checkText,
  invalid,
  isHttps,
} from './message-rules.ts';

const FILLED = { min: 1, max: 256 } as const;
const NAME = { min: 1, max: 1024 } as const;

/** @throws ConnectError InvalidArgument naming the first field that breaks a rule */
export function checkHello(request: BatonServiceHelloRequest): void {
  checkHostId(request.hostId);
  if (request.taskId !== '') checkTaskId(request.taskId);
  checkBuildInfo(request.buildInfo);
  checkOsInfo(request.osInfo);
  checkMetadata(request.connectorMetadata);
  checkAnnotations('annotations', request.annotations);
}

function checkBuildInfo(info: BuildInfo | undefined): void {
  if (info === undefined) throw invalid('build_info', 'is required');
  checkText('build_info.lang_version', info.langVersion, FILLED);
  checkText('build_info.package', info.package, FILLED);
  checkText('build_info.package_version', info.packageVersion, FILLED);
}

/** Checks every field: registration fails on an empty one. */
function checkOsInfo(info: OsInfo | undefined): void {
  if (info === undefined) throw invalid('os_info', 'is required');
  const fields: readonly (readonly [string, string])[] = [
    ['hostname', info.hostname],
    ['os', info.os],
    ['platform', info.platform],
    ['platform_version', info.platformVersion],
    ['platform_family', info.platformFamily],
    ['kernel_version', info.kernelVersion],
    ['kernel_arch', info.kernelArch],
    ['virtualization_system', info.virtualizationSystem],
  ];
  for (const [name, value] of fields) checkText(`os_info.${name}`, value, FILLED);
}

function checkMetadata(metadata: ConnectorMetadata | undefined): void {
  const field = 'connector_metadata';
  if (metadata === undefined) throw invalid(field, 'is required');
  checkBytes(`${field}.display_name`, metadata.displayName, NAME);
  checkBytes(`${field}.description`, metadata.description, { min: 0, max: 2048 });
  if (metadata.helpUrl !== '' && !isHttps(metadata.helpUrl))
    throw invalid(`${field}.help_url`, 'must be an https address');
  checkAnnotations(`${field}.annotations`, metadata.annotations);
  if (metadata.capabilities) checkCapabilities(`${field}.capabilities`, metadata.capabilities);
  if (metadata.accountCreationSchema)
    checkAccountSchema(`${field}.account_creation_schema`, metadata.accountCreationSchema);
}

function checkCapabilities(field: string, capabilities: ConnectorCapabilities): void {
  checkCapabilityList(`${field}.connector_capabilities`, capabilities.connectorCapabilities);
  const seen = new Set<string>();
  for (const [
    index,
    { resourceType, capabilities: ofType },
  ] of capabilities.resourceTypeCapabilities.entries()) {
    const path = `${field}.resource_type_capabilities[${index}]`;
    if (resourceType === undefined) throw invalid(`${path}.resource_type`, 'is required');
    checkBytes(`${path}.resource_type.id`, resourceType.id, NAME);
    checkBytes(`${path}.resource_type.display_name`, resourceType.displayName, NAME);
    if (seen.has(resourceType.id)) throw invalid(`${path}.resource_type.id`, 'is there twice');
    seen.add(resourceType.id);
    checkCapabilityList(`${path}.capabilities`, ofType);
  }
  const provisions = capabilities.connectorCapabilities.includes(Capability.ACCOUNT_PROVISIONING);
  const details = capabilities.credentialDetails?.capabilityAccountProvisioning;
  if (provisions && !details?.supportedCredentialOptions.includes(details.preferredCredentialOption))
    throw invalid(
      `${field}.credential_details`,
      'must say how new accounts get their credentials, the preferred way among the supported ones',
    );
}

function checkCapabilityList(field: string, list: readonly Capability[]): void {
  if (new Set(list).size < list.length) throw invalid(field, 'must not repeat anything');
  const known: readonly number[] = Object.values(Capability);
  if (list.some((capability) => capability === Capability.UNSPECIFIED || !known.includes(capability)))
    throw invalid(field, 'must hold known capabilities');
}

function checkAccountSchema(field: string, { fieldMap }: ConnectorAccountCreationSchema): void {
  for (const [name, { displayName, field: kind }] of Object.entries(fieldMap)) {
    checkBytes(`${field}.field_map[${name}].display_name`, displayName, NAME);
    if (kind.case === undefined) throw invalid(`${field}.field_map[${name}].field`, 'is required');
  }
}
