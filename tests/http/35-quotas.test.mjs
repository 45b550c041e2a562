// How many works one source may send: a flood is refused, others go on; a repeated request is not another
// work.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import http from 'node:http';
import { startService } from './support/service.mjs';
import { api, form, upload } from '../support/stack.mjs';

let service;
const BYTES = Buffer.alloc(900, 7);
const post = async (more = {}, headers = {}, ids) => {
  const uploads = ids ?? [await upload(service.url, BYTES)];
  return api(service.url, '/api/v1/submissions', { method: 'POST', body: form(uploads, more), headers });
};

before(async () => (service = await startService({ environment: { XUEPAI_SUBMIT_QUOTA_PERCENT: '5', XUEPAI_MEDIA_PROGRAM: '/nonexistent' } })));
after(() => service.stop());

test('one device: three an hour here; the fourth is told to come back, another device goes on', async () => {
  const first = await post({ phone: '13800000001' });
  assert.equal(first.status, 201);
  const device = { Cookie: first.headers.get('set-cookie').split(';')[0] };
  for (const i of [2, 3]) assert.equal((await post({ phone: `1380000000${i}` }, device)).status, 201);
  const more = await post({ phone: '13800000004' }, device);
  assert.deepEqual([more.status, more.json.code], [429, 'quota']);
  assert.ok(Number(more.headers.get('retry-after')) > 0);
  assert.match(more.json.detail, /请明天再来/);
  assert.equal((await post({ phone: '13800000004' })).status, 201);
  assert.equal((await api(service.url, '/api/v1/my', { headers: device })).json.items.length, 3, 'nothing is left of the fourth');
});

test('one telephone from many devices: 25 a day here, another number goes on', async () => {
  const answers = [];
  for (let i = 0; i < 27; i++) answers.push((await post({ phone: '13911111111', link: 'school-7' })).status);
  assert.deepEqual([answers.filter((one) => one === 201).length, answers.at(-1)], [25, 429]);
  assert.equal((await post({ phone: '13922222222', link: 'school-7' })).status, 201);
});

test('the same request again is the same work and takes nothing', async () => {
  const ids = [await upload(service.url, BYTES)];
  const key = { 'Idempotency-Key': 'a-key-of-this-work' };
  const first = await post({ phone: '13933333333' }, key, ids);
  const device = { Cookie: first.headers.get('set-cookie').split(';')[0], ...key };
  for (let i = 0; i < 6; i++) assert.equal((await post({ phone: '13933333333' }, device, ids)).json.code, first.json.code);
});

test('a flood from one source: it is told to wait, another one is served as if nothing were', async () => {
  const own = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent', XUEPAI_TRUSTED_PROXIES: '127.0.0.1' } });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const create = (from) => new Promise((done, fail) => {
    const start = performance.now();
    http.request(`${own.url}/files`, { method: 'POST', agent: from === 'flood' ? agent : undefined,
      headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '900', 'X-Forwarded-For': from === 'flood' ? '203.0.113.7' : '198.51.100.9', 'Content-Length': '0' } }, (answer) => {
      answer.resume();
      answer.on('end', () => done({ status: answer.statusCode, wait: answer.headers['retry-after'], ms: performance.now() - start }));
    }).on('error', fail).end();
  });
  const flood = Array.from({ length: 16 }, async () => {
    const seen = [];
    for (let i = 0; i < 200; i++) seen.push(await create('flood'));
    return seen;
  });
  const honest = [];
  let over = false;
  const all = Promise.all(flood).then((lists) => { over = true; return lists.flat(); });
  while (!over) {
    honest.push(await create('honest'));
    await new Promise((done) => setTimeout(done, 50));
  }
  const seen = await all;
  const refused = seen.filter((one) => one.status === 429);
  assert.ok(refused.length > 500, `${refused.length} of ${seen.length} refused`);
  assert.ok(refused.every((one) => Number(one.wait) > 0));
  assert.ok(honest.length >= 10 && honest.every((one) => one.status === 201));
  const times = honest.map((one) => one.ms).sort((a, b) => a - b);
  console.log(`beside a flood of ${seen.length}: ${honest.length} honest, median ${times[times.length >> 1].toFixed(1)} ms`);
  assert.ok(times[times.length >> 1] < 500, `median ${times[times.length >> 1]} ms`);
  agent.destroy();
  await own.stop();
});
