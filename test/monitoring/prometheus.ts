import { type DebianProgram, debianProgram } from '../ground/debian-program.ts';

const PACKAGE = {
  package: 'prometheus',
  purpose: 'The alerts and the dashboard are tested with Prometheus.',
  startsService: true,
} as const satisfies Partial<DebianProgram>;

/** Returns the path of Prometheus: the one on PATH, or else from Debian's package. */
export function prometheusPath(): Promise<string> {
  return debianProgram({ ...PACKAGE, names: ['prometheus'] });
}

/** Returns the path of promtool: the one on PATH, or else from Debian's package. */
export function promtoolPath(): Promise<string> {
  return debianProgram({ ...PACKAGE, names: ['promtool'] });
}
