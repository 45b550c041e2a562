// A work is sent before its bytes have arrived: registered at once, received at the last byte; and what never arrives does
// not wait for ever.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { join } from 'node:path';
import { build, request, sniffed, sql, startService, until } from './support/service.mjs';

const VERSION = { 'Tus-Resumable': '1.0.0' };
const CLIP = Buffer.concat([Buffer.from('0000001866747970', 'hex'), Buffer.from('mp42\0\0\0\0mp42isom'), Buffer.alloc(99976)]);
let service;
before(async () => { service = await startService({ environment: { XUEPAI_UPLOAD_IDLE_MS: '2500' } }); });
after(async () => { assert.equal((await service.stop()).code, 0); });

const json = async (method, path, body, headers = {}) => {
  const answer = await request(service.url + path, { method, headers: { 'Content-Type': 'application/json', ...headers }, body: body && JSON.stringify(body) });
  return { status: answer.status, ...JSON.parse(answer.body.length ? answer.body : '{}') };
};
async function begin(length = CLIP.length) {
  const made = await request(`${service.url}/files`, { method: 'POST', headers: { ...VERSION, 'Upload-Length': String(length),
    'Upload-Metadata': `track ${Buffer.from('family-video').toString('base64')}` } });
  assert.equal(made.status, 201);
  return made.headers.location.split('/').pop();
}
const append = async (id, offset, bytes) => (await request(`${service.url}/files/${id}`, { method: 'PATCH', body: bytes,
  headers: { ...VERSION, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) } })).status;
const submit = (uploads) => json('POST', '/api/v1/submissions', { uploads, track: 'family-video', title: '早一点交', words: '',
  region: '370102', name: '张三', phone: '13812345678', consents: { licence: true, scopes: ['site'] } });
const show = (receipt) => json('GET', `/api/v1/submissions/${receipt.code}`, undefined, { 'X-Pin': receipt.pin });

test('sent at half of the bytes: uploading with how far it is, received at the last one', async () => {
  const id = await begin();
  assert.equal(await append(id, 0, CLIP.subarray(0, 50000)), 204);
  const receipt = await submit([id]);
  assert.equal(receipt.status, 'uploading'); // the body's own field
  const half = await show(receipt);
  assert.equal(half.status, 'uploading');
  assert.deepEqual(half.uploads.map(({ id: upload, offset }) => [upload, offset]), [[id, 50000]]);
  assert.equal(await append(id, 50000, CLIP.subarray(50000, 99999)), 204);
  assert.equal((await show(receipt)).status, 'uploading');
  assert.equal(await append(id, 99999, CLIP.subarray(99999)), 204);
  assert.equal((await show(receipt)).status, 'received');
});

test('sent before the first byte, even', async () => {
  const id = await begin();
  const receipt = await submit([id]);
  assert.equal((await show(receipt)).status, 'uploading');
  assert.equal(await append(id, 0, CLIP), 204);
  assert.equal((await show(receipt)).status, 'received');
});

test('what never arrives fails after its time, with a sentence, and its files may be sent anew', async () => {
  const id = await begin();
  assert.equal(await append(id, 0, CLIP.subarray(0, 5)), 204);
  const receipt = await submit([id]);
  const ended = await until(async () => { const now = await show(receipt); return now.status !== 'uploading' && now; }, 'the end of waiting');
  assert.equal(ended.status, 'failed');
  assert.equal(ended.reason.code, 'upload-expired');
  assert.match(ended.reason.text, /没有传完.*再传一次/);
  assert.ok(ended.actions.includes('replace'));
  assert.equal(await append(id, 5, CLIP.subarray(5)), 410);
  assert.ok(!existsSync(join(service.data, 'uploads', `${id}.part`)));
  assert.equal(sql(service, `SELECT count(*) FROM ledger WHERE action = 'submission.expired'`), '1');

  const again = await begin();
  const replaced = await json('POST', `/api/v1/submissions/${receipt.code}/replace`, { uploads: [again] }, { 'X-Pin': receipt.pin });
  assert.equal(replaced.status, 'uploading');
  assert.equal(await append(again, 0, CLIP), 204);
  assert.equal((await show(receipt)).status, 'received');
});

test('as long as bytes come, nothing expires', async () => {
  const id = await begin();
  const receipt = await submit([id]);
  for (let at = 0; at < 5; at++) {
    assert.equal(await append(id, at * 10, CLIP.subarray(at * 10, at * 10 + 10)), 204);
    await new Promise((done) => setTimeout(done, 800));
  }
  assert.equal((await show(receipt)).status, 'uploading');
});

test('another file while the first is still on its way', async () => {
  const [first, second] = [await begin(), await begin()];
  const receipt = await submit([first]);
  const replaced = await json('POST', `/api/v1/submissions/${receipt.code}/replace`, { uploads: [second] }, { 'X-Pin': receipt.pin });
  assert.deepEqual([replaced.status, replaced.revision], ['uploading', 2]);
  assert.equal(await append(first, 0, CLIP), 204); // of no use any more
  assert.equal((await show(receipt)).status, 'uploading');
  assert.equal(await append(second, 0, CLIP), 204);
  assert.equal((await show(receipt)).status, 'received');
});

test('a file that turns out to be no video fails the work that waits for it, with that reason', async (context) => {
  if (!existsSync(join(build, 'xuepai-media'))) return context.skip('no xuepai-media');
  const text = Buffer.from('this is a letter and not a video\n'.repeat(4000));
  const { receipt } = await sniffed(async () => {
    const id = await begin(text.length);
    const receipt = await submit([id]);
    return { receipt, status: await append(id, 0, text) };
  }, ({ status }) => status === 415);
  const now = await show(receipt);
  assert.deepEqual([now.status, now.reason.code], ['failed', 'not-media']);
  assert.ok(now.actions.includes('replace'));
});
