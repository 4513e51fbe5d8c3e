import { Document, isMap, isScalar, type Node, type YAMLMap } from 'yaml';

/** Comments above the fields of a printed AsanaConnector, by path. */
const COMMENTS: Readonly<Record<string, string>> = {
  'spec.credentials': ' The Secret of the baton-asana Deployment, which the operator reads unchanged.',
  'spec.defaultWorkspace': ' Where ConductorOne adds new accounts (BATON_DEFAULT_WORKSPACE_ID).',
  'spec.scim': ' Licenses, over SCIM (BATON_USE_SCIM_API).',
  'spec.provisioning': ' Limits for changes in Asana.',
  'spec.conductorOne':
    ' Service mode: uploads, and with provision (BATON_PROVISIONING) access requests and revocations.\n Stop the baton-asana Deployment before you apply this: two connectors with one client ID share its tasks.',
};

const HEAD = [
  'The settings in the Secret of a baton-asana Deployment, as an AsanaConnector.',
  'Syncs every hour (spec.sync.interval), and changes nothing for declared grants until spec.provisioning.mode is Apply.',
];

const WITHOUT_CONDUCTOR_ONE =
  'The Secret has no client ID: without spec.conductorOne the connector syncs and does not connect to ConductorOne.';

/** Formats an AsanaConnector as YAML, with comments that explain where each part comes from. */
export function printConnector(manifest: Readonly<Record<string, unknown>>): string {
  // kubectl reads YAML 1.1, in which an unquoted `no` or `on` is a boolean.
  const document = new Document(manifest, { compat: 'yaml-1.1' });
  for (const [path, comment] of Object.entries(COMMENTS)) commentOn(document, path.split('.'), comment);
  const connected = document.hasIn(['spec', 'conductorOne']);
  const head = [...HEAD, ...(connected ? [] : [WITHOUT_CONDUCTOR_ONE])];
  document.commentBefore = head.map((line) => ` ${line}`).join('\n');
  return document.toString({ lineWidth: 0 });
}

function commentOn(document: Document, path: readonly string[], comment: string): void {
  const parent = document.getIn(path.slice(0, -1)) as YAMLMap | undefined;
  const pair = isMap(parent)
    ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
    : undefined;
  if (pair) (pair.key as Node).commentBefore = comment;
}
