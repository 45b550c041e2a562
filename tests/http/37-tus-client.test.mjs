// tus-js-client, as people's phones use it, against the service, through a proxy that cuts each connection after 3 MB in the
// middle of a body: thirteen ways of using it, and the stored bytes are the client's every time.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import net from 'node:net';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import * as tus from 'tus-js-client';
import { request, sleep, startService, storedBytes } from './support/service.mjs';

const CUT_BYTES = 3e6;
const VERSION = { 'Tus-Resumable': '1.0.0' };

// Cuts a connection once `every` bytes have come over it from the client, `most` times; swallows the first `swallow` 204s.
function cutter({ every = CUT_BYTES, most = 6, swallow = 0 } = {}) {
  const proxy = { cuts: 0, swallowed: 0 };
  const server = net.createServer((client) => {
    const upstream = net.connect(service.port, '127.0.0.1');
    let seen = 0;
    const cut = () => { client.destroy(); upstream.destroy(); };
    client.on('data', (bytes) => {
      seen += bytes.length;
      upstream.write(bytes);
      if (seen > every && proxy.cuts < most) { proxy.cuts++; setTimeout(cut, 20); }
    });
    upstream.on('data', (bytes) => {
      if (proxy.swallowed < swallow && /^HTTP\/1\.1 204/.test(bytes.toString('latin1'))) { proxy.swallowed++; cut(); return; }
      client.write(bytes);
    });
    for (const socket of [client, upstream]) { socket.on('error', cut); socket.on('close', cut); }
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => {
    proxy.url = `http://127.0.0.1:${server.address().port}/files`;
    proxy.close = () => server.close();
    done(proxy);
  }));
}

let service;
let line;
before(async () => {
  service = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent' } }); // random bytes are no video
  line = await cutter({ most: 1000 });
});
after(async () => {
  line.close();
  assert.equal((await service.stop()).code, 0);
});

const pathOf = (url) => new URL(url).pathname;
const stored = (url) => storedBytes(service.data, `original/${pathOf(url).split('/').pop()}`);
const head = (url) => request(service.url + pathOf(url), { method: 'HEAD', headers: VERSION });
const run = (source, options = {}) => new Promise((done, fail) => {
  const upload = new tus.Upload(source, {
    endpoint: line.url, retryDelays: [0, 50, 100, 200, 400], metadata: { filename: 'a.mp4' },
    ...options, onError: fail, onSuccess: () => done(upload) });
  upload.start();
});

test('tus-js-client 1: plain 20 MB', async () => {
  const bytes = randomBytes(20e6);
  const before_ = line.cuts;
  assert.ok(stored((await run(bytes)).url).equals(bytes));
  assert.ok(line.cuts - before_ >= 3, `${line.cuts - before_} cuts`);
});

test('tus-js-client 2: in chunks of 3 MB', async () => {
  const bytes = randomBytes(10e6);
  assert.ok(stored((await run(bytes, { chunkSize: 3e6 })).url).equals(bytes));
});

test('tus-js-client 3: bytes with the creation', async () => {
  const bytes = randomBytes(2e6); // one that is cut before its 201 would rightly begin anew
  assert.ok(stored((await run(bytes, { uploadDataDuringCreation: true })).url).equals(bytes));
});

// Cut once, before the end: after a cut in the last piece this client tells another length than before, which is refused.
test('tus-js-client 4: a stream whose length is told last', async () => {
  const bytes = randomBytes(8e6);
  const proxy = await cutter({ most: 1 });
  const pieces = Array.from({ length: 125 }, (_, i) => bytes.subarray(i * 64000, (i + 1) * 64000));
  const upload = await run(Readable.from(pieces), { endpoint: proxy.url, uploadLengthDeferred: true, chunkSize: 1e6 });
  assert.equal(proxy.cuts, 1);
  assert.ok(stored(upload.url).equals(bytes));
  proxy.close();
});

test('tus-js-client 5: cut every 3 MB, no byte that was acknowledged is asked for again', async () => {
  const bytes = randomBytes(15e6);
  const proxy = await cutter();
  const offsets = [];
  const upload = await run(bytes, { endpoint: proxy.url,
    onAfterResponse: (_, answer) => { if (answer.getHeader('Upload-Offset')) offsets.push(Number(answer.getHeader('Upload-Offset'))); } });
  assert.ok(proxy.cuts >= 3, `${proxy.cuts} cuts`);
  assert.deepEqual(offsets, [...offsets].sort((a, b) => a - b));
  assert.ok(stored(upload.url).equals(bytes));
  proxy.close();
});

test('tus-js-client 6: the last answer is lost', async () => {
  const bytes = randomBytes(1e6);
  const proxy = await cutter({ swallow: 1 });
  assert.ok(stored((await run(bytes, { endpoint: proxy.url })).url).equals(bytes));
  assert.equal(proxy.swallowed, 1);
  proxy.close();
});

test('tus-js-client 7: PATCH in the clothes of POST', async () => {
  const bytes = randomBytes(7e6);
  assert.ok(stored((await run(bytes, { overridePatchMethod: true })).url).equals(bytes));
});

test('tus-js-client 8: no bytes at all', async () => {
  assert.equal(stored((await run(Buffer.alloc(0))).url).length, 0);
});

test('tus-js-client 9: aborted, then resumed by another object', async () => {
  const bytes = randomBytes(8e6);
  const url = await new Promise((done, fail) => {
    const upload = new tus.Upload(bytes, { endpoint: line.url, chunkSize: 1e6, retryDelays: [0, 50, 100, 200], onError: fail,
      onChunkComplete: () => upload.abort().then(() => done(upload.url)) });
    upload.start();
  });
  assert.ok(stored((await run(bytes, { uploadUrl: url })).url).equals(bytes));
});

// Three cuts, all in bodies of parts: this client does not try the request again that puts them together.
test('tus-js-client 10: three parts at once', async () => {
  const bytes = randomBytes(24e6);
  const proxy = await cutter({ most: 3 });
  assert.ok(stored((await run(bytes, { endpoint: proxy.url, parallelUploads: 3, chunkSize: 1e6 })).url).equals(bytes));
  assert.equal(proxy.cuts, 3);
  proxy.close();
});

test('tus-js-client 11: terminated', async () => {
  const upload = await run(randomBytes(1000));
  await tus.Upload.terminate(upload.url);
  assert.equal((await head(upload.url)).status, 410);
});

test('tus-js-client 12: a stuck PATCH is taken over', async () => {
  const bytes = randomBytes(4e6);
  const made = await request(`${service.url}/files`, { method: 'POST', headers: { ...VERSION, 'Upload-Length': String(bytes.length) } });
  const stuck = net.connect(service.port, '127.0.0.1');
  stuck.on('error', () => {});
  stuck.write(`PATCH ${made.headers.location} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n` +
    `Content-Type: application/offset+octet-stream\r\nContent-Length: ${bytes.length}\r\n\r\n`);
  stuck.write(bytes.subarray(0, 1e6));
  await sleep(100);
  const taken = async (options) => {
    const start = performance.now();
    const { url } = await run(bytes, options);
    return { url, ms: performance.now() - start };
  };
  const over = await taken({ uploadUrl: new URL(made.headers.location, line.url).href });
  assert.ok(stored(over.url).equals(bytes));
  const plain = await taken({}); // the machine's part in it
  assert.ok(over.ms < plain.ms + 2000, `${over.ms} ms, another one ${plain.ms} ms`);
  stuck.destroy();
});

// Where others give the bytes back at the upload's address, ours gives them to nobody: no one has approved them.
test('tus-js-client 13: what arrived is the file byte by byte, and GET does not give it away', async () => {
  const bytes = randomBytes(4e6);
  const { url } = await run(bytes);
  const got = await request(service.url + pathOf(url), { headers: VERSION });
  assert.equal(got.status, 405);
  assert.ok(got.body.length < 1000);
  assert.ok(stored(url).equals(bytes));
});
