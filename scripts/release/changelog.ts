/** One change of a version, as the changelog words it. */
export interface Change {
  /** As Artifact Hub names it. */
  readonly kind: 'added' | 'changed' | 'deprecated' | 'removed' | 'fixed' | 'security';
  readonly description: string;
}

const KINDS: readonly string[] = ['added', 'changed', 'deprecated', 'removed', 'fixed', 'security'];

/**
 * Returns the section of a version, without its heading.
 * @throws Error if the changelog has no such section, or the section is empty
 */
export function sectionOf(changelog: string, version: string): string {
  const [, ...sections] = `\n${changelog}`.split(/\n## /);
  const section = sections.find((text) => text.split(/[\s[\]]+/, 2).includes(version));
  const body = section?.slice(section.indexOf('\n')).trim() ?? '';
  if (body === '')
    throw new Error(`CHANGELOG.md says nothing of ${version}: rename "Unreleased", with the date`);
  return body;
}

/**
 * Returns the changes of a section, each as one line.
 * @throws Error for a heading that Keep a Changelog does not define
 */
export function changesIn(section: string): Change[] {
  const changes: Change[] = [];
  for (const part of `\n${section}`.split(/\n### /).slice(1)) {
    const [heading = '', ...lines] = part.split('\n');
    const kind = heading.trim().toLowerCase();
    if (!isKind(kind)) throw new Error(`CHANGELOG.md: "${heading}" is none of ${KINDS.join(', ')}`);
    for (const item of lines.join('\n').split(/^- /m).slice(1))
      changes.push({ kind, description: item.trim().replaceAll(/\s+/g, ' ') });
  }
  return changes;
}

function isKind(word: string): word is Change['kind'] {
  return KINDS.includes(word);
}
