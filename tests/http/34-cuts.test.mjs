// A bad line: cuts anywhere, pieces sent twice, wrong offsets, lost answers, over several uploads and their submission.
// What is stored is what the phone had, each cut costs at most one piece, and no work appears twice.
// CUTS=… for another number, SEED=… to run a failure again.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import net from 'node:net';
import { after, before, test } from 'node:test';
import { request, sql, startService, storedBytes } from './support/service.mjs';

const CUTS = Number(process.env.CUTS ?? (process.env.FULL ? 1000 : 300));
const CHUNK = 256 * 1024;
const SIZE = 24 * CHUNK + 777;

const silent = new Set();
let service;
before(async () => {
  service = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent' } });
});
after(async () => {
  for (const socket of silent) socket.destroy();
  assert.equal((await service.stop()).code, 0);
});

// A seed, so that a failure can be run again.
const seed = Number(process.env.SEED ?? Date.now() % 1e9);
let state = seed;
function random(below) {
  state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
  return Math.floor((state / 0x80000000) * below);
}

const VERSION = { 'Tus-Resumable': '1.0.0' };
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

// Sends `bytes` of a PATCH that promises `length`, and cuts the line: in the body, or before the answer is read.
function cutPatch(location, offset, bytes, length) {
  return new Promise((done) => {
    const socket = net.connect(service.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume(); // what comes is lost
    socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: ${offset}\r\n` +
      `Content-Type: application/offset+octet-stream\r\nContent-Length: ${length}\r\n\r\n`);
    // the phone is gone, or (its mast is) silent: the next request must not wait for this one
    socket.write(bytes, () => {
      if (random(2) === 0) socket.destroy();
      silent.add(socket);
      setTimeout(done, random(15));
    });
  });
}

const patch = (location, offset, body) => request(service.url + location, {
  method: 'PATCH', headers: { ...VERSION, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) }, body });

// One file over a bad line; counts what it costs.
async function send(bytes, cuts, costs) {
  const made = await request(`${service.url}/files`, { method: 'POST', headers: { ...VERSION, 'Upload-Length': String(bytes.length) } });
  const { location } = made.headers;
  let reached = 0; // highest byte that was ever sent

  for (let left = cuts; ;) {
    const { headers, status } = await request(service.url + location, { method: 'HEAD', headers: VERSION });
    if (status === 503 || status === 423) continue; // busy, or an older piece came after it: phones ask again
    assert.equal(status, 200, `seed ${seed}`);
    const offset = Number(headers['upload-offset']);
    assert.ok(reached - offset <= CHUNK, `seed ${seed}: ${reached - offset} bytes to be sent again`);
    costs.repeated += Math.max(0, reached - offset);
    if (offset === bytes.length) return location;
    // the last piece goes whole once all cuts are used up
    const length = left > 0 && bytes.length - offset <= CHUNK ? 1 + random(bytes.length - offset) : Math.min(CHUNK, bytes.length - offset);
    const piece = bytes.subarray(offset, offset + length);
    const trouble = left > 0 ? random(4) : 9;
    if (trouble === 0) { // cut in the body
      const part = random(length + 1);
      await cutPatch(location, offset, piece.subarray(0, part), length);
      reached = Math.max(reached, offset + part);
    } else if (trouble === 1) { // all sent, answer lost
      await cutPatch(location, offset, piece, length);
      reached = Math.max(reached, offset + length);
    } else if (trouble === 2) { // a wrong offset changes nothing
      const wrong = offset + CHUNK + 1 + random(CHUNK); // beyond whatever may still be in the line
      const answer = await patch(location, wrong, randomBytes(1000));
      if (answer.status === 204) return assert.fail(`seed ${seed}: a wrong offset was taken`);
      assert.equal(answer.status, 409);
    } else { // sent, and sent again
      const answer = await patch(location, offset, piece);
      if (answer.status === 409) continue; // an older piece that was still in the line came after the HEAD: ask again
      assert.equal(answer.status, 204);
      reached = offset + length;
      if (trouble === 3) assert.equal((await patch(location, offset, piece)).status, 409);
    }
    left -= trouble < 4 ? 1 : 0;
    costs.troubles += trouble < 4 ? 1 : 0;
  }
}

test(`${CUTS} cuts, duplicates and wrong offsets`, async () => {
  const costs = { repeated: 0, troubles: 0 };
  let files = 0;
  for (let i = 0; costs.troubles < CUTS; i++) {
    files++;
    const bytes = randomBytes(SIZE);
    const location = await send(bytes, CUTS - costs.troubles, costs);
    const id = location.split('/').pop();
    assert.equal(sha256(storedBytes(service.data, `original/${id}`)), sha256(bytes), `seed ${seed}`);
    const submit = () => request(`${service.url}/api/v1/submissions`, {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'Idempotency-Key': `key-${i}` },
      body: JSON.stringify({ uploads: [id], track: 'family-video', title: `读书 ${i}`, words: '', region: '370102', name: '张三',
        phone: '13812345678', consents: { licence: true } }) });
    const receipts = await Promise.all([submit(), submit(), submit()]);
    assert.deepEqual(receipts.map((one) => one.status), [201, 201, 201]);
    assert.equal(new Set(receipts.map((one) => one.body.toString())).size, 1);
  }
  assert.equal(sql(service, 'SELECT COUNT(*) FROM submission'), String(files));
  assert.equal(sql(service, "SELECT COUNT(*) FROM upload WHERE state <> 'taken'"), '0');
  assert.ok(costs.troubles >= CUTS);
  console.log(`seed ${seed}: ${costs.troubles} troubles, ${(costs.repeated / costs.troubles / 1024).toFixed(0)} KB sent again for each`);
});
