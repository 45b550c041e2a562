// Uploads: CPU for a GB beside nginx (DAV PUT) and the tus project's own server in one run; what thousands of idle open
// uploads hold in memory; and whether slow senders make others wait. All on loopback, bounded in count and time.
//   node tests/bench/uploads.mjs
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { root, sleep, startService } from '../http/support/service.mjs';
import { best, memory, startNginx } from './http.mjs';
import { cpuSeconds } from './support/cpu.mjs';

const run = promisify(execFile);
const MB = 1e6;
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const IDLE = 2000;
const SLOW = 200;
const TUS = { 'Tus-Resumable': '1.0.0' };
const TYPE = 'application/offset+octet-stream';
const QUIET = { XUEPAI_MEDIA_PROGRAM: '/nonexistent', XUEPAI_LOG_LEVEL: 'message' };
const CASES = [{ name: '1 x 500 MB', count: 1, size: 500 * MB }, { name: '32 x 20 MB', count: 32, size: 20 * MB }];

const curl = (...words) => run('curl', ['-s', '-S', '-f', '-o', '/dev/null', '-H', 'Expect:', ...words]);

async function startPeer(folder) {
  fs.mkdirSync(folder);
  const child = spawn(process.execPath, [path.join(root, 'tests/bench/support/tus_server.mjs'), folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((done) => child.stdout.once('data', (bytes) => done(Number(bytes))));
  return { pid: child.pid, url: `http://127.0.0.1:${port}`, stop: () => child.kill('SIGTERM') };
}

async function tusUpload(url, file, size) {
  const made = await fetch(`${url}/files`, { method: 'POST', headers: { ...TUS, 'Upload-Length': String(size) } });
  if (made.status !== 201) throw new Error(`POST /files: ${made.status}`);
  const location = new URL(made.headers.get('location'), url).href;
  await curl('-X', 'PATCH', '-T', file, '-H', 'Tus-Resumable: 1.0.0', '-H', 'Upload-Offset: 0', '-H', `Content-Type: ${TYPE}`, location);
  return () => fetch(location, { method: 'DELETE', headers: TUS });
}

async function measured(pid, bytes, work) {
  const cpu = cpuSeconds(pid);
  const start = performance.now();
  await work();
  return { mb_s: bytes / MB / ((performance.now() - start) / 1000), cpu_s_gb: (cpuSeconds(pid) - cpu) / (bytes / 1e9) };
}

async function viaTus(server, file, { size, count }) {
  let cleanups;
  const figures = await measured(server.pid, size * count, async () => {
    cleanups = await Promise.all(Array.from({ length: count }, () => tusUpload(server.url, file, size)));
  });
  for (const clean of cleanups) await clean();
  return figures;
}

async function cpu(folder) {
  const service = await startService({ data: fs.mkdtempSync(path.join(folder, 'data-')), environment: QUIET });
  const nginx = await startNginx(path.join(folder, `nginx-${process.pid}`));
  const peer = await startPeer(path.join(folder, 'peer'));
  const rows = [];
  for (const one of CASES) {
    const file = path.join(folder, 'body');
    const runs = { xuepai: [], nginx: [], tus: [] };
    fs.writeFileSync(file, Buffer.alloc(one.size, 'x'));
    for (let round = 0; round < ROUNDS; round++) {
      runs.xuepai.push(await viaTus({ pid: service.child.pid, url: service.url }, file, one));
      runs.nginx.push(await measured(nginx.pid, one.size * one.count, () =>
        Promise.all(Array.from({ length: one.count }, (_, i) => curl('-T', file, `${nginx.url}/put/${i}`)))));
      fs.rmSync(path.join(nginx.site, 'put'), { recursive: true });
      runs.tus.push(await viaTus(peer, file, one));
    }
    const side = (key) => ({ mb_s: best(runs[key], 'mb_s'), cpu_s_gb: best(runs[key], 'cpu_s_gb') });
    const [ours, theirs, others] = ['xuepai', 'nginx', 'tus'].map(side);
    rows.push({ name: one.name, xuepai: ours, nginx: theirs, tus: others, cpu_to_nginx: ours.cpu_s_gb / theirs.cpu_s_gb, cpu_to_tus: ours.cpu_s_gb / others.cpu_s_gb });
  }
  peer.stop();
  nginx.stop();
  await service.stop();
  return rows;
}

const residentMb = (pid) => Number(/VmRSS:\s+(\d+) kB/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

// Each with its connection open in the middle of a body: 64 KiB came, the rest does not come for now.
async function openOne(service, agent) {
  const made = await new Promise((done, fail) => {
    http.request(`${service.url}/files`, { method: 'POST', agent, headers: { ...TUS, 'Upload-Length': '1000000', 'Content-Length': '0' } },
      (answer) => { answer.resume(); answer.on('end', () => done(answer)); }).on('error', fail).end();
  });
  if (made.statusCode !== 201) throw new Error(`POST /files: ${made.statusCode}`);
  const socket = net.connect(service.port, '127.0.0.1');
  await new Promise((done) => socket.on('connect', done));
  socket.on('error', () => {});
  socket.write(`PATCH ${new URL(made.headers.location).pathname} HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: ${TYPE}\r\nContent-Length: 1000000\r\n\r\n`);
  socket.write(Buffer.alloc(65536, 'x'));
  return socket;
}

async function idle(folder) {
  const service = await startService({ data: fs.mkdtempSync(path.join(folder, 'data-')), environment: QUIET });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  await (await openOne(service, agent)).destroy(); // whatever is made once is made by now
  await sleep(500);
  const before = residentMb(service.child.pid);
  const sockets = [];
  for (let i = 0; i < IDLE; i += 20) sockets.push(...await Promise.all(Array.from({ length: 20 }, () => openOne(service, agent))));
  await sleep(1500);
  const grown = residentMb(service.child.pid) - before;
  const alive = sockets.filter((one) => !one.destroyed).length;
  sockets.forEach((one) => one.destroy());
  agent.destroy();
  await service.stop();
  return { uploads: alive, grown_mb: grown };
}

const p95 = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length * 0.95)];

// What an honest phone does: begins an upload, sends 256 KiB, asks how far it came.
async function honest(service, times, count) {
  const agent = new http.Agent({ keepAlive: true });
  const ask = (method, address, headers, body) => new Promise((done, fail) => {
    const start = performance.now();
    http.request(new URL(address, service.url), { method, agent, headers: { ...TUS, ...headers } }, (answer) => {
      answer.resume();
      answer.on('end', () => { times.push(performance.now() - start); done(answer); });
    }).on('error', fail).end(body);
  });
  for (let i = 0; i < count; i++) {
    const { headers } = await ask('POST', '/files', { 'Upload-Length': '262144', 'Content-Length': '0' });
    await ask('PATCH', headers.location, { 'Upload-Offset': '0', 'Content-Type': TYPE }, Buffer.alloc(262144));
    await ask('HEAD', headers.location, {});
    await ask('GET', '/api/v1/rules', {});
  }
  agent.destroy();
}

// Heads that never end, bodies of a byte a second, answers that nobody reads.
function slowly(service, i) {
  const socket = net.connect(service.port, '127.0.0.1');
  const head = ['GET / HTTP/1.1\r\nHost: x\r\nX-A: ', `POST /files HTTP/1.1\r\nHost: x\r\nTus-Resumable: 1.0.0\r\nUpload-Length: 1000000\r\nContent-Type: ${TYPE}\r\nContent-Length: 1000000\r\n\r\n`,
    'GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20)][i % 3];
  socket.on('error', () => {});
  if (i % 3 === 2) socket.pause();
  socket.write(head);
  const timer = setInterval(() => socket.write('x'), 1000);
  socket.on('close', () => clearInterval(timer));
  return socket;
}

async function loris(folder) {
  const service = await startService({ data: fs.mkdtempSync(path.join(folder, 'data-')), environment: QUIET });
  const rounds = { alone: [], beside: [] };
  await honest(service, [], 30);
  for (let round = 0; round < 3; round++) {
    const [alone, beside] = [[], []];
    await Promise.all([0, 1].map(() => honest(service, alone, 60)));
    const attackers = Array.from({ length: SLOW }, (_, i) => slowly(service, i));
    await sleep(1000);
    await Promise.all([0, 1].map(() => honest(service, beside, 60)));
    attackers.forEach((one) => one.destroy());
    await sleep(500);
    rounds.alone.push(p95(alone));
    rounds.beside.push(p95(beside));
  }
  await service.stop();
  return { slow: SLOW, alone_ms: Math.min(...rounds.alone), beside_ms: Math.min(...rounds.beside), ratio: Math.min(...rounds.beside) / Math.min(...rounds.alone) };
}

/** {cpu: [{name, xuepai, nginx, tus, cpu_to_nginx, cpu_to_tus}], idle, loris}; for tests/bench/all.mjs. */
export async function uploads(parts = ['cpu', 'idle', 'loris']) {
  const folder = fs.mkdtempSync(path.join(memory, 'xuepai-uploads-'));
  try {
    return {
      cpu: parts.includes('cpu') ? await cpu(folder) : [],
      idle: parts.includes('idle') ? await idle(folder) : null,
      loris: parts.includes('loris') ? await loris(folder) : null,
    };
  } finally {
    await sleep(300);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

export function print({ cpu: rows, idle: open, loris: slow }) {
  const side = ({ mb_s, cpu_s_gb }) => `${mb_s.toFixed(0)} MB/s, ${cpu_s_gb.toFixed(3)} CPU s/GB`;
  for (const row of rows) {
    console.log(`upload ${row.name}: xuepai ${side(row.xuepai)}; nginx ${side(row.nginx)}; @tus/server ${side(row.tus)}; ` +
      `CPU ${row.cpu_to_nginx.toFixed(2)}x nginx, ${row.cpu_to_tus.toFixed(2)}x @tus/server`);
  }
  if (open) console.log(`${open.uploads} idle open uploads: ${open.grown_mb.toFixed(0)} MB resident`);
  if (slow) console.log(`${slow.slow} slow senders: honest p95 ${slow.beside_ms.toFixed(1)} ms beside them, ${slow.alone_ms.toFixed(1)} ms alone: ${slow.ratio.toFixed(2)}x`);
}

if (process.argv[1] === import.meta.filename) print(await uploads(process.argv.length > 2 ? process.argv.slice(2) : undefined));
