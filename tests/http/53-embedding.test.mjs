// Frames for other sites: what their address may say, keys that can be revoked, and counts.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { request, sleep, sql, startService } from './support/service.mjs';
import { ADMIN_PASSWORD, api, login } from '../support/stack.mjs';
import { publishMany } from '../support/published.mjs';

let service;
let admin;
let id;

before(async () => {
  service = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning' } });
  publishMany(service, 5);
  admin = await login(service.url, 'admin', ADMIN_PASSWORD);
  id = (await api(service.url, '/api/v1/works?limit=1')).json.items[0].id;
});
after(() => service?.stop());

const frame = async (query = '', headers = {}, url = service.url) => {
  const answer = await request(`${url}/embed/${id}${query}`, { headers: { Accept: 'text/html', ...headers } });
  return { ...answer, text: answer.body.toString(), policy: answer.headers['content-security-policy'] };
};
const post = (body, session = admin) => api(service.url, '/api/v1/embed-sites', { method: 'POST', session, body });
const revoke = (site) => api(service.url, `/api/v1/embed-sites/${site}`, { method: 'DELETE', session: admin });
const list = async () => (await api(service.url, '/api/v1/embed-sites', { session: admin })).json;

test('the address chooses moment, loop, sound, controls, colour and language; nonsense is passed over', async () => {
  const plain = await frame();
  assert.match(plain.text, /<video[^>]* controls/);
  assert.doesNotMatch(plain.text, /#t=|<video[^>]* (loop|muted|autoplay)/);
  const all = await frame('?start=3&end=12.5&loop=1&autoplay=1&controls=0&color=c8102e&lang=en');
  assert.match(all.text, /<source src="[^"]+\.mp4#t=3,12\.5"/);
  assert.match(all.text, /<video class="landscape" loop muted autoplay playsinline/);
  assert.match(all.text, /<body class="embed" data-color="c8102e">/);
  assert.match(all.text, /<html lang="en">/);
  assert.match((await frame('?end=9')).text, /#t=0,9"/);
  const bad = await frame('?start=-1&end=1e3&loop=yes&controls=no&color=%22%3E%3Cscript&lang=de');
  assert.equal(bad.status, 200);
  assert.match(bad.text, /<html lang="zh-CN">/);
  assert.doesNotMatch(bad.text, /#t=|data-color|<script>| loop/);
});

test('a site is told by its key: only its pages may frame; revoked, it gets a card at once', async () => {
  const made = await post({ name: '济南社区教育网', origins: ['https://jn.example.cn', 'https://*.edu.example.cn:8443'] });
  assert.equal(made.status, 201, made.text);
  const { id: site, key } = made.json;
  const shown = await frame(`?key=${key}`);
  assert.equal(shown.status, 200);
  assert.match(shown.policy, /frame-ancestors 'self' https:\/\/jn\.example\.cn https:\/\/\*\.edu\.example\.cn:8443$/);
  assert.match(shown.policy, /^default-src 'none'/);
  assert.match((await frame()).policy, /frame-ancestors \*$/, 'without a key everybody, as it is set');
  assert.equal((await revoke(site)).status, 204);
  const card = await frame(`?key=${key}`); // the first answer after it
  assert.equal(card.status, 403);
  assert.match(card.text, /播放许可已经停止/);
  assert.doesNotMatch(card.text, /<video/);
  assert.match(card.policy, /frame-ancestors \*$/, 'so that the card is seen');
  assert.equal((await frame('?key=nobody')).status, 403);
  assert.equal((await revoke(site)).status, 404, 'twice');
  const record = sql(service, "SELECT COUNT(*) FROM ledger WHERE action LIKE 'embed_site.%'");
  assert.equal(Number(record), 2);
});

test('an origin is a scheme and a host; nothing else gets into the header', async () => {
  for (const origins of [[], ['jn.example.cn'], ['https://jn.example.cn/'], ['https://*'], ["https://a.cn; script-src *"], ['https://a.cn b.cn'],
    ['https://JN.example.cn'], ["'self'"], ['data:'], [1], Array(21).fill('https://a.cn')]) {
    assert.equal((await post({ name: 'x', origins })).status, 400, JSON.stringify(origins));
  }
  assert.equal((await post({ name: '', origins: ['https://a.cn'] })).status, 400);
  assert.equal((await post({ origins: ['https://a.cn'] })).status, 400);
});

test('frames are counted by site, and by host where there is no key', async () => {
  const { id: site, key } = (await post({ name: '青岛', origins: ['https://qd.example.cn'] })).json;
  for (let n = 0; n < 3; n++) await frame(`?key=${key}`);
  for (let n = 0; n < 2; n++) await frame('', { Referer: 'https://News.Example.org/some/page?x' });
  await frame('', { Referer: 'not an address' });
  let now;
  for (let tries = 0; tries < 240; tries++) {
    now = await list();
    // written every now and then: some may be there before the others
    const counted = [now.items.find((one) => one.id === site).frames, ...['news.example.org', ''].map((host) => now.others.find((one) => one.host === host)?.frames)];
    if (counted[0] === 3 && counted[1] === 2 && counted[2] >= 1) break;
    await sleep(250);
  }
  assert.equal(now.items.find((one) => one.id === site).frames, 3);
  assert.equal(now.others.find((one) => one.host === 'news.example.org').frames, 2);
  assert.ok(now.others.some((one) => one.host === ''));
  assert.ok(!now.others.some((one) => one.host === site));
  assert.equal(now.open, true);
});

test('with keys alone, a frame without one is a card on other sites and a player on ours', async () => {
  const strict = await startService({ environment: { XUEPAI_LOG_LEVEL: 'warning', XUEPAI_EMBED_ACCESS: 'keys' } });
  try {
    publishMany(strict, 5);
    const other = await frame('', { 'Sec-Fetch-Site': 'cross-site' }, strict.url);
    assert.equal(other.status, 403);
    assert.match(other.text, /还没有播放许可/);
    const own = await frame('', { 'Sec-Fetch-Site': 'same-origin' }, strict.url);
    assert.equal(own.status, 200);
    assert.match(own.policy, /frame-ancestors 'self' ?$/);
  } finally {
    await strict.stop();
  }
});

test('Atom: what RFC 4287 asks for, well-formed, and the same works as the other feeds', async () => {
  const answer = await request(`${service.url}/feed.atom`);
  assert.equal(answer.headers['content-type'], 'application/atom+xml; charset=utf-8');
  const text = answer.body.toString();
  execFileSync('xmllint', ['--noout', '-'], { input: text });
  const xpath = (path) => execFileSync('xmllint', ['--xpath', path.replaceAll('a:', "*[local-name()='").replaceAll(':z', "']"), '-'], { input: text }).toString();
  for (const name of ['title', 'id', 'updated', 'author']) assert.equal(xpath(`count(/a:feed:z/a:${name}:z)`).trim(), '1', name);
  const json = (await api(service.url, '/feed.json')).json;
  assert.equal(Number(xpath('count(//a:entry:z)')), json.items.length);
  for (const name of ['title', 'id', 'updated']) assert.equal(Number(xpath(`count(//a:entry:z[count(a:${name}:z)=1])`)), json.items.length, name);
  assert.equal(Number(xpath("count(//a:link:z[@rel='enclosure'][@type='video/mp4'][@length>0])")), json.items.length);
  assert.ok(json.items.every((one) => text.includes(`<id>${one.url}</id>`)));
});
