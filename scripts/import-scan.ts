/** The imports of one module, and whether it ends the process. */
export interface ModuleFacts {
  /** Specifiers of static, dynamic and type imports and of re-exports, in order of appearance. */
  readonly imports: readonly string[];
  /** True if the module imports something whose name is known only at run time. */
  readonly computedImport: boolean;
  /** True if the module mentions `process.exit`. */
  readonly processExit: boolean;
}

interface Token {
  readonly kind: 'word' | 'string' | 'template' | 'sign';
  readonly text: string;
}

/** A slash after one of these begins a regular expression; after a value it divides. */
const BEFORE_EXPRESSION = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'void',
  'delete',
  'throw',
  'new',
  'await',
  'yield',
]);

/**
 * Reads the imports of a TypeScript module from its tokens, so that comments, strings and line breaks do not mislead
 * it. (TypeScript 7 has no stable API for this, and bundlers drop type imports.)
 */
export function scanModule(source: string): ModuleFacts {
  const tokens = tokenize(source);
  const imports: string[] = [];
  let computedImport = false;
  let processExit = false;
  tokens.forEach((token, index) => {
    if (token.kind !== 'word') return;
    const before = tokens[index - 1]?.text;
    const [next, second] = [tokens[index + 1], tokens[index + 2]];
    if (token.text === 'process' && before !== '.' && next?.text === '.' && second?.text === 'exit')
      processExit = true;
    if (before === '.' && token.text !== 'exit') return;
    if (token.text === 'from' && next?.kind === 'string') imports.push(next.text);
    if (token.text === 'import' && next?.kind === 'string') imports.push(next.text);
    if ((token.text === 'import' || token.text === 'require') && next?.text === '(' && next.kind === 'sign') {
      if (second?.kind === 'string') imports.push(second.text);
      else if (token.text === 'import') computedImport = true;
    }
  });
  return { imports, computedImport, processExit };
}

/** Returns words, the contents of strings and templates, and single signs; comments are skipped. */
function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  /** The number of open braces inside each open template placeholder. */
  const placeholders: number[] = [];
  let at = 0;
  const push = (kind: Token['kind'], text: string) => tokens.push({ kind, text });
  const skipTo = (end: number) => {
    at = end === -1 ? source.length : end;
  };
  /** Reads template text up to its end or its next placeholder. */
  const readTemplate = () => {
    const start = at;
    while (at < source.length && source[at] !== '`' && !source.startsWith('${', at))
      at += source[at] === '\\' ? 2 : 1;
    push('template', source.slice(start, at));
    if (source[at] === '`') at++;
    else {
      at += 2;
      placeholders.push(0);
      push('sign', '${');
    }
  };
  while (at < source.length) {
    const char = source.charAt(at);
    const word = /^[\p{ID_Start}$_#][\p{ID_Continue}$]*/u.exec(source.slice(at, at + 200))?.[0];
    const depth = placeholders.at(-1);
    if (source.startsWith('//', at)) skipTo(source.indexOf('\n', at));
    else if (source.startsWith('/*', at)) skipTo(source.indexOf('*/', at + 2) + 2 || -1);
    else if (word) {
      push('word', word);
      at += word.length;
    } else if (char === "'" || char === '"') {
      const literal = new RegExp(`${char}((?:\\\\[^]|[^\\\\\\n${char}])*)${char}?`, 'y');
      literal.lastIndex = at;
      push('string', literal.exec(source)?.[1] ?? '');
      at = literal.lastIndex;
    } else if (char === '`') {
      at++;
      readTemplate();
    } else if (char === '}' && depth === 0) {
      placeholders.pop();
      push('sign', '}');
      at++;
      readTemplate();
    } else if (char === '/' && beginsExpression(tokens.at(-1))) {
      const regex = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/\w*/y;
      regex.lastIndex = at;
      at += regex.exec(source)?.[0].length ?? 1;
      push('string', '');
    } else {
      if (depth !== undefined && char === '{') placeholders[placeholders.length - 1] = depth + 1;
      if (depth !== undefined && char === '}') placeholders[placeholders.length - 1] = depth - 1;
      if (!/\s/.test(char)) push('sign', char);
      at++;
    }
  }
  return tokens;
}

function beginsExpression(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === 'word') return BEFORE_EXPRESSION.has(previous.text);
  return previous.kind === 'sign' && !/[)\]}]/.test(previous.text);
}
