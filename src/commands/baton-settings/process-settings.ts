import { choice, instant, list, type Setting, text, toggle, whole } from './setting.ts';

/** The settings of the log and of the health endpoints. */
export const processSettings = {
  logLevel: choice(
    'log-level',
    {
      group: 'logging',
      placeholder: 'level',
      description: 'Minimum log level: debug, info, warn or error.',
      values: ['debug', 'info', 'warn', 'error'],
      otherNames: { trace: 'debug', warning: 'warn', dpanic: 'error', panic: 'error', fatal: 'error' },
      operator: 'flag --log-level of the operator',
    },
    'info',
  ),
  logLevelDebugExpiresAt: instant('log-level-debug-expires-at', {
    group: 'logging',
    placeholder: 'time',
    description: 'Time from which level debug means info, such as 2027-01-31T00:00:00Z.',
    operator: null,
  }),
  logFormat: choice('log-format', {
    group: 'logging',
    placeholder: 'format',
    description: 'Log format: json or console. Default: console on a terminal, otherwise json.',
    values: ['json', 'console'],
    operator: 'flag --log-format of the operator',
  }),
  logPath: list('log-path', {
    group: 'logging',
    placeholder: 'paths',
    description:
      'Where log lines go, separated by commas: files that they are appended to, stdout, stderr. Default: stderr.',
    pattern: /^[^\0]{1,4096}$/,
    remedy: 'must be paths, separated by commas, of at most 4096 characters each',
    operator: null,
  }),

  healthCheck: toggle('health-check', {
    group: 'health',
    description: 'Serve /health, /ready and /live in service mode.',
    operator: 'flag --health-bind-address of the operator, always on',
  }),
  healthCheckPort: whole(
    'health-check-port',
    {
      group: 'health',
      placeholder: 'port',
      description: 'Port of the health endpoints.',
      min: 1,
      max: 65_535,
      operator: 'flag --health-bind-address of the operator',
    },
    8081,
  ),
  healthCheckBindAddress: text(
    'health-check-bind-address',
    {
      group: 'health',
      placeholder: 'address',
      description: 'IP address that the health endpoints listen on. HTTP probes of Kubernetes need 0.0.0.0.',
      pattern: /^[0-9a-zA-Z.:-]{1,253}$/,
      remedy: 'must be an address such as 127.0.0.1, 0.0.0.0 or ::',
      operator: 'flag --health-bind-address of the operator',
    },
    '127.0.0.1',
  ),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;
