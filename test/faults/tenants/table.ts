import type { Fault } from '../fault.ts';
import { memoryFaults } from './memory.ts';
import { neighbourFaults } from './neighbours.ts';

/** What one tenant does to the others. These faults take minutes each, so they have a command of their own. */
export const tenantFaults: readonly Fault[] = [...neighbourFaults, ...memoryFaults];
