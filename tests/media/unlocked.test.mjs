// A machine that cannot lock the media program in: nothing runs there, unless its settings say so. The program is the same one,
// built with a filter that never goes on.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { sql, startService, until } from '../http/support/service.mjs';
import { api } from '../support/stack.mjs';
import { build, folder, root, run } from './support.mjs';

const base = folder('unlocked');
const worker = path.join(build, 'unlocked/xuepai-worker');

before(() => {
  const flags = process.env.XUEPAI_BUILD ? [`BUILD=${process.env.XUEPAI_BUILD}`, 'SANITIZE=1'] : [];
  execFileSync('make', ['-s', ...flags, ...['xuepai-media', 'xuepai-worker'].map((name) =>
    path.join(path.relative(root, build), 'unlocked', name))], { cwd: root });
  execFileSync(path.join(root, 'scripts/fixtures'));
});
after(() => { fs.rmSync(base, { recursive: true, force: true }); });

async function prepare(unsafe) {
  const { code, stdout } = await run(worker, ['--set', `sandbox_unsafe=${unsafe}`, '--once', 'prepare',
    path.join(root, 'build/fixtures/small.mp4'), path.join(base, String(unsafe))]);
  return { code, answer: JSON.parse(stdout) };
}

test('without a lock no file is touched', async () => {
  const { code, answer } = await prepare(false);
  assert.deepEqual([code, answer.ok, answer.reason, answer.next], [4, false, 'infrastructure', 'retry']);
  const self = await run(worker, ['--set', 'sandbox_unsafe=false', '--self-test']);
  assert.notEqual(self.code, 0, 'the self-test says so too');
});

test('a setting for laboratories lets it run, and the result says that nothing held it', async () => {
  const { code, answer } = await prepare(true);
  assert.deepEqual([code, answer.ok], [0, true]);
  assert.match(answer.sandbox, /^level=none seccomp=off/);
});

test('a service sniffs with an unlocked program where its settings say so alone, and then says it is degraded', async () => {
  const environment = { XUEPAI_MEDIA_PROGRAM: path.join(build, 'unlocked/xuepai-media') };
  const locked = await startService({ environment });
  assert.deepEqual([(await api(locked.url, '/healthz')).status, (await api(locked.url, '/healthz')).json.sandbox], [200, 'off']);
  await locked.stop();

  const service = await startService({ environment: { ...environment, XUEPAI_SANDBOX_UNSAFE: 'true' } });
  try {
    await until(async () => (await api(service.url, '/healthz')).status === 503, 'the health to say so');
    const { json } = await api(service.url, '/healthz');
    assert.deepEqual([json.status, json.sandbox], ['degraded', 'none']);
    assert.equal(sql(service, "SELECT count(*) FROM ledger WHERE action = 'sandbox.unlocked'"), '1');
  } finally {
    await service.stop();
  }
});
