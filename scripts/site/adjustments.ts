/** A change of a command without which it cannot run on the stage, and why. */
interface Adjustment {
  readonly because: string;
  readonly pattern: RegExp;
  readonly by: string;
}

/** What a page leaves to its reader, or what needs pods, which the stage has none of. Applied from top to bottom. */
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

/** Commands that are not run, and where else they are. */
const ELSEWHERE: readonly { readonly where: string; readonly pattern: RegExp }[] = [
  { where: 'test/ground/build.test.ts', pattern: /^npm run build\b/ },
  { where: 'test/commands/completion', pattern: /completion (zsh|fish|powershell)\b/ },
];

/** A text about the people of the sandbox, who have addresses of their own. */
export function aboutThePeople(text: string): string {
  return text.replaceAll('@acme.com', '@acme.example');
}

/** A command as the stage can run it; null where a test runs it elsewhere. */
export function adjust(command: string): string | null {
  if (ELSEWHERE.some(({ pattern }) => pattern.test(command))) return null;
  return ADJUSTMENTS.reduce(
    (text, { pattern, by }) => text.replace(pattern, by),
    // A remark behind a command would swallow what is put at its end.
    aboutThePeople(command.replace(/\s+#.*$/, '')),
  );
}
