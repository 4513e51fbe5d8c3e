import { actingMutants } from './acting.ts';
import { grantMutants } from './grants.ts';
import type { Mutant } from './mutant.ts';
import { permissionMutants } from './permission.ts';
import { readingMutants } from './readings.ts';
import { removalMutants } from './removals.ts';

/** Faults that the simulation must find, one at a time. */
export const mutants: readonly Mutant[] = [
  ...removalMutants,
  ...grantMutants,
  ...permissionMutants,
  ...actingMutants,
  ...readingMutants,
];
