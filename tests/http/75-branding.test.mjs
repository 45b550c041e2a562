// An edition's intro and watermark, from rules.conf into what is public: with a worker on this disk and with one far away; the ladder of
// a clip gets what was put into the copy that was approved, whatever rules.conf says by then.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { api, build, clip, publish, queued, reviewers, root, startWorker, submit, upload, waitFor } from '../support/stack.mjs';
import { startService, until } from './support/service.mjs';

const folder = mkdtempSync(join(tmpdir(), 'branding-'));
const config = join(folder, 'config'), far = join(folder, 'far');
const ffmpeg = (...args) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
const rules = readFileSync(join(root, 'config/rules.conf'), 'utf8');
const profile = (text) => writeFileSync(join(config, 'rules.conf'), `${rules}\n[branding]\n${text}\n`);
let service, worker, people;

/** The middle of the corner's mark and of the whole, in the picture at `at` seconds: [r, g, b] each. */
function look(url, at) {
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-ss', String(at), '-i', url, '-frames:v', '1', '-vf', 'scale=640:360', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-']);
  const pixel = (x, y) => [...bytes.subarray((y * 640 + x) * 3, (y * 640 + x) * 3 + 3)];
  return { mark: pixel(640 - 18 - 48, 18 + 16), middle: pixel(320, 180) };
}
const isLike = (got, wanted) => got.every((value, i) => Math.abs(value - wanted[i]) < 40);
const GREY = [128, 128, 128], WHITE = [255, 255, 255];
const length = (url) => Number(execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', url]));

before(async () => {
  cpSync(join(root, 'config'), config, { recursive: true });
  ffmpeg('-f', 'lavfi', '-i', 'color=c=0x808080:size=640x360:rate=25:duration=2', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', join(config, 'intro.mp4'));
  ffmpeg('-f', 'lavfi', '-i', 'color=c=white:size=96x32', '-frames:v', '1', join(config, 'mark.png'));
  profile('intro = intro.mp4\nwatermark = mark.png');
  service = await startService({ environment: { XUEPAI_UNDO_SECONDS: '0', XUEPAI_CONFIG: config } });
  people = await reviewers(service.url);
});
after(async () => {
  await worker?.stop();
  await service?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const start = async (environment) => {
  worker = startWorker(service, environment);
  await worker.ready;
};
const send = async () => {
  const receipt = await submit(service.url, [await upload(service.url, clip({ seconds: 3, size: '960x540' }))]);
  await waitFor(service.url, receipt, 'in_review');
  return receipt;
};
const ladderOf = async (id) => {
  await until(async () => (await api(service.url, `/api/v1/works/${id}`)).json?.hls, 'the ladder');
  return (await api(service.url, `/api/v1/works/${id}`)).json;
};

function assertBranded(work) {
  assert.ok(work.sources.length >= 2);
  for (const { src } of work.sources) {
    assert.ok(Math.abs(length(src) - 5) < 0.2, `${src}: ${length(src)} s`);
    assert.ok(isLike(look(src, 1).middle, GREY), `${src}: intro`);
    assert.ok(!isLike(look(src, 1).mark, WHITE), `${src}: the intro has no mark`);
    assert.ok(isLike(look(src, 3.5).mark, WHITE) && !isLike(look(src, 3.5).middle, GREY), `${src}: clip with its mark`);
  }
}

for (const [where, environment] of [['on this disk', () => ({})], ['far away', () => ({ XUEPAI_DATA: far, XUEPAI_WORKER_TOKEN: readFileSync(join(service.data, 'worker.token'), 'utf8').trim() })]]) {
  test(`a clip has them in every rung, prepared ${where}; pages say how long it is played`, async () => {
    await start(environment());
    const id = await publish(service.url, people, await send());
    const work = await ladderOf(id);
    assertBranded(work);
    assert.ok(Math.abs(work.duration_ms - 5000) < 200, `${work.duration_ms}`);
    await worker.stop();
  });
}

test('a ladder has what the approved copy has, although the profile is another one by then', async () => {
  await start({});
  const receipt = await send();
  const { id } = await queued(service.url, people.jinan, receipt.code);
  await worker.stop();
  await service.stop({ keep: true });
  profile('');
  service = await startService({ data: service.data, environment: { XUEPAI_UNDO_SECONDS: '0', XUEPAI_CONFIG: config } });
  people = await reviewers(service.url);
  await start({});
  assert.equal(await publish(service.url, people, receipt), id);
  assertBranded(await ladderOf(id));
  const later = await ladderOf(await publish(service.url, people, await send()));
  assert.ok(later.sources.every(({ src }) => Math.abs(length(src) - 3) < 0.2), 'clips that come now have none');
});

test('bytes of the profile are for whoever has a job', async () => {
  const digest = execFileSync('sha256sum', [join(config, 'mark.png')]).toString().slice(0, 64);
  assert.equal((await fetch(`${service.url}/api/v1/jobs/x/branding/${digest}`)).status, 401);
  const token = readFileSync(join(service.data, 'worker.token'), 'utf8').trim();
  const ask = (name, lease = '1') => fetch(`${service.url}/api/v1/jobs/x/branding/${name}`, { headers: { Authorization: `Bearer ${token}`, 'X-Job-Token': lease } });
  assert.ok([404, 409].includes((await ask(digest)).status), 'without a lease');
  assert.ok([400, 404].includes((await ask('..%2Foriginal%2Fx')).status));
  assert.equal((await ask('A')).status, 404);
});

test('a profile that is not there is told at the start, by name', () => {
  for (const [text, words] of [['intro = nowhere.mp4', /\[branding\] intro: .*nowhere\.mp4/], ['watermark = empty.png', /\[branding\] watermark: 1 to \d+ bytes/]]) {
    writeFileSync(join(config, 'empty.png'), '');
    profile(text);
    const data = mkdtempSync(join(folder, 'bad-'));
    const ended = spawnSync(join(build, 'xuepai-service'), ['--quiet'], { cwd: root, timeout: 20000,
      env: { ...process.env, ...service.settings, XUEPAI_DATA: data, XUEPAI_CONFIG: config } });
    assert.notEqual(ended.status, 0);
    assert.match(ended.stderr.toString(), words);
  }
});
