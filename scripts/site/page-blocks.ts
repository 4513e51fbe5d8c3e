import { parseAllDocuments } from 'yaml';

/** A fenced block of a page that is code for somebody to use. */
export type Block =
  | { readonly type: 'commands'; readonly commands: readonly string[] }
  | {
      readonly type: 'yaml';
      readonly text: string;
      /** File that the page tells its reader to keep it in: the comment in its first line. */
      readonly file: string | null;
    };

/** The blocks of a page, from top to bottom: `console` and `yaml`. Others show output, or what is not to be run. */
export function blocksIn(text: string): readonly Block[] {
  return [...text.matchAll(/^```(console|yaml)\n([^]*?)^```$/gm)].map(([, language, content = '']) =>
    language === 'console' ? { type: 'commands', commands: commandsIn(content) } : yamlBlock(content),
  );
}

function yamlBlock(text: string): Block {
  const [, file = null] = /^# (\S+\.ya?ml)\n/.exec(text) ?? [];
  return { type: 'yaml', text, file };
}

/** Where a line begins with a prompt, only such lines are commands, and the others what they print. */
function commandsIn(content: string): string[] {
  const lines = content.replaceAll(/\\\n\s*/g, '').split('\n');
  const prompted = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  return (prompted.length > 0 ? prompted : lines).filter((line) => line.trim() !== '');
}

/** The documents of a YAML block. @throws Error where it is not YAML */
export function documentsIn(text: string): readonly unknown[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as unknown;
  });
}

/** Whether a block is a part of a larger file, out of its middle. */
export function isExcerpt(text: string): boolean {
  return /^\s/.test(text);
}

/** Whether all of a block are objects of Kubernetes. */
export function isManifest(text: string): boolean {
  if (isExcerpt(text)) return false;
  return documentsIn(text).every(
    (document) =>
      typeof document === 'object' && document !== null && 'apiVersion' in document && 'kind' in document,
  );
}
