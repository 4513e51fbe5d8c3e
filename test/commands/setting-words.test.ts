import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inSettingWords } from '../../src/commands/baton-settings/setting-words.ts';

describe('a message to users of flags and variables', () => {
  for (const [message, words] of [
    [
      'provisioning.allowDeprovision of the connector is false. Set it to true',
      '--allow-deprovision (BATON_ALLOW_DEPROVISION) is false. Set it to true',
    ],
    ['maxDeprovisions allows 5.', '--max-deprovisions (BATON_MAX_DEPROVISIONS) allows 5.'],
    ['Add it to spec.workspaces, or', 'Add it to --workspace-ids (BATON_WORKSPACE_IDS), or'],
    [
      'See spec.workspaces, and status.workspaces for the workspaces that the token can read.',
      'See --workspace-ids (BATON_WORKSPACE_IDS).',
    ],
    ['set defaultWorkspace of the connector.', 'set --default-workspace-id (BATON_DEFAULT_WORKSPACE_ID).'],
    [
      'Licenses require SCIM: set scim.enabled of the connector to true.',
      'Licenses require SCIM: set --use-scim-api (BATON_USE_SCIM_API) to true.',
    ],
    ['or set spec.scim.enabled to false.', 'or set --use-scim-api (BATON_USE_SCIM_API) to false.'],
    ['Set spec.conductorOne.provision to true', 'Set --provisioning (BATON_PROVISIONING) to true'],
    ['is not used: see the hold of the connector. Then', 'is not used. Then'],
    ['which scim.userTypes of the connector does not name', 'which this connector does not name'],
  ] as const) {
    it(`names flags and variables instead of object fields: ${message}`, () =>
      assert.equal(inSettingWords(message), words));
  }

  for (const text of [
    '{"maxDeprovisions":5}',
    'the workspaces that the token sees',
    'SCIM is on',
    'default-workspace-id',
  ]) {
    it(`stays unchanged if it names no field: ${text}`, () => assert.equal(inSettingWords(text), text));
  }
});
