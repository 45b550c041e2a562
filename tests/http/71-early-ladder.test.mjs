// The ladder along with the preparation, from one decode, where no other job waits: hidden as everything before approval, public at
// once with it, and never made twice.
// Runs once: the one new statement runs on both engines in tests/unit/service/model/job_test.c, all else goes the way of every rung.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { api, clip, decide, login, publish, queued, reviewers, startStack, submit, upload, waitFor } from '../support/stack.mjs';
import { kept } from '../support/kept.mjs';
import { sql, startService, until } from './support/service.mjs';

const EARLY = { XUEPAI_EARLY_LADDER: 'true' };
// Of a codec that has to be encoded anew; clip() makes what can be shown as it is.
const oldClip = () => readFileSync(kept('mpeg4-3.mp4', (file) => execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i',
  'testsrc2=size=640x480:rate=25:duration=3', '-f', 'lavfi', '-i', 'sine=duration=3', '-c:v', 'mpeg4', '-q:v', '4', '-c:a', 'aac', file])));
const newClip = () => clip({ seconds: 3, size: '1280x720' });

let stack, people;
before(async () => {
  stack = await startStack({ environment: EARLY });
  people = await reviewers(stack.url);
});
after(() => stack.stop());

const rows = (service, text) => sql(service, text).split('\n').filter(Boolean);
const keys = (id, revision = 1) => rows(stack.service, `SELECT name || ' ' || store_key FROM rendition WHERE submission = '${id}' AND revision = ${revision} ORDER BY name`);
const jobs = (id) => rows(stack.service, `SELECT kind || ' ' || state FROM job WHERE submission = '${id}' ORDER BY kind`);
const done = (id, kind) => until(() => jobs(id).includes(`${kind} done`), `${kind} of ${id}`);
const send = async (bytes) => submit(stack.url, [await upload(stack.url, bytes)]);

test('a clip that meets an idle worker is whole before its reviewers, hidden until it is approved, and public at once then', async () => {
  const receipt = await send(oldClip());
  await waitFor(stack.url, receipt, 'in_review');
  const { id } = await queued(stack.url, people.jinan, receipt.code);
  const early = keys(id);
  assert.deepEqual(early.map((row) => row.split(' ')[0]).filter((name) => /mp4$|master/.test(name)), ['360p.mp4', '480p.mp4', 'master.m3u8']);
  for (const name of ['360p.mp4', '480p.mp4', 'master.m3u8', '360p.m3u8']) {
    assert.equal((await fetch(`${stack.url}/media/${id}/1/${name}`)).status, 404, `${name} before approval`);
  }
  await publish(stack.url, people, receipt);
  const work = (await api(stack.url, `/api/v1/works/${id}`)).json;
  assert.equal((await fetch(work.hls)).status, 200, 'whole in the first answer');
  assert.deepEqual(work.sources.map(({ height }) => height).sort(), [360, 480]);
  await done(id, 'ladder');
  assert.deepEqual(keys(id), early, 'nothing was made a second time');
});

test('what can be shown as it is comes before reviewers first, and gets its ladder after publication', async () => {
  const receipt = await send(newClip());
  await waitFor(stack.url, receipt, 'in_review');
  const { id } = await queued(stack.url, people.jinan, receipt.code);
  assert.ok(!keys(id).some((row) => row.startsWith('master')));
  await publish(stack.url, people, receipt);
  await done(id, 'ladder');
  assert.ok(keys(id).some((row) => row.startsWith('master.m3u8 ')));
});

test('of a set, the ladder that is missing is made, and no other', async () => {
  const track = 'city-film';
  await api(stack.url, '/api/v1/staff', { method: 'POST', session: people.admin,
    body: { username: 'banzi', name: '班子', role: 'organiser', scope: '370100', password: 'password of banzi' } });
  const made = await api(stack.url, '/api/v1/entry-links', { method: 'POST', session: await login(stack.url, 'banzi', 'password of banzi'),
    body: { region: '370100', track, name: '宣传片' } });
  const link = made.json.url.split('/').pop();
  const uploads = [];
  for (const bytes of [oldClip(), newClip()]) uploads.push(await upload(stack.url, bytes, { track }));
  const receipt = await submit(stack.url, uploads, { track, link, region: '370100' });
  await waitFor(stack.url, receipt, 'in_review');
  const { id } = await queued(stack.url, people.jinan, receipt.code);
  const early = keys(id);
  assert.ok(early.some((row) => row.startsWith('master.m3u8 ')) && !early.some((row) => row.startsWith('2-master.m3u8 ')));
  await publish(stack.url, people, receipt);
  await done(id, 'ladder');
  const late = keys(id);
  assert.deepEqual(late.filter((row) => early.includes(row)), early, 'what was there stays');
  assert.ok(late.some((row) => row.startsWith('2-master.m3u8 ')));
});

test('an edited text makes no ladder anew', async () => {
  const receipt = await send(oldClip());
  const id = await publish(stack.url, people, receipt);
  await done(id, 'ladder');
  const edit = { method: 'PATCH', body: { title: '换一个名字' }, headers: { 'X-Pin': receipt.pin } };
  assert.equal((await api(stack.url, `/api/v1/submissions/${receipt.code}`, edit)).status, 200);
  for (const person of [people.jinan, people.sheng]) assert.equal((await decide(stack.url, person, id)).status, 200);
  await waitFor(stack.url, receipt, 'published');
  await until(() => rows(stack.service, `SELECT state FROM job WHERE submission = '${id}' AND revision = 2 AND kind = 'ladder'`).includes('done'), 'its ladder');
  assert.deepEqual(keys(id, 2), keys(id, 1));
});

test('a photo is prepared all the same', async () => {
  const picture = execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'color=red:s=640x480', '-frames:v', '1', '-f', 'mjpeg', '-']);
  const receipt = await submit(stack.url, [await upload(stack.url, picture, { track: 'life-photo', filename: 'a.jpg' })], { track: 'life-photo' });
  await waitFor(stack.url, receipt, 'in_review');
});

test('while somebody waits, and at a second try, a clip is prepared alone', async () => {
  const service = await startService({ environment: { ...EARLY, XUEPAI_UNDO_SECONDS: '0' } });
  try {
    const token = readFileSync(join(service.data, 'worker.token'), 'utf8').trim();
    const call = (path, body) => api(service.url, `/api/v1/jobs/${path}`, { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body });
    const claim = async () => (await call('claim', { worker: 'one', version: '1', protocol: 6, sandbox: 'full', disk: '', wait_ms: 0 })).json;
    for (let i = 0; i < 2; i++) await submit(service.url, [await upload(service.url, clip({ seconds: 3, size: '320x240' }))]);
    const [first, second] = [await claim(), await claim()];
    assert.deepEqual([first.kind, second.kind], ['prepare', 'whole']);
    const failed = await call(`${second.job}/fail`, { token: second.token, reason: 'crashed', next: 'retry' });
    assert.equal(failed.status, 204);
    let again;
    await until(async () => (again = await claim()), 'its second try', 15000);
    assert.deepEqual([again.job, again.kind], [second.job, 'prepare']);
  } finally {
    await service.stop();
  }
});
