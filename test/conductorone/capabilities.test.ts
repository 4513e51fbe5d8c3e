import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { connectorCapabilities } from '../../src/conductorone/capabilities.ts';
import {
  Capability,
  CapabilityDetailCredentialOption as CredentialOption,
} from '../../src/conductorone/generated/c1/connector/v2/connector_pb.ts';
import { connectorMetadata } from '../../src/conductorone/metadata.ts';

const { SYNC, PROVISION, ACCOUNT_PROVISIONING } = Capability;

suite('the capabilities', () => {
  for (const { settings, types, connector, because } of [
    {
      settings: { licenses: false, provision: false },
      types: { team: [SYNC], user: [SYNC], workspace: [SYNC] },
      connector: [SYNC],
      because: 'neither licenses nor provisioning',
    },
    {
      settings: { licenses: true, provision: false },
      types: { license: [SYNC], team: [SYNC], user: [SYNC], workspace: [SYNC] },
      connector: [SYNC],
      because: 'licenses without provisioning',
    },
    {
      settings: { licenses: true, provision: true },
      types: {
        license: [SYNC, PROVISION],
        team: [SYNC, PROVISION],
        user: [SYNC, ACCOUNT_PROVISIONING],
        workspace: [SYNC, PROVISION],
      },
      connector: [PROVISION, SYNC, ACCOUNT_PROVISIONING],
      because: 'licenses and provisioning',
    },
  ]) {
    test(`match the settings and are sorted by resource type: ${because}`, () => {
      const { resourceTypeCapabilities, connectorCapabilities: own } = connectorCapabilities(settings);
      assert.deepEqual(
        resourceTypeCapabilities.map(({ resourceType, capabilities }) => [resourceType?.id, capabilities]),
        Object.entries(types),
      );
      assert.deepEqual(own, connector);
    });
  }

  test('announce accounts without a password only if provisioning is enabled', () => {
    const details = connectorCapabilities({ licenses: true, provision: true }).credentialDetails;
    assert.deepEqual(details?.capabilityAccountProvisioning?.supportedCredentialOptions, [
      CredentialOption.NO_PASSWORD,
    ]);
    assert.equal(
      details?.capabilityAccountProvisioning?.preferredCredentialOption,
      CredentialOption.NO_PASSWORD,
    );
    assert.equal(connectorCapabilities({ licenses: true, provision: false }).credentialDetails, undefined);
  });
});

suite('the metadata', () => {
  for (const { settings, questions } of [
    {
      settings: { licenses: true, provision: true },
      questions: ['email', 'workspace_id', 'first_name', 'last_name'],
    },
    { settings: { licenses: false, provision: true }, questions: ['email', 'workspace_id'] },
    { settings: { licenses: true, provision: false }, questions: undefined },
  ]) {
    test(`contains the fields of a new account with the settings ${JSON.stringify(settings)}: ${questions?.join(', ') ?? 'nothing'}`, () => {
      const {
        displayName,
        description,
        capabilities,
        accountCreationSchema: schema,
      } = connectorMetadata(settings);
      assert.equal(displayName, 'Asana');
      assert.ok(description.length > 0 && capabilities);
      assert.deepEqual(schema && Object.keys(schema.fieldMap), questions);
      if (!schema) return;
      const fields = Object.values(schema.fieldMap);
      assert.deepEqual(
        fields.map(({ order }) => order),
        questions?.map((_, index) => index + 1),
      );
      assert.deepEqual(
        fields.map(({ required }) => required),
        questions?.map((name) => name === 'email'),
      );
    });
  }
});
