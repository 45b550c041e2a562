// A PostgreSQL that syncs as in earnest, for benches; XUEPAI_TEST_DATABASE while `work` runs.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../http/support/service.mjs';

export async function onPostgres(work) {
  const program = join(root, 'scripts/postgres');
  const [folder, url] = execFileSync(program, ['up'], { env: { ...process.env, DURABLE: '1' } }).toString().trim().split('\n');
  process.env.XUEPAI_TEST_DATABASE = url;
  try {
    return await work();
  } finally {
    delete process.env.XUEPAI_TEST_DATABASE;
    execFileSync(program, ['down', folder]);
  }
}
