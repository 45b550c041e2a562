// A ledger of 1,000,000 records verified by the command: wall time, and CPU seconds, which neighbours on the machine do not
// stretch.   node tests/bench/ledger.mjs          XUEPAI_RECORDS=100000: fewer
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { build, databaseSettings, startService } from '../http/support/service.mjs';
import { writeRecords } from '../support/ledger_records.mjs';

const RECORDS = Number(process.env.XUEPAI_RECORDS ?? 1e6);

export async function ledger() {
  const service = await startService();
  await service.stop({ keep: true });
  const { seq } = writeRecords(service, RECORDS);
  const { stdout, stderr, status } = spawnSync('bash', ['-c', `TIMEFORMAT='%R %U %S'; time "$0" --verify-ledger`, join(build, 'xuepai-service')],
    { env: { ...process.env, ...databaseSettings(service.data), XUEPAI_DATA: service.data } });
  const [wall, user, system] = stderr.toString().trim().split(/\s+/).slice(-3).map(Number);
  if (status !== 0 || !stdout.toString().startsWith(`ledger whole: ${seq} records`)) throw new Error(`${stdout}${stderr}`);
  execFileSync('rm', ['-r', service.data]);
  return { records: RECORDS, wall_s: wall, cpu_s: user + system };
}

export function print({ records, wall_s, cpu_s }) {
  console.log(`ledger: ${records} records verified in ${wall_s.toFixed(1)} s, ${cpu_s.toFixed(1)} CPU seconds (promised: 1,000,000 in 10 s)`);
}

if (process.argv[1] === import.meta.filename) print(await ledger());
