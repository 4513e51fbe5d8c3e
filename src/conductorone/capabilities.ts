import { create } from '@bufbuild/protobuf';
import {
  Capability,
  type ConnectorCapabilities,
  ConnectorCapabilitiesSchema,
  CapabilityDetailCredentialOption as CredentialOption,
} from './generated/c1/connector/v2/connector_pb.ts';
import { resourceTypes } from './resource-types.ts';

export interface CapabilitySettings {
  /** True if SCIM is on. */
  readonly licenses: boolean;
  /** `conductorOne.provision`: whether grant, revoke and create-account tasks are carried out. */
  readonly provision: boolean;
}

/** Returns the connector's capabilities under its settings, without any whose tasks it would refuse. */
export function connectorCapabilities({ licenses, provision }: CapabilitySettings): ConnectorCapabilities {
  const capabilitiesOf = (type: string): Capability[] => {
    if (!provision) return [Capability.SYNC];
    return [Capability.SYNC, type === 'user' ? Capability.ACCOUNT_PROVISIONING : Capability.PROVISION];
  };
  return create(ConnectorCapabilitiesSchema, {
    resourceTypeCapabilities: resourceTypes({ licenses }).map((resourceType) => ({
      resourceType,
      capabilities: capabilitiesOf(resourceType.id),
    })),
    connectorCapabilities: provision
      ? [Capability.PROVISION, Capability.SYNC, Capability.ACCOUNT_PROVISIONING]
      : [Capability.SYNC],
    ...(provision ? { credentialDetails: { capabilityAccountProvisioning: invitedByMail } } : {}),
  });
}

/** Asana mails an invitation, so there is no password to set. */
const invitedByMail = {
  supportedCredentialOptions: [CredentialOption.NO_PASSWORD],
  preferredCredentialOption: CredentialOption.NO_PASSWORD,
};
