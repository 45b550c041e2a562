// Weeks and days of the cities, and works that people put together: who may change them, what pages, JSON, feeds and calendars say.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { request, sql, startService } from './support/service.mjs';
import { ADMIN_PASSWORD, api, login } from '../support/stack.mjs';
import { publishMany } from '../support/published.mjs';

const ICAL = createRequire(import.meta.url)('ical.js');
const ical = ICAL.default ?? ICAL;
let service, admin, url;
const organisers = {};

before(async () => {
  service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning' } });
  ({ url } = service);
  publishMany(service, 30);
  admin = await login(url, 'admin', ADMIN_PASSWORD);
  for (const [name, scope] of [['jinan', '370100'], ['qingdao', '370200'], ['lixia', '370102'], ['sheng', '370000']]) {
    const body = { username: name, name, role: 'organiser', scope, stages: [], password: `password of ${name}` };
    assert.equal((await api(url, '/api/v1/staff', { method: 'POST', session: admin, body })).status, 201);
    organisers[name] = await login(url, name, body.password);
  }
});
after(() => service.stop());

const call = (session, method, path, body) => api(url, path, { method, session, body });
const page = async (path) => {
  const answer = await request(url + path, { headers: { Accept: 'text/html' } });
  return { status: answer.status, text: answer.body.toString(), headers: answer.headers };
};
const today = () => new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10);
const later = (days) => new Date(Date.now() + 8 * 3600e3 + days * 864e5).toISOString().slice(0, 10);
const WEEK = { first_day: today(), last_day: later(6), words: '泉城的一周', contact: '社区大学 0531-12345678' };
const ACTIVITY = { day: today(), starts: '09:30', ends: '11:00', title: '亲子, 共读；第一场', place: '市图书馆', words: '带一本书\n来就行', is_highlight: true };

test('a city arranges its own week; the province all; nobody another one', async () => {
  assert.match((await page('/city/370100')).text, /活动周的日子定了会写在这里/);
  assert.equal((await call(organisers.jinan, 'PUT', '/api/v1/programme/370100/week', WEEK)).status, 204);
  for (const who of ['qingdao', 'lixia']) assert.equal((await call(organisers[who], 'PUT', '/api/v1/programme/370100/week', WEEK)).status, 404, who);
  assert.equal((await call(organisers.sheng, 'PUT', '/api/v1/programme/370200/week', { ...WEEK, first_day: later(-9), last_day: later(-3) })).status, 204);
  assert.equal((await call(organisers.jinan, 'PUT', '/api/v1/programme/370102/week', WEEK)).status, 404, 'a county has none');
  const { json } = await api(url, '/api/v1/programme?region=370100');
  assert.deepEqual(json.weeks.find((one) => one.city_code === '370100'), { city_code: '370100', city_name: '济南市', ...WEEK });
  const home = await page('/');
  assert.match(home.text, /<a href="\/city\/370100" class="now">济南市/);
  assert.match((await page('/city/370100')).text, /正在进行[^]*泉城的一周[^]*社区大学 0531-12345678/);
  const calendar = (await page('/calendar')).text;
  assert.match(calendar, /济南市<\/a><\/th><td>[\d.–]+<\/td><td>正在进行/);
  assert.match(calendar, /青岛市<\/a><\/th><td>[\d.–]+<\/td><td>已经结束/);
  assert.match(calendar, /烟台市<\/a><\/th><td>待定/);
});

test('days and hours that cannot be are refused, with a sentence', async () => {
  for (const change of [{ first_day: '2026-02-30' }, { last_day: later(-1) }, { first_day: 'tomorrow' }]) {
    const answer = await call(organisers.jinan, 'PUT', '/api/v1/programme/370100/week', { ...WEEK, ...change });
    assert.equal(answer.status, 422, JSON.stringify(change));
    assert.equal(answer.json.code, 'days');
  }
  for (const change of [{ starts: '9:30' }, { ends: '09:30' }, { ends: '08:00' }, { starts: '', ends: '10:00' }, { day: '' }, { starts: '24:00' }]) {
    assert.equal((await call(organisers.jinan, 'POST', '/api/v1/programme/370100/activities', { ...ACTIVITY, ...change })).json.code, 'days', JSON.stringify(change));
  }
  for (const change of [{ title: '' }, { title: '长'.repeat(41) }, { words: '长'.repeat(301) }]) {
    assert.equal((await call(organisers.jinan, 'POST', '/api/v1/programme/370100/activities', { ...ACTIVITY, ...change })).status, 400);
  }
});

test('an activity is on the pages of its city and of today, changed and gone at once', async () => {
  const made = (await call(organisers.jinan, 'POST', '/api/v1/programme/370100/activities', ACTIVITY)).json;
  await call(organisers.jinan, 'POST', '/api/v1/programme/370100/activities', { ...ACTIVITY, day: later(1), starts: '', ends: '', title: '<b>展览</b>', is_highlight: false });
  const city = (await page('/city/370100')).text;
  assert.match(city, /亮点活动[^]*亲子, 共读；第一场/);
  assert.match(city, /09:30–11:00/);
  assert.match(city, /全天[^]*&lt;b&gt;展览&lt;\/b&gt;/);
  assert.match((await page('/')).text, /今天的活动[^]*亲子, 共读；第一场[^]*济南市/);
  assert.doesNotMatch((await page('/')).text, /展览/);
  const change = { ...ACTIVITY, title: '换了名字' };
  assert.equal((await call(organisers.qingdao, 'PUT', `/api/v1/activities/${made.id}`, change)).status, 404);
  assert.equal((await call(organisers.qingdao, 'DELETE', `/api/v1/activities/${made.id}`)).status, 404);
  assert.equal((await call(organisers.jinan, 'PUT', `/api/v1/activities/${made.id}`, change)).json.title, '换了名字');
  assert.match((await page('/city/370100')).text, /换了名字/);
  assert.equal((await call(organisers.jinan, 'DELETE', `/api/v1/activities/${made.id}`)).status, 204);
  assert.doesNotMatch((await page('/city/370100')).text, /换了名字/);
  assert.equal((await call(organisers.jinan, 'DELETE', `/api/v1/activities/${made.id}`)).status, 404);
  const actions = sql(service, "SELECT action FROM ledger WHERE action LIKE 'activity.%' ORDER BY seq").split('\n');
  assert.deepEqual(actions, ['activity.added', 'activity.added', 'activity.changed', 'activity.removed']);
});

test('iCalendar: another program reads the week, the hours, the texts with their commas and lines', async () => {
  await call(organisers.jinan, 'POST', '/api/v1/programme/370100/activities', { ...ACTIVITY, words: '一'.repeat(120) });
  const answer = await page('/city/370100/programme.ics');
  assert.equal(answer.headers['content-type'], 'text/calendar; charset=utf-8');
  assert.ok(answer.text.split('\r\n').every((line) => Buffer.byteLength(line) <= 75), 'folded');
  assert.doesNotMatch(answer.text.replaceAll('\r\n', ''), /[\r\n]/);
  const events = new ical.Component(ical.parse(answer.text)).getAllSubcomponents('vevent').map((one) => new ical.Event(one));
  const week = events.find((one) => one.summary.includes('活动周'));
  assert.ok(week.startDate.isDate);
  assert.equal(week.startDate.toString(), WEEK.first_day);
  assert.equal(week.endDate.toString(), later(7), 'the day after');
  const reading = events.find((one) => one.summary === ACTIVITY.title);
  assert.equal(reading.startDate.toString(), `${today()}T09:30:00`);
  assert.equal(reading.startDate.zone.tzid, 'Asia/Shanghai');
  assert.equal(reading.endDate.toString(), `${today()}T11:00:00`);
  assert.equal(reading.location, '市图书馆');
  assert.equal(reading.description, '一'.repeat(120));
  assert.equal(new Set(events.map((one) => one.uid)).size, events.length);
  const all = new ical.Component(ical.parse((await page('/calendar.ics')).text)).getAllSubcomponents('vevent');
  assert.equal(all.length, 2);
  assert.equal((await page('/city/370102/programme.ics')).status, 404);
});

test('a collection: hidden while it is put together, in its order, without what is not public', async () => {
  const editor = organisers.sheng;
  const works = (await api(url, '/api/v1/works?limit=5')).json.items;
  const made = (await call(editor, 'POST', '/api/v1/editor/collections', { title: '家书与家风', words: '一封信', is_featured: true })).json;
  const base = `/api/v1/editor/collections/${made.id}`;
  assert.equal((await call(editor, 'PUT', `${base}/works`, { works: [works[3].id, works[0].id] })).status, 204);
  assert.equal((await call(editor, 'POST', `${base}/works`, { id: works[1].id })).status, 204);
  assert.equal((await call(editor, 'POST', `${base}/works`, { id: works[1].id })).status, 204, 'twice is once');
  assert.equal((await call(editor, 'POST', `${base}/works`, { id: 'nobody' })).status, 404);
  assert.equal((await call(organisers.jinan, 'POST', `${base}/works`, { id: works[2].id })).status, 403, 'of the province');
  for (const path of [`/collections/${made.id}`, `/collections/${made.id}/feed.xml`]) assert.equal((await page(path)).status, 404, 'not public yet');
  assert.deepEqual((await api(url, `/api/v1/works?collection=${made.id}`)).json.items, []);
  assert.doesNotMatch((await page('/')).text, /精选/);
  assert.equal((await call(editor, 'PUT', base, { title: '家书与家风', words: '一封信', is_featured: true, is_public: true })).status, 204);
  const ids = async (query = '') => (await api(url, `/api/v1/works?collection=${made.id}${query}`)).json.items.map((one) => one.id);
  assert.deepEqual(await ids(), [works[3].id, works[0].id, works[1].id]);
  const first = (await api(url, `/api/v1/works?collection=${made.id}&limit=2`)).json;
  assert.deepEqual(await ids(`&limit=2&after=${first.next}`), [works[1].id]);
  assert.match((await page('/')).text, /精选：家书与家风/);
  assert.match((await page(`/collections/${made.id}`)).text, new RegExp(`${works[3].title}[^]*${works[0].title}[^]*${works[1].title}`));
  assert.match((await page('/collections')).text, /家书与家风[^]*一封信/);
  assert.match((await page(`/collections/${made.id}/feed.xml`)).text, new RegExp(works[3].title));
  const { json } = await api(url, '/api/v1/collections');
  assert.deepEqual(json.items.map((one) => [one.title, one.works]), [['家书与家风', 3]]);
  // taken down: gone from it at once, kept in the editor's list
  const down = await call(admin, 'POST', `/api/v1/works/${works[0].id}/take-down`, { reason: 'test' });
  assert.equal(down.status, 204);
  assert.deepEqual(await ids(), [works[3].id, works[1].id]);
  assert.doesNotMatch((await page('/')).text, new RegExp(works[0].id));
  assert.deepEqual((await call(editor, 'GET', `${base}/works`)).json.items.map((one) => one.state), ['published', 'taken_down', 'published']);
  assert.equal((await call(editor, 'DELETE', base)).status, 204);
  assert.equal((await page(`/collections/${made.id}`)).status, 404);
  assert.equal((await api(url, `/api/v1/works/${works[3].id}`)).status, 200, 'its works stay');
});

test('tracks, past editions, accessibility: pages of their own', async () => {
  const track = await page('/tracks/family-video');
  assert.equal(track.status, 200);
  assert.match(track.text, /家庭教育短视频[^]*最长 5 分钟[^]*class="tile"/);
  assert.equal((await page('/tracks/none')).status, 404);
  const columns = 'key, position, name, kind, min_ms, max_ms, max_bytes, max_files, is_public, opens_ms, closes_ms';
  sql(service, `INSERT INTO edition (key, name, year, is_current) VALUES ('2025', '2025年山东省全民终身学习活动周', 2025, 0);
    INSERT INTO track (edition, ${columns}) SELECT '2025', ${columns} FROM track WHERE edition = '2026';
    UPDATE edition SET is_current = CASE WHEN key = '2025' THEN 1 ELSE 0 END`);
  publishMany(service, 10, { first: 101 });
  sql(service, "UPDATE edition SET is_current = CASE WHEN key = '2025' THEN 0 ELSE 1 END");
  assert.match((await page('/archive')).text, /2025年山东省全民终身学习活动周<small>10 件作品/);
  const past = (await page('/archive/2025')).text;
  assert.equal(past.match(/class="tile"/g).length, 10);
  assert.equal((await page('/archive/1999')).status, 404);
  assert.match((await page('/a11y')).text, /WCAG 2\.2/);
  for (const path of ['/tracks/family-video', '/archive', '/archive/2025', '/calendar', '/collections', '/a11y', '/city/370100']) {
    const answer = await page(path);
    assert.match(answer.headers.etag, /^"[0-9a-f]{32}"$/, path);
    assert.match(answer.text, /<html lang="zh-CN"/);
    assert.doesNotMatch(answer.text, /\{\{|\}\}|<script>|style="/, path);
  }
});

test('the footer has the filings that the operator was given', async () => {
  const other = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning', XUEPAI_ICP: '鲁ICP备1号', XUEPAI_POLICE: '鲁公网安备2号', XUEPAI_SITE_CODE: '3700000001' } });
  try {
    const text = (await request(`${other.url}/help`)).body.toString();
    assert.match(text, /beian\.miit\.gov\.cn\/">鲁ICP备1号<\/a>[^]*beian\.mps\.gov\.cn\/">鲁公网安备2号<\/a>[^]*网站标识码 3700000001/);
  } finally {
    await other.stop();
  }
  assert.doesNotMatch((await page('/help')).text, /beian|网站标识码/);
});
