// Workers of other machines: a token each, listed, revoked alone; another release is refused politely.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { api, clip, publish, reviewers, startWorker, submit, upload, waitFor } from '../support/stack.mjs';
import { sleep, sql, startService, until } from './support/service.mjs';

let service;
let people;
const claim = (token, more = {}) => api(service.url, '/api/v1/jobs/claim', {
  method: 'POST', headers: { Authorization: `Bearer ${token}` },
  body: { worker: 'far-1', version: '1', sandbox: 'full', disk: '', wait_ms: 0, ...more } });
const workers = async () => (await api(service.url, '/api/v1/workers', { session: people.admin })).json;
const addToken = async (name) => (await api(service.url, '/api/v1/workers', { method: 'POST', session: people.admin, body: { name } })).json;
const revoke = (id) => api(service.url, `/api/v1/workers/${id}`, { method: 'DELETE', session: people.admin });

before(async () => {
  service = await startService({ environment: { XUEPAI_UNDO_SECONDS: '0' } });
  people = await reviewers(service.url);
});
after(() => service.stop());

test('a machine works under a token of its own, is listed, and its token alone is revoked', async () => {
  const made = await addToken('三号机房');
  assert.match(made.token, /^[0-9a-f]{64}$/);
  const worker = startWorker(service, { XUEPAI_WORKER_TOKEN: made.token });
  await worker.ready;
  const receipt = await submit(service.url, [await upload(service.url, clip({ seconds: 3, size: '320x240' }))]);
  await waitFor(service.url, receipt, 'in_review');
  const seen = (await workers()).workers.find((each) => each.token === made.id);
  assert.ok(seen.seen_ms > Date.now() - 60000 && seen.version !== '' && seen.sandbox !== '', JSON.stringify(seen));
  assert.deepEqual((await workers()).tokens.map(({ id, name, revoked_ms }) => ({ id, name, revoked_ms })),
    [{ id: made.id, name: '三号机房', revoked_ms: null }]);
  await worker.stop();

  assert.equal((await revoke(made.id)).status, 204);
  assert.equal((await revoke(made.id)).status, 404);
  assert.equal((await claim(made.token)).status, 401);
  assert.equal((await claim(readFileSync(join(service.data, 'worker.token'), 'utf8').trim())).status, 204);
  assert.ok((await workers()).tokens[0].revoked_ms > 0);
  const ledger = (await api(service.url, `/api/v1/ledger?object=${made.id}`, { session: people.admin })).text;
  assert.match(ledger, /worker\.added/);
  assert.match(ledger, /worker\.revoked/);
});

// The results of the first file once lay in the way of the second's, which have the same names.
test('a worker with a folder of its own delivers every file of a set', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xuepai-far-'));
  const made = await addToken('远处');
  const worker = startWorker(service, { XUEPAI_WORKER_TOKEN: made.token, XUEPAI_DATA: folder });
  const photo = (colour) => execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `color=${colour}:s=640x480`, '-frames:v', '1', '-f', 'mjpeg', '-']);
  try {
    await worker.ready;
    const ids = [];
    for (const colour of ['red', 'green', 'blue']) ids.push(await upload(service.url, photo(colour), { track: 'life-photo', filename: `${colour}.jpg` }));
    const receipt = await submit(service.url, ids, { track: 'life-photo' });
    await waitFor(service.url, receipt, 'in_review', 60000);
    assert.equal(sql(service, "SELECT count(DISTINCT substr(name, 1, 2)) FROM rendition WHERE name LIKE '2-photo%' OR name LIKE '3-photo%'"), '2');
  } finally {
    await worker.stop();
    await revoke(made.id);
    rmSync(folder, { recursive: true });
  }
});

test('a ladder made elsewhere gets the review copy for its sound, with the lease alone', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xuepai-far-'));
  const [made, other] = [await addToken('远处'), await addToken('别处')];
  const start = async ({ token }) => {
    const worker = startWorker(service, { XUEPAI_WORKER_TOKEN: token, XUEPAI_DATA: folder });
    await worker.ready;
    return worker;
  };
  let worker = await start(made);
  try {
    const receipt = await submit(service.url, [await upload(service.url, clip({ seconds: 3, size: '1280x720' }))]);
    await waitFor(service.url, receipt, 'in_review');
    await worker.stop();
    const id = await publish(service.url, people, receipt);
    let offer;
    await until(async () => (offer = (await claim(made.token)).json) !== null, 'its ladder');
    assert.equal(offer.kind, 'ladder');
    const { review } = offer.inputs[0];
    assert.equal(review.path, '');
    const own = review.url.startsWith('/'); // else the store's, signed
    const get = (token, path = review.url) => fetch(new URL(path, service.url), own ? { headers: { Authorization: `Bearer ${made.token}`, 'X-Job-Token': String(token) } } : {});
    const bytes = Buffer.from(await (await get(offer.token)).arrayBuffer());
    assert.equal(bytes.length, review.bytes);
    assert.equal(bytes.subarray(4, 8).toString(), 'ftyp');
    if (own) {
      assert.equal((await get(offer.token + 1)).status, 409);
      assert.equal((await get(offer.token, review.url.replace(/1$/, '2'))).status, 404);
      assert.equal((await fetch(new URL(review.url, service.url))).status, 401);
    }
    await revoke(made.id); // its job is free at once
    worker = await start(other);
    await until(async () => (await api(service.url, `/api/v1/works/${id}`)).json?.hls, 'the ladder');
    assert.doesNotMatch(worker.log, /job\.review/);
  } finally {
    await worker.stop();
    await revoke(other.id);
    rmSync(folder, { recursive: true });
  }
});

test('a revoked machine loses its job to the next one at once', async () => {
  const one = await addToken('甲');
  const two = await addToken('乙');
  await submit(service.url, [await upload(service.url, clip({ seconds: 3, size: '320x240' }))]);
  const held = await claim(one.token, { worker: 'far-a' });
  assert.equal(held.status, 200);
  assert.equal((await claim(two.token, { worker: 'far-b' })).status, 204);
  assert.equal((await revoke(one.id)).status, 204);
  const taken = await claim(two.token, { worker: 'far-b' });
  assert.equal(taken.status, 200);
  assert.equal(taken.json.job, held.json.job);
  assert.ok(taken.json.token > held.json.token);
  await revoke(two.id);
});

test('a claim that was waiting when its token was revoked gets no job', async () => {
  const own = readFileSync(join(service.data, 'worker.token'), 'utf8').trim();
  while ((await claim(own)).status === 200); // what the tests before left is held by this one now
  const made = await addToken('丙');
  const waiting = claim(made.token, { wait_ms: 20000, worker: 'far-c' });
  await sleep(300);
  await revoke(made.id);
  await submit(service.url, [await upload(service.url, clip({ seconds: 3, size: '320x240' }))]);
  assert.equal((await waiting).status, 401);
});

// Who had ended was given the next job, which then lay there for a lease.
test('a machine that hung up while it waited gets no job', async () => {
  const token = readFileSync(join(service.data, 'worker.token'), 'utf8').trim();
  while ((await claim(token)).status === 200);
  const gone = new AbortController();
  const waiting = fetch(new URL('/api/v1/jobs/claim', service.url), { method: 'POST', signal: gone.signal,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ worker: 'far-d', version: '1', sandbox: 'full', disk: '', wait_ms: 20000 }) });
  await until(async () => /^xuepai_http_parked 1$/m.test((await api(service.url, '/metrics')).text), 'it waits');
  gone.abort();
  await assert.rejects(waiting);
  await submit(service.url, [await upload(service.url, clip({ seconds: 3, size: '320x240' }))]);
  const { json } = await claim(token, { worker: 'far-e' });
  assert.equal(json?.kind, 'prepare');
});

test('a worker of another release is refused with a clear word and waits', async () => {
  const own = readFileSync(join(service.data, 'worker.token'), 'utf8').trim();
  const answer = await claim(own, { protocol: 99 });
  assert.equal(answer.status, 409);
  assert.equal(answer.json.code, 'worker-version');
  await until(async () => service.log.includes('worker-version') || service.log.includes('status=409'), 'a line in the log');
});

test('what a worker found of nine long clips is taken: 400 KB, not more than 512', async () => {
  const headers = { Authorization: `Bearer ${readFileSync(join(service.data, 'worker.token'), 'utf8').trim()}` };
  const tell = (bytes, path = 'finish') => api(service.url, `/api/v1/jobs/aaaaaaaaaaaaaaaaaaaaaaaaaa/${path}`, { method: 'POST', headers,
    body: { token: 1, facts: { each: ['x'.repeat(bytes)] }, inputs: [], outputs: [] } });
  assert.equal((await tell(400000)).json.code, 'stale-token', 'read, and then no job');
  assert.equal((await tell(600000)).status, 413);
  assert.equal((await tell(70000, 'fail')).status, 413, 'other messages are short');
});

test('only administrators see or change the machines', async () => {
  for (const session of [undefined, people.jinan, people.sheng]) {
    assert.ok([401, 403].includes((await api(service.url, '/api/v1/workers', { session })).status));
    assert.ok([401, 403].includes((await api(service.url, '/api/v1/workers', { method: 'POST', session, body: { name: 'x' } })).status));
  }
  assert.equal((await api(service.url, '/api/v1/workers', { method: 'POST', session: people.admin, body: { name: '' } })).status, 400);
});
