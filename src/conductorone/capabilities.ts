import { create } from '@bufbuild/protobuf';
import {
  Capability,
  type ConnectorCapabilities,
  ConnectorCapabilitiesSchema,
  CapabilityDetailCredentialOption as CredentialOption,
} from './generated/c1/connector/v2/connector_pb.ts';
import { resourceTypes } from './resource-types.ts';

export interface CapabilitySettings {
  /** SCIM is on. */
  readonly licenses: boolean;
  /** `conductorOne.provision`: grant, revoke and create-account tasks are carried out. */
  readonly provision: boolean;
}

/** What the connector can do under its settings: nothing is announced that a task would then be refused for. */
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

/** Asana mails an invitation; there is no password to set. */
const invitedByMail = {
  supportedCredentialOptions: [CredentialOption.NO_PASSWORD],
  preferredCredentialOption: CredentialOption.NO_PASSWORD,
};
