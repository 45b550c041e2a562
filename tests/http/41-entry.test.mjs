// Ways in beside the form: entry links with posters, a unit's table with files, a lost receipt told again, and the family's
// look at a work.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { sql, startService } from './support/service.mjs';
import { api, form, login, upload } from '../support/stack.mjs';

let service;
let admin;
let people;
const BYTES = Buffer.alloc(900, 7);

before(async () => {
  service = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent', XUEPAI_SUBMIT_QUOTA_PERCENT: '5' } });
  admin = await login(service.url, 'admin', 'a password for tests');
  people = {};
  for (const [username, role, scope, more] of [['jinan', 'organiser', '370100'], ['lixia', 'unit', '370102'], ['other', 'unit', '370202'],
    ['shenhe', 'reviewer', '370100', { stages: ['first'] }], ['qingdao', 'reviewer', '370200', { stages: ['first'] }]]) {
    const added = await api(service.url, '/api/v1/staff', { method: 'POST', session: admin, body: { username, name: username, role, scope, stages: [], password: `password of ${username}`, ...more } });
    assert.equal(added.status, 201, added.text);
    people[username] = await login(service.url, username, `password of ${username}`);
  }
});
after(() => service.stop());

const send = async (more = {}, headers = {}) => api(service.url, '/api/v1/submissions', { method: 'POST', headers, body: form([await upload(service.url, BYTES)], more) });

test('an entry link: made within the own region, followed to the form, its works and visits counted, ended', async () => {
  const make = (session, body) => api(service.url, '/api/v1/entry-links', { method: 'POST', session, body });
  const made = await make(people.jinan, { region: '370102', name: '解放路第一小学' });
  assert.equal(made.status, 201);
  assert.match(made.json.url, /\/q\/[a-z2-7]{8}$/);
  for (const [session, body, status] of [[people.jinan, { region: '370202' }, 404], [people.jinan, { region: '1' }, 422], [people.shenhe, { region: '370102' }, 403],
    [people.jinan, { region: '370102', name: '长'.repeat(41) }, 422]]) {
    assert.equal((await make(session, body)).status, status, JSON.stringify(body));
  }
  const path = new URL(made.json.url).pathname;
  const step = await fetch(service.url + path, { redirect: 'manual' });
  assert.equal(step.status, 302);
  const to = new URL(step.headers.get('location'), service.url);
  assert.deepEqual([to.pathname, to.searchParams.get('c'), to.searchParams.get('s')], ['/submit', '370102', path.split('/').pop()]);
  const link = to.searchParams.get('s');
  assert.match(await (await fetch(to)).text(), new RegExp(`name="link" value="${link}"`));
  const key = { 'Idempotency-Key': 'a-key-of-this-work' };
  const body = form([await upload(service.url, BYTES)], { link, phone: '13800000011' });
  for (let i = 0; i < 2; i++) assert.equal((await api(service.url, '/api/v1/submissions', { method: 'POST', body, headers: key })).status, 201);
  const list = async (session) => (await api(service.url, '/api/v1/entry-links', { session })).json.items;
  assert.deepEqual((await list(people.jinan)).map(({ name, visits, works }) => [name, visits, works]), [['解放路第一小学', 1, 1]]);
  assert.equal((await list(admin)).length, 1);
  const remove = (session) => api(service.url, `/api/v1/entry-links/${made.json.id}`, { method: 'DELETE', session });
  assert.equal((await remove(people.jinan)).status, 204);
  assert.equal((await remove(people.jinan)).status, 404);
  assert.equal((await fetch(service.url + path, { redirect: 'manual' })).headers.get('location'), '/submit');
  assert.equal(sql(service, "SELECT count(*) FROM ledger WHERE action LIKE 'entry_link.%'"), '2');
});

test('a link that is in force raises the quotas of a device', async () => {
  const { json } = await api(service.url, '/api/v1/entry-links', { method: 'POST', session: admin, body: { region: '370102', name: '' } });
  const link = json.url.split('/').pop();
  const first = await send({ phone: '13800000021', link });
  const device = { Cookie: first.headers.get('set-cookie').split(';')[0] };
  for (let i = 2; i <= 15; i++) assert.equal((await send({ phone: '13800000021', link }, device)).status, 201, `${i}`); // 60 an hour * 5 % * 5
  assert.equal((await send({ phone: '13800000021', link }, device)).json.code, 'quota');
  assert.equal((await send({ phone: '13800000022' })).status, 201);
});

test('its poster, as PNG and PDF, and a code that a phone reads', async () => {
  const { json } = await api(service.url, '/api/v1/entry-links', { method: 'POST', session: people.jinan, body: { region: '370100', name: '泉城广场' } });
  for (const [kind, type, magic] of [['png', 'image/png', '\x89PNG'], ['pdf', 'application/pdf', '%PDF-']]) {
    const answer = await fetch(`${service.url}/api/v1/entry-links/${json.id}/poster.${kind}`, { headers: { Cookie: people.jinan.cookie } });
    const bytes = Buffer.from(await answer.arrayBuffer());
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, type]);
    assert.ok(bytes.toString('latin1').startsWith(magic));
    if (kind === 'pdf') {
      let text;
      try { text = execFileSync('pdftotext', ['-', '-'], { input: bytes }).toString(); } catch { continue; } // poppler is not installed
      assert.match(text, /泉城广场/);
    }
  }
  assert.equal((await fetch(`${service.url}/api/v1/entry-links/${json.id}/poster.png`)).status, 401);
});

test('tracks of units: nobody else sends to them, by whatever road; a unit, and who comes by a link made for the track, may', async () => {
  const make = (session, body) => api(service.url, '/api/v1/entry-links', { method: 'POST', session, body });
  const linkOf = async (body) => (await make(people.jinan, body)).json.url.split('/').pop();
  const post = async (more, session) => {
    const answer = await api(service.url, '/api/v1/submissions', { method: 'POST', session, body: form([await upload(service.url, BYTES)], { track: 'case', phone: '13800000091', ...more }) });
    return answer.status === 201 ? 201 : [answer.status, answer.json.code];
  };
  assert.equal((await make(people.jinan, { region: '370100', track: 'nothing' })).json.code, 'track-unknown');
  const [own, film, plain] = [await linkOf({ region: '370100', track: 'case' }), await linkOf({ region: '370100', track: 'city-film' }), await linkOf({ region: '370100' })];
  const no = [403, 'track-units'];
  const rows = [[{}, null, no], [{ track: 'city-film' }, null, no], [{ link: 'aaaaaaaa' }, null, no], [{ link: film }, null, no], [{ link: plain }, null, no], [{ link: own }, null, 201],
    [{ link: own, region: '370202' }, null, no], [{}, people.lixia, 201], [{}, people.other, no], [{}, people.shenhe, no], [{}, { ...people.lixia, csrf: 'wrong' }, no], [{}, people.jinan, 201],
    [{ track: 'family-video' }, null, 201]];
  for (const [more, session, wanted] of rows) assert.deepEqual(await post(more, session), wanted, JSON.stringify(more));
  assert.match((await api(service.url, '/api/v1/submissions', { method: 'POST', body: form(['x'], { track: 'case' }) })).json.detail, /单位账号/);

  const simple = async (link) => {
    const data = new FormData();
    for (const [name, value] of Object.entries({ track: 'case', title: '一条街的书房', words: '', region: '370102', name: '李', phone: '13800000092', ai: '0', children: '0', licence: '1', link })) data.append(name, value);
    data.append('video', new Blob([BYTES]), 'a.mp4');
    return (await fetch(`${service.url}/api/v1/submissions/simple`, { method: 'POST', body: data })).status;
  };
  assert.deepEqual([await simple(''), await simple(own)], [403, 201]);
  const page = await (await fetch(`${service.url}/submit?s=${own}`)).text();
  assert.deepEqual([...page.matchAll(/name="track" value="([a-z-]+)"/g)].map((one) => one[1]), ['case']);
  assert.doesNotMatch(await (await fetch(`${service.url}/submit`)).text(), /value="case"/);
});

// --- a unit's table -----------------------------------------------------------------------------------------------

const HEAD = '类别,作品名称,介绍,县区,联系人,手机号,文件,同意展示,有孩子,监护人同意,使用范围';
const batch = (csv, files = {}, { session = people.lixia, ...more } = {}) => api(service.url, '/api/v1/batches', { method: 'POST', session, body: { csv, files, ...more } });

test('a table: good rows are works, bad ones are named by line, code and sentence; mended and sent again nothing is twice', async () => {
  const files = { 'a.mp4': await upload(service.url, BYTES), 'b.mp4': await upload(service.url, BYTES), '宣传片.mp4': await upload(service.url, BYTES, { track: 'city-film' }) };
  const rows = ['家庭教育短视频,"读书, 写字",每晚,历下区,张三,13800000031,a.mp4,是,,,展厅 媒体', '家庭教育短视频,跳绳,,370102,李四,138000,b.mp4,是,,,', 'city-film,美丽历下,,历下区,王五,13800000033,宣传片.mp4,是,否,,其他网站',
    'family-video,合影,,历下区,赵六,13800000034,b.mp4,是,有,,', 'family-video,别的区,,370202,孙七,13800000035,b.mp4,是,,,', 'family-video,没有文件,,历下区,周八,13800000036,没有.mp4,是,,,', 'nothing,无此类,,历下区,吴九,13800000037,b.mp4,是,,,'];
  const csv = `\ufeff${[HEAD, ...rows].join('\r\n')}\r\n`;
  const checked = await batch(csv, files, { check: true });
  assert.deepEqual(checked.json.items.map((one) => one.status), ['good', 'failed', 'good', 'failed', 'failed', 'failed', 'failed']);
  assert.equal(sql(service, "SELECT count(*) FROM submission WHERE region = '370102' AND track = 'city-film'"), '0');
  const first = await batch(csv, files);
  assert.equal(first.status, 200);
  assert.equal(first.json.created, 2);
  assert.deepEqual(first.json.items.map((one) => [one.line, one.status, one.reason?.code ?? null]), [[2, 'created', null], [3, 'failed', 'phone-invalid'], [4, 'created', null],
    [5, 'failed', 'consent-guardian'], [6, 'failed', 'out-of-scope'], [7, 'failed', 'batch-file'], [8, 'failed', 'track-unknown']]);
  assert.ok(first.json.items.filter((one) => one.reason).every((one) => /[\u4e00-\u9fff]/.test(one.reason.text)));
  assert.equal(first.json.items[5].file, '没有.mp4');
  assert.match(first.json.items[0].code, /^SD26-/);
  assert.match(first.json.items[0].pin, /^\d{6}$/);

  const mended = csv.replace('138000,', '13800000032,').replace('b.mp4,是,,,', 'b.mp4,是,否,,');
  const second = await batch(mended, files);
  assert.deepEqual(second.json.items.slice(0, 3).map((one) => one.status), ['existing', 'created', 'existing']);
  assert.equal(second.json.items[0].code, first.json.items[0].code);
  const sorted = [HEAD, ...mended.trim().split('\r\n').slice(1).reverse()].join('\n');
  assert.equal((await batch(sorted, {})).json.created, 0, 'in another order, without files');
  const works = await api(service.url, '/api/v1/batches/works', { session: people.lixia });
  assert.deepEqual(works.json.items.map((one) => one.title).sort(), ['美丽历下', '跳绳', '读书, 写字'].sort());
  assert.equal((await api(service.url, '/api/v1/batches/works', { session: people.other })).json.items.length, 0);
  assert.equal(sql(service, "SELECT count(*) FROM ledger WHERE action = 'batch.sent'"), '2');
  const scopes = sql(service, "SELECT scopes FROM consent c JOIN submission s ON s.id = c.submission JOIN revision r ON r.submission = s.id WHERE r.title = '读书, 写字'");
  assert.equal(scopes, '["site","exhibition","media"]');
});

test('a table that makes no sense is refused as a whole, in words; nobody else sends one', async () => {
  for (const [csv, code] of [['', 'batch-columns'], ['a,b\n1,2', 'batch-columns'], [`${HEAD}\n"open`, 'batch-csv'], [`${HEAD}\n${'x,\n'.repeat(201)}`, 'batch-rows']]) {
    const refused = await batch(csv);
    assert.deepEqual([refused.status, refused.json.code], [422, code]);
  }
  assert.equal((await batch(HEAD, {}, { session: people.shenhe })).status, 403);
  assert.equal((await api(service.url, '/api/v1/batches', { method: 'POST', body: { csv: HEAD } })).status, 401);
});

test('two files where the track takes one are refused before a byte is sent', async () => {
  const rows = `${HEAD}\nfamily-video,两段,,历下区,张三,13800000043,1.mp4;2.mp4,是,,,\ncity-film,两段,,历下区,张三,13800000043,1.mp4;2.mp4,是,,,`;
  const { json } = await batch(rows, { '1.mp4': 'to-come', '2.mp4': 'to-come' }, { check: true });
  assert.deepEqual(json.items.map((one) => [one.track, one.status, one.reason?.code]), [['family-video', 'failed', 'too-many-files'], ['city-film', 'good', undefined]]);
});

test('several files of one row are one work; rows of a photo set', async () => {
  const files = Object.fromEntries(await Promise.all(['1.jpg', '2.jpg', '3.jpg'].map(async (name) => [name, await upload(service.url, BYTES, { track: 'life-photo' })])));
  const { json } = await batch(`${HEAD}\nlife-photo,三张,,历下区,张三,13800000041,1.jpg; 2.jpg；3.jpg,是,,,`, files);
  assert.equal(json.items[0].status, 'created', JSON.stringify(json));
  assert.equal(sql(service, "SELECT count(*) FROM upload u JOIN revision r ON r.submission = u.submission WHERE r.title = '三张'"), '3');
});

// --- a lost receipt, and the family -------------------------------------------------------------------------------

test('a lost receipt is told again when name and number fit, within the own region, and that is recorded', async () => {
  const sent = (await send({ phone: '13800000051', name: '郑十', region: '370102' })).json;
  const tell = (session, body) => api(service.url, '/api/v1/receipts', { method: 'POST', session, body });
  const told = await tell(people.shenhe, { name: ' 郑十 ', phone: '138 0000 0051' });
  assert.deepEqual([told.status, told.json.items.map(({ code, pin }) => [code, pin])], [200, [[sent.code, sent.pin]]]);
  for (const [session, body, status] of [[people.shenhe, { name: '别人', phone: '13800000051' }, 404], [people.shenhe, { name: '郑十', phone: '13800000052' }, 404],
    [people.qingdao, { name: '郑十', phone: '13800000051' }, 404], [people.lixia, { name: '郑十', phone: '13800000051' }, 403], [people.shenhe, { name: '郑十', phone: '1' }, 422]]) {
    assert.equal((await tell(session, body)).status, status, JSON.stringify(body));
  }
  assert.equal(sql(service, "SELECT count(*) FROM ledger WHERE action = 'receipt.told'"), '1');
});

test('the family looks at a work, and can do nothing with it', async () => {
  const sent = (await send({ phone: '13800000061', name: '冯十一', title: '给奶奶看' })).json;
  const work = (await api(service.url, `/api/v1/submissions/${sent.code}`, { headers: { 'X-Pin': sent.pin } })).json;
  const page = await fetch(service.url + work.family_url);
  const text = await page.text();
  assert.equal(page.status, 200);
  assert.match(text, /给奶奶看/);
  assert.match(text, /已收到/);
  assert.ok(!/冯十一|13800000061|name="pin"|撤回<|<form/.test(text.replace(/<header[^]*?<\/header>/, '')), 'no name, no number, nothing to press');
  assert.match(page.headers.get('cache-control'), /no-store/);
  assert.equal((await fetch(`${service.url}${work.family_url.slice(0, -1)}${work.family_url.endsWith('0') ? '1' : '0'}`)).status, 404);
  assert.equal((await api(service.url, `/api/v1/submissions/${sent.code}`, { method: 'DELETE' })).status, 403);
});
