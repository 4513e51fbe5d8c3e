import type { Fault } from '../fault.ts';
import { memoryFaults } from './memory.ts';
import { neighbourFaults } from './neighbours.ts';

/** What one tenant does to the others: minutes each, so that they have a command of their own. */
export const tenantFaults: readonly Fault[] = [...neighbourFaults, ...memoryFaults];
