import { parseAllDocuments } from 'yaml';

/** A fenced block of a page with code for the reader to use. */
export type Block =
  | { readonly type: 'commands'; readonly commands: readonly string[] }
  | {
      readonly type: 'yaml';
      readonly text: string;
      /** The file that the page tells its reader to save it to: the comment in its first line. */
      readonly file: string | null;
    };

/** Returns the `console` and `yaml` blocks of a page, in order. Others show output, or code that must not run. */
export function blocksIn(text: string): readonly Block[] {
  return [...text.matchAll(/^```(console|yaml)\n([^]*?)^```$/gm)].map(([, language, content = '']) =>
    language === 'console' ? { type: 'commands', commands: commandsIn(content) } : yamlBlock(content),
  );
}

function yamlBlock(text: string): Block {
  const [, file = null] = /^# (\S+\.ya?ml)\n/.exec(text) ?? [];
  return { type: 'yaml', text, file };
}

/** Returns the commands of a block. If there are prompts, only lines with a prompt are commands; others are output. */
function commandsIn(content: string): string[] {
  const lines = content.replaceAll(/\\\n\s*/g, '').split('\n');
  const prompted = lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2));
  return (prompted.length > 0 ? prompted : lines).filter((line) => line.trim() !== '');
}

/** Returns the documents of a YAML block. @throws Error if it is not YAML */
export function documentsIn(text: string): readonly unknown[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error) throw error;
    return document.toJS() as unknown;
  });
}

/** Whether a block is an excerpt from the middle of a larger file. */
export function isExcerpt(text: string): boolean {
  return /^\s/.test(text);
}

/** Whether a block contains only Kubernetes objects. */
export function isManifest(text: string): boolean {
  if (isExcerpt(text)) return false;
  return documentsIn(text).every(
    (document) =>
      typeof document === 'object' && document !== null && 'apiVersion' in document && 'kind' in document,
  );
}
