import { parseDocument } from 'yaml';
import type { Change } from './changelog.ts';

export interface Release {
  readonly version: string;
  readonly changes: readonly Change[];
  /** The image without tag or digest. */
  readonly image: string;
  /** `sha256:…` */
  readonly digest: string;
  /** URL of the repository, which is known only at release time. */
  readonly source: string;
}

/** Returns Chart.yaml for a release: its versions, and the annotations for Artifact Hub. */
export function releasedChart(chart: string, { version, changes, image, digest, source }: Release): string {
  const document = parseDocument(chart);
  const annotate = (name: string, value: string) =>
    document.setIn(['annotations', `artifacthub.io/${name}`], value);
  document.set('version', version);
  document.set('appVersion', version);
  document.set('home', source);
  document.set('sources', [source]);
  annotate('prerelease', String(isPrerelease(version)));
  annotate('containsSecurityUpdates', String(changes.some(({ kind }) => kind === 'security')));
  annotate('images', `- name: asana-connector\n  image: ${image}:${version}@${digest}\n`);
  annotate('links', linksOf(source, version).map(linkEntry).join(''));
  annotate('changes', changes.map(changeEntry).join(''));
  return document.toString({ lineWidth: 0 });
}

/** Returns the chart's values with the image of the release, by digest. */
export function releasedValues(values: string, { image, digest }: Release): string {
  const document = parseDocument(values);
  document.setIn(['image', 'repository'], image);
  document.setIn(['image', 'digest'], digest);
  return document.toString({ lineWidth: 0 });
}

/** Returns the links of the chart. `support` and `source` are names that Artifact Hub knows. */
function linksOf(source: string, version: string): readonly { name: string; url: string }[] {
  return [
    { name: 'source', url: source },
    { name: 'support', url: `${source}/issues` },
    { name: 'documentation', url: `${source}/tree/v${version}/docs` },
  ];
}

function linkEntry({ name, url }: { name: string; url: string }): string {
  return `- name: ${name}\n  url: ${JSON.stringify(url)}\n`;
}

function changeEntry({ kind, description }: Change): string {
  return `- kind: ${kind}\n  description: ${JSON.stringify(description)}\n`;
}

/** Whether a version is a prerelease: before 1.0, or with a suffix such as `-rc.1`. */
function isPrerelease(version: string): boolean {
  return version.startsWith('0.') || version.includes('-');
}
