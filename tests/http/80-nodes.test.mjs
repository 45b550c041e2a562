// Several services of one installation: one PostgreSQL, one store. Left out where only SQLite is there.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { api, clip, decide, form, login, publish, queued, reviewers, startWorker, status, submit, upload, waitFor } from '../support/stack.mjs';
import { request, sleep, sql, startNode, startService, until } from './support/service.mjs';

const skip = process.env.XUEPAI_TEST_DATABASE ? false : 'left out: no PostgreSQL';
const VERSION = { 'Tus-Resumable': '1.0.0' };
const small = () => clip({ seconds: 3, size: '320x240' });

// Both find the database empty and start at the same moment.
let one;
let two;
let people;

before(async () => {
  if (skip) return;
  one = await startService({ environment: { XUEPAI_UNDO_SECONDS: '0' } });
  two = await startNode(one, { environment: { XUEPAI_UNDO_SECONDS: '0' } });
  people = await reviewers(one.url);
});
after(async () => {
  await two?.stop();
  await one?.stop();
});

test('six services start together on an empty database: migrations and the first administrator once', { skip }, async () => {
  const first = await startService();
  const key = readFileSync(join(first.data, 'secret.key')).toString('hex');
  await first.stop({ keep: true });
  sql(first, `DO $$ BEGIN EXECUTE format('DROP SCHEMA %1$I CASCADE; CREATE SCHEMA %1$I', current_schema()); END $$`);
  const nodes = await Promise.all(Array.from({ length: 6 }, () => startNode(first, { environment: { XUEPAI_SECRET_KEY: key } })));
  assert.equal(sql(first, "SELECT COUNT(*) FROM staff WHERE username = 'admin'"), '1');
  assert.equal(sql(first, 'SELECT COUNT(*) = COUNT(DISTINCT version) FROM migration'), 't');
  for (const node of nodes) await login(node.url, 'admin', 'a password for tests');
  for (const node of nodes) await node.stop();
});

test('a service with another key does not start on the database', { skip }, async () => {
  await assert.rejects(startNode(one, { environment: { XUEPAI_SECRET_KEY: randomBytes(32).toString('hex') } }), /another secret\.key/);
});

test('a login holds on every node and ends on every node', { skip }, async () => {
  const session = await login(one.url, 'jinan', 'password of jinan');
  assert.equal((await api(two.url, '/api/v1/me', { session })).status, 200);
  assert.equal((await api(two.url, '/api/v1/logout', { method: 'POST', session })).status, 204);
  assert.equal((await api(one.url, '/api/v1/me', { session })).status, 401);
});

test('an upload stays with the node that has its first byte; another one asks the phone to come back', { skip }, async () => {
  const bytes = small();
  const half = bytes.length >> 1;
  const made = await request(`${one.url}/files`, { method: 'POST', headers: { ...VERSION, 'Upload-Length': String(bytes.length) } });
  const patch = (node, at, body) => request(node.url + made.headers.location, { method: 'PATCH', body,
    headers: { ...VERSION, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(at) } });
  const head = (node) => request(node.url + made.headers.location, { method: 'HEAD', headers: VERSION });

  assert.equal((await patch(two, 0, bytes.subarray(0, half))).status, 204); // created by one, first byte at two
  const elsewhere = await patch(one, half, bytes.subarray(half));
  assert.equal(elsewhere.status, 503);
  assert.equal(JSON.parse(elsewhere.body).code, 'upload-elsewhere');
  assert.equal((await head(one)).status, 503);
  assert.equal((await head(two)).headers['upload-offset'], String(half));

  await one.stop({ keep: true }); // the start of a node leaves the uploads of the others alone
  one = Object.assign(await startService({ data: one.data, environment: { XUEPAI_UNDO_SECONDS: '0' } }));
  assert.equal((await head(two)).headers['upload-offset'], String(half));
  assert.equal((await patch(two, half, bytes.subarray(half))).status, 204);
  assert.equal((await head(one)).headers['upload-offset'], String(bytes.length)); // complete: any node will do
});

test('nodes know of each other; bytes that come with a creation are then left to the next request', { skip }, async () => {
  const nodes = await until(async () => {
    const list = (await api(two.url, '/api/v1/workers', { session: people.admin })).json.nodes;
    return list.length === 2 && list;
  }, 'both nodes');
  assert.ok(nodes.every(({ version }) => version !== ''));
  await until(async () => /^xuepai_nodes 2$/m.test((await api(one.url, '/metrics')).text), 'a count of two');
  const bytes = small();
  const made = await request(`${one.url}/files`, { method: 'POST', body: bytes, headers: { ...VERSION,
    'Upload-Length': String(bytes.length), 'Content-Type': 'application/offset+octet-stream' } });
  assert.equal(made.status, 201);
  assert.equal(made.headers['upload-offset'], '0');
  const rest = await request(two.url + made.headers.location, { method: 'PATCH', body: bytes,
    headers: { ...VERSION, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' } });
  assert.equal(rest.status, 204);
});

test('a job queued on one node wakes the claim that waits on the other', { skip }, async () => {
  const token = readFileSync(join(one.data, 'worker.token'), 'utf8').trim();
  const claim = (wait_ms) => api(two.url, '/api/v1/jobs/claim', { method: 'POST', headers: { Authorization: `Bearer ${token}` },
    body: { worker: 'far', version: '1', sandbox: 'full', disk: '', wait_ms } });
  while ((await claim(0)).status === 200); // hold what is there
  const file = await upload(one.url, small());
  let woken;
  const waiting = claim(20000).then((answer) => { woken = performance.now(); return answer; });
  await sleep(300);
  const receipt = await submit(one.url, [file]);
  const queued = performance.now();
  const offer = await waiting;
  assert.equal(offer.status, 200);
  assert.ok(woken - queued < 900, `${woken - queued} ms: the look of every second would have been as fast`);
  assert.ok(receipt.code);
  await api(two.url, `/api/v1/jobs/${offer.json.job}/fail`, { method: 'POST', headers: { Authorization: `Bearer ${token}` },
    body: { token: offer.json.token, reason: 'infrastructure', next: 'again' } });
});

test('the road over two nodes: sent to one, worked for the other, decided on both, withdrawn on one, gone on both', { skip }, async () => {
  const worker = startWorker(two, { XUEPAI_WORKER_TOKEN: readFileSync(join(one.data, 'worker.token'), 'utf8').trim() });
  await worker.ready;
  const receipt = await submit(one.url, [await upload(one.url, small())]);
  await waitFor(two.url, receipt, 'in_review');
  const { id } = await queued(two.url, people.jinan, receipt.code);
  assert.equal((await decide(two.url, people.jinan, id)).status, 200);
  await until(async () => (await decide(one.url, people.sheng, id)).status === 200, 'the second decision');
  await waitFor(two.url, receipt, 'published');
  const media = (await api(two.url, `/api/v1/works/${id}`)).json.sources[0].src;
  const path = new URL(media, two.url).pathname;
  assert.equal((await fetch(one.url + path)).status, 200);
  assert.equal((await fetch(two.url + path)).status, 200);
  const gone = await api(one.url, `/api/v1/submissions/${receipt.code}`, { method: 'DELETE', headers: { 'X-Pin': receipt.pin } });
  assert.equal(gone.status, 200);
  for (const node of [one, two]) {
    for (const address of [path, `/v/${id}`, `/embed/${id}`, `/api/v1/works/${id}`]) {
      assert.equal((await fetch(node.url + address)).status, 404, address);
    }
  }
  await worker.stop();
});

test('the same Idempotency-Key on two nodes at once makes one work', { skip }, async () => {
  for (let i = 0; i < 5; i++) {
    const file = await upload(one.url, small());
    const headers = { 'Idempotency-Key': randomBytes(8).toString('hex') };
    const answers = await Promise.all([one, two, one, two].map((node) =>
      api(node.url, '/api/v1/submissions', { method: 'POST', body: form([file]), headers })));
    assert.deepEqual(new Set(answers.map(({ status: code }) => code)), new Set([201]));
    assert.equal(new Set(answers.map(({ json }) => json.code)).size, 1);
  }
});

test('approve on one node against withdraw on the other: one outcome, and withdrawal wins', { skip }, async () => {
  const worker = startWorker(one);
  await worker.ready;
  for (let i = 0; i < 5; i++) {
    const receipt = await submit(one.url, [await upload(one.url, small())]);
    await waitFor(one.url, receipt, 'in_review');
    const { id } = await queued(one.url, people.jinan, receipt.code);
    await decide(one.url, people.jinan, id);
    await until(async () => (await api(one.url, `/api/v1/queue/${id}`, { session: people.sheng })).json?.stage !== 1, 'the last stage');
    await Promise.all([
      decide(two.url, people.sheng, id),
      api(one.url, `/api/v1/submissions/${receipt.code}`, { method: 'DELETE', headers: { 'X-Pin': receipt.pin } }),
    ]);
    await sleep(1200);
    assert.equal((await status(two.url, receipt)).status, 'withdrawn');
    assert.equal((await fetch(`${two.url}/v/${id}`)).status, 404);
  }
  await worker.stop();
  const ledger = await api(two.url, '/api/v1/ledger/verify', { method: 'POST', session: people.admin });
  assert.equal(ledger.json.whole, true);
});

test('a work is published through one node while the other is killed and started again', { skip }, async () => {
  const worker = startWorker(one);
  await worker.ready;
  await two.kill();
  const receipt = await submit(one.url, [await upload(one.url, small())]);
  await publish(one.url, people, receipt);
  two = await startNode(one, { data: two.data, environment: { XUEPAI_UNDO_SECONDS: '0' } });
  assert.equal((await status(two.url, receipt)).status, 'published');
  await worker.stop();
});
