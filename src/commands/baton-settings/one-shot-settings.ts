import { type Setting, text } from './setting.ts';

/** The settings that make a run do one thing and end; one-shot-request.ts tells which thing. */
export const oneShotSettings = {
  grantEntitlement: text('grant-entitlement', {
    group: 'oneShot',
    placeholder: 'id',
    description: 'Give this entitlement of the file to a principal, and end.',
    operator: null,
  }),
  grantPrincipal: text('grant-principal', {
    group: 'oneShot',
    placeholder: 'id',
    description: 'Who gets it: the id of a resource of the file.',
    operator: null,
  }),
  grantPrincipalType: text('grant-principal-type', {
    group: 'oneShot',
    placeholder: 'type',
    description: "The principal's resource type: user.",
    operator: null,
  }),
  revokeGrant: text('revoke-grant', {
    group: 'oneShot',
    placeholder: 'id',
    description: 'Take this grant of the file back, and end.',
    operator: null,
  }),
  createAccountLogin: text('create-account-login', {
    group: 'oneShot',
    placeholder: 'login',
    description: 'Create an account with this login, and end.',
    operator: null,
  }),
  createAccountEmail: text('create-account-email', {
    group: 'oneShot',
    placeholder: 'email',
    description: 'Its email address, which the invitation goes to.',
    operator: null,
  }),
  createAccountProfile: text('create-account-profile', {
    group: 'oneShot',
    placeholder: 'json',
    description: 'What else is known of it, as a JSON object: first_name, last_name, workspace_id.',
    operator: null,
  }),
  createAccountResourceType: text('create-account-resource-type', {
    group: 'oneShot',
    placeholder: 'type',
    description: 'Its resource type: user.',
    operator: null,
  }),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
