import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settingsList } from '../../src/commands/baton-settings/settings-table.ts';
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
  it('prints an Any in the JSON of protobuf, two spaces deep, with the Any of each resource type in it', async () => {
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

  it('announces nothing that its settings leave out', async () => {
    const { json } = await capabilities('--provisioning=false');
    const types = json.at('resourceTypeCapabilities').list();
    assert.deepEqual(
      types.map((one) => one.at('resourceType', 'id').value),
      ['team', 'user', 'workspace'],
    );
    assert.deepEqual(json.at('connectorCapabilities').value, ['CAPABILITY_SYNC']);
    assert.equal(json.at('credentialDetails').value, undefined);
  });

  it('needs no token', async () => {
    assert.equal(process.env['BATON_TOKEN'], undefined);
    assert.ok((await capabilities()).text.length > 0);
  });
});

describe('asana-connector config', () => {
  let text = '';
  configCommand({ write: (part: string) => (text += part) }).parse([], { from: 'user' });
  const json = new Json(JSON.parse(text));
  const field = (name: string) =>
    json
      .at('fields')
      .list()
      .find((one) => one.at('name').value === name);

  it('lists every setting but the one-shots, in the order of the table, two spaces deep', () => {
    assert.match(text, /^\{\n {2}"fields": \[\n {4}\{\n/);
    assert.deepEqual(
      json
        .at('fields')
        .list()
        .map((one) => one.at('name').value),
      settingsList.flatMap(([, { flag, group }]) => (group === 'oneShot' ? [] : [flag])),
    );
    assert.equal(json.at('displayName').value, 'Asana');
  });

  it('tells what is required, secret, and of interest to operators alone', () => {
    assert.deepEqual(field('token')?.value, {
      name: 'token',
      displayName: 'Token',
      description: 'Personal access token or service account token of Asana. Required to sync.',
      isRequired: true,
      isSecret: true,
      stringField: { rules: { isRequired: true } },
    });
    assert.deepEqual(
      json
        .at('fields')
        .list()
        .flatMap((one) => (one.at('isSecret').value ? [one.at('name').value] : [])),
      ['token', 'scim-token', 'client-secret'],
    );
    assert.equal(field('log-level')?.at('isOps').value, true);
    assert.equal(field('use-scim-api')?.at('isOps').value, undefined);
    assert.equal(field('use-scim-api')?.at('displayName').value, 'Use SCIM API');
  });

  it('gives each field the type of its setting, 64-bit numbers as strings', () => {
    assert.deepEqual(field('use-service-account')?.at('boolField').value, {});
    assert.deepEqual(field('sync-resources')?.at('stringSliceField').value, {});
    assert.deepEqual(field('task-concurrency')?.at('intField').value, {
      defaultValue: '3',
      rules: { gte: '1', lte: '100' },
    });
    assert.deepEqual(field('file')?.at('stringField').value, { defaultValue: 'sync.c1z' });
    assert.deepEqual(field('action-timeout')?.at('stringField').value, { defaultValue: '60s' });
    assert.deepEqual(field('log-format')?.at('stringField', 'options').value, [
      { name: 'json', value: 'json', displayName: 'json' },
      { name: 'console', value: 'console', displayName: 'console' },
    ]);
  });

  it('says which settings belong together', () => {
    assert.deepEqual(json.at('constraints', 0).value, {
      kind: 'CONSTRAINT_KIND_REQUIRED_TOGETHER',
      fieldNames: ['client-id', 'client-secret'],
    });
  });
});
