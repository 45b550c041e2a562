// A work of several files of which some are refused: it is said which, and each is sent anew alone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build, request, sql, startService } from './support/service.mjs';
import { api, startWorker, status, submit, waitFor } from '../support/stack.mjs';

const VERSION = { 'Tus-Resumable': '1.0.0' };
const base64 = (text) => Buffer.from(text).toString('base64');
let service;
before(async () => { service = await startService(); });
after(async () => { assert.equal((await service.stop()).code, 0); });

async function begin(length, filename = 'a.jpg') {
  const made = await request(`${service.url}/files`, { method: 'POST', headers: { ...VERSION, 'Upload-Length': String(length),
    'Upload-Metadata': `track ${base64('life-photo')},filename ${base64(filename)}` } });
  assert.equal(made.status, 201);
  return made.headers.location.split('/').pop();
}
const PHOTO = Buffer.concat([Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex'), Buffer.alloc(80000, 7)]);
const letter = Buffer.from('this is a letter and no picture\n'.repeat(4000));
const originals = (code) => sql(service, `SELECT position || ':' || store_key FROM original o JOIN submission s ON s.id = o.submission AND s.revision = o.revision WHERE s.code = '${code}' ORDER BY position`);
const replaceFiles = async (receipt, body) => {
  const answer = await api(service.url, `/api/v1/submissions/${receipt.code}/replace`, { method: 'POST', body, headers: { 'X-Pin': receipt.pin } });
  return { status: answer.status, work: answer.json };
};
const append = async (id, offset, bytes) => (await request(`${service.url}/files/${id}`, { method: 'PATCH', body: bytes,
  headers: { ...VERSION, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) } })).status;

test('of several files it is said which were refused; each is sent anew alone and the others stay', async (context) => {
  if (!existsSync(join(build, 'xuepai-media'))) return context.skip('no xuepai-media');
  const names = ['院子.jpg', '信.jpg', '通知.jpg', '饭桌.jpg'];
  const files = [PHOTO, letter, letter, PHOTO];
  const ids = [];
  for (const [i, filename] of names.entries()) ids.push(await begin(files[i].length, filename));
  const receipt = await submit(service.url, ids, { track: 'life-photo' });
  const show = () => status(service.url, receipt);
  const replace = (body) => replaceFiles(receipt, body);
  const original = () => originals(receipt.code);
  assert.equal(await append(ids[0], 0, PHOTO), 204);
  assert.equal(await append(ids[1], 0, letter), 415);
  assert.equal(await append(ids[2], 0, letter), 415);
  const failed = await show();
  assert.equal(failed.status, 'failed');
  assert.deepEqual(failed.refused.map((one) => [one.position, one.name, one.code]), [[2, '信.jpg', 'not-media'], [3, '通知.jpg', 'not-media']]);
  assert.deepEqual(failed.reason.all.map((one) => one.label), ['第 2 个文件没能处理（信.jpg）', '第 3 个文件没能处理（通知.jpg）']);
  assert.ok(failed.reason.all.every((one) => /[\u4e00-\u9fff]/.test(one.text)));
  assert.match(failed.status_text, /别的不用重传/);

  const spare = await begin(PHOTO.length);
  for (const positions of [[5], [0], [2, 3], ['2'], 2]) { // no such file, or not as many as uploads
    assert.equal((await replace({ uploads: [spare], positions })).status, 400, JSON.stringify(positions));
  }
  const first = await begin(PHOTO.length, '花.jpg');
  const still = (await replace({ uploads: [first], positions: [2] })).work;
  assert.deepEqual([still.status, still.revision, still.refused.map((one) => one.position)], ['failed', 2, [3]]);
  assert.equal(await append(first, 0, PHOTO), 204);
  const second = await begin(PHOTO.length, '树.jpg');
  const waiting = (await replace({ uploads: [second], positions: [3] })).work;
  assert.deepEqual([waiting.status, waiting.uploads.map((one) => one.id)], ['uploading', [second, ids[3]]], 'the fourth is still on its way, in its place');
  assert.equal(await append(second, 0, PHOTO), 204);
  assert.equal((await show()).status, 'uploading');
  assert.equal(await append(ids[3], 0, PHOTO), 204);
  assert.equal((await show()).status, 'received');
  assert.equal(original(), [ids[0], first, second, ids[3]].map((id, i) => `${i + 1}:original/${id}`).join('\n'));

  // and when preparing refuses one: the originals of the others stay
  sql(service, `UPDATE original SET refusal = 'broken-file' WHERE position = 4 AND revision = 3; UPDATE submission SET state = 'failed', failure = 'broken-file' WHERE code = '${receipt.code}'`);
  assert.deepEqual((await show()).refused.map((one) => [one.position, one.name, one.code]), [[4, '饭桌.jpg', 'broken-file']]);
  const last = await begin(PHOTO.length);
  assert.equal(await append(last, 0, PHOTO), 204);
  assert.equal((await replace({ uploads: [last], positions: [4] })).work.status, 'received');
  assert.equal(original(), [ids[0], first, second, last].map((id, i) => `${i + 1}:original/${id}`).join('\n'));
});

test('a page that has registered its files may send them again with another in the place of a refused one, and in another order', async (context) => {
  if (!existsSync(join(build, 'xuepai-media'))) return context.skip('no xuepai-media');
  const [first, wrong, third] = [await begin(PHOTO.length), await begin(letter.length), await begin(PHOTO.length)];
  const receipt = await submit(service.url, [first, wrong, third], { track: 'life-photo' });
  assert.equal(await append(first, 0, PHOTO), 204);
  assert.equal(await append(wrong, 0, letter), 415);
  const again = await begin(PHOTO.length);
  assert.equal((await replaceFiles(receipt, { uploads: [first, wrong, again] })).status, 409, 'what was refused stays refused');
  const { work } = await replaceFiles(receipt, { uploads: [third, again, first] });
  assert.deepEqual([work.status, work.uploads.map((one) => one.id)], ['uploading', [third, again]]);
  const other = await submit(service.url, [await begin(PHOTO.length)], { track: 'life-photo' });
  assert.equal((await replaceFiles(other, { uploads: [first] })).status, 409, 'another work has it');
  assert.equal(await append(third, 0, PHOTO), 204);
  assert.equal(await append(again, 0, PHOTO), 204);
  assert.equal((await status(service.url, receipt)).status, 'received');
  assert.equal(originals(receipt.code), [third, again, first].map((id, i) => `${i + 1}:original/${id}`).join('\n'));
});

test('what preparing refuses is told in one round: every broken file, not the first alone', async (context) => {
  if (!existsSync(join(build, 'xuepai-media'))) return context.skip('no xuepai-media');
  const good = execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=320x240', '-frames:v', '1', '-f', 'mjpeg', '-']);
  const files = [good, PHOTO, good, PHOTO, PHOTO]; // those say that they are JPEG, and are none
  const ids = [];
  for (const bytes of files) {
    ids.push(await begin(bytes.length));
    assert.equal(await append(ids.at(-1), 0, bytes), 204);
  }
  const receipt = await submit(service.url, ids, { track: 'life-photo' });
  const worker = startWorker(service);
  try {
    await waitFor(service.url, receipt, 'failed');
    assert.deepEqual((await status(service.url, receipt)).refused.map((one) => one.position), [2, 4, 5]);
    assert.ok((await status(service.url, receipt)).refused.every((one) => one.code === 'broken-file'));
    const anew = [];
    for (const _ of [2, 4, 5]) {
      anew.push(await begin(good.length));
      assert.equal(await append(anew.at(-1), 0, good), 204);
    }
    assert.equal((await replaceFiles(receipt, { uploads: anew, positions: [2, 4, 5] })).status, 200);
    await waitFor(service.url, receipt, 'in_review');
  } finally {
    await worker.stop();
  }
});
