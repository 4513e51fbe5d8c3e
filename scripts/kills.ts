import { runKills } from '../test/faults/kills/command.ts';

process.exitCode = await runKills(process.argv.slice(2));
