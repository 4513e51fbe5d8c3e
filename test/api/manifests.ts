/** Manifests the API server and the validator must judge alike. */

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

export function grant(spec: Record<string, unknown> = {}, name = 'alice'): Manifest {
  const smallest = { connectorRef: { name: 'acme' }, user: { email: 'alice@acme.com' } };
  return {
    apiVersion: API_VERSION,
    kind: 'AsanaLicenseGrant',
    metadata: { name },
    spec: { ...smallest, ...spec },
  };
}

/** JavaScript reads accepted instants with Date.parse: one it cannot read would never come. */
const INSTANTS = [
  '2027-01-31T00:00:00.123456789Z',
  '2027-01-31T00:00:00+14:00',
  '2027-01-31T00:00:00-23:59',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59Z',
];

const serviceAccount = { type: 'ServiceAccount', secretRef: { name: 'asana' } };

/** Every field of both specs set, none to its default. */
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
    },
    conductorOne: {
      secretRef: { name: 'conductorone', clientIdKey: 'ID', clientSecretKey: 'SECRET' },
      provision: true,
    },
  },
  'full',
);

export const fullGrant = grant(
  {
    connectorRef: { name: 'acme', namespace: 'iga' },
    user: { gid: '1200000000000042' },
    license: 'ViewOnly',
    onMissingAccount: 'Create',
    deletionPolicy: 'Retain',
    expiresAt: '2027-01-31T00:00:00+01:00',
    reason: 'Design project, REQ-1234',
    suspend: true,
  },
  'full',
);

export const accepted: readonly { because: string; manifest: Manifest }[] = [
  { because: 'only what is required', manifest: connector() },
  { because: 'every field', manifest: fullConnector },
  {
    because: 'empty objects, which are filled in',
    manifest: connector({ scim: {}, sync: {}, provisioning: { maxRemovals: {} } }),
  },
  {
    because: 'SCIM with a token of its own',
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
  { because: 'no delay of removals', manifest: connector({ provisioning: { removalDelay: '0s' } }) },
  {
    because: 'no removal at all',
    manifest: connector({ provisioning: { maxRemovals: { percent: 0, atLeast: 0 } } }),
  },
  {
    because: 'unusual addresses that are ones',
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
    because: 'fields with nothing after the colon, which count as left out',
    manifest: connector({ suspend: null, workspaces: null, sync: null, provisioning: { maxRemovals: null } }),
  },
  {
    because: 'names with dots, and one of a letter',
    manifest: connector({
      credentials: { secretRef: { name: 'a.b-c.d' } },
      conductorOne: { secretRef: { name: 'a' } },
    }),
  },
  {
    because: 'other words for the licenses, in whatever case',
    manifest: connector({ scim: { userTypes: { enterprise: 'Full Seat', viewOnly: 'READ-only' } } }),
  },
  {
    because: 'as many protected people as there may be, with long addresses',
    manifest: connector({
      provisioning: {
        protectedUsers: Array.from({ length: 1000 }, (_, index) => `${'x'.repeat(300)}${index}@acme.com`),
      },
    }),
  },
  { because: 'only what is required of a grant', manifest: grant() },
  { because: 'every field of a grant', manifest: fullGrant },
  ...INSTANTS.map((expiresAt) => ({ because: `the instant ${expiresAt}`, manifest: grant({ expiresAt }) })),
];

export interface Refused {
  readonly because: string;
  readonly manifest: Manifest;
  /** The field that is complained about. */
  readonly field: string;
  /** The sentence of the rule that is broken; absent where the schema refuses. */
  readonly says?: string;
}

const interval = 'interval must be between 1m and 720h';
const window = 'window must be between 1m and 720h';
const delay = 'removalDelay must be between 0s and 720h';
const lowerCase = 'write the email address in lower case';
const noEmail = 'this is no email address: write it as name@example.com';
const oneUser = 'give exactly one of user.email and user.gid';
const noScim =
  'scim.enabled needs credentials.type ServiceAccount, or credentials.secretRef.scimTokenKey with the token of one: a personal access token cannot use SCIM';
const noDeprovision =
  "provisioning.allowDeprovision needs credentials.type ServiceAccount: with a personal access token a deprovisioned person's work would pass to the owner of the token";
const sameWords =
  'enterprise and viewOnly must be different words, or a license cannot be told from the other';

function withSync(sync: Record<string, unknown>): Manifest {
  return connector({ sync });
}
function withProvisioning(provisioning: Record<string, unknown>): Manifest {
  return connector({ provisioning });
}

/** Each breaks exactly one rule. */
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
    because: 'two licenses have one word',
    manifest: connector({
      credentials: serviceAccount,
      scim: { userTypes: { enterprise: 'x', viewOnly: 'x' } },
    }),
    field: 'spec.scim.userTypes',
    says: sameWords,
  },
  {
    because: 'words are compared without case',
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
    because: `${JSON.stringify(viewOnly)} would never be what Asana calls a license`,
    manifest: connector({ scim: { userTypes: { viewOnly } } }),
    field: 'spec.scim.userTypes.viewOnly',
  })),
  { because: 'days are no unit', manifest: withSync({ interval: '1d' }), field: 'spec.sync.interval' },
  {
    because: 'a duration is not negative',
    manifest: withProvisioning({ removalDelay: '-1m' }),
    field: 'spec.provisioning.removalDelay',
  },
  { because: 'a duration is no number', manifest: withSync({ interval: 3600 }), field: 'spec.sync.interval' },
  {
    because: 'a protected address is in upper case',
    manifest: withProvisioning({ protectedUsers: ['a@acme.com', 'Root@acme.com'] }),
    field: 'spec.provisioning.protectedUsers[1]',
    says: lowerCase,
  },
  {
    because: 'a protected address is none',
    manifest: withProvisioning({ protectedUsers: ['root'] }),
    field: 'spec.provisioning.protectedUsers[0]',
    says: noEmail,
  },
  {
    because: 'a protected address is there twice',
    manifest: withProvisioning({ protectedUsers: ['a@acme.com', 'a@acme.com'] }),
    field: 'spec.provisioning.protectedUsers[1]',
  },
  {
    because: 'there is no such mode',
    manifest: withProvisioning({ mode: 'DryRun' }),
    field: 'spec.provisioning.mode',
  },
  {
    because: 'percent goes up to 100',
    manifest: withProvisioning({ maxRemovals: { percent: 101 } }),
    field: 'spec.provisioning.maxRemovals.percent',
  },
  {
    because: 'fewer than none is no limit',
    manifest: withProvisioning({ maxRemovals: { atLeast: -1 } }),
    field: 'spec.provisioning.maxRemovals.atLeast',
  },
  {
    because: 'a limit is a whole number',
    manifest: withProvisioning({ maxEnterpriseLicenses: 1.5 }),
    field: 'spec.provisioning.maxEnterpriseLicenses',
  },
  {
    because: 'a namespace has no underscore',
    manifest: withProvisioning({ allowedNamespaces: ['a_b'] }),
    field: 'spec.provisioning.allowedNamespaces[0]',
  },
  {
    because: 'an empty list of workspaces would read none',
    manifest: connector({ workspaces: [] }),
    field: 'spec.workspaces',
  },
  {
    because: 'a gid has only digits',
    manifest: connector({ workspaces: ['acme'] }),
    field: 'spec.workspaces[0]',
  },
  {
    because: 'a gid is no number, which could not hold it',
    manifest: connector({ workspaces: [1200000000000001] }),
    field: 'spec.workspaces[0]',
  },
  {
    because: 'a workspace is there twice',
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
    because: 'no object has such a name',
    manifest: connector({ credentials: { secretRef: { name: 'Asana' } } }),
    field: 'spec.credentials.secretRef.name',
  },
  ...['a..b', 'a.-b', 'a-.b', '.a', 'a.', '-a'].map((name) => ({
    because: `no object is called ${name}`,
    manifest: connector({ credentials: { secretRef: { name } } }),
    field: 'spec.credentials.secretRef.name',
  })),
  {
    because: 'a required field with nothing after the colon is missing',
    manifest: connector({ credentials: { secretRef: { name: null } } }),
    field: 'spec.credentials.secretRef.name',
  },
  {
    because: 'ConductorOne needs its Secret',
    manifest: connector({ conductorOne: {} }),
    field: 'spec.conductorOne.secretRef',
  },
  {
    because: 'an address and a gid could mean two people',
    manifest: grant({ user: { email: 'alice@acme.com', gid: '1' } }),
    field: 'spec.user',
    says: oneUser,
  },
  { because: 'nobody is named', manifest: grant({ user: {} }), field: 'spec.user', says: oneUser },
  ...['Alice@acme.com', 'alice@ACME.com', 'jÖrg@acme.com', 'ǅ@acme.com', 'Ж@acme.com'].map((email) => ({
    because: `${email} has upper case`,
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
    because: `${JSON.stringify(email)} is no address`,
    manifest: grant({ user: { email } }),
    field: 'spec.user.email',
    says: noEmail,
  })),
  {
    because: 'no address is so long',
    manifest: grant({ user: { email: `${'a'.repeat(316)}@x.co` } }),
    field: 'spec.user.email',
  },
  {
    because: 'a gid of a grant has only digits',
    manifest: grant({ user: { gid: '12a' } }),
    field: 'spec.user.gid',
  },
  { because: 'there is no such license', manifest: grant({ license: 'Full' }), field: 'spec.license' },
  {
    because: 'there is no such policy',
    manifest: grant({ deletionPolicy: 'Orphan' }),
    field: 'spec.deletionPolicy',
  },
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
    because: `"${expiresAt}" is no instant`,
    manifest: grant({ expiresAt }),
    field: 'spec.expiresAt',
  })),
  {
    because: 'a reason is a line, no document',
    manifest: grant({ reason: 'x'.repeat(513) }),
    field: 'spec.reason',
  },
  {
    because: 'the connector is not named',
    manifest: grant({ connectorRef: {} }),
    field: 'spec.connectorRef.name',
  },
];
