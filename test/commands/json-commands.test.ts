import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { capabilitiesCommand } from '../../src/commands/connector/capabilities-command.ts';
import { configCommand } from '../../src/commands/connector/config-command.ts';
import { Json } from '../sandbox/json.ts';

async function capabilities(...flags: string[]): Promise<{ text: string; json: Json }> {
  let text = '';
  const command = capabilitiesCommand({ write: (part: string) => (text += part) });
  await command.exitOverride().parseAsync(flags, { from: 'user' });
  return { text, json: new Json(JSON.parse(text)) };
}

describe('asana-connector capabilities', () => {
  it('prints all capabilities as a protobuf Any in JSON, indented by two spaces', async () => {
    const { text, json } = await capabilities('--use-scim-api', '-p');
    assert.match(text, /\n {2}"@type": "type/);
    assert.equal(json.at('@type').value, 'type.googleapis.com/c1.connector.v2.ConnectorCapabilities');
    assert.deepEqual(
      json
        .at('resourceTypeCapabilities')
        .list()
        .map((one) => [
          one.at('resourceType', 'id').value,
          one.at('resourceType', 'traits').value,
          one.at('capabilities').value,
        ]),
      [
        ['license', ['TRAIT_ROLE'], ['CAPABILITY_SYNC', 'CAPABILITY_PROVISION']],
        ['team', ['TRAIT_GROUP'], ['CAPABILITY_SYNC', 'CAPABILITY_PROVISION']],
        ['user', ['TRAIT_USER'], ['CAPABILITY_SYNC', 'CAPABILITY_ACCOUNT_PROVISIONING']],
        ['workspace', ['TRAIT_GROUP'], ['CAPABILITY_SYNC', 'CAPABILITY_PROVISION']],
      ],
    );
    assert.deepEqual(json.at('resourceTypeCapabilities', 2, 'resourceType', 'annotations').value, [
      { '@type': 'type.googleapis.com/c1.connector.v2.SkipEntitlementsAndGrants' },
    ]);
    assert.deepEqual(json.at('connectorCapabilities').value, [
      'CAPABILITY_PROVISION',
      'CAPABILITY_SYNC',
      'CAPABILITY_ACCOUNT_PROVISIONING',
    ]);
    assert.deepEqual(json.at('credentialDetails', 'capabilityAccountProvisioning').value, {
      supportedCredentialOptions: ['CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD'],
      preferredCredentialOption: 'CAPABILITY_DETAIL_CREDENTIAL_OPTION_NO_PASSWORD',
    });
  });

  it('omits licenses without SCIM, and provisioning if it is off', async () => {
    const { json } = await capabilities('--provisioning=false');
    const types = json.at('resourceTypeCapabilities').list();
    assert.deepEqual(
      types.map((one) => [one.at('resourceType', 'id').value, one.at('capabilities').value]),
      ['team', 'user', 'workspace'].map((id) => [id, ['CAPABILITY_SYNC']]),
    );
    assert.deepEqual(json.at('connectorCapabilities').value, ['CAPABILITY_SYNC']);
    assert.equal(json.at('credentialDetails').value, undefined);
  });

  it('needs no token', async () => {
    assert.equal(process.env['BATON_TOKEN'], undefined);
    assert.ok((await capabilities()).text.length > 0);
  });
});

/** The first properties of a field are its name, display name and description. */
const NAMES_OF_A_FIELD = 3;

describe('asana-connector config', () => {
  let text = '';
  configCommand({ write: (part: string) => (text += part) }).parse([], { from: 'user' });

  it('prints exactly the fields that ConductorOne documents, indented by two spaces', () => {
    assert.match(text, /^\{\n {2}"fields": \[\n {4}\{\n/);
    const fields = new Json(JSON.parse(text)).at('fields').list();
    assert.deepEqual(
      fields.map((one) => [one.at('name').value, one.at('displayName').value]),
      [
        ['default-workspace-id', 'Default workspace'],
        ['token', 'Personal access token'],
        ['use-scim-api', 'Use SCIM API'],
        ['use-service-account', 'Is service account'],
      ],
    );
    assert.ok(fields.every((one) => one.at('description').text().endsWith('.')));
  });

  it('prints the type of each field, and that the token is required and secret', () => {
    const fields = new Json(JSON.parse(text)).at('fields').list();
    const rest = fields.map(({ value }) => Object.entries(value as object).slice(NAMES_OF_A_FIELD));
    assert.deepEqual(
      rest.map((entries) => Object.fromEntries(entries)),
      [
        { stringField: {} },
        { isRequired: true, isSecret: true, stringField: { rules: { isRequired: true } } },
        { boolField: {} },
        { boolField: {} },
      ],
    );
  });

  it('says that SCIM depends on the service account', () => {
    const { fields, ...rest } = JSON.parse(text);
    assert.equal(fields.length, 4);
    assert.deepEqual(rest, {
      constraints: [
        {
          kind: 'CONSTRAINT_KIND_DEPENDENT_ON',
          fieldNames: ['use-scim-api'],
          secondaryFieldNames: ['use-service-account'],
        },
      ],
      displayName: 'Asana',
      helpUrl: '/docs/baton/asana',
      iconUrl: '/static/app-icons/asana.svg',
    });
  });
});
