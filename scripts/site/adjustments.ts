/** A change to a command that cannot run on the stage without it, and the reason. */
interface Adjustment {
  readonly because: string;
  readonly pattern: RegExp;
  readonly by: string;
}

/** Replaces what a page leaves to its reader, and what needs pods, which the stage does not have. Applied in order. */
const ADJUSTMENTS: readonly Adjustment[] = [
  { because: 'a placeholder', pattern: /\bCONNECTOR\b/g, by: 'acme' },
  { because: 'a placeholder', pattern: /\bNAMESPACE\b/g, by: 'iga' },
  { because: 'a placeholder', pattern: /\bEMAIL\b/g, by: 'alice@acme.example' },
  {
    because: 'the stage sets the token',
    pattern: /^export ASANA_TOKEN=.+$/,
    by: 'test -n "$ASANA_TOKEN"',
  },
  { because: 'a programs folder of the stage', pattern: /\/usr\/local\/bin\//g, by: '"$PROGRAMS"/' },
  { because: 'the programs are there since an earlier page', pattern: /^ln -s /, by: 'ln -sf ' },
  { because: 'nobody ends a watch', pattern: / (-w|--watch)$/, by: '' },
  {
    because: 'there are no pods: the operator is a process',
    pattern: /^kubectl logs -n asana-connector deploy\S* [^|]*/,
    by: 'cat operator.log ',
  },
  {
    because: 'there are no pods: the operator is a process',
    pattern: /^kubectl -n asana-connector logs job.*$/,
    by: 'test -s operator.log',
  },
  { because: 'what it looks for may not have happened', pattern: /(\| grep .*)$/, by: '$1 || test $? -eq 1' },
  { because: 'kubectl has it built in', pattern: /^kustomize build/, by: 'kubectl kustomize' },
  {
    because: 'the release is there since the first page',
    pattern: /^helm install /,
    by: 'helm upgrade --install ',
  },
  {
    because: 'it may be there since an earlier page',
    pattern: /^kubectl (?:-n \S+ )?create (?:namespace|secret|configmap) .*$/,
    by: '$& --dry-run=client -o yaml | kubectl apply -f -',
  },
  {
    because: 'here the chart brings them',
    pattern: /^(kubectl apply --server-side) (-f crds\/)$/,
    by: '$1 --force-conflicts $2',
  },
  {
    because: 'the kinds of the Prometheus operator are not there',
    pattern: /^helm upgrade (.*) --reuse-values (.*serviceMonitor.*)$/,
    by: 'helm template $1 --api-versions monitoring.coreos.com/v1 $2',
  },
  {
    because: 'its hook is a Job, which would need a pod',
    pattern: /^helm uninstall .*$/,
    by: '$& --dry-run',
  },
  { because: 'changes are no failure', pattern: /(asana-connector plan [^|]*)$/, by: '$1 || test $? -eq 2' },
  {
    because: 'it reads the operator through pods',
    pattern: /^(kubectl asana doctor .*?)( \|\| true)?$/,
    by: '$1 || test $? -eq 1',
  },
];

/** Commands that are not run here, and where they are tested. */
const ELSEWHERE: readonly { readonly where: string; readonly pattern: RegExp }[] = [
  { where: 'test/ground/build.test.ts', pattern: /^npm run build\b/ },
  { where: 'npm run image', pattern: /^docker build\b/ },
  { where: 'test/commands/completion', pattern: /completion (zsh|fish|powershell)\b/ },
];

/** Rewrites a text to the addresses of the people in the sandbox. */
export function aboutThePeople(text: string): string {
  return text.replaceAll('@acme.com', '@acme.example');
}

/** Returns a command as the stage can run it; `null` if a test runs it elsewhere. */
export function adjust(command: string): string | null {
  if (ELSEWHERE.some(({ pattern }) => pattern.test(command))) return null;
  return ADJUSTMENTS.reduce(
    (text, { pattern, by }) => text.replace(pattern, by),
    // A trailing comment would swallow what is appended to the command.
    aboutThePeople(command.replace(/\s+#.*$/, '')),
  );
}
