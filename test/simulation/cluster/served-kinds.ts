import { kinds as ourKinds } from '../../../src/api/validation.ts';
import { builtinKinds } from './builtin-kinds.ts';
import { customKind } from './custom-kind.ts';
import type { ServedKind } from './served-kind.ts';

/** Every kind the simulated API server knows: made once, since a schema takes longer to compile than a world to run. */
export const servedKinds: readonly ServedKind[] = [...builtinKinds, ...ourKinds.map(customKind)];
