/**
 * Finds the import cycles of a set of files: for each group of files that reach each other, one of the shortest cycles,
 * from the first file that lies on one, ending where it begins (`a, b, a`). A file that imports itself is the shortest.
 * @param imports the imports of each file; targets outside the set are ignored
 */
export function findCircles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const found: string[][] = [];
  const seen = new Set<string>();
  for (const file of imports.keys()) {
    if (seen.has(file)) continue;
    const first = shortestCircle(file, imports);
    if (first === null) continue;
    const group = groupOf(file, imports);
    for (const member of group) seen.add(member);
    const circles = group.map((member) => shortestCircle(member, imports) ?? first);
    found.push(circles.reduce((best, circle) => (circle.length < best.length ? circle : best), first));
  }
  return found;
}

/** Searches breadth-first, so that the first way back to `file` is a shortest one; `null` if there is none. */
function shortestCircle(file: string, imports: ReadonlyMap<string, readonly string[]>): string[] | null {
  const cameFrom = new Map<string, string>();
  const queue = [file];
  for (const at of queue) {
    for (const target of imports.get(at) ?? []) {
      if (target === file) return [...wayTo(at, cameFrom), file];
      if (cameFrom.has(target)) continue;
      cameFrom.set(target, at);
      queue.push(target);
    }
  }
  return null;
}

/** Returns the path from the start of a search to `file`, both included. */
function wayTo(file: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const before = cameFrom.get(file);
  return before === undefined ? [file] : [...wayTo(before, cameFrom), file];
}

/** Returns the files that reach `file` and are reached by it, `file` first. */
function groupOf(file: string, imports: ReadonlyMap<string, readonly string[]>): string[] {
  const reached = reachableFrom(file, imports);
  return [file, ...[...reached].filter((other) => other !== file && reachableFrom(other, imports).has(file))];
}

function reachableFrom(file: string, imports: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  const queue = [file];
  for (const at of queue) {
    for (const target of imports.get(at) ?? []) {
      if (reached.has(target) || !imports.has(target)) continue;
      reached.add(target);
      queue.push(target);
    }
  }
  return reached;
}
