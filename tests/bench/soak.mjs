// Mixed load for SOAK_MINUTES (120): pages, lists, search, media, uploads that are given up, logins, take-downs. Memory and open
// files of the service every minute, to build/soak.json; ends with 1 when they grow. `SOAK_MINUTES=10 node tests/bench/soak.mjs`
// SOAK_RATE: at most so many requests a second, when something else is measured beside it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request, root, sleep, startService } from '../http/support/service.mjs';
import { ADMIN_PASSWORD, api, login } from '../support/stack.mjs';
import { publishMany } from '../support/published.mjs';

const MINUTES = Number(process.env.SOAK_MINUTES ?? 120);
const CLIENTS = 8;
const PAUSE_MS = process.env.SOAK_RATE ? 1000 * CLIENTS / Number(process.env.SOAK_RATE) : 0;
const service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning' } });
publishMany(service, 2000);
writeFileSync(join(service.data, 'store', 'none'), Buffer.alloc(200000, 1));
const session = await login(service.url, 'admin', ADMIN_PASSWORD);
const works = (await api(service.url, '/api/v1/works?limit=100')).json.items;
const any = (list) => list[Math.floor(Math.random() * list.length)];
const get = (path, headers = {}) => request(service.url + path, { headers });
const ACTIONS = [
  () => get('/', { 'Accept-Encoding': 'gzip' }), () => get('/works'), () => get(`/v/${any(works).id}`), () => get(`/city/${any(works).city_code}`),
  () => get(`/search?q=${encodeURIComponent(any(['读书', '家书', '第', '书法']))}`), () => get('/feed.json'), () => get('/api/v1/works?limit=24'),
  () => get(`/media/${any(works).id}/1/480p.mp4`, { Range: 'bytes=1000-90000' }), () => get(`/embed/${any(works).id}`), () => get('/calendar'),
  () => api(service.url, `/api/v1/works/${any(works).id}/views`, { method: 'POST', body: { seconds: 11, parts: 3 }, headers: { 'User-Agent': `Mozilla ${Math.random()}` } }),
  async () => {
    const made = await request(`${service.url}/files`, { method: 'POST', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '1000000', 'Content-Length': '0' } });
    if (made.headers.location) await request(new URL(made.headers.location, service.url).href, { method: 'DELETE', headers: { 'Tus-Resumable': '1.0.0' } });
  },
];
const facts = () => {
  const status = readFileSync(`/proc/${service.child.pid}/status`, 'utf8');
  return { rss_kb: Number(/VmRSS:\s+(\d+)/.exec(status)[1]), threads: Number(/Threads:\s+(\d+)/.exec(status)[1]), files: readdirSync(`/proc/${service.child.pid}/fd`).length };
};
let ends = false;
let asked = 0;
let failed = 0;
const crowd = Array.from({ length: CLIENTS }, async () => {
  while (!ends) {
    await any(ACTIONS)().then(() => asked++, () => failed++);
    if (PAUSE_MS) await sleep(PAUSE_MS);
  }
});
const rows = [];
for (let minute = 0; minute <= MINUTES; minute++) {
  if (minute > 0) await sleep(60000);
  const { id } = (await api(service.url, '/api/v1/works?limit=1')).json.items[0];
  await api(service.url, `/api/v1/works/${id}/take-down`, { method: 'POST', session, body: { reason: 'test' } });
  rows.push({ minute, ...facts(), asked, failed });
  console.log(JSON.stringify(rows.at(-1)));
}
ends = true;
await Promise.all(crowd);
await service.stop();
writeFileSync(join(root, 'build', 'soak.json'), JSON.stringify(rows, null, 1));
// after the first fifth everything that is kept has been kept once
const settled = rows[Math.max(1, Math.floor(rows.length / 5))];
const grew = rows.at(-1).rss_kb / settled.rss_kb;
console.log(`memory ${settled.rss_kb} -> ${rows.at(-1).rss_kb} KB (${grew.toFixed(2)}), files ${settled.files} -> ${rows.at(-1).files}, ${asked} requests, ${failed} failed`);
process.exitCode = grew < 1.15 && rows.at(-1).files <= settled.files + 20 ? 0 : 1;
