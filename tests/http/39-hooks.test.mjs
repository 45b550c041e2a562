// The hooks of docs/HOOKS.md against doubles of ours: an SMS gateway and WeChat's API.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, sql, startService, until } from './support/service.mjs';
import { api, form, upload } from '../support/stack.mjs';

const SECRET = 'a long random text';
const DOCUMENT = readFileSync(join(root, 'docs/HOOKS.md'), 'utf8');
const examples = (language) => [...DOCUMENT.matchAll(new RegExp('```' + language + '\\n([^]*?)```', 'g'))].map(([, text]) => text);

const sms = { sent: [], status: 200 };
const wechat = { asked: [], fails: false };
let gateway;
let weixin;
let service;
let isFromXuepai;

const listen = (handle) => new Promise((done) => {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', () => handle(request, response, body));
  });
  server.listen(0, '127.0.0.1', () => done({ url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }));
});
const answer = (response, json, status = 200) => { response.writeHead(status, { 'Content-Type': 'application/json' }); response.end(JSON.stringify(json)); };

before(async () => {
  gateway = await listen((request, response, body) => {
    sms.sent.push({ header: request.headers['x-xuepai-signature'], body, ...JSON.parse(body) });
    answer(response, {}, sms.status);
  });
  weixin = await listen((request, response, body) => {
    const { pathname, searchParams } = new URL(request.url, 'http://x');
    wechat.asked.push(pathname);
    if (wechat.fails) return answer(response, { errcode: 40029, errmsg: 'invalid code' });
    if (pathname === '/sns/oauth2/access_token') {
      const good = searchParams.get('appid') === 'wxtest' && searchParams.get('secret') === 'wxsecret' && searchParams.get('grant_type') === 'authorization_code';
      return answer(response, good ? { access_token: 'x', openid: `openid-of-${searchParams.get('code')}`, scope: 'snsapi_base' } : { errcode: 40013 });
    }
    if (pathname === '/cgi-bin/stable_token') return answer(response, JSON.parse(body).secret === 'wxsecret' ? { access_token: 'the-token', expires_in: 7200 } : { errcode: 40001 });
    if (pathname === '/cgi-bin/ticket/getticket') return answer(response, searchParams.get('access_token') === 'the-token' ? { errcode: 0, ticket: 'the-ticket', expires_in: 7200 } : { errcode: 40001 });
    return answer(response, { errcode: 404 }, 404);
  });
  const module = join(root, 'build', 'hooks-example.mjs');
  writeFileSync(module, examples('js')[0]);
  ({ isFromXuepai } = await import(module));
  service = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent', XUEPAI_SMS_URL: `${gateway.url}/sms`, XUEPAI_SMS_SECRET: SECRET,
    XUEPAI_WECHAT_APPID: 'wxtest', XUEPAI_WECHAT_SECRET: 'wxsecret', XUEPAI_WECHAT_API: weixin.url, XUEPAI_WECHAT_OPEN: 'https://open.example' } });
});
after(async () => {
  const { code } = await service.stop();
  gateway.close();
  weixin.close();
  assert.equal(code, 0);
});

const ask = (phone) => api(service.url, '/api/v1/phone/codes', { method: 'POST', body: { phone } });
const codeOf = (phone) => sms.sent.findLast((one) => one.phone === phone && one.template === 'code')?.params.code;
const send = async (phone, more = {}, headers = {}) => api(service.url, '/api/v1/submissions', { method: 'POST', headers,
  body: form([await upload(service.url, Buffer.alloc(900, 7))], { phone, ...more }) });
const cookieOf = (reply) => ({ Cookie: reply.headers.get('set-cookie').split(';')[0] });
// As if everything had been sent earlier. By way of negative times: no two rows of a number are in one minute in between.
const old = (seconds) => {
  sql(service, 'UPDATE phone_code SET sent_ms = -sent_ms');
  sql(service, `UPDATE phone_code SET sent_ms = -sent_ms - ${seconds * 1000}`);
};

test('the examples of the configuration are settings, and the signature is what the document says', async () => {
  const example = readFileSync(join(root, 'config/xuepai.example.conf'), 'utf8');
  for (const text of examples('ini')) {
    for (const [, key] of text.matchAll(/^(\w+) =/gm)) assert.match(example, new RegExp(`^#? ?${key} ?=`, 'm'), key);
  }
  assert.equal((await ask('138 0000 0001')).status, 204);
  const [{ header, body, phone, params }] = sms.sent;
  assert.equal(phone, '13800000001');
  assert.match(params.code, /^\d{6}$/);
  assert.ok(isFromXuepai(header, body, SECRET));
  assert.ok(!isFromXuepai(header, body.replace('1380', '1390'), SECRET));
  assert.ok(!isFromXuepai(header, body, 'another'));
  assert.ok(!isFromXuepai(header, body, SECRET, Date.now() / 1000 + 600));
  assert.equal(sql(service, `SELECT count(*) FROM phone_code WHERE code = '${params.code}' OR phone = '${phone}'`), '0', 'only digests are kept');
});

test('a work is taken with the code of its number, and then without one on that device', async () => {
  const phone = '13800000002';
  for (const [more, code] of [[{}, 'phone-code'], [{ phone_code: '000000' }, 'phone-code-wrong']]) {
    const refused = await send(phone, more);
    assert.deepEqual([refused.status, refused.json.code], [422, code]);
  }
  assert.equal((await ask(phone)).status, 204);
  const body = form([await upload(service.url, Buffer.alloc(900, 7))], { phone, phone_code: codeOf(phone) });
  const headers = { 'Idempotency-Key': 'a-key-of-this-work' };
  const sent = await api(service.url, '/api/v1/submissions', { method: 'POST', body, headers });
  assert.equal(sent.status, 201, sent.text);
  const again = await api(service.url, '/api/v1/submissions', { method: 'POST', body, headers }); // the answer was lost
  assert.deepEqual([again.status, again.json.code], [201, sent.json.code]);
  assert.equal((await send(phone, { phone_code: codeOf(phone) })).json.code, 'phone-code-wrong', 'a code is good for one person');
  assert.equal((await send(phone, {}, cookieOf(sent))).status, 201);
  assert.equal((await send('13800000003', {}, cookieOf(sent))).json.code, 'phone-code', 'another number on the same phone');
});

test('whoever shows a number sees its works, on any phone', async () => {
  const phone = '13800000002';
  assert.equal((await api(service.url, '/api/v1/my')).json.items.length, 0);
  old(3600);
  assert.equal((await ask(phone)).status, 204);
  const wrong = await api(service.url, '/api/v1/phone/session', { method: 'POST', body: { phone, code: '000000' } });
  assert.deepEqual([wrong.status, wrong.json.code], [422, 'phone-code-wrong']);
  const session = await api(service.url, '/api/v1/phone/session', { method: 'POST', body: { phone, code: codeOf(phone) } });
  assert.equal(session.status, 204);
  assert.match(session.headers.get('set-cookie'), /HttpOnly/);
  const mine = await api(service.url, '/api/v1/my', { headers: cookieOf(session) });
  assert.equal(mine.json.items.length, 2);
  const work = await api(service.url, `/api/v1/submissions/${mine.json.items[0].code}`, { headers: cookieOf(session) });
  assert.equal(work.status, 200);
  sql(service, 'UPDATE device_identity SET bound_ms = bound_ms - 15552000001'); // 180 days
  assert.equal((await api(service.url, '/api/v1/my', { headers: cookieOf(session) })).json.items.length, 0);
  assert.equal((await api(service.url, `/api/v1/submissions/${mine.json.items[0].code}`, { headers: cookieOf(session) })).status, 403);
});

test('the commands of the document', async () => {
  old(86400);
  const run = (text) => execFileSync('bash', ['-ec', text], { cwd: join(root, 'build'), env: { ...process.env, SITE: service.url } }).toString();
  const [first, second, third] = examples('sh')[0].trim().split('\n');
  run(first);
  run(second.replace('381604', codeOf('13800001234')));
  assert.deepEqual(JSON.parse(run(third)), { items: [] });
});

test('limits of codes: 1 a minute, 5 an hour, 10 a day for a number; five tries; five minutes', async () => {
  const phone = '13800000005';
  const soon = async () => { await ask(phone); return ask(phone); };
  const twice = await soon();
  assert.deepEqual([twice.status, twice.json.code], [429, 'phone-code-soon']);
  assert.equal(twice.headers.get('retry-after'), '60');
  for (let i = 2; i <= 5; i++) { old(61); assert.equal((await ask(phone)).status, 204, `${i}`); }
  old(61);
  assert.equal((await ask(phone)).json.code, 'phone-code-many');
  for (let i = 6; i <= 10; i++) { old(3600); assert.equal((await ask(phone)).status, 204, `${i}`); }
  old(3600);
  assert.equal((await ask(phone)).json.code, 'phone-code-many');
  old(86400);
  assert.equal((await ask(phone)).status, 204);
  const show = (code) => api(service.url, '/api/v1/phone/session', { method: 'POST', body: { phone, code } });
  for (let i = 0; i < 5; i++) assert.equal((await show('000000')).status, 422);
  assert.equal((await show(codeOf(phone))).status, 422, 'after five wrong ones the right one is of no use');
  old(61);
  assert.equal((await ask(phone)).status, 204);
  old(301);
  assert.equal((await show(codeOf(phone))).json.code, 'phone-code-wrong', 'five minutes are over');
  assert.equal((await ask('12345')).json.code, 'phone-invalid');
});

test('limits of codes: 200 an hour for an address block, whatever the number', async () => {
  old(86400);
  const answers = [];
  for (let i = 0; i < 202; i += 20) {
    answers.push(...await Promise.all(Array.from({ length: Math.min(20, 202 - i) }, (_, j) => ask(`1390000${String(1000 + i + j)}`))));
  }
  assert.equal(answers.filter((one) => one.status === 204).length, 200);
  assert.equal(answers.filter((one) => one.json?.code === 'phone-code-many').length, 2);
});

test('a gateway that is down: said, and the next try is not made to wait', async () => {
  old(86400);
  sms.status = 500;
  const down = await ask('13800000007');
  assert.deepEqual([down.status, down.json.code], [503, 'outbound']);
  sms.status = 200;
  assert.equal((await ask('13800000007')).status, 204);
});

test('a work that is returned or published is told by SMS, also when the gateway is away for a while', async () => {
  const phone = '13800000008';
  await ask(phone);
  const sent = await send(phone, { phone_code: codeOf(phone), title: '短信来了' });
  const id = sql(service, `SELECT id FROM submission WHERE code = '${sent.json.code}'`);
  const record = (action) => sql(service, `INSERT INTO ledger (seq, at_ms, actor, role, peer, action, object, before, after, detail, previous, hash)
    SELECT MAX(seq) + 1, 0, 'x', 'x', '', '${action}', '${id}', '', '', '{}', '', 'x' FROM ledger`);
  sms.status = 500;
  record('submission.returned');
  await until(() => sms.sent.some((one) => one.template === 'returned'), 'the first try');
  sms.status = 200;
  sql(service, 'UPDATE sms_message SET due_ms = 0');
  await until(() => sql(service, 'SELECT count(*) FROM sms_message') === '0', 'the second try');
  const told = sms.sent.filter((one) => one.template === 'returned');
  assert.equal(told.length, 2);
  assert.ok(isFromXuepai(told[1].header, told[1].body, SECRET));
  assert.deepEqual([told[1].phone, told[1].params.title, told[1].params.code], [phone, '短信来了', sent.json.code]);
  record('submission.published');
  record('submission.passed');
  await until(() => sms.sent.some((one) => one.template === 'published'), 'the other template');
});

test('without script: number, code, works', async () => {
  old(86400);
  const post = (fields, headers = {}) => fetch(`${service.url}/phone`, { method: 'POST', redirect: 'manual', headers, body: new URLSearchParams(fields) });
  assert.match(await (await fetch(`${service.url}/phone`)).text(), /发验证码给我/);
  assert.match(await (await fetch(`${service.url}/status`)).text(), /用手机号找我的作品/);
  const asked = await (await post({ phone: '13800000008' })).text();
  assert.match(asked, /name="code"/);
  const wrong = await post({ phone: '13800000008', code: '1' });
  assert.equal(wrong.status, 422);
  assert.match(await wrong.text(), /验证码不对/);
  const done = await post({ phone: '13800000008', code: codeOf('13800000008') });
  assert.deepEqual([done.status, done.headers.get('location')], [303, '/status']);
  const page = await (await fetch(`${service.url}/status`, { headers: { Cookie: done.headers.get('set-cookie').split(';')[0] } })).text();
  assert.match(page, /短信来了/);
});

// --- WeChat -----------------------------------------------------------------------------------------------------

const AGENT = 'Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0.47';
const visit = (path, headers = {}) => fetch(service.url + path, { redirect: 'manual', headers: { 'User-Agent': AGENT, ...headers } });
const begin = async (path = '/submit?c=370102', headers = {}) => {
  const redirect = await visit(path, headers);
  assert.equal(redirect.status, 302);
  const to = new URL(redirect.headers.get('location'));
  const back = new URL(to.searchParams.get('redirect_uri'));
  return { redirect, to, back, state: to.searchParams.get('state'), cookie: redirect.headers.get('set-cookie')?.split(';')[0] };
};
const come = (step, code, { state = step.state, cookie = step.cookie, to = step.back.searchParams.get('to') } = {}) =>
  visit(`/wx/callback?to=${encodeURIComponent(to)}&code=${code}&state=${state}`, cookie ? { Cookie: cookie } : {});

test('WeChat: asked once, silently, in WeChat alone', async () => {
  const step = await begin();
  assert.equal(step.to.origin + step.to.pathname, 'https://open.example/connect/oauth2/authorize');
  assert.equal(step.to.hash, '#wechat_redirect');
  assert.deepEqual([step.to.searchParams.get('appid'), step.to.searchParams.get('scope'), step.to.searchParams.get('response_type')], ['wxtest', 'snsapi_base', 'code']);
  assert.match(step.state, /^[0-9a-zA-Z]{1,128}$/);
  const back = await come(step, 'anna');
  assert.deepEqual([back.status, back.headers.get('location')], [302, '/submit?c=370102']);
  assert.equal((await visit('/submit', { Cookie: step.cookie })).status, 200);
  assert.equal((await fetch(`${service.url}/submit`)).status, 200, 'another browser');
  assert.equal(sql(service, "SELECT count(*) FROM device_identity WHERE identity LIKE '%anna%'"), '0');
});

test('WeChat: the same account on another phone finds its works, another one does not', async () => {
  const first = await begin();
  await come(first, 'berta');
  old(86400);
  await ask('13800000009');
  const sent = await send('13800000009', { phone_code: codeOf('13800000009') }, { Cookie: first.cookie });
  assert.equal(sent.status, 201, sent.text);
  for (const [who, count] of [['berta', 1], ['carla', 0]]) {
    const step = await begin('/status');
    await come(step, who);
    assert.equal((await api(service.url, '/api/v1/my', { headers: { Cookie: step.cookie } })).json.items.length, count, who);
    assert.equal((await api(service.url, `/api/v1/submissions/${sent.json.code}`, { headers: { Cookie: step.cookie } })).status, count ? 200 : 403);
  }
});

test('WeChat: state belongs to one browser, one page and ten minutes', async () => {
  const step = await begin();
  const other = await begin();
  const asked = wechat.asked.length;
  for (const wrong of [{ state: '' }, { state: other.state }, { cookie: other.cookie }, { cookie: null }, { to: 'https://elsewhere.example/' }, { to: '//elsewhere.example/' },
    { state: `${(Date.now() - 700000).toString(16)}${step.state.slice(-64)}` }]) {
    const refused = await come(step, 'mallory', wrong);
    assert.equal(refused.status, 403, JSON.stringify(wrong));
    assert.equal(refused.headers.get('location'), null);
  }
  assert.equal(wechat.asked.length, asked, 'WeChat was not even asked');
});

test('WeChat: when it does not answer, the page comes all the same, and is not sent round again', async () => {
  const step = await begin();
  wechat.fails = true;
  const back = await come(step, 'dora');
  wechat.fails = false;
  assert.equal(back.status, 302);
  const skip = back.headers.get('set-cookie').split(';')[0];
  assert.equal((await visit('/submit', { Cookie: `${step.cookie}; ${skip}` })).status, 200);
});

test('WeChat: pages of ours are signed for JS-SDK, the ticket is fetched once', async () => {
  const url = `${service.url}/v/abc?x=1`;
  const before_ = wechat.asked.length;
  for (let i = 0; i < 3; i++) {
    const { status, json } = await api(service.url, `/api/v1/wx/jssdk?url=${encodeURIComponent(url)}`);
    assert.equal(status, 200);
    const text = `jsapi_ticket=the-ticket&noncestr=${json.nonceStr}&timestamp=${json.timestamp}&url=${url}`;
    assert.equal(json.signature, createHash('sha1').update(text).digest('hex'));
    assert.equal(json.appId, 'wxtest');
  }
  assert.deepEqual(wechat.asked.slice(before_), ['/cgi-bin/stable_token', '/cgi-bin/ticket/getticket']);
  for (const wrong of ['https://elsewhere.example/', `${service.url}.example/`, `${url}#here`, '']) {
    assert.equal((await api(service.url, `/api/v1/wx/jssdk?url=${encodeURIComponent(wrong)}`)).status, 400, wrong);
  }
});

test('nothing of it without settings: no page loads from WeChat, no number is asked to be shown', async () => {
  const bare = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent' } });
  try {
    const page = await fetch(`${bare.url}/submit`, { redirect: 'manual', headers: { 'User-Agent': AGENT } });
    assert.equal(page.status, 200);
    assert.ok(!/wx\.qq\.com|weixin/.test(page.headers.get('content-security-policy') + await page.text()));
    assert.equal((await api(bare.url, '/api/v1/wx/jssdk?url=x')).json.code, 'wechat-off');
    assert.equal((await api(bare.url, '/api/v1/phone/codes', { method: 'POST', body: { phone: '13800000001' } })).json.code, 'sms-off');
    assert.equal((await fetch(`${bare.url}/phone`)).status, 404);
  } finally {
    await bare.stop();
  }
});
