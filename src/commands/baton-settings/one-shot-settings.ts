import { type Setting, text } from './setting.ts';

/** The settings that request a single change, followed by an exit. one-shot-request.ts determines which change. */
export const oneShotSettings = {
  grantEntitlement: text('grant-entitlement', {
    group: 'oneShot',
    placeholder: 'id',
    description: 'Grant this entitlement to a principal, then exit. Requires both grant-principal flags.',
    operator: null,
  }),
  grantPrincipal: text('grant-principal', {
    group: 'oneShot',
    placeholder: 'id',
    description: 'ID of the resource, in the file, that the entitlement is granted to.',
    operator: null,
  }),
  grantPrincipalType: text('grant-principal-type', {
    group: 'oneShot',
    placeholder: 'type',
    description: 'Resource type of the principal: user.',
    operator: null,
  }),
  revokeGrant: text('revoke-grant', {
    group: 'oneShot',
    placeholder: 'id',
    description: 'Revoke this grant of the file, then exit.',
    operator: null,
  }),
  createAccountLogin: text('create-account-login', {
    group: 'oneShot',
    placeholder: 'login',
    description: 'Create an account with this login, then exit.',
    operator: null,
  }),
  createAccountEmail: text('create-account-email', {
    group: 'oneShot',
    placeholder: 'email',
    description: 'Email address of the new account, which the invitation is sent to.',
    operator: null,
  }),
  createAccountProfile: text('create-account-profile', {
    group: 'oneShot',
    placeholder: 'json',
    description: 'Profile of the new account, as a JSON object: first_name, last_name, workspace_id.',
    operator: null,
  }),
  createAccountResourceType: text('create-account-resource-type', {
    group: 'oneShot',
    placeholder: 'type',
    description: 'Resource type of the new account: user.',
    operator: null,
  }),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
