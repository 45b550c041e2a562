// Subtitles that a reviewer approves before anybody sees them, and watching that is counted without knowing who watches.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import webvtt from 'webvtt-parser';
import { request, sql, startService, until } from './support/service.mjs';
import { api, clip, reviewers, submit, upload } from '../support/stack.mjs';
import { publishMany } from '../support/published.mjs';

const BROWSER = 'Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/120 Mobile Safari/537.36 MicroMessenger/8.0';
let service, url, people, id;

before(async () => {
  service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning', XUEPAI_TRUSTED_PROXIES: '127.0.0.1' } });
  ({ url } = service);
  publishMany(service, 12);
  people = await reviewers(url);
  const { items } = (await api(url, '/api/v1/works?limit=50')).json;
  id = items.find((one) => one.city_code === '370100').id;
});
after(() => service.stop());

const put = (session, language, body) => api(url, `/api/v1/queue/${id}/subtitles/${language}`, { method: 'PUT', session, body });
const show = (language) => request(`${url}/subtitles/${id}/${language}.vtt`);
const VTT = 'WEBVTT\n\n00:01.000 --> 00:03.000\n奶奶：<b>今天</b>读家书 & 写字\n\n00:03.500 --> 00:05.000\n好\n';

test('what a reviewer writes is public with the work, as another parser reads it', async () => {
  assert.equal((await show('zh')).status, 404);
  assert.equal((await put(people.qingdao, 'zh', { vtt: VTT })).status, 404, 'another city');
  assert.equal((await put(people.jinan, 'zh', { vtt: VTT })).status, 204);
  const shown = await show('zh');
  assert.equal(shown.status, 200);
  assert.equal(shown.headers['content-type'], 'text/vtt; charset=utf-8');
  assert.equal(shown.headers['access-control-allow-origin'], '*');
  const { cues, errors } = new webvtt.WebVTTParser().parse(shown.body.toString(), 'subtitles');
  assert.deepEqual(errors, []);
  assert.deepEqual(cues.map((one) => [one.startTime, one.endTime, one.text.replaceAll('&amp;', '&')]), [[1, 3, '奶奶：今天读家书 & 写字'], [3.5, 5, '好']]);
  assert.equal((await request(`${url}/subtitles/${id}/zh.vtt`, { headers: { 'If-None-Match': shown.headers.etag } })).status, 304);
  const work = (await api(url, `/api/v1/works/${id}`)).json;
  assert.deepEqual(work.subtitles, [{ language: 'zh', label: '中文', src: `${url}/subtitles/${id}/zh.vtt` }]);
  const page = (await request(`${url}/v/${id}`, { headers: { Accept: 'text/html' } })).body.toString();
  assert.match(page, /<track kind="subtitles" srclang="zh" label="中文" src="[^"]+\/zh\.vtt" default>/);
});

test('what a submitter sends waits; exactly the text that was looked at is approved', async () => {
  // the receipt of a work of its own, put on the published one
  const receipt = await submit(url, [await upload(url, clip({ seconds: 3 }))]);
  sql(service, `UPDATE submission SET code = 'away', device_digest = NULL WHERE code = '${receipt.code}'`);
  const token = 'phone-of-the-submitter';
  sql(service, `UPDATE submission SET device_digest = '${createHash('sha256').update(token).digest('hex')}', code = '${receipt.code}' WHERE id = '${id}'`);
  const { code } = receipt;
  const own = (method, body, path = '') => api(url, `/api/v1/submissions/${code}/subtitles${path}`, { method, body, headers: { Cookie: `xuepai-device=${token}` } });
  const sent = await own('PUT', { vtt: VTT.replace('好', 'fine') }, '/en');
  assert.equal(sent.status, 204, sent.text);
  assert.equal((await show('en')).status, 404, 'nobody looked yet');
  assert.equal((await api(url, `/api/v1/works/${id}`)).json.subtitles.length, 1);
  const waiting = (await api(url, `/api/v1/queue/${id}/subtitles/en`, { session: people.jinan })).json;
  assert.equal(waiting.is_approved, false);
  assert.match(waiting.vtt, /fine/);
  await own('PUT', { vtt: VTT.replace('好', 'changed') }, '/en');
  const stale = await put(people.jinan, 'en', { approve: waiting.digest });
  assert.equal(stale.json.code, 'version');
  assert.equal((await show('en')).status, 404);
  const now = (await api(url, `/api/v1/queue/${id}/subtitles/en`, { session: people.jinan })).json;
  assert.equal((await put(people.jinan, 'en', { approve: now.digest })).status, 204);
  assert.match((await show('en')).body.toString(), /changed/);
  await own('PUT', { vtt: VTT }, '/en');
  assert.equal((await show('en')).status, 404, 'changed once more: nobody looked at that');
  assert.equal((await own('DELETE', undefined, '/en')).status, 204);
});

test('nonsense is refused with a sentence', async () => {
  for (const [body, status] of [[{ vtt: 'no cue' }, 422], [{ vtt: 'WEBVTT\n\n00:02.000 --> 00:01.000\nx\n' }, 422], [{ vtt: '' }, 422], [{ vtt: 1 }, 400], [{}, 400]]) {
    const answer = await put(people.jinan, 'zh', body);
    assert.equal(answer.status, status, JSON.stringify(body));
    assert.match(answer.json.detail, /[\u4e00-\u9fff]/);
  }
  assert.equal((await put(people.jinan, 'x', { vtt: VTT })).status, 400);
  assert.equal((await put(people.jinan, 'chinese', { vtt: VTT })).status, 400);
  assert.equal((await api(url, `/api/v1/queue/${id}/subtitles/zh`, { method: 'DELETE', session: people.jinan })).status, 204);
  assert.equal((await show('zh')).status, 404);
});

test('a view is ten seconds watched; reloads, claims of hours and programs count for nothing', async () => {
  const works = (await api(url, '/api/v1/works?limit=50')).json.items.map((one) => one.id);
  const say = (work, seconds, { peer = '203.0.113.7', agent = BROWSER, parts = 0, headers = {} } = {}) => api(url, `/api/v1/works/${work}/views`, { method: 'POST', body: { seconds, parts },
    headers: { 'X-Forwarded-For': peer, 'User-Agent': agent, ...headers } });
  const [one, two, three, four] = works;
  assert.equal((await say(one, 5)).status, 204);
  assert.equal((await say(one, 4)).status, 204); // eight seconds of ten are enough for a clip of ten
  for (let n = 0; n < 20; n++) await say(one, 30); // the same again and again
  await say(one, 9, { peer: '203.0.113.8', parts: 0b11 });
  await say(two, 2);
  await say(three, 3600);
  await say(four, 30, { agent: 'Mozilla/5.0 (compatible; Baiduspider/2.0)' });
  await say(four, 30, { agent: 'python-requests/2.31' });
  assert.equal((await say('nobody', 30)).status, 404);
  assert.equal((await say(one, 'x')).status, 400);
  assert.equal((await say(one, 30, { headers: { Origin: 'https://evil.example' } })).status, 403);
  const read = async () => (await api(url, '/api/v1/views', { session: people.sheng })).json.items;
  await until(async () => (await read()).some((row) => row.id === three), 'the numbers');
  const rows = Object.fromEntries((await read()).map((row) => [row.id, row]));
  assert.equal(rows[one].views, 2, 'two people');
  assert.ok(rows[one].seconds < 9 + 20 * 6 + 9 + 1, `${rows[one].seconds} s in the time that passed`);
  assert.equal(rows[two], undefined, 'two seconds are no view');
  assert.equal(rows[three].views, 1);
  assert.ok(rows[three].seconds <= 65);
  assert.equal(rows[four], undefined);
  assert.equal((await api(url, `/api/v1/works/${one}`)).json.views, 2);
  const details = (await api(url, `/api/v1/views/${one}`, { session: people.sheng })).json;
  assert.equal(details.days[0].views, 2);
  assert.deepEqual(details.parts.slice(0, 3), [1, 1, 0]);
  assert.doesNotMatch(sql(service, 'SELECT * FROM view_count') + sql(service, 'SELECT * FROM view_total'), /203\.0\.113/);
  // a city sees its own
  const city = (await api(url, '/api/v1/views', { session: people.jinan })).json.items;
  assert.ok(city.every((row) => row.city_code === '370100'));
  assert.ok((await api(url, '/api/v1/works?limit=50')).headers.get('set-cookie') === null);
});
