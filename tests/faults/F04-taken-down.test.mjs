// Works are taken down one after the other while a crowd asks for everything that shows them. From the moment that the take-down
// is answered nothing of a work is anywhere: pages, lists, feeds, frames, media, kept answers. FULL=1: a thousand of them.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { request, startService } from '../http/support/service.mjs';
import { ADMIN_PASSWORD, api, login } from '../support/stack.mjs';
import { publishMany } from '../support/published.mjs';

const CYCLES = process.env.FULL ? 1000 : 60;
const onObjects = !!process.env.XUEPAI_TEST_STORE;
let service, session;

before(async () => {
  service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning' } });
  publishMany(service, CYCLES + 40);
  if (!onObjects) writeFileSync(join(service.data, 'store', 'none'), Buffer.alloc(20000, 1)); // what every file of these works is
  session = await login(service.url, 'admin', ADMIN_PASSWORD);
});
after(() => service.stop());

const get = (path) => request(service.url + path);
// own paths answer 404 afterwards, lists stay without it
const own = (work) => [`/v/${work.id}`, `/embed/${work.id}`, `/api/v1/works/${work.id}`, `/oembed?url=${encodeURIComponent(`${service.url}/v/${work.id}`)}`,
  ...(onObjects ? [] : [`/media/${work.id}/1/480p.mp4`, `/media/${work.id}/1/poster.jpg`, `/media/${work.id}/1/master.m3u8`])];
const lists = (work) => ['/', '/works', `/works?track=${work.track}`, `/city/${work.city_code}`, `/tracks/${work.track}`, '/archive/2026', '/feed.xml', '/feed.json', '/feed.atom',
  `/city/${work.city_code}/feed.xml`, '/sitemap.xml', '/api/v1/works', `/search?q=${encodeURIComponent(work.title)}`, `/kiosk/${work.city_code}/playlist`];

test(`${CYCLES} works are gone from the moment that it is said, while a crowd asks`, async (context) => {
  const newest = async () => (await api(service.url, '/api/v1/works?limit=1')).json.items[0];
  let current = [];
  let ends = false;
  let asked = 0;
  const crowd = Array.from({ length: 8 }, async (_, n) => {
    for (let i = n; !ends; i++) {
      if (current.length > 0) await get(current[i % current.length]).then(() => asked++);
      else await new Promise((done) => setTimeout(done, 5));
    }
  });
  const shown = [];
  try {
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const work = await newest();
      const paths = [own(work), lists(work)];
      current = paths.flat();
      if (cycle % 20 === 0) {
        for (const path of paths[0]) assert.equal((await get(path)).status, 200, `before: ${path}`);
      }
      const down = await api(service.url, `/api/v1/works/${work.id}/take-down`, { method: 'POST', session, body: { reason: 'test' } });
      assert.equal(down.status, 204, down.text);
      const [gone, without] = await Promise.all(paths.map((some) => Promise.all(some.map(get))));
      // 410 where the work's own page, frame and JSON say that staff took it away; its files are not there
      gone.forEach((answer, i) => { if (![404, 410].includes(answer.status) || answer.body.includes(work.title)) shown.push(`cycle ${cycle}: ${paths[0][i]} ${answer.status}`); });
      without.forEach((answer, i) => { if (answer.status !== 200 || answer.body.includes(work.id)) shown.push(`cycle ${cycle}: ${paths[1][i]} ${answer.status}`); });
    }
  } finally {
    ends = true;
    await Promise.all(crowd);
  }
  context.diagnostic(`${CYCLES} taken down, ${asked} requests of the crowd, ${shown.length} seen afterwards`);
  assert.deepEqual(shown, []);
  assert.ok(asked > CYCLES);
});
