// Lists of published works and search, on many works.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { sql, startService, until } from './support/service.mjs';
import { ADMIN_PASSWORD, api, login } from '../support/stack.mjs';
import { publishMany, titleOf } from '../support/published.mjs';

const COUNT = 2000;
let service;
let published;

before(async () => {
  service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning' } });
  published = publishMany(service, COUNT);
});
after(() => service.stop());

const works = async (query) => {
  const answer = await api(service.url, `/api/v1/works?${query}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
};
const titles = (page) => page.items.map((one) => one.title);

// All pages of a list.
async function walk(query) {
  const all = [];
  for (let after = ''; after !== undefined;) {
    const page = await works(`${query}&limit=100&after=${after}`);
    all.push(...page.items);
    after = page.next ?? undefined;
  }
  return all;
}

test('every list is complete, in order, and only what it says', async () => {
  const of = (where) => Number(sql(service, `SELECT COUNT(*) FROM publication WHERE ${where}`));
  for (const [query, where, fits] of [
    ['', 'true', () => true],
    ['region=370100', "city = '370100'", (work) => work.city_code === '370100'],
    ['region=370102', "region = '370102'", () => true],
    ['track=life-photo', "track = 'life-photo'", (work) => work.track === 'life-photo'],
    ['region=370100&track=family-video', "city = '370100' AND track = 'family-video'", (work) => work.city_code === '370100'],
    ['region=370102&track=family-video', "region = '370102' AND track = 'family-video'", (work) => work.track === 'family-video'],
    ['region=370000', 'true', () => true],
    ['edition=1999', 'false', () => false],
  ]) {
    const all = await walk(query);
    assert.equal(all.length, of(where === 'true' ? '1 = 1' : where === 'false' ? '1 = 0' : where), query);
    assert.equal(new Set(all.map((one) => one.id)).size, all.length, `${query}: none twice`);
    assert.ok(all.every(fits), query);
    assert.deepEqual(all.map((one) => one.id), all.map((one) => one.id).sort().reverse(), `${query}: newest first`);
  }
  assert.equal(published, COUNT);
});

test('feeds go on where a page of them ends, and say each work once', async () => {
  const get = (url) => api(service.url, url.slice(url.indexOf('/', 8)));
  const all = (await walk('')).map((one) => one.id);
  const found = [];
  for (let url = `${service.url}/feed.json`; url !== undefined;) {
    const { json } = await get(url);
    assert.ok(json.items.length <= 24);
    found.push(...json.items.map((one) => one.id));
    url = json.next_url;
  }
  assert.deepEqual(found, all);
  const NEXT = /<(?:atom:)?link rel="next" [^>]*href="([^"]+)"/;
  for (const [path, id] of [['/feed.xml', /<guid[^>]*>(\w+)</g], ['/feed.atom', /<id>[^<]*\/v\/(\w+)</g], ['/city/370100/feed.xml', /<guid[^>]*>(\w+)</g]]) {
    const first = (await get(service.url + path)).text;
    const second = (await get(NEXT.exec(first)[1])).text;
    const ids = [first, second].flatMap((text) => [...text.matchAll(id)].map(([, one]) => one));
    const list = path.startsWith('/city') ? (await walk('region=370100')).map((one) => one.id) : all;
    assert.deepEqual(ids, list.slice(0, 48), path);
  }
  assert.doesNotMatch((await get(`${service.url}/feed.xml?after=0.w`)).text, NEXT);
  assert.equal((await get(`${service.url}/feed.xml?after=x`)).status, 400);
});

test('search finds words of one, two and more characters, all of several, and nothing else', async () => {
  const found = async (words) => (await walk(`q=${encodeURIComponent(words)}`)).map((one) => one.title);
  const number = (await works('limit=1')).items[0].title.match(/\d+/)[0];
  assert.deepEqual(await found(`第${number}课`), [titleOf(Number(number))]);
  const letters = await found('家书'); // two characters, at the end of 一封家书
  assert.ok(letters.length > 0 && letters.every((title) => title.includes('一封家书')));
  assert.equal((await found('书')).length > letters.length, true, 'one character walks the works');
  assert.ok((await found('读书 济南')).every((title) => title.startsWith('全家一起读书')));
  assert.deepEqual(await found('济南 读书'), await found('读书  济南'), 'in any order');
  assert.deepEqual(await found('家学'), [], 'the pair must occur, not its characters');
  assert.deepEqual(await found('读书 毛笔'), [], 'every word must occur');
  assert.deepEqual(await found('100%'), []);
  assert.deepEqual(await found('!_'), []);
  assert.equal((await found('一起学习')).length, published, 'what all have, page after page');
  const page = await api(service.url, `/search?q=${encodeURIComponent('毛笔字')}`);
  assert.equal(page.status, 200);
});

test('what is taken off the site is found no more', async () => {
  const { items: [work] } = await works(`q=${encodeURIComponent('年画')}&limit=1`);
  const rows = () => Number(sql(service, `SELECT COUNT(*) FROM publication_term WHERE submission = '${work.id}'`));
  assert.ok(rows() > 10);
  const session = await login(service.url, 'admin', ADMIN_PASSWORD);
  const down = await api(service.url, `/api/v1/works/${work.id}/take-down`, { method: 'POST', session, body: { reason: 'test' } });
  assert.equal(down.status, 204, down.text);
  assert.equal(rows(), 0);
  assert.ok(!titles(await works(`q=${encodeURIComponent('年画')}&limit=100`)).includes(work.title));
});

test('the sitemap of many works is an index of parts of a thousand, each work in one of them', async () => {
  const get = (path) => api(service.url, path);
  const count = Number(sql(service, 'SELECT COUNT(*) FROM publication'));
  const loc = (text) => [...text.matchAll(/<loc>([^<]+)<\/loc>/g)].map(([, url]) => new URL(url)).map((one) => one.pathname + one.search);
  const index = await get('/sitemap.xml');
  assert.match(index.text, /<sitemapindex /);
  const parts = loc(index.text);
  assert.deepEqual(parts, Array.from({ length: Math.ceil(count / 1000) }, (_, n) => `/sitemap.xml?part=${n + 1}`));
  const found = [];
  for (const part of parts) {
    const pages = loc((await get(part)).text);
    const shown = pages.filter((path) => path.startsWith('/v/'));
    assert.ok(shown.length <= 1000 && pages.includes('/works') === (part === parts[0]));
    found.push(...shown);
  }
  assert.equal(found.length, count);
  assert.equal(new Set(found).size, count);
  for (const part of [0, -1, parts.length + 1, 50001, '9223372036854775808', '1e1', 'x', '']) {
    assert.equal((await get(`/sitemap.xml?part=${part}`)).status, 404, String(part));
  }
});

test('works that fill the last part of the sitemap to the last place make no empty part behind it', async () => {
  const get = (path) => api(service.url, path);
  const count = Number(sql(service, 'SELECT COUNT(*) FROM publication'));
  const full = Math.ceil(count / 1000);
  publishMany(service, full * 1000 - count, { first: COUNT + 1 });
  const shown = (text) => (text.match(/<loc>[^<]*\/v\//g) ?? []).length;
  // the works came past the program, so what it has kept may be a second old
  const index = await until(async () => {
    const { text } = await get('/sitemap.xml');
    return shown((await get(`/sitemap.xml?part=${full}`)).text) === 1000 && text;
  }, 'the last part to be full');
  assert.equal(index.match(/<loc>/g).length, full);
  assert.equal((await get(`/sitemap.xml?part=${full + 1}`)).status, 404);
  publishMany(service, 1, { first: COUNT + 1 + full * 1000 - count });
  const one = await until(async () => {
    const last = await get(`/sitemap.xml?part=${full + 1}`);
    return last.status === 200 && last.text;
  }, 'the part of the one behind it');
  assert.equal(shown(one), 1);
});
