import type { Static } from 'typebox';
import { type GrantStatus, grantFields, grantRules, grantStatus, immutable, userField } from './grant.ts';
import { grantColumns, selectableConnector, selectableUser, userColumn } from './grant-columns.ts';
import type { KindDefinition, ObjectOf } from './kind.ts';
import { asanaLicenseGrants } from './resources.ts';
import { choice, object } from './schema.ts';

const LICENSES = ['Enterprise', 'ViewOnly'] as const;

const spec = object(
  'The person, the license, and from when until when the person has it.',
  {
    ...grantFields({
      fallback: 'Revoke',
      revoke:
        'the license is taken back. An enterprise license becomes view-only. A view-only license is taken back only if this grant created the account, by deprovisioning it, which the connector must allow (provisioning.allowDeprovision); otherwise it stays.',
    }),
    ...userField,
    license: choice(
      'The license of the person. ViewOnly downgrades an enterprise license. Default Enterprise.',
      LICENSES,
      'Enterprise',
    ),
    onMissingAccount: choice(
      'What to do while Asana has no active account for the person. Wait: nothing until there is one. Create: create one over SCIM in defaultWorkspace of the connector, at first with a view-only license; a person whose account was found once is not created again. Default Wait.',
      ['Wait', 'Create'],
      'Wait',
    ),
  },
  { rules: [...grantRules, immutable('user')] },
);

const status = grantStatus({
  observed: { license: choice('The license that the account has in Asana.', LICENSES) },
  applied: { license: choice('The license that the grant holds.', LICENSES) },
  actions: ['GrantEnterprise', 'RevokeEnterprise', 'Deprovision', 'CreateAccount'],
  further: {},
});

export type AsanaLicenseGrantSpec = Static<typeof spec>;
export type AsanaLicenseGrant = ObjectOf<AsanaLicenseGrantSpec, GrantStatus, 'AsanaLicenseGrant'>;

/** AsanaLicenseGrant: the license of one person. */
export const asanaLicenseGrantKind: KindDefinition<'AsanaLicenseGrant'> = {
  names: asanaLicenseGrants,
  description:
    'The Asana license of one person. The operator gives it, sets it back if it is changed elsewhere, and takes it back when the object is deleted or the grant ends.',
  spec,
  status,
  selectableFields: [...selectableConnector, ...selectableUser, '.spec.license'],
  columns: grantColumns(
    [
      userColumn,
      {
        name: 'License',
        type: 'string',
        jsonPath: '.spec.license',
        description: 'The license that is declared.',
      },
    ],
    'license',
  ),
};
