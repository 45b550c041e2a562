// The queue as workers see it, on a durable PostgreSQL: claim and finish through the HTTP job API, how soon a claim that
// waits hears of a new job, how busy a pool stays. Client, service and server share the machine.
//   node tests/bench/queue.mjs          XUEPAI_JOB_SECONDS=60: jobs of that length in the last part (6 is the default)
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { cpuSeconds } from './support/cpu.mjs';
import { onPostgres } from './support/postgres.mjs';
import { sleep, sql, startService } from '../http/support/service.mjs';
import { clip, submit, upload } from '../support/stack.mjs';

const JOBS = 6000;
const WORKERS = 32;

function client(service, token) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 256 });
  return (path, body) => new Promise((done, fail) => {
    const text = JSON.stringify(body);
    const outgoing = http.request({ agent, host: '127.0.0.1', port: service.port, path, method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } }, (incoming) => {
      let answer = '';
      incoming.on('data', (part) => (answer += part));
      incoming.on('end', () => done({ status: incoming.statusCode, json: answer ? JSON.parse(answer) : null }));
    });
    outgoing.on('error', fail);
    outgoing.end(text);
  });
}

// Works like the first one, each with a ladder to be made; `kind` ladder asks for nothing but the queue when it finishes.
function seed(service, count) {
  const like = (table, key, change) => `INSERT INTO ${table} SELECT (jsonb_populate_record(t, jsonb_build_object(${change}))).*
    FROM ${table} t, generate_series(1, ${count}) n WHERE t.${key} NOT LIKE 'bench%' ON CONFLICT DO NOTHING;`;
  sql(service, `DELETE FROM job;
    ${like('submission', 'id', "'id', 'bench' || n, 'code', 'BENCH' || n, 'state', 'processing', 'idempotency', NULL, 'device_digest', 'phone' || (n % 500)")}
    ${like('revision', 'submission', "'submission', 'bench' || n")}
    ${like('original', 'submission', "'submission', 'bench' || n")}
    INSERT INTO job (id, kind, submission, revision, priority, state, run_after_ms, created_ms)
      SELECT 'job' || n, 'ladder', 'bench' || n, 1, 5, 'queued', 0, 0 FROM generate_series(1, ${count}) n;
    ANALYZE`);
}

const claimBody = (worker, wait_ms) => ({ worker, version: 'bench', sandbox: 'full', disk: '', wait_ms });
const finishBody = (job) => ({ token: job.token, facts: {}, inputs: [], outputs: [] });

const postmaster = (service) => Number(sql(service, "SELECT pg_read_file('postmaster.pid')").split('\n')[0]);

// Every job of the queue, each finished once; the answer to a finish is the next job, as the worker takes it.
async function drain(service, post, jobs) {
  let done = 0;
  const refusals = [];
  seed(service, jobs);
  const cpu = { client: process.cpuUsage(), service: cpuSeconds(service.child.pid), server: cpuSeconds(postmaster(service)) };
  const start = performance.now();
  await Promise.all(Array.from({ length: WORKERS }, async (_, i) => {
    const claim = claimBody(`worker-${i}`, 0);
    for (let job = await post('/api/v1/jobs/claim', claim); job.status === 200;) {
      const finish = await post(`/api/v1/jobs/${job.json.job}/finish`, { ...finishBody(job.json), next: claim });
      if (finish.status === 200 || finish.status === 204) done++;
      else refusals.push(finish);
      job = finish;
    }
  }));
  const seconds = (performance.now() - start) / 1000;
  if (refusals.length > 0) throw new Error(`refused: ${JSON.stringify(refusals[0])}`);
  const finished = Number(sql(service, "SELECT COUNT(*) FROM job WHERE state = 'done'"));
  if (done !== jobs || finished !== jobs) throw new Error(`${done} answers and ${finished} rows of ${jobs}`);
  return { seconds, cpu };
}

// Connections, prepared statements and caches stand after a few hundred jobs; that is not what is measured.
async function throughput(service, post) {
  await drain(service, post, 640);
  const { seconds, cpu } = await drain(service, post, JOBS);
  const used = process.cpuUsage(cpu.client);
  return { jobs: JOBS, workers: WORKERS, seconds, per_second: JOBS / seconds,
    cpu_ms: { // of one claim and finish
      client: (used.user + used.system) / 1000 / JOBS,
      service: (cpuSeconds(service.child.pid) - cpu.service) * 1000 / JOBS,
      server: (cpuSeconds(postmaster(service)) - cpu.server) * 1000 / JOBS } };
}

async function wakeUps(service, post, count = 100) {
  seed(service, count);
  sql(service, "UPDATE job SET state = 'done'");
  const waits = [];
  for (let n = 1; n <= count; n++) {
    const waiting = post('/api/v1/jobs/claim', claimBody('sleeper', 20000)).then((answer) => [performance.now(), answer]);
    await sleep(20);
    sql(service, `BEGIN; UPDATE job SET state = 'queued' WHERE id = 'job${n}'; SELECT pg_notify('xuepai', '0'); COMMIT`);
    const start = performance.now();
    const [at, answer] = await waiting;
    if (answer.status !== 200) throw new Error(`claim: ${answer.status}`);
    waits.push(Math.max(at - start, 0));
    await post(`/api/v1/jobs/${answer.json.job}/finish`, finishBody(answer.json));
  }
  waits.sort((a, b) => a - b);
  return { count, median_ms: waits[count >> 1], p95_ms: waits[Math.floor(count * 0.95)] };
}

// A hundred workers with jobs of `seconds` each, as renewing workers behave: how much of the time they work.
async function busy(service, post, { workers = 100, seconds = Number(process.env.XUEPAI_JOB_SECONDS ?? 6), rounds = 4 } = {}) {
  seed(service, workers * rounds);
  let worked = 0;
  const start = performance.now();
  await Promise.all(Array.from({ length: workers }, async (_, i) => {
    for (let round = 0; round < rounds; round++) {
      const claim = await post('/api/v1/jobs/claim', claimBody(`busy-${i}`, 20000));
      const begun = performance.now();
      for (let part = 0; part < 3; part++) { // leases are renewed at a third
        await sleep(seconds * 1000 / 3);
        await post(`/api/v1/jobs/${claim.json.job}/renew`, { token: claim.json.token, permille: part * 300 });
      }
      worked += performance.now() - begun;
      await post(`/api/v1/jobs/${claim.json.job}/finish`, finishBody(claim.json));
    }
  }));
  return { workers, job_seconds: seconds, busy: worked / (workers * (performance.now() - start)) };
}

export const queue = () => onPostgres(async () => {
  const service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning', XUEPAI_DISK_THREADS: '32' } });
  try {
    await submit(service.url, [await upload(service.url, clip({ seconds: 2 }))]);
    const post = client(service, readFileSync(join(service.data, 'worker.token'), 'utf8').trim());
    return { throughput: await throughput(service, post), wake: await wakeUps(service, post), pool: await busy(service, post) };
  } finally {
    await service.stop();
  }
});

export function print({ throughput: rate, wake, pool }) {
  console.log(`queue on PostgreSQL: ${rate.per_second.toFixed(0)} claim + finish a second, ${rate.workers} workers (target 1500); ` +
    `CPU ms each: client ${rate.cpu_ms.client.toFixed(2)}, service ${rate.cpu_ms.service.toFixed(2)}, PostgreSQL ${rate.cpu_ms.server.toFixed(2)}`);
  console.log(`queue wake-up after enqueue: median ${wake.median_ms.toFixed(1)} ms, p95 ${wake.p95_ms.toFixed(1)} ms (target 50)`);
  console.log(`pool of ${pool.workers}, jobs of ${pool.job_seconds} s: ${(100 * pool.busy).toFixed(1)} % busy (target 95)`);
}

if (process.argv[1] === import.meta.filename) print(await queue());
