import { suite } from 'node:test';
import { check, ends, guest, holder, leaver, nobody, unknown, viewer } from './table.ts';
import { adopted, enterprise, expired, given, grant, person, reading, viewOnly } from './world.ts';

suite('a license', () => {
  check([
    {
      row: 'Enterprise is declared, view-only is held',
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
      row: 'Enterprise is declared, held, and recorded as given already',
      grant: grant(enterprise, { applied: given(enterprise, 'Enterprise') }),
      asana: holder,
      expect: 'Settled Granted given',
    },
    {
      row: 'view-only is declared, Enterprise is held',
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
      row: 'there is no account, and the grant waits',
      grant: grant(enterprise, unknown),
      asana: nobody,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'the account is not active, and the grant waits',
      grant: grant(viewOnly),
      asana: leaver,
      expect: 'Blocked AccountNotFound',
    },
    {
      row: 'there is no account, and the grant creates',
      grant: grant(enterprise, { ...unknown, mayCreate: true }),
      asana: reading([person({ gid: '2', email: 'bob@acme.com' })]),
      expect: 'Act CreateAccount',
    },
    { row: 'they are a guest', grant: grant(enterprise), asana: guest, expect: 'Blocked UserIsGuest' },
    {
      row: 'it ends, Enterprise was given',
      grant: grant(enterprise, { ...ends, applied: given(enterprise, 'Enterprise') }),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'it ends, Enterprise was found',
      grant: grant(enterprise, { ...ends, applied: adopted(enterprise, 'Enterprise') }),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'it ends, it is view-only, and the object created the account',
      grant: grant(viewOnly, { ...ends, applied: given(viewOnly, 'ViewOnly'), created: true }),
      asana: viewer,
      expect: 'Act Deprovision',
    },
    {
      row: 'the same where the connector deprovisions nobody',
      grant: grant(viewOnly, { ...ends, applied: given(viewOnly, 'ViewOnly'), created: true }),
      asana: viewer,
      context: { policies: { allowDeprovision: false } },
      expect: 'Release DeprovisionNotAllowed !',
    },
    {
      row: 'it ends, it is view-only, and we found the account',
      grant: grant(viewOnly, { ...ends, applied: given(viewOnly, 'ViewOnly') }),
      asana: viewer,
      expect: 'Release Adopted',
    },
  ]);
});

suite('whatever the kind', () => {
  const held = { applied: given(enterprise, 'Enterprise') };
  const stopped = { policies: { suspended: true } };
  const planned = { policies: { mode: 'Plan' as const } };
  check([
    {
      row: 'it ends with Retain',
      grant: grant(enterprise, { ...ends, ...held, deletionPolicy: 'Retain' }),
      asana: holder,
      expect: 'Release Retained',
    },
    {
      row: 'it ends, nothing was applied and nothing is under way',
      grant: grant(enterprise, ends),
      asana: holder,
      expect: 'Release NothingApplied',
    },
    {
      row: 'it ends, and another right is held than was applied',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: viewer,
      expect: 'Release ChangedElsewhere',
    },
    {
      row: 'it ends, and the account is gone',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: nobody,
      expect: 'Release NoLongerHeld',
    },
    {
      row: 'it ends, and they are a guest by now',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: guest,
      expect: 'Release ChangedElsewhere',
    },
    {
      row: 'it is deleted with its own suspend',
      grant: grant(enterprise, { ...ends, ...held, suspended: true }),
      asana: holder,
      expect: 'Release Suspended',
    },
    {
      row: 'it is deleted with its own suspend, and the connector is suspended too',
      grant: grant(enterprise, { ...ends, ...held, suspended: true }),
      asana: holder,
      context: stopped,
      expect: 'Release Suspended',
    },
    {
      row: 'it is deleted with the connector suspended',
      grant: grant(enterprise, { ...ends, ...held }),
      asana: holder,
      context: stopped,
      expect: 'Blocked Suspended',
    },
    {
      row: 'it expires with the connector suspended',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: holder,
      context: stopped,
      expect: 'Blocked Suspended',
    },
    {
      row: 'it is deleted with the connector suspended and in mode Plan',
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
      row: 'it expires in mode Plan, and would be taken back',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: holder,
      context: planned,
      expect: 'Act RevokeEnterprise',
    },
    {
      row: 'it expires in mode Plan, and would be released',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: viewer,
      context: planned,
      expect: 'Settled Expired',
    },
    {
      row: 'it expires while suspended',
      grant: grant(enterprise, { ...held, ending: expired, suspended: true }),
      asana: holder,
      expect: 'Blocked Suspended',
    },
    {
      row: 'it expires after Apply and resume',
      grant: grant(enterprise, { ...held, ending: expired }),
      asana: holder,
      expect: 'Act RevokeEnterprise',
    },
  ]);
});
