import type { Values } from './helm.ts';

/** One way to install the chart. */
export interface Installation {
  readonly name: string;
  readonly values: Values;
  /** The standard that pods must meet: the Pod Security Standard `restricted`, or OpenShift's restricted-v2. */
  readonly pods: 'restricted' | 'restricted-v2';
}

const labels = { team: 'identity' };
const annotations = { 'example.com/owner': 'identity' };
const limits = { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '700Mi' } };
const monitor = {
  enabled: true,
  labels: { release: 'prometheus' },
  annotations,
  interval: '1m',
  scrapeTimeout: '5s',
  relabelings: [{ action: 'labeldrop', regex: 'pod' }],
  metricRelabelings: [{ action: 'drop', sourceLabels: ['__name__'], regex: 'nodejs_.*' }],
};
const connectorRef = { name: 'acme' };
const user = { email: 'alice@acme.example' };

const everything: Values = {
  nameOverride: 'asana',
  fullnameOverride: 'asana-everything',
  commonLabels: { 'example.com/stage': 'production' },
  image: { repository: 'registry.example.com/asana-connector', tag: '1.2.3', pullPolicy: 'Always' },
  imagePullSecrets: [{ name: 'registry' }],
  replicaCount: 2,
  openshift: false,
  uninstall: { deadlineSeconds: 300, resources: limits },
  rbac: { aggregateToView: false, aggregateToEdit: false },
  serviceAccount: { name: 'asana-operator', annotations },
  operator: {
    logLevel: 'debug',
    logFormat: 'console',
    concurrency: 10,
    actionTimeout: '90s',
    auditLog: {
      path: '/var/log/asana-connector/audit.log',
      volume: { persistentVolumeClaim: { claimName: 'audit' } },
    },
    asana: { apiUrl: 'https://asana.acme.example/api/1.0', requestsPerMinute: 150, budgetPercent: 50 },
    conductorOne: { host: 'acme.conductor.one', allowedHosts: ['acme.conductor.one'] },
  },
  caBundle: { configMap: 'corporate-ca', key: 'corporate.pem' },
  proxy: { httpsProxy: 'http://proxy.acme.example:3128', noProxy: ['.acme.example', '10.0.0.0/8'] },
  leaderElection: { leaseDuration: '30s', renewDeadline: '20s', retryPeriod: '4s' },
  metrics: {
    port: 9090,
    service: { annotations },
    serviceMonitor: monitor,
    prometheusRule: {
      enabled: true,
      labels: { release: 'prometheus' },
      annotations,
      runbookBaseUrl: 'https://runbooks.acme.example/asana',
    },
    dashboard: { enabled: true, labels: { grafana_dashboard: 'asana' }, annotations },
  },
  otel: { endpoint: 'http://collector.monitoring:4318' },
  health: {
    port: 9091,
    livenessProbe: { initialDelaySeconds: 10, periodSeconds: 20, timeoutSeconds: 6, failureThreshold: 4 },
    readinessProbe: { periodSeconds: 6, timeoutSeconds: 6, failureThreshold: 3 },
  },
  podDisruptionBudget: { enabled: true, maxUnavailable: '50%' },
  networkPolicy: {
    enabled: true,
    scrapeFrom: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    dns: { to: [{ ipBlock: { cidr: '10.96.0.10/32' } }], ports: [5353] },
    apiServer: { to: [{ ipBlock: { cidr: '10.0.0.1/32' } }], ports: [6443] },
    proxy: { to: [{ ipBlock: { cidr: '10.0.0.2/32' } }] },
    extraEgress: [{ to: [{ ipBlock: { cidr: '10.0.0.3/32' } }], ports: [{ port: 4318 }] }],
  },
  resources: limits,
  nodeOptions: '--max-old-space-size=300',
  tmpSizeLimit: '2Gi',
  deploymentAnnotations: annotations,
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
  revisionHistoryLimit: 3,
  terminationGracePeriodSeconds: 90,
  podLabels: labels,
  podAnnotations: annotations,
  podSecurityContext: { runAsUser: 12345, runAsGroup: 12345, fsGroup: 12345 },
  securityContext: { runAsUser: 12345 },
  hostUsers: false,
  nodeSelector: { 'kubernetes.io/os': 'linux' },
  tolerations: [{ key: 'identity', operator: 'Exists', effect: 'NoSchedule' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'pool', operator: 'In', values: ['a'] }] }],
      },
    },
  },
  topologySpreadConstraints: [
    { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
  ],
  priorityClassName: 'system-cluster-critical',
  dnsPolicy: 'None',
  dnsConfig: { nameservers: ['10.96.0.10'], options: [{ name: 'ndots', value: '1' }] },
  hostAliases: [{ ip: '10.0.0.9', hostnames: ['asana.acme.example'] }],
  extraArgs: ['--concurrency=11'],
  extraEnv: [{ name: 'TZ', value: 'UTC' }],
  extraVolumes: [{ name: 'more', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
  connectors: {
    acme: {
      labels,
      annotations,
      spec: {
        credentials: { type: 'ServiceAccount', secretRef: { name: 'asana' } },
        scim: { enabled: true },
      },
    },
  },
  grants: {
    licenses: { alice: { spec: { connectorRef, user, license: 'ViewOnly' } } },
    teams: { 'alice-design': { spec: { connectorRef, user, team: { name: 'Design' }, duration: '8h' } } },
    workspaces: { 'alice-partners': { spec: { connectorRef, user, workspace: '1200000000000002' } } },
    accounts: { bob: { spec: { connectorRef, email: 'bob@acme.example' } } },
  },
  extraObjects: [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'more', namespace: '{{ .Release.Namespace }}' },
    },
  ],
};

/** All ways in which the tests install the chart; together they set every value. */
export const INSTALLATIONS: readonly Installation[] = [
  { name: 'with default values', values: {}, pods: 'restricted' },
  { name: 'with every value set', values: everything, pods: 'restricted' },
  {
    name: 'in namespaces, with the alternatives to values of the other installations',
    values: {
      scope: 'namespaced',
      watchNamespaces: ['team-a', 'team-b'],
      image: { digest: `sha256:${'0'.repeat(64)}` },
      serviceAccount: { create: false, name: 'default' },
      caBundle: { secret: 'corporate-ca' },
      proxy: { secretRef: { name: 'proxy', key: 'url' } },
      leaderElection: { enabled: false },
      metrics: { podMonitor: monitor, service: { enabled: false } },
      networkPolicy: { enabled: true, proxy: { ports: [3128] } },
      connectors: { acme: { namespace: 'team-a', spec: { credentials: { secretRef: { name: 'asana' } } } } },
    },
    pods: 'restricted',
  },
  {
    name: 'on OpenShift',
    values: { replicaCount: 2, networkPolicy: { enabled: true } },
    pods: 'restricted-v2',
  },
  {
    name: 'with a restricted Internet policy, and without roles, CRDs and the uninstall hook',
    values: {
      networkPolicy: {
        enabled: true,
        internet: { to: [{ ipBlock: { cidr: '192.0.2.0/24' } }], ports: [8443] },
      },
      rbac: { create: false },
      crds: { enabled: false },
      uninstall: { releaseGrants: false },
    },
    pods: 'restricted',
  },
  { name: 'with CRDs that are removed with it', values: { crds: { keep: false } }, pods: 'restricted' },
];
