import { runSoak } from '../test/faults/soak/command.ts';

process.exitCode = await runSoak(process.argv.slice(2));
