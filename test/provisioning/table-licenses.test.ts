import { suite } from 'node:test';
import { check, ends, guest, holder, leaver, nobody, unknown, viewer } from './table.ts';
import { adopted, enterprise, expired, given, grant, person, reading, viewOnly } from './world.ts';

suite('a license grant', () => {
  check([
    {
      row: 'Enterprise is declared and view-only is held',
      grant: grant(enterprise),
      asana: viewer,
      expect: 'Act GrantEnterprise',
    },
    {
      row: 'Enterprise is declared and held',
      grant: grant(enterprise),
      asana: holder,
      expect: 'Settled Granted adopted',
    },
    {
      row: 'Enterprise is declared, held, and recorded as given',
      grant: grant(enterprise, { applied: given(enterprise, 'Enterprise') }),
      asana: holder,
      expect: 'Settled Granted given',
    },
    {
      row: 'view-only is declared and Enterprise is held',
      grant: grant(viewOnly),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'view-only is declared and held',
      grant: grant(viewOnly),
      asana: viewer,
      expect: 'Settled Granted adopted',
    },
    {
      row: 'there is no account',
      grant: grant(enterprise, unknown),
      asana: nobody,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the account is inactive',
      grant: grant(viewOnly),
      asana: leaver,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'there is no account and the grant may create one',
      grant: grant(enterprise, { ...unknown, mayCreate: true }),
      asana: reading([person({ gid: '2', email: 'bob@acme.com' })]),
      expect: 'Act CreateAccount',
    },
    { row: 'the person is a guest', grant: grant(enterprise), asana: guest, expect: 'Blocked UserIsGuest' },
    {
      row: 'the grant ends and Enterprise was given',
      grant: grant(enterprise, { ...ends, applied: given(enterprise, 'Enterprise') }),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'the grant ends and Enterprise was adopted',
      grant: grant(enterprise, { ...ends, applied: adopted(enterprise, 'Enterprise') }),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'the grant ends, view-only was given, and the grant created the account',
      grant: grant(viewOnly, { ...ends, applied: given(viewOnly, 'ViewOnly'), created: true }),
      asana: viewer,
      expect: 'Act Deprovision',
    },
    {
      row: 'the grant ends, it created the view-only account, and allowDeprovision is false',
      grant: grant(viewOnly, { ...ends, applied: given(viewOnly, 'ViewOnly'), created: true }),
      asana: viewer,
      context: { policies: { allowDeprovision: false } },
      expect: 'Release DeprovisionNotAllowed !',
    },
    {
      row: 'the grant expires, it created the view-only account, and allowDeprovision is false',
      grant: grant(viewOnly, {
        ending: expired,
        applied: given(viewOnly, 'ViewOnly'),
        created: true,
      }),
      asana: viewer,
      context: { policies: { allowDeprovision: false } },
      expect: 'Release DeprovisionNotAllowed !',
    },
    {
      row: 'the grant expires in another namespace, and it created the view-only account',
      grant: grant(viewOnly, {
        ending: expired,
        applied: given(viewOnly, 'ViewOnly'),
        created: true,
        sameNamespace: false,
      }),
      asana: viewer,
      expect: 'Release NamespaceNotAllowed !',
    },
    {
      row: 'the grant ends, view-only was given, and the account existed before',
      grant: grant(viewOnly, { ...ends, applied: given(viewOnly, 'ViewOnly') }),
      asana: viewer,
      expect: 'Release Adopted',
    },
  ]);
});

suite('a grant that ends', () => {
  const held = { applied: given(enterprise, 'Enterprise') };
  const stopped = { policies: { suspended: true } };
  const planned = { policies: { mode: 'Plan' as const } };
  check([
    {
      row: 'deletionPolicy is Retain',
      grant: grant(enterprise, { ...ends, ...held, deletionPolicy: 'Retain' }),
      asana: holder,
      expect: 'Release Retained',
    },
    {
      row: 'nothing was applied and nothing is in progress',
      grant: grant(enterprise, ends),
      asana: holder,
      expect: 'Release NothingApplied',
    },
    {
      row: 'another license is held than was applied',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: viewer,
      expect: 'Release ChangedElsewhere',
    },
    {
      row: 'the account is gone',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: nobody,
      expect: 'Release NoLongerHeld',
    },
    {
      row: 'the person is now a guest',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: guest,
      expect: 'Release ChangedElsewhere',
    },
    {
      row: 'it is deleted while it is suspended',
      grant: grant(enterprise, { ...ends, ...held, suspended: true }),
      asana: holder,
      expect: 'Release Suspended',
    },
    {
      row: 'it is deleted while it and the connector are suspended',
      grant: grant(enterprise, { ...ends, ...held, suspended: true }),
      asana: holder,
      context: stopped,
      expect: 'Release Suspended',
    },
    {
      row: 'it is deleted while the connector is suspended',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: holder,
      context: stopped,
      expect: 'Blocked Suspended',
    },
    {
      row: 'it expires while the connector is suspended',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: holder,
      context: stopped,
      expect: 'Blocked Suspended',
    },
    {
      row: 'it is deleted while the connector is suspended and in mode Plan',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: holder,
      context: { policies: { suspended: true, mode: 'Plan' } },
      expect: 'Blocked Suspended',
    },
    {
      row: 'it is deleted in mode Plan',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: holder,
      context: planned,
      expect: 'Release Planned',
    },
    {
      row: 'it expires in mode Plan and the right is held',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: holder,
      context: planned,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'it expires in mode Plan and the right is not held',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: viewer,
      context: planned,
      expect: 'Settled Expired',
    },
    {
      row: 'it expires while it is suspended',
      grant: grant(enterprise, { ...held, ending: expired, suspended: true }),
      asana: holder,
      expect: 'Blocked Suspended',
    },
    {
      row: 'it expires in mode Apply',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
  ]);
});
