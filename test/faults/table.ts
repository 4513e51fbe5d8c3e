import type { Fault } from './fault.ts';
import { apiServerFaults } from './rows/api-server.ts';

/** Every fault of the bench, but the kills. */
export const faults: readonly Fault[] = [...apiServerFaults];
