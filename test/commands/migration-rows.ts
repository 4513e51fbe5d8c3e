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
        'starts with every flag of it in its args, and hears once of each that has no effect',
        'starts with every variable of it, and hears once of each that has no effect',
        'starts with every setting of it in .baton.yaml, and hears once of each that has no effect',
      ],
    },
    commands: { [dropIn]: ['takes every flag with the other commands of it, as cobra does'] },
    ids: { [model]: ['are those of the Go connector, byte for byte'] },
    'resource types': { [model]: ['show licenses only with SCIM'] },
    credentials: {
      [service]: [
        'reaches the connected state with the documented Secret alone, syncs, carries out requests, and ends on SIGTERM',
      ],
      [sync]: ['trusts for Asana, too, whom SSL_CERT_FILE names, and nobody else'],
    },
    proxies: {
      'test/core/proxy.test.ts': ['is … for … when NO_PROXY is …'],
      'test/conductorone/proxy-connection.test.ts': [
        'takes the token and the calls through tunnels of … proxy, which sees neither',
        'gives the proxy its user and password',
      ],
    },
    'single changes': {
      [sync]: [
        'grants an enterprise license, says so in one audit line, finds it done the second time, and takes it back',
        'creates a view-only account',
        'needs a sync in the file first',
      ],
    },
    'exit codes': {
      [service]: ['ends with the remedy and the number of the gRPC code: …'],
      [sync]: ['refuses what the file does not hold, and roles that no API gives'],
    },
  },
  Files: {
    '`.baton.yaml`': {
      [sync]: ['takes its settings from .baton.yaml too, and warns of those that nobody knows by name only'],
      [settings]: [
        'holds settings by the names of their flags, large numbers and lists included',
        'must exist when BATON_CONFIG_PATH names it',
      ],
    },
    '`sync.c1z`': {
      [sync]: [
        'syncs once into sync.c1z with no argument at all, and writes nothing to standard output',
        'adds a second sync to the file',
        'refuses a file of version 3, and a folder that is not there, before it asks Asana for anything',
      ],
      [append]: ['keeps the newest two full syncs, nothing of the others, and no holes in the file'],
    },
    'temporary files': {
      'test/conductorone/c1z.test.ts': [
        'is read from its first byte as often as needed, and its folder is gone when it is disposed of',
      ],
      'test/conductorone/c1z-storage.test.ts': ['that cannot be written stalls with the remedy'],
    },
    'log files': {
      'test/commands/connector-log.test.ts': ['goes to every path of its list, as JSON'],
    },
  },
  'What is corrected': {
    'admins of a workspace are shown as Member': {
      [model]: [
        'show an active … of a workspace as …, and as nothing else',
        'mark what the API cannot change, on the grant and on its entitlement',
      ],
    },
    'guests of a workspace are shown as Member': {
      [model]: ['show an active … of a workspace as …, and as nothing else'],
    },
    'people who left keep a grant of a role with an empty name': {
      [model]: ['give nobody a right whose membership has ended, and no license either'],
    },
    'each team membership is shown as one role only, so a team admin is not a Team Member': {
      [model]: [
        'are those of the Go connector, byte for byte',
        'show a plain team member as Team Member only',
      ],
    },
    'people who left keep their license': {
      [model]: ['give nobody a right whose membership has ended, and no license either'],
    },
    'deactivated people are shown as enabled': {
      [model]: ['is … when …'],
    },
    'the service account of the token is shown as a person': {
      [model]: ["of the token is a service account's when the token is one's, and everybody else is human"],
    },
    'the parent of an account in two workspaces can change between syncs': {
      [model]: ['has one parent, however many workspaces: …'],
    },
    'an empty email address is sent for an account without one': {
      [model]: ["keeps an email out of the trait that the message's rule would refuse: …"],
    },
    'first and last names are the full name, split at the first space': {
      [model]: [
        'has its status and its profile, with the names from SCIM, both in the user trait and in the resource',
      ],
    },
    'workspaces are listed without paging, and a long-running process reads each one several times': {
      'test/asana/pages.test.ts': ['pages are read until next_page is null, whatever their length'],
      'test/commands/standalone.test.ts': ['takes one reading for ten minutes'],
    },
    'resources for which Asana returns 404 during a sync are skipped': {
      'test/conductorone/service-sync.test.ts': ['with an incomplete reading uploads nothing'],
      'test/directory/sync.test.ts': [
        'one team that cannot be read makes the teams incomplete, and keeps its members of before',
      ],
    },
  },
  'Intentional differences': {
    'revoking a view-only license deprovisions the account at once': {
      [service]: ['deprovisions nobody unless that is allowed, and then no more than --max-deprovisions'],
    },
    'revoking the membership of a workspace removes the person': {
      [memberships]: ['takes somebody out of the organization, booked as a deprovision'],
    },
    'granting Admin or Guest of a workspace adds a member and reports success': {
      [sync]: ['refuses what the file does not hold, and roles that no API gives'],
    },
    'revoking Admin, Guest or Limited Access of a team removes the membership': {
      'test/conductorone/entitlement-request.test.ts': ['is refused as …: …'],
    },
    'taking a guest out of their last team removes the membership': {
      [memberships]: [
        'is taken out of it by a task only where deprovisioning is allowed',
        'is booked as a deprovision when they are taken out of it',
      ],
    },
    'granting view-only to somebody with an enterprise license does nothing and reports success': {
      [rules]: ['…: …'],
    },
    'granting access that is already held, or revoking access that is not held, fails or reports a change': {
      'test/conductorone/service-provisioning.test.ts': [
        'for what is so already is a success with GrantAlreadyExists, in the answer and beside it',
        'for what is gone already is a success with GrantAlreadyRevoked, in the answer and beside it',
      ],
    },
    'a change is reported as done when Asana accepts the request': {
      'test/provisioning/task-provisioner.test.ts': [
        'is looked for until it shows',
        'is given up after three minutes, with its license held until then',
      ],
    },
    'admins of Asana, and the account of the token, can be removed': {
      [rules]: ['… is not taken from the protected, nor on a doubtful reading'],
    },
    '`Retry-After` is ignored, and requests are sent one at a time': {
      'test/asana/transport.test.ts': [
        'after a 429 nobody sends before it has passed, by REST or by SCIM, and then all is well',
      ],
      'test/asana/budget.test.ts': [
        'a limit of 1,500 with 70 % planned lets 1,050 through and the next after a minute',
      ],
    },
    '–': {
      'test/commands/standalone.test.ts': [
        'gives out no directory that is suddenly smaller, says so, and goes on by itself once everybody is back',
      ],
    },
    'a SCIM listing with fewer entries than it announces is accepted as complete': {
      'test/commands/standalone.test.ts': [
        'uploads nothing, and names the setting that accepts it at the third time',
        'takes it for whole where that many are accepted, and no more',
      ],
    },
    'with `--skip-full-sync`, full-sync tasks are reported as done without a sync': {
      [service]: ['uploads nothing, rather than a file without contents, with --skip-full-sync'],
    },
    'new c1z files have version 3 (Pebble)': {
      'test/conductorone/c1z.test.ts': [
        'is the magic and a zstd frame that announces its size, around a plain SQLite file',
      ],
    },
    '`capabilities` lists PROVISION even if provisioning is off': {
      'test/conductorone/capabilities.test.ts': ['follow the settings, sorted by resource type: …'],
      'test/commands/json-commands.test.ts': ['announces nothing that its settings leave out'],
    },
    'the account schema asks for a license type': {
      'test/conductorone/capabilities.test.ts': ['asks for the fields that account creation uses with …: …'],
      'test/conductorone/entitlement-request.test.ts': ['takes what the task says: …'],
    },
    '`--create-account-email` alone is ignored, and a sync is made': {
      [settings]: ['is refused: …'],
    },
    'flags delete resources, rotate credentials, read events, tickets and actions, and compare and compact files':
      {
        [settings]: ['is refused with the name of its variable and Unimplemented: …'],
        [sync]: [
          'refuses what it does not do and the Go connector does, with Unimplemented, and neither syncs nor asks Asana',
        ],
      },
    'a number in a text field of an account profile is ignored, and the account is created': {
      'test/conductorone/entitlement-request.test.ts': [
        'is refused with InvalidArgument where a field is no text: …',
      ],
    },
    'unknown variables are ignored': {
      [settings]: [
        'name the variables that nobody knows, and pass over those that Kubernetes makes of services',
      ],
    },
    'an invalid boolean in a variable counts as false': {
      [settings]: ['refuses …=…, names it, and says what to write instead'],
    },
    'an error names its cause': { 'test/commands/setting-words.test.ts': ['names what they can set: …'] },
  },
};
