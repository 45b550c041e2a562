// An installation moves from SQLite and a folder to PostgreSQL and another store, and nothing of it is lost on the way.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { api, clip, login, publish, reviewers, startWorker, status, submit, upload, waitFor } from '../support/stack.mjs';
import { build, databaseSettings, root, sql, startService, storeSettings } from './support/service.mjs';

const skip = process.env.XUEPAI_TEST_DATABASE ? false : 'left out: no PostgreSQL';
const move = (data, settings, flags) => spawnSync(join(build, 'xuepai-service'), flags, {
  cwd: root, encoding: 'utf8', env: { ...process.env, XUEPAI_DATA: data, ...settings } });

test('an installation moves with its works, decisions, ledger and media', { skip }, async () => {
  const old = await startService({ environment: { XUEPAI_DATABASE: 'sqlite:', XUEPAI_STORE: '', XUEPAI_UNDO_SECONDS: '0' } });
  const people = await reviewers(old.url);
  const worker = startWorker(old);
  const receipts = [];
  for (let i = 0; i < 2; i++) receipts.push(await submit(old.url, [await upload(old.url, clip({ seconds: 3, size: '320x240' }))]));
  const id = await publish(old.url, people, receipts[0]);
  await waitFor(old.url, receipts[1], 'in_review');
  const source = new URL((await api(old.url, `/api/v1/works/${id}`)).json.sources[0].src).pathname;
  const bytes = Buffer.from(await (await fetch(old.url + source)).arrayBuffer());
  const ledger = (await api(old.url, '/api/v1/ledger', { session: people.admin })).json;
  await worker.stop();
  await old.stop({ keep: true });

  const other = mkdtempSync(join(tmpdir(), 'xuepai-store-'));
  const settings = { XUEPAI_STORE: other, ...storeSettings(old.data), ...databaseSettings(old.data) };
  const from = [`--migrate-from=sqlite:${join(old.data, 'xuepai.db')}`];
  const media = move(old.data, settings, [`--import-media=${join(old.data, 'store')}`]);
  assert.match(media.stdout, /^media +\d+ objects, \d+ bytes; 0 were there$/m, media.stderr);
  assert.match(move(old.data, settings, [`--import-media=${join(old.data, 'store')}`]).stdout, /^media +0 objects/m);
  const done = move(old.data, settings, from);
  assert.equal(done.status, 0, done.stderr);
  const check = move(old.data, settings, ['--check']);
  assert.match(check.stdout, /objects as they were made, 0 not$/m, check.stderr);
  assert.match(done.stdout, /^submission +2 rows$/m);
  assert.match(done.stdout, /^ledger +whole, \d+ records$/m);
  const twice = move(old.data, settings, from);
  assert.notEqual(twice.status, 0);
  assert.match(twice.stderr, /has rows already/);
  rmSync(join(old.data, 'store'), { recursive: true });

  const fresh = await startService({ data: old.data, environment: { ...settings, XUEPAI_UNDO_SECONDS: '0' } });
  assert.equal((await status(fresh.url, receipts[1])).status, 'in_review');
  assert.deepEqual(Buffer.from(await (await fetch(fresh.url + source)).arrayBuffer()), bytes);
  const admin = await login(fresh.url, 'admin', 'a password for tests');
  assert.equal((await api(fresh.url, '/api/v1/ledger/verify', { method: 'POST', session: admin })).json.whole, true);
  assert.match((await api(fresh.url, '/archive')).text, /1 件作品/, 'counted once');
  const moved = (await api(fresh.url, '/api/v1/ledger', { session: admin })).json;
  assert.deepEqual(moved.items.slice(0, ledger.items.length), ledger.items);
  // life goes on: what was waiting is decided and published there, and the guard is on again
  const again = startWorker(fresh);
  await publish(fresh.url, { jinan: await login(fresh.url, 'jinan', 'password of jinan'), sheng: await login(fresh.url, 'sheng', 'password of sheng') }, receipts[1]);
  assert.throws(() => sql(fresh, `INSERT INTO publication SELECT * FROM publication LIMIT 1`), /publication without approval|duplicate/);
  const gone = await api(fresh.url, `/api/v1/submissions/${receipts[0].code}`, { method: 'DELETE', headers: { 'X-Pin': receipts[0].pin } });
  assert.equal(gone.status, 200);
  assert.equal((await fetch(fresh.url + source)).status, 404);
  await again.stop();
  await fresh.stop();
  rmSync(other, { recursive: true });
});

test('a move from PostgreSQL, or from a damaged ledger, is refused and leaves nothing', { skip }, async () => {
  const old = await startService({ environment: { XUEPAI_DATABASE: 'sqlite:', XUEPAI_STORE: '' } });
  await reviewers(old.url);
  await old.stop({ keep: true });
  const settings = { ...storeSettings(old.data), ...databaseSettings(old.data) };
  const wrong = move(old.data, settings, [`--migrate-from=${settings.XUEPAI_DATABASE}`]);
  assert.notEqual(wrong.status, 0);
  assert.match(wrong.stderr, /from SQLite to PostgreSQL/);
  execFileSync('sqlite3', [join(old.data, 'xuepai.db'), "DROP TRIGGER ledger_is_not_changed; UPDATE ledger SET actor = 'nobody' WHERE seq = 2"]);
  const damaged = move(old.data, settings, [`--migrate-from=sqlite:${join(old.data, 'xuepai.db')}`]);
  assert.notEqual(damaged.status, 0);
  assert.match(damaged.stderr, /record 2 does not fit/);
  assert.equal(sql(old, 'SELECT COUNT(*) FROM staff'), '0');
  rmSync(old.data, { recursive: true });
});
