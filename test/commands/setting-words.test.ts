import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inSettingWords } from '../../src/commands/baton-settings/setting-words.ts';

describe('a message to whoever sets flags and variables', () => {
  for (const [message, words] of [
    [
      'provisioning.allowDeprovision of the connector is off. Set it to true',
      '--allow-deprovision (BATON_ALLOW_DEPROVISION) is off. Set it to true',
    ],
    ['maxDeprovisions allows 5.', '--max-deprovisions (BATON_MAX_DEPROVISIONS) allows 5.'],
    ['Name it in spec.workspaces, or', 'Name it in --workspace-ids (BATON_WORKSPACE_IDS), or'],
    [
      'see spec.workspaces, and status.workspaces for what the token may read.',
      'see --workspace-ids (BATON_WORKSPACE_IDS).',
    ],
    ['set defaultWorkspace of the connector.', 'set --default-workspace-id (BATON_DEFAULT_WORKSPACE_ID).'],
    [
      'Licenses require SCIM: set scim.enabled of the connector to true.',
      'Licenses require SCIM: set --use-scim-api (BATON_USE_SCIM_API) to true.',
    ],
    ['or turn spec.scim off.', 'or turn --use-scim-api (BATON_USE_SCIM_API) off.'],
    ['set spec.conductorOne.provision to true', 'set --provisioning (BATON_PROVISIONING) to true'],
    ["relied on: see the connector's hold. Then", 'relied on. Then'],
    ['which scim.userTypes of the connector does not name', 'which this connector does not name'],
  ] as const) {
    it(`names what they can set: ${message}`, () => assert.equal(inSettingWords(message), words));
  }

  for (const text of [
    '{"maxDeprovisions":5}',
    'the workspaces that the token sees',
    'SCIM is on',
    'default-workspace-id',
  ]) {
    it(`leaves alone what names no field: ${text}`, () => assert.equal(inSettingWords(text), text));
  }
});
