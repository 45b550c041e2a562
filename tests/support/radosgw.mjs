// A throw-away object store for one test file (scripts/radosgw); null, and why, where none can be started.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../http/support/service.mjs';

const script = join(root, 'scripts/radosgw');
export const KEYS = { XUEPAI_STORE_KEY: 'testkey', XUEPAI_STORE_SECRET: 'testsecret' };

export function startGateway() {
  const parent = mkdtempSync(join(tmpdir(), 'radosgw-'));
  chmodSync(parent, 0o711); // it becomes another user
  const folder = join(parent, 'ceph');
  const run = (action) => execFileSync(script, [action, folder], { stdio: ['ignore', 'pipe', 'pipe'], timeout: 60000 }).toString().trim();
  const remove = () => { try { run('down'); } catch { /* was not up */ } rmSync(parent, { recursive: true, force: true }); };
  try {
    const url = run('up');
    process.on('exit', remove);
    return { url, kill: () => run('kill'), again: () => run('again') };
  } catch (problem) {
    remove();
    return { url: null, why: `no object store here: ${String(problem.stderr ?? problem).trim()}` };
  }
}
