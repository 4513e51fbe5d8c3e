import { type DebianProgram, debianProgram } from '../ground/debian-program.ts';

const PACKAGE = {
  package: 'prometheus',
  purpose: 'The alerts and the dashboard are tested with Prometheus.',
  startsService: true,
} as const satisfies Partial<DebianProgram>;

/** Path of Prometheus: the one on PATH, else out of Debian's package. */
export function prometheusPath(): Promise<string> {
  return debianProgram({ ...PACKAGE, names: ['prometheus'] });
}

/** Path of promtool: the one on PATH, else out of Debian's package. */
export function promtoolPath(): Promise<string> {
  return debianProgram({ ...PACKAGE, names: ['promtool'] });
}
