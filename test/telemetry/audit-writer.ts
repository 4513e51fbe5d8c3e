import { systemClock } from '../../src/core/clock.ts';
import { silentLogger } from '../../src/core/logger.ts';
import { silentMeter } from '../../src/core/meter.ts';
import { AuditFile } from '../../src/telemetry/audit-file.ts';

/** A separate process that appends numbered audit lines until it is killed. */
const [path = ''] = process.argv.slice(2);
const file = AuditFile.open({
  flag: '--audit-log-path',
  path,
  log: silentLogger,
  meter: silentMeter,
  clock: systemClock,
});
for (let n = 0; ; n += 1) file.write(JSON.stringify({ audit: 'v1', n, padding: 'x'.repeat(3000) }));
