/** By path relative to the repository root: the names of the tests in that file that prove a row. */
export type Shown = Readonly<Record<string, readonly string[]>>;

const dropIn = 'test/commands/drop-in.test.ts';
const service = 'test/commands/connector-service.test.ts';
const sync = 'test/commands/connector-sync.test.ts';
const settings = 'test/commands/settings.test.ts';
const model = 'test/conductorone/model.test.ts';
const append = 'test/conductorone/c1z-append.test.ts';
const rules = 'test/provisioning/task-rules.test.ts';
const memberships = 'test/provisioning/task-memberships.test.ts';

/**
 * The tests that prove the rows which no code can generate: each of these rows describes a behavior of this connector
 * in words. By table, then by the first cell of the row.
 */
export const shownBy: Readonly<Record<string, Readonly<Record<string, Shown>>>> = {
  'What stays the same': {
    settings: {
      [dropIn]: [
        'starts with every flag in its args, and warns once of each without effect',
        'starts with every variable, and warns once of each without effect',
        'starts with every setting in .baton.yaml, and warns once of each without effect',
      ],
    },
    commands: {
      [dropIn]: ['accepts every flag also with capabilities, config and health-check, as cobra does'],
    },
    ids: { [model]: ['are exactly those of the Go connector'] },
    'resource types': { [model]: ['omit licenses if SCIM is off'] },
    credentials: {
      [service]: ['connects with the documented Secret alone, syncs, carries out tasks and exits on SIGTERM'],
      [sync]: ['trusts a private certificate authority for Asana only if it is in SSL_CERT_FILE'],
    },
    proxies: {
      'test/core/proxy.test.ts': ['is … for … if NO_PROXY is …'],
      'test/conductorone/proxy-connection.test.ts': [
        'sends token requests and calls through tunnels of … proxy, which cannot read them',
        'sends the proxy the user and password from its URL',
      ],
    },
    'single changes': {
      [sync]: [
        'grants an enterprise license once, with one audit line, and revokes it',
        'creates a view-only account',
        'fails with FailedPrecondition if there is no file with a sync',
      ],
    },
    'exit codes': {
      [service]: ['prints an error message and exits with the number of the gRPC code if …'],
      [sync]: ['rejects entitlements and accounts that the file lacks, and roles that no API can grant'],
    },
  },
  Files: {
    '`.baton.yaml`': {
      [sync]: ['reads .baton.yaml, and warns of unused and unknown settings without their values'],
      [settings]: [
        'contains settings under the names of their flags, also large numbers and lists',
        'must exist when BATON_CONFIG_PATH names it',
      ],
    },
    '`sync.c1z`': {
      [sync]: [
        'syncs once into sync.c1z without arguments, and writes nothing to standard output',
        'adds a second sync to the file',
        'rejects a file of version 3 and a missing folder before it sends a request to Asana',
      ],
      [append]: ['keeps only the newest two full syncs, and no free pages in the file'],
    },
    'temporary files': {
      'test/conductorone/c1z.test.ts': [
        'can be read repeatedly from its first byte, and disposing of it removes its folder',
      ],
      'test/conductorone/c1z-storage.test.ts': [
        'fails the sync with a stalling error that names it and BATON_TMPDIR if it is not writable',
      ],
    },
    'log files': {
      'test/commands/connector-log.test.ts': ['goes to every path of its list, as JSON'],
    },
  },
  'What is corrected': {
    'admins of a workspace are shown as Member': {
      [model]: [
        'list an active … of a workspace only as …',
        'mark a role that the API cannot change as immutable, on the grant and on the entitlement',
      ],
    },
    'guests of a workspace are shown as Member': {
      [model]: ['list an active … of a workspace only as …'],
    },
    'people who left keep a grant of a role with an empty name': {
      [model]: ['omit every role and license of a person whose membership has ended'],
    },
    'each team membership is shown as one role only, so a team admin is not a Team Member': {
      [model]: ['are exactly those of the Go connector', 'list an ordinary team member only as Team Member'],
    },
    'people who left keep their license': {
      [model]: ['omit every role and license of a person whose membership has ended'],
    },
    'deactivated people are shown as enabled': {
      [model]: ['has the status … if …'],
    },
    'the service account of the token is shown as a person': {
      [model]: ['has the type SERVICE if it is the service account of the token, and HUMAN otherwise'],
    },
    'the parent of an account in two workspaces can change between syncs': {
      [model]: ['has at most one parent, regardless of the order of its workspaces: …'],
    },
    'an empty email address is sent for an account without one': {
      [model]: ['has no email in the user trait if its address is missing or invalid: …'],
    },
    'first and last names are the full name, split at the first space': {
      [model]: [
        'has its status and profile, with the names from SCIM, in the user trait and in the resource',
      ],
    },
    'workspaces are listed without paging, and a long-running process reads each one several times': {
      'test/asana/pages.test.ts': ['pages are read until next_page is null, even if a page is empty'],
      'test/commands/standalone.test.ts': ['reuses a reading for ten minutes'],
    },
    'resources for which Asana returns 404 during a sync are skipped': {
      'test/conductorone/service-sync.test.ts': [
        'fails with Unavailable and uploads nothing if the reading is incomplete',
      ],
      'test/directory/sync.test.ts': [
        'a team that cannot be read makes the teams incomplete, and keeps its previous members',
      ],
    },
  },
  'Intentional differences': {
    'revoking a view-only license deprovisions the account at once': {
      [service]: ['deprovisions accounts only if this is allowed, up to the limit of --max-deprovisions'],
    },
    'revoking the membership of a workspace removes the person': {
      [memberships]: ['removes a person from the organization once, and books it as a deprovision'],
    },
    'granting Admin or Guest of a workspace adds a member and reports success': {
      [sync]: ['rejects entitlements and accounts that the file lacks, and roles that no API can grant'],
    },
    'revoking Admin, Guest or Limited Access of a team removes the membership': {
      'test/conductorone/entitlement-request.test.ts': ['is refused with …: …'],
    },
    'taking a guest out of their last team removes the membership': {
      [memberships]: [
        'is not removed by a task without allowDeprovision',
        'is booked as a deprovision when a task removes them',
      ],
    },
    'granting view-only to somebody with an enterprise license does nothing and reports success': {
      [rules]: ['a task to … is decided as "…"'],
    },
    'granting access that is already held, or revoking access that is not held, fails or reports a change': {
      'test/conductorone/service-provisioning.test.ts': [
        'succeeds with GrantAlreadyExists, in the response and beside it, if the access exists already',
        'succeeds with GrantAlreadyRevoked, in the response and beside it, if the access is gone already',
      ],
    },
    'a change is reported as done when Asana accepts the request': {
      'test/provisioning/task-provisioner.test.ts': [
        'is read back until it shows',
        'is given up after three minutes, and its license stays reserved until then',
      ],
    },
    'admins of Asana, and the account of the token, can be removed': {
      [rules]: ['… is not removed from a protected account, nor while the reading is in doubt'],
    },
    '`Retry-After` is ignored, and requests are sent one at a time': {
      'test/asana/transport.test.ts': [
        'after a 429, REST and SCIM send nothing until Retry-After has passed, and then succeed',
      ],
      'test/asana/budget.test.ts': [
        '70 % of a limit of 1,500 admits 1,050 requests, and the next ones only after a minute',
      ],
    },
    '–': {
      'test/commands/standalone.test.ts': [
        'returns no suddenly smaller directory, warns, and recovers once everybody is back',
      ],
    },
    'a SCIM listing with fewer entries than it announces is accepted as complete': {
      'test/commands/standalone.test.ts': [
        'returns no directory, and the third time names the setting that accepts the listing',
        'accepts the listing only if BATON_ACCEPT_MISSING covers the missing entries',
      ],
    },
    'with `--skip-full-sync`, full-sync tasks are reported as done without a sync': {
      [service]: ['with --skip-full-sync, uploads nothing and fails sync tasks with Unavailable'],
    },
    'new c1z files have version 3 (Pebble)': {
      'test/conductorone/c1z.test.ts': [
        'consists of the magic bytes and an SQLite file in a zstd frame that declares its size',
      ],
    },
    '`capabilities` lists PROVISION even if provisioning is off': {
      'test/conductorone/capabilities.test.ts': ['match the settings and are sorted by resource type: …'],
      'test/commands/json-commands.test.ts': ['omits licenses without SCIM, and provisioning if it is off'],
    },
    'the account schema asks for a license type': {
      'test/conductorone/capabilities.test.ts': [
        'contains the fields of a new account with the settings …: …',
      ],
      'test/conductorone/entitlement-request.test.ts': ['becomes a request to create an account: …'],
    },
    '`--create-account-email` alone is ignored, and a sync is made': {
      [settings]: ['is rejected: …'],
    },
    'flags delete resources, rotate credentials, read events, tickets and actions, and compare and compact files':
      {
        [settings]: ['is rejected with Unimplemented and the name of its variable: …'],
        [sync]: ['exits with Unimplemented, without a sync, for what only the Go connector supports'],
      },
    'a number in a text field of an account profile is ignored, and the account is created': {
      'test/conductorone/entitlement-request.test.ts': [
        'is refused with InvalidArgument if a field is not a string: …',
      ],
    },
    'unknown variables are ignored': {
      [settings]: ['name unknown variables, but not those that Kubernetes sets for services'],
    },
    'an invalid boolean in a variable counts as false': {
      [settings]: ['rejects …=…, and names the variable and the valid values'],
    },
    'an error names its cause': {
      'test/commands/setting-words.test.ts': ['names flags and variables instead of object fields: …'],
    },
  },
};
