// Uploads and segments side by side with nginx on one machine, in turn, the least disturbed of five runs each: wall
// time, and CPU from the kernel's scheduler statistics of all threads. Sinks and files lie in memory (/dev/shm), so the disk is not measured;
// nginx' DAV PUT neither syncs nor keeps offsets, ours does both.
//   node tests/bench/http.mjs
import { execFile, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cpuSeconds } from './support/cpu.mjs';
import { root, build, sleep, startService } from '../http/support/service.mjs';

const run = promisify(execFile);
const MB = 1e6;
const ROUNDS = 5;
export const memory = fs.existsSync('/dev/shm') ? '/dev/shm' : '/tmp';

// Other work on the machine only ever adds CPU and takes throughput away.
const BEST = { mb_s: Math.max, requests_s: Math.max, cpu_s_gb: Math.min, cpu_us: Math.min };
export const best = (list, key) => BEST[key](...list.map((one) => one[key]));

/** nginx with a configuration of its own; nothing of the machine's is read or written. */
export async function startNginx(folder) {
  const port = 20000 + (process.pid % 20000);
  const site = path.join(folder, 'site');
  fs.mkdirSync(site, { recursive: true });
  fs.writeFileSync(path.join(folder, 'nginx.conf'), `
    ${process.getuid() === 0 ? 'user root;' : ''}
    worker_processes 2; daemon off; pid ${folder}/pid; error_log ${folder}/error.log;
    events { worker_connections 1024; }
    http {
      access_log off; sendfile on; tcp_nopush on; default_type video/mp4; keepalive_requests 1000000;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
      server {
        listen 127.0.0.1:${port}; root ${site}; client_max_body_size 0; client_body_buffer_size 256k;
        location /put/ { dav_methods PUT; create_full_put_path on; }
      }
    }`);
  const child = spawn('nginx', ['-p', folder, '-c', path.join(folder, 'nginx.conf')], { stdio: 'inherit' });
  await sleep(500);
  return { pid: child.pid, url: `http://127.0.0.1:${port}`, site, stop: () => child.kill('SIGQUIT') };
}

async function startServe(folder) {
  const program = path.join(build, 'bench-serve');
  const objects = [...fs.readdirSync(path.join(build, 'obj/service/http')).filter((name) => /\.o$/.test(name) && name !== 'routes.o')
    .map((name) => path.join(build, 'obj/service/http', name)),
  ...['failure', 'log', 'digest'].map((name) => path.join(build, `obj/common/${name}.o`))];
  const flags = (kind) => execFileSync('pkg-config', [kind, 'glib-2.0', 'gio-2.0', 'libmicrohttpd', 'jansson', 'libcrypto', 'libbrotlienc'], { encoding: 'utf8' }).split(/\s+/).filter(Boolean);
  execFileSync('gcc', ['-O2', '-std=c17', '-D_GNU_SOURCE', '-pthread', `-I${root}`, ...flags('--cflags'), '-o', program,
    path.join(root, 'tests/bench/support/serve.c'), ...objects, ...flags('--libs')]);
  const child = spawn(program, [folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((done) => child.stdout.once('data', (bytes) => done(Number(bytes))));
  return { pid: child.pid, url: `http://127.0.0.1:${port}`, stop: () => child.kill('SIGTERM') };
}

async function measured(pid, bytes, work) {
  const cpu = cpuSeconds(pid);
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  return { mb_s: bytes / MB / seconds, cpu_s_gb: (cpuSeconds(pid) - cpu) / (bytes / 1e9) };
}

const curl = (...words) => run('curl', ['-s', '-S', '-f', '-o', '/dev/null', '-H', 'Expect:', ...words]);

async function tusUpload(service, file, size) {
  const made = await fetch(`${service.url}/files`, { method: 'POST', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': String(size) } });
  const location = new URL(made.headers.get('location'), service.url).href;
  if (made.status !== 201) throw new Error(`POST /files: ${made.status}`);
  await curl('-X', 'PATCH', '-T', file, '-H', 'Tus-Resumable: 1.0.0', '-H', 'Upload-Offset: 0',
    '-H', 'Content-Type: application/offset+octet-stream', location);
  return () => fetch(location, { method: 'DELETE', headers: { 'Tus-Resumable': '1.0.0' } });
}

const UPLOADS = [{ name: '1 x 500 MB', count: 1, size: 500 * MB }, { name: '16 x 20 MB', count: 16, size: 20 * MB }];

async function benchUploads(folder, nginx) {
  const service = await startService({ data: fs.mkdtempSync(path.join(folder, 'data-')), environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent', XUEPAI_LOG_LEVEL: 'message' } });
  const rows = [];
  for (const { name, count, size } of UPLOADS) {
    const file = path.join(folder, 'body');
    fs.writeFileSync(file, Buffer.alloc(size, 'x'));
    const ours = [];
    const theirs = [];
    for (let round = 0; round < ROUNDS; round++) {
      let cleanups;
      ours.push(await measured(service.child.pid, size * count, async () => {
        cleanups = await Promise.all(Array.from({ length: count }, () => tusUpload(service, file, size)));
      }));
      for (const clean of cleanups) await clean();
      theirs.push(await measured(nginx.pid, size * count, () =>
        Promise.all(Array.from({ length: count }, (_, i) => curl('-T', file, `${nginx.url}/put/${i}`)))));
      fs.rmSync(path.join(nginx.site, 'put'), { recursive: true });
    }
    rows.push(compare(`upload ${name}`, ours, theirs));
  }
  await service.stop();
  return rows;
}

export function compare(name, ours, theirs) {
  return {
    name,
    xuepai: { mb_s: best(ours, 'mb_s'), cpu_s_gb: best(ours, 'cpu_s_gb') },
    nginx: { mb_s: best(theirs, 'mb_s'), cpu_s_gb: best(theirs, 'cpu_s_gb') },
    throughput_ratio: best(ours, 'mb_s') / best(theirs, 'mb_s'),
    cpu_ratio: best(ours, 'cpu_s_gb') / best(theirs, 'cpu_s_gb'),
  };
}

/** wrk's own figures: bytes and requests in the time. */
async function wrk(url, headers = []) {
  const { stdout } = await run('wrk', ['-t1', '-c32', '-d4', ...headers.flatMap((header) => ['-H', header]), url]);
  const [, requests, amount, unit] = /(\d+) requests in [\d.]+s, ([\d.]+)(KB|MB|GB) read/.exec(stdout);
  return { requests: Number(requests), bytes: Number(amount) * { KB: 2 ** 10, MB: 2 ** 20, GB: 2 ** 30 }[unit] };
}

export async function measuredWrk(pid, url, headers) {
  const cpu = cpuSeconds(pid);
  const start = performance.now();
  const { bytes, requests } = await wrk(url, headers);
  const seconds = (performance.now() - start) / 1000;
  const used = cpuSeconds(pid) - cpu;
  return { mb_s: bytes / MB / seconds, cpu_s_gb: used / (bytes / 1e9), requests_s: requests / seconds, cpu_us: (used / requests) * 1e6 };
}

async function benchServing(folder, nginx) {
  const rows = [];
  fs.mkdirSync(path.join(nginx.site, 'media'), { recursive: true });
  fs.writeFileSync(path.join(nginx.site, 'media/segment.m4s'), Buffer.alloc(4 * MB, 'x'));
  fs.writeFileSync(path.join(nginx.site, 'json'), JSON.stringify({ status: 'ok', text: '.'.repeat(134) }));
  const serve = await startServe(path.join(nginx.site, 'media'));
  const cases = [['segments of 4 MB', '/media/segment.m4s', []], ['ranges of 1 MB', '/media/segment.m4s', ['Range: bytes=1000000-1999999']],
    ['small answers', '/json', []]];
  for (const [name, address, headers] of cases) {
    const ours = [];
    const theirs = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await measuredWrk(serve.pid, serve.url + address, headers));
      theirs.push(await measuredWrk(nginx.pid, nginx.url + address, headers));
    }
    const row = compare(name, ours, theirs);
    for (const [key, list] of [['xuepai', ours], ['nginx', theirs]]) {
      row[key].requests_s = best(list, 'requests_s');
      row[key].cpu_us = best(list, 'cpu_us');
    }
    rows.push(row);
  }
  serve.stop();
  return rows;
}

/** [{name, xuepai, nginx, throughput_ratio, cpu_ratio}]; for tests/bench/all.mjs. */
export async function http() {
  const folder = fs.mkdtempSync(path.join(memory, 'xuepai-bench-'));
  const nginx = await startNginx(path.join(folder, 'nginx-') + process.pid);
  try {
    return [...await benchUploads(folder, nginx), ...await benchServing(folder, nginx)];
  } finally {
    nginx.stop();
    await sleep(300);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

export function print(rows) {
  const side = ({ mb_s, cpu_s_gb, requests_s }) => `${mb_s.toFixed(0)} MB/s, ${cpu_s_gb.toFixed(3)} CPU s/GB` +
    (requests_s ? `, ${requests_s.toFixed(0)} requests/s` : '');
  for (const row of rows) {
    console.log(`${row.name}: xuepai ${side(row.xuepai)}; nginx ${side(row.nginx)}; ` +
      `throughput ${row.throughput_ratio.toFixed(2)}x, CPU ${row.cpu_ratio.toFixed(2)}x`);
  }
}

if (process.argv[1] === import.meta.filename) print(await http());
