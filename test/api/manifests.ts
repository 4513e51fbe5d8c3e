import type { GrantKindName } from '../../src/api/kinds.ts';

/** A manifest that the API server and the validator must judge alike. */

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

const API_VERSION = 'asana-connector.dev/v1alpha1';

export function connector(spec: Record<string, unknown> = {}, name = 'acme'): Manifest {
  const smallest = { credentials: { secretRef: { name: 'asana' } } };
  return {
    apiVersion: API_VERSION,
    kind: 'AsanaConnector',
    metadata: { name },
    spec: { ...smallest, ...spec },
  };
}

/** The required fields of each grant kind. */
const SMALLEST: Readonly<Record<GrantKindName, Readonly<Record<string, unknown>>>> = {
  AsanaLicenseGrant: { user: { email: 'alice@acme.com' } },
  AsanaTeamGrant: { user: { email: 'alice@acme.com' }, team: { gid: '1200000000000007' } },
  AsanaWorkspaceGrant: { user: { email: 'alice@acme.com' }, workspace: '1200000000000001' },
  AsanaAccount: { email: 'alice@acme.com' },
};

/** Returns a grant of the kind with its required fields, overridden by `spec`. */
export function grantOf(kind: GrantKindName, spec: Record<string, unknown> = {}, name = 'alice'): Manifest {
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: { name },
    spec: { connectorRef: { name: 'acme' }, ...SMALLEST[kind], ...spec },
  };
}

export function grant(spec: Record<string, unknown> = {}, name = 'alice'): Manifest {
  return grantOf('AsanaLicenseGrant', spec, name);
}
const teamGrant = (spec: Record<string, unknown>) => grantOf('AsanaTeamGrant', spec);
const workspaceGrant = (spec: Record<string, unknown>) => grantOf('AsanaWorkspaceGrant', spec);
const account = (spec: Record<string, unknown>) => grantOf('AsanaAccount', spec);

/** Returns the smallest valid manifest of any kind. */
export function smallestOf(kind: string, name?: string): Manifest {
  return kind === 'AsanaConnector' ? connector({}, name) : grantOf(kind as GrantKindName, {}, name);
}

const GRANT_KINDS = Object.keys(SMALLEST) as GrantKindName[];
/** Kinds that name a person in `user`. */
const KINDS_WITH_USER = GRANT_KINDS.filter((kind) => kind !== 'AsanaAccount');
/** Kinds that revoke nothing by default. */
const KINDS_THAT_RETAIN: readonly GrantKindName[] = ['AsanaWorkspaceGrant', 'AsanaAccount'];

/** JavaScript reads accepted times with Date.parse: a time that it could not read would never be reached. */
const INSTANTS = [
  '2027-01-31T00:00:00.123456789Z',
  '2027-01-31T00:00:00+14:00',
  '2027-01-31T00:00:00-23:59',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
];

const serviceAccount = { type: 'ServiceAccount', secretRef: { name: 'asana' } };

/** A connector with every field set, none to its default. */
export const fullConnector = connector(
  {
    suspend: true,
    credentials: {
      type: 'ServiceAccount',
      secretRef: { name: 'baton-asana-secrets', tokenKey: 'TOKEN', scimTokenKey: 'SCIM_TOKEN' },
    },
    workspaces: ['1200000000000001', '1200000000000002'],
    defaultWorkspace: '1200000000000001',
    scim: { enabled: true, userTypes: { enterprise: 'full', viewOnly: 'guest' } },
    sync: { interval: '90m', teamInterval: '6h0m' },
    provisioning: {
      mode: 'Apply',
      allowDeprovision: true,
      allowedNamespaces: ['design', '*'],
      protectedUsers: ['root@acme.com'],
      protectAdmins: false,
      maxEnterpriseLicenses: 250,
      removalDelay: '60s',
      maxRemovals: { percent: 10, atLeast: 3, window: '120m' },
      maxDeprovisions: 1,
      maxDuration: '2160h',
    },
    conductorOne: {
      secretRef: { name: 'conductorone', clientIdKey: 'ID', clientSecretKey: 'SECRET' },
      provision: true,
    },
  },
  'full',
);

const everyGrantField = {
  connectorRef: { name: 'acme', namespace: 'iga' },
  deletionPolicy: 'Retain',
  startsAt: '2026-12-01T00:00:00Z',
  expiresAt: '2027-01-31T00:00:00+01:00',
  reason: 'Design project, REQ-1234',
  suspend: true,
};

/** Each grant kind with every field set, none to its default, but at most one of `expiresAt` and `duration`. */
export const fullGrants: Readonly<Record<GrantKindName, Manifest>> = {
  AsanaLicenseGrant: grant(
    {
      ...everyGrantField,
      user: { gid: '1200000000000042' },
      license: 'ViewOnly',
      onMissingAccount: 'Create',
    },
    'full',
  ),
  AsanaTeamGrant: grantOf(
    'AsanaTeamGrant',
    { ...everyGrantField, user: { gid: '1200000000000042' }, team: { name: 'Design & UX' } },
    'full',
  ),
  AsanaWorkspaceGrant: grantOf(
    'AsanaWorkspaceGrant',
    { ...everyGrantField, deletionPolicy: 'Revoke', user: { gid: '1200000000000042' } },
    'full',
  ),
  AsanaAccount: grantOf(
    'AsanaAccount',
    {
      ...everyGrantField,
      deletionPolicy: 'Revoke',
      name: 'Alice Ångström',
      workspace: '1200000000000001',
      ensure: 'Absent',
    },
    'full',
  ),
};

export const accepted: readonly { because: string; manifest: Manifest }[] = [
  { because: 'only the required fields', manifest: connector() },
  { because: 'every field', manifest: fullConnector },
  {
    because: 'empty objects, which get their defaults',
    manifest: connector({ scim: {}, sync: {}, provisioning: { maxRemovals: {} } }),
  },
  {
    because: 'SCIM with a separate token',
    manifest: connector({
      credentials: { secretRef: { name: 'asana', scimTokenKey: 'SCIM' } },
      scim: { enabled: true },
    }),
  },
  {
    because: 'the shortest interval',
    manifest: connector({ sync: { interval: '1m', teamInterval: '60s' } }),
  },
  {
    because: 'the longest interval',
    manifest: connector({ sync: { interval: '720h', teamInterval: '43200m' } }),
  },
  { because: 'a removalDelay of 0s', manifest: connector({ provisioning: { removalDelay: '0s' } }) },
  {
    because: 'a limit of no removals',
    manifest: connector({ provisioning: { maxRemovals: { percent: 0, atLeast: 0 } } }),
  },
  {
    because: 'unusual but valid email addresses',
    manifest: connector({
      provisioning: {
        protectedUsers: [
          "o'neil+x@mail.acme.com",
          'jörg@acme.com',
          'a.b_c-d=e@x.co',
          '李@例子.公司',
          'a..b@a.b.c.de',
        ],
      },
    }),
  },
  {
    because: 'null fields, which count as left out',
    manifest: connector({ suspend: null, workspaces: null, sync: null, provisioning: { maxRemovals: null } }),
  },
  {
    because: 'names with dots, and a name of one letter',
    manifest: connector({
      credentials: { secretRef: { name: 'a.b-c.d' } },
      conductorOne: { secretRef: { name: 'a' } },
    }),
  },
  {
    because: 'other words for the licenses, in any case',
    manifest: connector({ scim: { userTypes: { enterprise: 'Full Seat', viewOnly: 'READ-only' } } }),
  },
  {
    because: 'the maximum number of protected users, with long addresses',
    manifest: connector({
      provisioning: {
        protectedUsers: Array.from({ length: 1000 }, (_, index) => `${'x'.repeat(300)}${index}@acme.com`),
      },
    }),
  },
  {
    because: 'empty lists where they are allowed',
    manifest: connector({ provisioning: { allowedNamespaces: [], protectedUsers: [] } }),
  },
  ...['1m', '87600h'].map((maxDuration) => ({
    because: `a maxDuration of ${maxDuration}`,
    manifest: connector({ provisioning: { maxDuration } }),
  })),
  ...GRANT_KINDS.flatMap((kind) => [
    { because: 'only the required fields', manifest: grantOf(kind) },
    { because: 'every field', manifest: fullGrants[kind] },
    ...['1s', '8h', '1.5h30m', '87600h', '315360000s', '90000000ms'].map((duration) => ({
      because: `a duration of ${duration}`,
      manifest: grantOf(kind, { deletionPolicy: 'Revoke', duration }),
    })),
    {
      because: 'startsAt with a duration',
      manifest: grantOf(kind, {
        deletionPolicy: 'Revoke',
        startsAt: '2026-12-01T00:00:00Z',
        duration: '8h',
      }),
    },
    {
      because: 'null fields',
      manifest: grantOf(kind, { startsAt: null, expiresAt: null, duration: null, deletionPolicy: null }),
    },
  ]),
  {
    because: 'an expiresAt one second after startsAt, in other time zones',
    manifest: grant({ startsAt: '2026-12-01T02:00:00+02:00', expiresAt: '2026-11-30T23:00:01-01:00' }),
  },
  {
    because: 'a duration with deletionPolicy Retain',
    manifest: grant({ deletionPolicy: 'Retain', duration: '8h' }),
  },
  { because: 'a team by name', manifest: teamGrant({ team: { name: 'Ü' } }) },
  { because: 'a team grant for a person by gid', manifest: teamGrant({ user: { gid: '42' } }) },
  { because: 'an account with ensure Absent', manifest: account({ ensure: 'Absent' }) },
  {
    because: 'ensure Absent with deletionPolicy Retain',
    manifest: account({ ensure: 'Absent', deletionPolicy: 'Retain', reason: 'Left, REQ-77' }),
  },
  {
    because: 'ensure Absent with an expiresAt',
    manifest: account({ ensure: 'Absent', deletionPolicy: 'Revoke', expiresAt: '2027-01-31T00:00:00Z' }),
  },
  ...INSTANTS.map((expiresAt) => ({ because: `the time ${expiresAt}`, manifest: grant({ expiresAt }) })),
];

export interface Refused {
  readonly because: string;
  readonly manifest: Manifest;
  /** The field that the error names. */
  readonly field: string;
  /** The message of the broken rule; absent if the schema itself refuses the manifest. */
  readonly says?: string;
}

const interval = 'interval must be between 1m and 720h';
const window = 'window must be between 1m and 720h';
const delay = 'removalDelay must be between 0s and 720h';
const lowerCase = 'must be an email address in lower case';
const noEmail = 'must be an email address such as name@example.com';
const oneUser = 'specify exactly one of user.email and user.gid';
const oneTeam = 'specify exactly one of team.gid and team.name';
const oneEnd = 'specify at most one of expiresAt and duration';
const endAfterBeginning = 'expiresAt must be later than startsAt';
const retained = 'expiresAt and duration require deletionPolicy Revoke: with Retain the access would remain';
const presentOnly =
  'duration requires ensure Present: it runs from when the account first exists. With Absent, use expiresAt';
const durationRange = 'duration must be between 1s and 87600h';
const maxDurationRange = 'maxDuration must be between 1m and 87600h';
const noScim =
  'scim.enabled requires credentials.type ServiceAccount, or credentials.secretRef.scimTokenKey with the token of a service account: a personal access token cannot use SCIM';
const noDeprovision =
  "provisioning.allowDeprovision requires credentials.type ServiceAccount: with a personal access token a deprovisioned person's work would pass to the owner of the token";
const sameWords = 'enterprise and viewOnly must be different';

function withSync(sync: Record<string, unknown>): Manifest {
  return connector({ sync });
}
function withProvisioning(provisioning: Record<string, unknown>): Manifest {
  return connector({ provisioning });
}

/** Manifests that break exactly one rule each. */
export const refused: readonly Refused[] = [
  {
    because: 'a personal access token cannot use SCIM',
    manifest: connector({ scim: { enabled: true } }),
    field: 'spec.scim.enabled',
    says: noScim,
  },
  {
    because: 'a personal access token must not deprovision',
    manifest: withProvisioning({ allowDeprovision: true }),
    field: 'spec.provisioning.allowDeprovision',
    says: noDeprovision,
  },
  {
    because: 'a SCIM token beside a personal access token is not enough to deprovision',
    manifest: connector({
      credentials: { secretRef: { name: 'asana', scimTokenKey: 'SCIM' } },
      provisioning: { allowDeprovision: true },
    }),
    field: 'spec.provisioning.allowDeprovision',
    says: noDeprovision,
  },
  {
    because: 'both licenses have the same word',
    manifest: connector({
      credentials: serviceAccount,
      scim: { userTypes: { enterprise: 'x', viewOnly: 'x' } },
    }),
    field: 'spec.scim.userTypes',
    says: sameWords,
  },
  {
    because: 'the words of the licenses are compared without case',
    manifest: connector({ scim: { userTypes: { viewOnly: 'Enterprise' } } }),
    field: 'spec.scim.userTypes',
    says: sameWords,
  },
  {
    because: 'the interval is too short',
    manifest: withSync({ interval: '59s' }),
    field: 'spec.sync.interval',
    says: interval,
  },
  {
    because: 'the interval is too long',
    manifest: withSync({ interval: '720h1s' }),
    field: 'spec.sync.interval',
    says: interval,
  },
  {
    because: 'the team interval is too short',
    manifest: withSync({ teamInterval: '59.9s' }),
    field: 'spec.sync.teamInterval',
    says: `teamI${interval.slice(1)}`,
  },
  {
    because: 'the team interval is too long',
    manifest: withSync({ teamInterval: '721h' }),
    field: 'spec.sync.teamInterval',
    says: `teamI${interval.slice(1)}`,
  },
  {
    because: 'the window is too short',
    manifest: withProvisioning({ maxRemovals: { window: '1s' } }),
    field: 'spec.provisioning.maxRemovals.window',
    says: window,
  },
  {
    because: 'the window is too long',
    manifest: withProvisioning({ maxRemovals: { window: '1000h' } }),
    field: 'spec.provisioning.maxRemovals.window',
    says: window,
  },
  {
    because: 'the delay of removals is too long',
    manifest: withProvisioning({ removalDelay: '43201m' }),
    field: 'spec.provisioning.removalDelay',
    says: delay,
  },
  ...['view only ', ' view only', 'view  only', 'view\tonly', 'Élève', ''].map((viewOnly) => ({
    because: `Asana never calls a license ${JSON.stringify(viewOnly)}`,
    manifest: connector({ scim: { userTypes: { viewOnly } } }),
    field: 'spec.scim.userTypes.viewOnly',
  })),
  {
    because: 'days are not a unit of a duration',
    manifest: withSync({ interval: '1d' }),
    field: 'spec.sync.interval',
  },
  {
    because: 'a duration must not be negative',
    manifest: withProvisioning({ removalDelay: '-1m' }),
    field: 'spec.provisioning.removalDelay',
  },
  {
    because: 'a duration is not a number',
    manifest: withSync({ interval: 3600 }),
    field: 'spec.sync.interval',
  },
  {
    because: 'a protected address contains upper case',
    manifest: withProvisioning({ protectedUsers: ['a@acme.com', 'Root@acme.com'] }),
    field: 'spec.provisioning.protectedUsers[1]',
    says: lowerCase,
  },
  {
    because: 'a protected user is not an email address',
    manifest: withProvisioning({ protectedUsers: ['root'] }),
    field: 'spec.provisioning.protectedUsers[0]',
    says: noEmail,
  },
  {
    because: 'a protected address is listed twice',
    manifest: withProvisioning({ protectedUsers: ['a@acme.com', 'a@acme.com'] }),
    field: 'spec.provisioning.protectedUsers[1]',
  },
  {
    because: 'the mode is unknown',
    manifest: withProvisioning({ mode: 'DryRun' }),
    field: 'spec.provisioning.mode',
  },
  {
    because: 'a percentage is at most 100',
    manifest: withProvisioning({ maxRemovals: { percent: 101 } }),
    field: 'spec.provisioning.maxRemovals.percent',
  },
  {
    because: 'a limit must not be negative',
    manifest: withProvisioning({ maxRemovals: { atLeast: -1 } }),
    field: 'spec.provisioning.maxRemovals.atLeast',
  },
  {
    because: 'a limit must be an integer',
    manifest: withProvisioning({ maxEnterpriseLicenses: 1.5 }),
    field: 'spec.provisioning.maxEnterpriseLicenses',
  },
  {
    because: 'the name of a namespace contains no underscore',
    manifest: withProvisioning({ allowedNamespaces: ['a_b'] }),
    field: 'spec.provisioning.allowedNamespaces[0]',
  },
  {
    because: 'an empty list of workspaces would read nothing',
    manifest: connector({ workspaces: [] }),
    field: 'spec.workspaces',
  },
  {
    because: 'a gid consists of digits',
    manifest: connector({ workspaces: ['acme'] }),
    field: 'spec.workspaces[0]',
  },
  {
    because: 'a gid is a string, since a number could not hold it',
    manifest: connector({ workspaces: [1200000000000001] }),
    field: 'spec.workspaces[0]',
  },
  {
    because: 'a workspace is listed twice',
    manifest: connector({ workspaces: ['1', '1'] }),
    field: 'spec.workspaces[1]',
  },
  {
    because: 'the Secret has no name',
    manifest: connector({ credentials: { secretRef: {} } }),
    field: 'spec.credentials.secretRef.name',
  },
  {
    because: 'the Secret is missing',
    manifest: connector({ credentials: {} }),
    field: 'spec.credentials.secretRef',
  },
  {
    because: 'the name of an object is in lower case',
    manifest: connector({ credentials: { secretRef: { name: 'Asana' } } }),
    field: 'spec.credentials.secretRef.name',
  },
  ...['a..b', 'a.-b', 'a-.b', '.a', 'a.', '-a'].map((name) => ({
    because: `${name} is not a valid name of an object`,
    manifest: connector({ credentials: { secretRef: { name } } }),
    field: 'spec.credentials.secretRef.name',
  })),
  {
    because: 'a required field that is null counts as missing',
    manifest: connector({ credentials: { secretRef: { name: null } } }),
    field: 'spec.credentials.secretRef.name',
  },
  {
    because: 'conductorOne requires a secretRef',
    manifest: connector({ conductorOne: {} }),
    field: 'spec.conductorOne.secretRef',
  },
  ...KINDS_WITH_USER.flatMap((kind) => [
    {
      because: `an address and a gid could mean two people (${kind})`,
      manifest: grantOf(kind, { user: { email: 'alice@acme.com', gid: '1' } }),
      field: 'spec.user',
      says: oneUser,
    },
    {
      because: `no person is named (${kind})`,
      manifest: grantOf(kind, { user: {} }),
      field: 'spec.user',
      says: oneUser,
    },
    {
      because: `the user is missing (${kind})`,
      manifest: grantOf(kind, { user: null }),
      field: 'spec.user',
    },
  ]),
  ...GRANT_KINDS.flatMap((kind) => [
    {
      because: `expiresAt and duration exclude each other (${kind})`,
      manifest: grantOf(kind, {
        deletionPolicy: 'Revoke',
        expiresAt: '2027-01-31T00:00:00Z',
        duration: '8h',
      }),
      field: 'spec.duration',
      says: oneEnd,
    },
    {
      because: `the grant would end when it begins (${kind})`,
      manifest: grantOf(kind, {
        deletionPolicy: 'Revoke',
        startsAt: '2027-01-31T00:00:00Z',
        expiresAt: '2027-01-31T01:00:00+01:00',
      }),
      field: 'spec.expiresAt',
      says: endAfterBeginning,
    },
    ...['0s', '0.9s', '87600h1s', '999999h'].map((duration) => ({
      because: `the duration ${duration} is out of range (${kind})`,
      manifest: grantOf(kind, { deletionPolicy: 'Revoke', duration }),
      field: 'spec.duration',
      says: durationRange,
    })),
    ...['8', '1d', '-8h', '', '1h 30m', '9999999h', '999999999m', '9999999999s'].map((duration) => ({
      because: `"${duration}" is not a duration (${kind})`,
      manifest: grantOf(kind, { deletionPolicy: 'Revoke', duration }),
      field: 'spec.duration',
    })),
    {
      because: `startsAt must be a time (${kind})`,
      manifest: grantOf(kind, { startsAt: 'tomorrow' }),
      field: 'spec.startsAt',
    },
    {
      because: `the connector is not named (${kind})`,
      manifest: grantOf(kind, { connectorRef: {} }),
      field: 'spec.connectorRef.name',
    },
    {
      because: `the deletionPolicy is unknown (${kind})`,
      manifest: grantOf(kind, { deletionPolicy: 'Orphan' }),
      field: 'spec.deletionPolicy',
    },
    {
      because: `the reason is too long (${kind})`,
      manifest: grantOf(kind, { reason: 'x'.repeat(513) }),
      field: 'spec.reason',
    },
  ]),
  ...KINDS_THAT_RETAIN.flatMap((kind) =>
    [{ expiresAt: '2027-01-31T00:00:00Z' }, { duration: '8h' }].flatMap((end) =>
      [{}, { deletionPolicy: 'Retain' }].map((policy) => ({
        because: `access that is retained cannot end: ${JSON.stringify({ ...end, ...policy })} (${kind})`,
        manifest: grantOf(kind, { ...end, ...policy }),
        field: 'spec.deletionPolicy',
        says: retained,
      })),
    ),
  ),
  {
    because: 'a gid and a name could mean two teams',
    manifest: teamGrant({ team: { gid: '1', name: 'Design' } }),
    field: 'spec.team',
    says: oneTeam,
  },
  { because: 'no team is named', manifest: teamGrant({ team: {} }), field: 'spec.team', says: oneTeam },
  { because: 'the team is missing', manifest: teamGrant({ team: null }), field: 'spec.team' },
  {
    because: 'the gid of a team consists of digits',
    manifest: teamGrant({ team: { gid: 'design' } }),
    field: 'spec.team.gid',
  },
  ...['', ' Design', 'Design ', 'De\nsign', '\u00a0Design', 'Design\u2028UX', 'x'.repeat(256)].map(
    (name) => ({
      because: `${JSON.stringify(name).slice(0, 20)} is not a valid name of a team`,
      manifest: teamGrant({ team: { name } }),
      field: 'spec.team.name',
    }),
  ),
  {
    because: 'the workspace is missing',
    manifest: workspaceGrant({ workspace: null }),
    field: 'spec.workspace',
  },
  {
    because: 'a workspace is specified by its gid',
    manifest: workspaceGrant({ workspace: 'Acme' }),
    field: 'spec.workspace',
  },
  { because: 'the address is missing', manifest: account({ email: null }), field: 'spec.email' },
  {
    because: 'the address of an account contains upper case',
    manifest: account({ email: 'Alice@acme.com' }),
    field: 'spec.email',
    says: lowerCase,
  },
  {
    because: 'the email of an account is not an address',
    manifest: account({ email: 'alice' }),
    field: 'spec.email',
    says: noEmail,
  },
  { because: 'the name of an account is empty', manifest: account({ name: '' }), field: 'spec.name' },
  {
    because: 'ensure must be Present or Absent',
    manifest: account({ ensure: 'Suspended' }),
    field: 'spec.ensure',
  },
  {
    because: 'with ensure Absent, there is nothing from which a duration could run',
    manifest: account({ ensure: 'Absent', deletionPolicy: 'Revoke', duration: '8h' }),
    field: 'spec.duration',
    says: presentOnly,
  },
  ...['59s', '0s', '87600h1ms'].map((maxDuration) => ({
    because: `the maxDuration ${maxDuration} is out of range`,
    manifest: withProvisioning({ maxDuration }),
    field: 'spec.provisioning.maxDuration',
    says: maxDurationRange,
  })),
  ...['Alice@acme.com', 'alice@ACME.com', 'jÖrg@acme.com', 'ǅ@acme.com', 'Ж@acme.com'].map((email) => ({
    because: `${email} contains upper case`,
    manifest: grant({ user: { email } }),
    field: 'spec.user.email',
    says: lowerCase,
  })),
  ...[
    'alice',
    'alice@acme',
    'a lice@acme.com',
    'alice@acme.com,bob@acme.com',
    '<alice@acme.com>',
    'a"b@acme.com',
    'a\\b@acme.com',
    'alice@acme.com\n',
    'alice@@acme.com',
    'a\tb@acme.com',
    'alice@acme..com',
    'alice@acme.com.',
    'alice@.acme.com',
    'alice\u00a0@acme.com',
    'alice@acme.com\u200b',
    '\ufeffalice@acme.com',
    'al\u00adice@acme.com',
    'alice\u2028@acme.com',
  ].map((email) => ({
    because: `${JSON.stringify(email)} is not an email address`,
    manifest: grant({ user: { email } }),
    field: 'spec.user.email',
    says: noEmail,
  })),
  {
    because: 'the address is too long',
    manifest: grant({ user: { email: `${'a'.repeat(316)}@x.co` } }),
    field: 'spec.user.email',
  },
  {
    because: 'the gid of a user consists of digits',
    manifest: grant({ user: { gid: '12a' } }),
    field: 'spec.user.gid',
  },
  { because: 'the license is unknown', manifest: grant({ license: 'Full' }), field: 'spec.license' },
  ...[
    'tomorrow',
    '',
    '2027-01-31',
    '2027-02-30T00:00:00Z',
    '2027-01-31 00:00:00Z',
    '2027-01-31T24:00:00Z',
    '2027-01-31T00:00:00',
    '2027-01-31T00:00:00+99:99',
    '2027-01-31T00:00:00+24:00',
    '2027-01-31T00:00:00-01:60',
    '2016-12-31T23:59:60Z',
    '2027-01-31T00:00:00.1234567890Z',
    '2027-01-31t00:00:00z',
  ].map((expiresAt) => ({
    because: `"${expiresAt}" is not an accepted time`,
    manifest: grant({ expiresAt }),
    field: 'spec.expiresAt',
  })),
];
