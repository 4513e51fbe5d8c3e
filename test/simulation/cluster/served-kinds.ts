import { kinds as ourKinds } from '../../../src/api/kinds.ts';
import { builtinKinds } from './builtin-kinds.ts';
import { customKind } from './custom-kind.ts';
import type { ServedKind } from './served-kind.ts';

/** Every kind of the simulated API server; built once, since compiling a schema takes longer than running a world. */
export const servedKinds: readonly ServedKind[] = [...builtinKinds, ...ourKinds.map(customKind)];
