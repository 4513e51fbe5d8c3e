import { LINT, runChecks } from './checks.ts';

if ((await runChecks(LINT)) > 0) process.exitCode = 1;
