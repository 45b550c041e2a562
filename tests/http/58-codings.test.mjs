// Content codings: pages, lists and built files say the same in each, and caches can tell them apart.
// Runs once: the bytes of an answer are coded behind everything that made it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { request, startService } from './support/service.mjs';

const PLAIN = { br: brotliDecompressSync, gzip: gunzipSync };

let service;
before(async () => { service = await startService(); });
after(() => service.stop());

const get = (path, accepted) => request(service.url + path, { headers: { 'Accept-Encoding': accepted } });

test('a page, a built script and the element of other sites are the same text in Brotli, gzip and as they are', async () => {
  const page = await get('/help', 'identity');
  const [script] = /\/assets\/base-[\w-]+\.css/.exec(page.body.toString());
  for (const path of ['/help', script, '/embed.js']) {
    const plain = await get(path, 'identity');
    assert.equal(plain.status, 200, path);
    assert.equal(plain.headers.vary, 'Accept-Encoding', path);
    const sizes = [plain.body.length];
    for (const [coding, decode] of Object.entries(PLAIN)) {
      const coded = await get(path, coding);
      assert.equal(coded.headers['content-encoding'], coding, path);
      assert.equal(coded.headers.vary, 'Accept-Encoding', path);
      assert.ok(decode(coded.body).equals(plain.body), `${path} in ${coding}`);
      sizes.push(coded.body.length);
    }
    assert.ok(sizes[1] < sizes[2] && sizes[2] < sizes[0], `${path}: plain, br, gzip ${sizes}`);
  }
});

test('what is refused is not sent', async () => {
  assert.equal((await get('/help', 'br;q=0, gzip')).headers['content-encoding'], 'gzip');
  assert.equal((await get('/help', 'br;q=0, gzip;q=0')).headers['content-encoding'], undefined);
});

test('the coded files of the build have no address of their own', async () => {
  const [script] = /\/assets\/base-[\w-]+\.css/.exec((await get('/help', 'identity')).body.toString());
  assert.equal((await get(`${script}.br`, 'identity')).status, 404);
});

test('a tag of another coding still answers 304', async () => {
  const first = await get('/help', 'br');
  assert.match(first.headers.etag, /^W\/"/);
  const again = await request(`${service.url}/help`, { headers: { 'Accept-Encoding': 'gzip', 'If-None-Match': first.headers.etag } });
  assert.equal(again.status, 304);
});
