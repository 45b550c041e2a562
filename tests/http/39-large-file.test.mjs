// A film of a unit as large as its track takes: nearly 4 GiB, beyond what 31 and 32 signed bits count. FULL=1 alone, for it
// writes 8 GiB. A short clip stands in front, and what is behind it is a box that players pass over.
import assert from 'node:assert/strict';
import { createReadStream, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { api, clip, login, reviewers, startStack, status, submit, upload, waitFor } from '../support/stack.mjs';
import { sql } from './support/service.mjs';

const BYTES = 2 ** 32 - 4096;
const skip = process.env.FULL ? false : 'only with FULL=1';
const base = mkdtempSync(join(tmpdir(), 'xuepai-large-'));
const film = join(base, 'film.mp4');

// A `free` box of 64-bit size (ISO/IEC 14496-12 section 4.2), as a hole in the file.
function writeFilm() {
  const front = clip({ seconds: 4 });
  const box = Buffer.alloc(16);
  box.writeUInt32BE(1, 0);
  box.write('free', 4);
  box.writeBigUInt64BE(BigInt(BYTES - front.length), 8);
  const file = openSync(film, 'w');
  writeSync(file, front);
  writeSync(file, box);
  ftruncateSync(file, BYTES);
}

let stack;
before(async () => {
  if (skip) return;
  writeFilm();
  stack = await startStack();
});
after(async () => {
  if (stack) await stack.stop();
  rmSync(base, { recursive: true });
});

test('a film of nearly 4 GiB arrives in pieces, whole, and is prepared', { skip, timeout: 600000 }, async () => {
  const { url } = stack.service;
  const { admin } = await reviewers(url);
  await api(url, '/api/v1/staff', { method: 'POST', session: admin,
    body: { username: 'banzi', name: '班子', role: 'organiser', scope: '370100', password: 'password of banzi' } });
  const made = await api(url, '/api/v1/entry-links', { method: 'POST', session: await login(url, 'banzi', 'password of banzi'),
    body: { region: '370100', track: 'city-film', name: '宣传片' } });
  const link = made.json.url.split('/').pop();
  const id = await upload(url, createReadStream(film), { track: 'city-film', filename: '宣传片.mp4', chunkSize: 64 << 20 });
  const receipt = await submit(url, [id], { track: 'city-film', link, region: '370100' });
  await waitFor(url, receipt, ['in_review', 'failed'], 500000);
  const shown = await status(url, receipt);
  assert.equal(shown.status, 'in_review', JSON.stringify(shown));
  assert.equal(Number(sql(stack.service, `SELECT bytes FROM original`)), BYTES);
});
