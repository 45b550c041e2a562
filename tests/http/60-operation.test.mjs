// What an operator does: install into a folder and run from there; nginx with TLS in front, as in config/nginx.conf.
// Runs once: neither installing nor the proxy knows of a database.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasNginx, startNginx } from '../support/nginx.mjs';
import { api, clip, root, startWorker, status, submit, upload, waitFor } from '../support/stack.mjs';
import { request, startService } from './support/service.mjs';

const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

test('make install puts everything where the units look for it, and it runs from there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xuepai-install-'));
  execFileSync('make', ['--no-print-directory', 'install', `DESTDIR=${folder}`, 'PREFIX=/usr'], { cwd: root, stdio: 'ignore' });
  const settings = join(folder, 'etc/xuepai/xuepai.conf');
  assert.ok(existsSync(settings));
  writeFileSync(settings, '[site]\nname = 自己改过的名字\n');
  execFileSync('make', ['--no-print-directory', 'install', `DESTDIR=${folder}`, 'PREFIX=/usr'], { cwd: root, stdio: 'ignore' });
  assert.match(readFileSync(settings, 'utf8'), /自己改过/, 'an upgrade leaves the settings alone');

  const units = join(folder, 'usr/lib/systemd/system');
  for (const name of readdirSync(units)) {
    const text = readFileSync(join(units, name), 'utf8');
    assert.doesNotMatch(text, /@[A-Z]+@/, `${name} is filled in`);
    const [, program] = /^ExecStart=(\S+)/m.exec(text);
    assert.ok(existsSync(join(folder, program)), `${name} starts ${program}`);
  }
  const bin = join(folder, 'usr/bin');
  const service = await startService({ program: join(bin, 'xuepai-service'), cwd: folder });
  const worker = startWorker(service, {}, { program: join(bin, 'xuepai-worker'), cwd: folder });
  try {
    await worker.ready;
    const page = (await request(`${service.url}/`)).body.toString();
    const [, script] = /src="(\/assets\/[^"]+\.js)"/.exec(page);
    assert.equal((await request(`${service.url}${script}`)).status, 200);
    const receipt = await submit(service.url, [await upload(service.url, clip({ seconds: 3 }))]);
    await waitFor(service.url, receipt, 'in_review');
  } finally {
    await worker.stop();
    await service.stop();
    rmSync(folder, { recursive: true });
  }
});

test('the units are sound', { skip: !has('systemd-analyze') && 'no systemd-analyze here' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'xuepai-units-'));
  const names = ['xuepai-service.service', 'xuepai-worker.service'];
  for (const name of names) {
    writeFileSync(join(folder, name), readFileSync(join(root, 'config/systemd', name), 'utf8')
      .replace(/@PREFIX@\/bin\/\S+/, '/bin/true').replace(/@PREFIX@/g, '/usr'));
  }
  const { status: code, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...names.map((name) => join(folder, name))],
    { encoding: 'utf8' });
  assert.ok(code === 0 && !/xuepai-\w+\.service:\d+/.test(stderr), stderr);
  rmSync(folder, { recursive: true });
});

test('behind nginx with TLS: upload, early refusal, login, pages', { skip: !hasNginx && 'no nginx here' }, async () => {
  const trust = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // a certificate of ours, on loopback
  const service = await startService({ environment: { XUEPAI_TRUSTED_PROXIES: '127.0.0.1', XUEPAI_UNDO_SECONDS: '0' } });
  const worker = startWorker(service);
  const nginx = await startNginx(service.port);
  try {
    await worker.ready;
    const moved = await request(`${nginx.plain}/submit?region=370102`);
    assert.equal(moved.status, 301);
    assert.match(moved.headers.location, /^https:/);
    const receipt = await submit(nginx.url, [await upload(nginx.url, clip({ seconds: 3, size: '1280x720' }), { chunkSize: 128 << 10 })]);
    await waitFor(nginx.url, receipt, 'in_review');
    assert.equal((await status(nginx.url, receipt)).status, 'in_review');

    const login = await api(nginx.url, '/api/v1/login',
      { method: 'POST', body: { username: 'admin', password: 'a password for tests' } });
    assert.equal(login.status, 200);
    assert.match(login.headers.get('set-cookie'), /^__Host-xuepai=.*; Secure/);
    const feed = await api(nginx.url, '/feed.xml');
    assert.ok(feed.text.includes(`${nginx.url}/`), 'addresses are those of the proxy');
    const home = await api(nginx.url, '/');
    assert.match(home.headers.get('strict-transport-security'), /max-age/);

    const refused = await upload(nginx.url, Buffer.alloc(3 << 20, 'no video at all '), { filename: 'x.mp4' })
      .then(() => null, (problem) => problem);
    assert.match(String(refused?.originalResponse?.getBody()), /upload-not-media|not-media/, 'the phone hears the reason');
  } finally {
    await worker.stop();
    await service.stop();
    await nginx.stop();
    if (trust === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = trust;
  }
});

test('dashboard and alerts ask for metrics that are there, with the labels they have', async () => {
  const service = await startService();
  await upload(service.url, clip({ seconds: 3 }));
  await upload(service.url, Buffer.alloc(1 << 20, 'no video at all '), { filename: 'x.mp4' }).catch(() => {});
  const text = (await request(`${service.url}/metrics`)).body.toString();
  const dashboard = JSON.parse(readFileSync(join(root, 'config/monitoring/grafana.json'), 'utf8'));
  const alerts = readFileSync(join(root, 'config/monitoring/alerts.yml'), 'utf8');
  const asked = [...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...[...alerts.matchAll(/^ +expr: (.*)$/gm)].map(([, expr]) => expr)];
  assert.ok(asked.length > 20);
  for (const expr of asked) {
    for (const [name] of expr.matchAll(/xuepai_\w+/g)) assert.ok(new RegExp(`^(# TYPE )?${name}[{ ]`, 'm').test(text), `${name} in ${expr}`);
    for (const [, labels] of expr.matchAll(/by \(([^)]*)\)/g)) {
      const [metric] = /xuepai_\w+/.exec(expr);
      const line = new RegExp(`^${metric}\\{.*$`, 'm').exec(text)[0];
      for (const label of labels.split(',')) assert.ok(line.includes(`${label.trim()}="`), `${label} of ${metric}: ${line}`);
    }
  }
  await service.stop();
});
