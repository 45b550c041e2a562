// PostgreSQL does not answer: at the start one clear line and the end; later 503 with Retry-After, nothing half written,
// and everything goes on when it is back.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { startLine } from '../support/line.mjs';
import { api, clip, startWorker, status, submit, upload, waitFor } from '../support/stack.mjs';
import { request, sleep, startService, storedBytes, until } from './support/service.mjs';

const server = process.env.XUEPAI_TEST_DATABASE;
const skip = server ? false : 'left out: no PostgreSQL';

// The address of a schema of its own, through a line of ours.
async function through() {
  const { hostname, port } = new URL(server);
  const line = await startLine(hostname, Number(port));
  const plain = await startService({ environment: {} }); // makes the schema
  await plain.stop({ keep: true });
  return { line, data: plain.data, address: plain.settings.XUEPAI_DATABASE.replace(`:${port}/`, `:${line.port}/`) };
}

test('a database that is not there ends the start with one line that says so', { skip }, async () => {
  const before = Date.now();
  await assert.rejects(startService({ environment: { XUEPAI_DATABASE: 'postgresql://xuepai@127.0.0.1:1/none' } }),
    /xuepai-service: .*(refused|127\.0\.0\.1)/);
  assert.ok(Date.now() - before < 10000);
});

test('a lost database is a 503 that says when to come back, and uploads and jobs go on after it', { skip }, async () => {
  const { line, data, address } = await through();
  const service = await startService({ data, environment: { XUEPAI_DATABASE: address, XUEPAI_JOB_LEASE_MS: '5000' } });
  const worker = startWorker(service);
  await worker.ready;
  assert.equal((await api(service.url, '/readyz')).status, 200);

  const bytes = clip({ seconds: 4, size: '1280x720' });
  const uploading = upload(service.url, bytes, { chunkSize: 64 << 10 });
  await sleep(30);
  line.cut();
  const answer = await api(service.url, '/api/v1/works');
  assert.equal(answer.status, 503);
  assert.equal(answer.json.code, 'database-down');
  assert.ok(Number(answer.headers.get('retry-after')) > 0);
  const ready = await api(service.url, '/readyz');
  assert.equal(ready.status, 503);
  assert.equal(ready.json.database, false);
  assert.equal((await api(service.url, '/healthz')).status, 200); // no reason to be started again
  const made = await request(`${service.url}/files`, { method: 'POST', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '9' } });
  assert.equal(made.status, 503);
  line.heal();

  const receipt = await submit(service.url, [await uploading]);
  await waitFor(service.url, receipt, 'in_review');
  assert.equal((await status(service.url, receipt)).status, 'in_review');
  const sha256 = (part) => createHash('sha256').update(part).digest('hex');
  assert.equal(sha256(storedBytes(service.data, `original/${await uploading}`)), sha256(bytes));
  await until(async () => (await api(service.url, '/readyz')).status === 200, 'readiness');

  for (let i = 0; i < 5; i++) { // short cuts in the middle of everything: nobody hears of them but by waiting
    const works = Array.from({ length: 8 }, () => api(service.url, '/api/v1/works'));
    line.cut();
    line.heal();
    for (const work of works) assert.equal((await work).status, 200);
  }
  await worker.stop();
  await service.stop();
  line.stop();
});
