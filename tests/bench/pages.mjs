// Pages, lists and search of the site with 100,000 published works, on SQLite and on a durable PostgreSQL: how long an
// answer takes that nobody asked for before, one request after the other, and the service's CPU for it. Then the same page
// asked again and again, beside nginx with the same bytes in a file.
//   node tests/bench/pages.mjs [WORKS] [sqlite|postgres|kept] [PAGES, a regular expression] [FOLDER, for sqlite: keeps the works between runs]
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { best, measuredWrk, memory, startNginx } from './http.mjs';
import { cpuSeconds } from './support/cpu.mjs';
import { onPostgres } from './support/postgres.mjs';
import { sleep, startService } from '../http/support/service.mjs';
import { publishMany } from '../support/published.mjs';

const [works, part, pattern, folder] = process.argv[1] === import.meta.filename ? process.argv.slice(2) : [];
const WORKS = Number(works ?? 100000);
const ROUNDS = 200;

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const get = (service, path, host) => new Promise((done, fail) => {
  http.get({ agent, host: '127.0.0.1', port: service.port, path, headers: { 'Accept-Encoding': 'gzip', Host: host } }, (answer) => {
    answer.resume();
    answer.on('end', () => done(answer.statusCode));
  }).on('error', fail);
});

// Each is asked for under a host that was not asked before: nothing kept can answer.
const hostOf = (n) => `n${n}.example`;
const ids = (n) => `w${String(1 + (n * 7919) % WORKS).padStart(25, '0')}`;
const far = (n) => `${1760000000000 + 1 + (n * 6007) % WORKS}.w`;
const WORDS = ['家书', '毛笔字', '年画', '亲子阅读', '自然课', '夜校 济南', '第77', '课9'];
const PATHS = {
  'home page': () => '/',
  'works page, from anywhere': (n) => `/works?after=${far(n)}`,
  'city page': (n) => `/city/${370100 + 100 * (n % 11)}?after=${far(n)}`,
  'city and track': (n) => `/works?region=${370100 + 100 * (n % 11)}&track=life-photo&after=${far(n)}`,
  'track page': (n) => `/tracks/family-video?after=${far(n)}`,
  'archive': () => '/archive',
  'edition page': (n) => `/archive/2026?after=${far(n)}`,
  'search page': (n) => `/search?q=${encodeURIComponent(WORDS[n % WORDS.length])}`,
  'calendar': () => '/calendar',
  'work page': (n) => `/v/${ids(n)}`,
  'frame': (n) => `/embed/${ids(n)}`,
  'oEmbed': (n) => `/oembed?url=${encodeURIComponent(`http://${hostOf(n)}/v/${ids(n)}`)}`,
  'RSS': () => '/feed.xml',
  'Atom': () => '/feed.atom',
  'JSON feed': () => '/feed.json',
  'sitemap': () => '/sitemap.xml',
  'work as JSON': (n) => `/api/v1/works/${ids(n)}`,
  'list as JSON, 24': (n) => `/api/v1/works?limit=24&after=${far(n)}`,
  'search as JSON, 24': (n) => `/api/v1/works?limit=24&q=${encodeURIComponent(WORDS[n % WORDS.length])}`,
  'search without hits': () => `/api/v1/works?limit=24&q=${encodeURIComponent('课书')}`,
};

async function timed(service, name, rounds = ROUNDS) {
  const waits = [];
  for (let n = WORKS; n < WORKS + 5; n++) await get(service, PATHS[name](n), hostOf(n));
  const cpu = cpuSeconds(service.child.pid);
  for (let n = 0; n < rounds; n++) {
    const start = performance.now();
    const path = PATHS[name](n);
    const status = await get(service, path, hostOf(n));
    if (status !== 200) throw new Error(`${path}: ${status}`);
    waits.push(performance.now() - start);
  }
  waits.sort((a, b) => a - b);
  return { median_ms: waits[rounds >> 1], p95_ms: waits[Math.floor(rounds * 0.95)], cpu_ms: 1000 * (cpuSeconds(service.child.pid) - cpu) / rounds };
}

export async function engine() {
  const isFilled = folder !== undefined && existsSync(folder);
  if (folder !== undefined) mkdirSync(folder, { recursive: true });
  const service = await startService({ data: folder, environment: { XUEPAI_LOG_LEVEL: 'warning' } });
  try {
    if (!isFilled) publishMany(service, WORKS);
    const result = {};
    for (const name of Object.keys(PATHS).filter((one) => new RegExp(pattern ?? '').test(one))) result[name] = await timed(service, name);
    return result;
  } finally {
    await service.stop({ keep: folder !== undefined });
  }
}

const ID = `w${'2'.padStart(25, '0')}`;
const KEPT = { 'work page': `/v/${ID}`, 'work as JSON': `/api/v1/works/${ID}`, 'oEmbed, 1 KB of JSON': `/oembed?url=http%3A%2F%2FHOST%2Fv%2F${ID}`, 'list as JSON': '/api/v1/works?limit=12' };

// A work page, JSON and a list that many ask for, and nginx with the same bytes in files.
async function kept() {
  const folder = mkdtempSync(join(memory, 'xuepai-pages-'));
  const nginx = await startNginx(join(folder, 'nginx'));
  const service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning' } });
  const rows = [];
  try {
    publishMany(service, 1000);
    for (const [name, path] of Object.entries(KEPT)) {
      const address = service.url + path.replace('HOST', new URL(service.url).host);
      const answer = await fetch(address, { headers: { 'Accept-Encoding': 'identity' } });
      if (answer.status !== 200) throw new Error(`${address}: ${answer.status}`);
      writeFileSync(join(nginx.site, 'page'), Buffer.from(await answer.arrayBuffer()));
      const ours = [];
      const theirs = [];
      for (let round = 0; round < 5; round++) {
        ours.push(await measuredWrk(service.child.pid, address, []));
        theirs.push(await measuredWrk(nginx.pid, `${nginx.url}/page`, []));
      }
      rows.push({ name, requests_s: best(ours, 'requests_s'), throughput_ratio: best(ours, 'requests_s') / best(theirs, 'requests_s'), cpu_ratio: best(ours, 'cpu_us') / best(theirs, 'cpu_us') });
    }
    return rows;
  } finally {
    await service.stop();
    nginx.stop();
    await sleep(300);
    rmSync(folder, { recursive: true, force: true });
  }
}

const PARTS = { kept, sqlite: engine, postgres: () => onPostgres(engine) };

export async function pages() {
  const result = { works: WORKS };
  for (const name of Object.keys(PARTS).filter((one) => part === undefined || one === part)) result[name] = await PARTS[name]();
  return result;
}

export function print({ works: count, kept: rows = [], ...engines }) {
  for (const row of rows) {
    console.log(`${row.name}, asked again and again: ${row.requests_s.toFixed(0)} requests/s, ${row.throughput_ratio.toFixed(2)}x nginx with a file, CPU ${row.cpu_ratio.toFixed(2)}x`);
  }
  for (const [name, result] of Object.entries(engines)) {
    console.log(`${count} works on ${name}: median, p95 ms of an answer made anew; CPU ms of the service`);
    for (const [path, { median_ms, p95_ms, cpu_ms }] of Object.entries(result)) {
      console.log(`  ${path.padEnd(28)} ${median_ms.toFixed(2).padStart(8)} ${p95_ms.toFixed(2).padStart(8)}   ${cpu_ms.toFixed(2)}`);
    }
  }
}

if (process.argv[1] === import.meta.filename) print(await pages());
