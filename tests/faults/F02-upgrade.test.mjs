// Both services are stopped and started again, one after the other, behind nginx as in config/nginx.conf, while phones send
// and reviewers approve: no phone sees a failure, no decision is lost.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCrowd } from '../support/crowd.mjs';
import { freePort, hasNginx, startNginx } from '../support/nginx.mjs';
import { api, clip, login, reviewers, sleep, startWorker, status } from '../support/stack.mjs';
import { sql, startNode, startService, storedBytes, until } from '../http/support/service.mjs';

const skip = (!process.env.XUEPAI_TEST_DATABASE && 'left out: no PostgreSQL') || (!hasNginx && 'left out: no nginx');
const ROUNDS = process.env.FULL ? 20 : 2;

test(`${ROUNDS} rolling upgrades under load: no upload fails, no decision is lost`, { skip, timeout: ROUNDS * 60000 + 240000 }, async (context) => {
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // a certificate of ours, on loopback
  const ports = [await freePort(), await freePort()];
  const environment = (i) => ({ XUEPAI_LISTEN: `127.0.0.1:${ports[i]}`, XUEPAI_UNDO_SECONDS: '0',
    XUEPAI_TRUSTED_PROXIES: '127.0.0.1', XUEPAI_JOB_LEASE_MS: '3000', XUEPAI_REQUIRE_OTP: 'false' });
  const nodes = [await startService({ environment: environment(0) })];
  nodes.push(await startNode(nodes[0], { environment: environment(1) }));
  const token = readFileSync(join(nodes[0].data, 'worker.token'), 'utf8').trim();
  const workers = nodes.map((node) => startWorker(node, { XUEPAI_WORKER_TOKEN: token, XUEPAI_DATA: join(node.data, 'worker') }));
  const nginx = await startNginx(...ports);
  const url = nginx.url;
  const people = await reviewers(url);
  const approvals = [];
  const crowd = startCrowd({ url: () => url, clip: clip({ seconds: 3, size: '320x240' }), chunkSize: 16 << 10 });
  const stopReview = crowd.review(people, approvals);
  context.after(async () => { // also when an assertion has failed
    crowd.running = false;
    for (const worker of workers) await worker.kill();
    for (const node of nodes) await node.kill();
    await nginx.stop();
  });

  await until(() => crowd.receipts.length > 0, 'the first clip');
  for (let round = 0; round < ROUNDS; round++) {
    for (const i of [0, 1]) {
      const before = crowd.receipts.length;
      const { code } = await nodes[i].stop({ keep: true });
      assert.equal(code, 0, nodes[i].log.slice(-2000));
      await sleep(500);
      nodes[i] = await startNode(nodes[0], { data: nodes[i].data, environment: environment(i) });
      await until(() => crowd.receipts.length > before + 2, 'clips after the restart');
    }
  }
  await crowd.stop();
  assert.deepEqual(crowd.failures, []);
  for (const receipt of crowd.receipts) {
    const now = await until(async () => {
      const answer = await status(url, receipt);
      return ['in_review', 'approved', 'published'].includes(answer.status) && answer;
    }, `${receipt.code} to be prepared`, 120000);
    assert.ok(now);
    const bytes = storedBytes(nodes[0].data, `original/${receipt.upload}`);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), receipt.sha256);
  }
  await until(() => approvals.length >= Math.min(4, crowd.receipts.length), 'decisions');
  await stopReview();
  for (const { receipt } of approvals) {
    await until(async () => (await status(url, receipt)).status === 'published', `${receipt.code} to be published`);
  }
  const count = (text) => sql(nodes[0], text);
  assert.equal(count('SELECT COUNT(*) FROM submission'), String(crowd.receipts.length));
  assert.equal(count("SELECT COUNT(*) FROM (SELECT object FROM ledger WHERE action = 'submission.published' GROUP BY object HAVING COUNT(*) > 1) twice"), '0');
  const admin = await login(url, 'admin', 'a password for tests');
  assert.equal((await api(url, '/api/v1/ledger/verify', { method: 'POST', session: admin })).json.whole, true);
  console.log(`# ${2 * ROUNDS} restarts, ${crowd.receipts.length} clips, ${approvals.length} decisions, 0 failed uploads`);
});
