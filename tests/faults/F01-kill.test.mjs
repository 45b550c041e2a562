// kill -9 of service and worker at random moments of the road, under load. The oracle is what clients were told: every
// acknowledged work is there at the end and was prepared or refused truly, every byte is the byte that was sent, nothing
// unapproved was ever reachable, nothing was published twice, the ledger is whole. FULL=1: 1,000 kills.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, randomInt } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import net from 'node:net';
import { join } from 'node:path';
import * as tus from 'tus-js-client';
import { api, clip, decide, form, login, queued, reviewers, sleep, startWorker, status } from '../support/stack.mjs';
import { sql, startService, storedBytes } from '../http/support/service.mjs';

const KILLS = process.env.FULL ? 1000 : 50;
const PHONES = 2;

const freePort = () => new Promise((done) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});

test(`${KILLS} kills lose nothing and show nothing`, { timeout: KILLS * 20000 + 300000 }, async (context) => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const environment = { XUEPAI_LISTEN: `127.0.0.1:${port}`, XUEPAI_UNDO_SECONDS: '0', XUEPAI_JOB_LEASE_MS: '3000' };
  const bytes = clip({ name: 'kill', seconds: 4, size: '320x240' });
  let running = true;
  let service = await startService({ environment });
  let worker = startWorker(service);
  context.after(async () => { // also when an assertion has failed
    running = false;
    await worker.kill();
    await service.kill();
  });
  let people = await reviewers(url);

  // every answer a client got; nothing else counts
  const receipts = [];
  const approved = new Set(); // ids whose last approval was sent
  const leaks = [];

  const patiently = async (work) => {
    for (;;) {
      try {
        const answer = await work();
        if (answer.status < 500) return answer;
      } catch { /* the service is down */ }
      await sleep(100);
    }
  };

  const sendBytes = (mine) => new Promise((done, fail) => {
    const task = new tus.Upload(mine, {
      endpoint: `${url}/files`, chunkSize: 64 << 10, retryDelays: Array(600).fill(100),
      metadata: { filename: 'kill.mp4', track: 'family-video' }, onError: fail,
      onSuccess: () => done(task.url.split('/').pop()),
    });
    task.start();
  });

  const phone = async (name) => {
    for (let i = 0; running; i++) {
      // a few bytes after the last box make every file another one
      const mine = Buffer.concat([bytes, Buffer.from([0, 0, 0, 24]), Buffer.from(`free${name}-${i}`.padEnd(20, '.'))]);
      const id = await sendBytes(mine);
      const answer = await patiently(() => api(url, '/api/v1/submissions',
        { method: 'POST', body: form([id], { title: `${name} ${i}` }), headers: { 'Idempotency-Key': `${name}-${i}` } }));
      assert.equal(answer.status, 201, answer.text);
      receipts.push({ ...answer.json, upload: id, sha256: createHash('sha256').update(mine).digest('hex') });
      await sleep(randomInt(1500, 3000)); // two cores prepare about one clip a second
    }
  };

  const reviewer = async () => {
    while (running) {
      try {
        const items = [...(await api(url, '/api/v1/queue?limit=5', { session: people.jinan })).json.items,
          ...(await api(url, '/api/v1/queue?limit=5&stage=final', { session: people.sheng })).json.items];
        for (const item of items.slice(0, 4)) {
          const person = item.stage === 'final' ? people.sheng : people.jinan;
          if (item.stage === 'final') approved.add(item.id);
          await decide(url, person, item.id);
        }
      } catch { /* down, or signed out by a slow restart */ }
      await sleep(200);
    }
  };

  const prober = async () => {
    while (running) {
      for (const receipt of receipts.slice(-20)) {
        const item = await queued(url, people.jinan, receipt.code).catch(() => null);
        if (!item) continue;
        for (const name of ['480p.mp4', 'poster.jpg', 'sheet.jpg', 'storyboard.jpg']) {
          const answer = await fetch(`${url}/media/${item.id}/1/${name}`).catch(() => null);
          if (answer && answer.status !== 404 && !approved.has(item.id)) leaks.push(`${item.id}/${name} ${answer.status}`);
          await answer?.arrayBuffer().catch(() => null);
        }
      }
      await sleep(100);
    }
  };

  const crowd = [...Array(PHONES).keys()].map((i) => phone(`phone${i}`)).concat(reviewer(), prober());
  const crowdFailed = Promise.all(crowd).then(() => null, (problem) => problem);
  let recovery = 0;
  for (let i = 0; i < KILLS; i++) {
    await sleep(randomInt(50, 900));
    if (i % 3 === 2) {
      await worker.kill();
      worker = startWorker(service);
    } else {
      await service.kill();
      const started = Date.now();
      service = await startService({ environment, data: service.data });
      recovery = Math.max(recovery, Date.now() - started);
    }
  }
  running = false;
  const problem = await crowdFailed;
  assert.equal(problem, null, String(problem));

  const end = Date.now() + 240000;
  for (const receipt of receipts) {
    let now;
    do {
      now = await status(url, receipt).catch(() => null);
      if (now && ['in_review', 'approved', 'published', 'failed'].includes(now.status)) break;
      await sleep(100);
    } while (Date.now() < end);
    assert.ok(now, `${receipt.code} is unknown`);
    assert.ok(['in_review', 'published'].includes(now.status), `${receipt.code} ended as ${now.status} ${now.reason?.code}; worker: ${worker.log.slice(-500)}`);
    const stored = storedBytes(service.data, `original/${receipt.upload}`);
    assert.equal(createHash('sha256').update(stored).digest('hex'), receipt.sha256, `${receipt.code}: other bytes`);
  }
  assert.deepEqual(leaks, []);
  people = { ...people, admin: await login(url, 'admin', 'a password for tests') };
  const ledger = await api(url, '/api/v1/ledger/verify', { method: 'POST', session: people.admin });
  assert.equal(ledger.json.whole, true);
  await worker.stop();
  await service.stop({ keep: true });

  // the database itself: whole, each work published once, every state change recorded once
  const count = (text) => sql(service, text);
  if (!process.env.XUEPAI_TEST_DATABASE) assert.equal(count('PRAGMA integrity_check'), 'ok');
  assert.equal(count("SELECT COUNT(*) FROM (SELECT object FROM ledger WHERE action = 'submission.published' GROUP BY object HAVING COUNT(*) > 1)"), '0');
  assert.equal(count(`SELECT COUNT(*) FROM publication p WHERE NOT EXISTS (SELECT 1 FROM decision d WHERE d.submission =
    p.submission AND d.stage = 2 AND d.action = 'approve' AND d.state = 'effective')`), '0');
  assert.equal(count("SELECT COUNT(*) FROM (SELECT object FROM ledger WHERE action = 'submission.received' GROUP BY object HAVING COUNT(*) > 1)"), '0');
  console.log(`# ${KILLS} kills, ${receipts.length} acknowledged works, 0 lost, 0 reachable before approval, slowest restart ${recovery} ms`);
});
