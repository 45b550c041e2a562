// Pages, lists and search of the site with 100,000 published works, on SQLite and on a durable PostgreSQL: how long an
// answer takes that nobody asked for before, one request after the other, and the service's CPU for it. Then the same page
// asked again and again, beside nginx with the same bytes in a file.
//   node tests/bench/pages.mjs [WORKS]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { best, measuredWrk, memory, startNginx } from './http.mjs';
import { cpuSeconds } from './support/cpu.mjs';
import { onPostgres } from './support/postgres.mjs';
import { sleep, startService } from '../http/support/service.mjs';
import { publishMany } from '../support/published.mjs';

const WORKS = Number((process.argv[1] === import.meta.filename && process.argv[2]) || 100000);
const ROUNDS = 200;

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const get = (service, path) => new Promise((done, fail) => {
  http.get({ agent, host: '127.0.0.1', port: service.port, path, headers: { 'Accept-Encoding': 'gzip' } }, (answer) => {
    answer.resume();
    answer.on('end', () => done(answer.statusCode));
  }).on('error', fail);
});

// Each asks for an address that was not asked for before: nothing kept can answer.
const ids = (n) => `w${String(1 + (n * 7919) % WORKS).padStart(25, '0')}`;
const far = (n) => `${1760000000000 + 1 + (n * 6007) % WORKS}.w`;
const WORDS = ['家书', '毛笔字', '年画', '亲子阅读', '自然课', '夜校 济南', '第77', '课9'];
const PATHS = {
  'home page': (n) => `/?n=${n}`,
  'works page, from anywhere': (n) => `/works?after=${far(n)}`,
  'city page': (n) => `/city/${370100 + 100 * (n % 11)}?after=${far(n)}`,
  'city and track': (n) => `/works?region=${370100 + 100 * (n % 11)}&track=life-photo&after=${far(n)}`,
  'track page': (n) => `/tracks/family-video?after=${far(n)}`,
  'edition page': (n) => `/archive/2026?after=${far(n)}`,
  'search page': (n) => `/search?q=${encodeURIComponent(WORDS[n % WORDS.length])}&n=${n}`,
  'calendar': (n) => `/calendar?n=${n}`,
  'work page': (n) => `/v/${ids(n)}?n=${n}`,
  'frame': (n) => `/embed/${ids(n)}?n=${n}`,
  'oEmbed': (n, { url }) => `/oembed?url=${encodeURIComponent(`${url}/v/${ids(n)}`)}&n=${n}`,
  'RSS': (n) => `/feed.xml?n=${n}`,
  'JSON feed': (n) => `/feed.json?n=${n}`,
  'sitemap': (n) => `/sitemap.xml?n=${n}`,
  'work as JSON': (n) => `/api/v1/works/${ids(n)}?n=${n}`,
  'list as JSON, 24': (n) => `/api/v1/works?limit=24&after=${far(n)}`,
  'search as JSON, 24': (n) => `/api/v1/works?limit=24&q=${encodeURIComponent(WORDS[n % WORDS.length])}&n=${n}`,
  'search without hits': (n) => `/api/v1/works?limit=24&q=${encodeURIComponent('课书')}&n=${n}`,
};

async function timed(service, name, rounds = ROUNDS) {
  const waits = [];
  for (let n = 0; n < 5; n++) await get(service, PATHS[name](n + 100000, service));
  const cpu = cpuSeconds(service.child.pid);
  for (let n = 0; n < rounds; n++) {
    const start = performance.now();
    const path = PATHS[name](n, service);
    const status = await get(service, path);
    if (status !== 200) throw new Error(`${path}: ${status}`);
    waits.push(performance.now() - start);
  }
  waits.sort((a, b) => a - b);
  return { median_ms: waits[rounds >> 1], p95_ms: waits[Math.floor(rounds * 0.95)], cpu_ms: 1000 * (cpuSeconds(service.child.pid) - cpu) / rounds };
}

export async function engine() {
  const service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning' } });
  try {
    publishMany(service, WORKS);
    const result = {};
    for (const name of Object.keys(PATHS)) result[name] = await timed(service, name);
    return result;
  } finally {
    await service.stop();
  }
}

// A work page and a list that many ask for, and nginx with the same bytes in files.
async function kept() {
  const folder = mkdtempSync(join(memory, 'xuepai-pages-'));
  const nginx = await startNginx(join(folder, 'nginx'));
  const service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning' } });
  const rows = [];
  try {
    publishMany(service, 1000);
    for (const [name, path] of [['work page', `/v/w${'2'.padStart(25, '0')}`], ['list as JSON', '/api/v1/works?limit=12']]) {
      const answer = await fetch(service.url + path, { headers: { 'Accept-Encoding': 'identity' } });
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
      writeFileSync(join(nginx.site, 'page'), Buffer.from(await answer.arrayBuffer()));
      const ours = [];
      const theirs = [];
      for (let round = 0; round < 5; round++) {
        ours.push(await measuredWrk(service.child.pid, service.url + path, []));
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

export const pages = async () => ({ works: WORKS, kept: await kept(), sqlite: await engine(), postgres: await onPostgres(engine) });

export function print({ works, kept: rows, ...engines }) {
  for (const row of rows) {
    console.log(`${row.name}, asked again and again: ${row.requests_s.toFixed(0)} requests/s, ${row.throughput_ratio.toFixed(2)}x nginx with a file, CPU ${row.cpu_ratio.toFixed(2)}x`);
  }
  for (const [name, result] of Object.entries(engines)) {
    console.log(`${works} works on ${name}: median, p95 ms of an answer made anew; CPU ms of the service`);
    for (const [path, { median_ms, p95_ms, cpu_ms }] of Object.entries(result)) {
      console.log(`  ${path.padEnd(28)} ${median_ms.toFixed(2).padStart(8)} ${p95_ms.toFixed(2).padStart(8)}   ${cpu_ms.toFixed(2)}`);
    }
  }
}

if (process.argv[1] === import.meta.filename) print(await pages());
