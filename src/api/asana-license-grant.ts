import type { Static } from 'typebox';
import { type GrantStatus, grantFields, grantRules, grantStatus, immutable, userField } from './grant.ts';
import { grantColumns, selectableConnector, selectableUser, userColumn } from './grant-columns.ts';
import type { KindDefinition, ObjectOf } from './kind.ts';
import { asanaLicenseGrants } from './resources.ts';
import { choice, object } from './schema.ts';

const LICENSES = ['Enterprise', 'ViewOnly'] as const;

const spec = object(
  'The person, the license, and when the grant begins and ends.',
  {
    ...grantFields({
      fallback: 'Revoke',
      revoke:
        'the license is revoked. An enterprise license becomes view-only. A view-only license is revoked, by deprovisioning the account, only if this grant created the account and the connector allows it (provisioning.allowDeprovision); otherwise the license stays.',
    }),
    ...userField,
    license: choice(
      'The license of the person. ViewOnly downgrades an enterprise license. Default Enterprise.',
      LICENSES,
      'Enterprise',
    ),
    onMissingAccount: choice(
      'What to do while Asana has no active account for the person. Wait: do nothing until the account exists. Create: create one over SCIM in the organization, at first with a view-only license; this requires defaultWorkspace of the connector. If the account was found before and no longer exists, it is not created again. Default Wait.',
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
    'The Asana license of one person. The operator grants the license, reverts changes that are made elsewhere, and revokes the license when the object is deleted or the grant ends.',
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
