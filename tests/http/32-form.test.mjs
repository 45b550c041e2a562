// The form without script: one multipart post, the same rules as the other road, and status by code and PIN.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { build, root, sniffed, sql, startService, storedBytes, until } from './support/service.mjs';

let service;
before(async () => { service = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent' } }); });
after(async () => { assert.equal((await service.stop()).code, 0); });

const TEXTS = { track: 'family-video', title: '和奶奶一起读家书', words: '每晚二十分钟', region: '370102', name: '李小梅',
  phone: '138 0000 1234', ai: '0', children: '0', licence: '1', consent_version: '1' };

function form(texts = {}, files = [['video', randomBytes(200000), '家书 "一".mp4']]) {
  const data = new FormData();
  for (const [name, value] of Object.entries({ ...TEXTS, ...texts })) {
    for (const one of [value].flat()) if (one !== undefined) data.append(name, one);
  }
  for (const [name, bytes, filename] of files) data.append(name, new Blob([bytes]), filename);
  return data;
}
const send = (body, headers = {}, url = service.url) =>
  fetch(`${url}/api/v1/submissions/simple`, { method: 'POST', body, headers });
const PAGE = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const ask = (fields) => fetch(`${service.url}/status`, { method: 'POST', body: new URLSearchParams(fields), headers: PAGE });
const spool = () => readdirSync(join(service.data, 'uploads'));

test('a form with a video is a work: receipt as JSON, its bytes stored as they came', async () => {
  const bytes = randomBytes(3e6);
  const answer = await send(form({}, [['photo', '', ''], ['video', bytes, 'a.mp4'], ['other', '', '']]));
  assert.equal(answer.status, 201);
  const receipt = await answer.json();
  assert.match(receipt.code, /^SD\d\d-/);
  assert.match(receipt.pin, /^\d{6}$/);
  assert.equal(receipt.status, 'received');
  assert.match(answer.headers.get('set-cookie'), /xuepai-device=.*HttpOnly/);
  const key = sql(service, `SELECT o.store_key FROM original o JOIN submission s ON s.id = o.submission WHERE s.code = '${receipt.code}'`);
  assert.ok(storedBytes(service.data, key).equals(bytes));
  assert.deepEqual(spool(), []);
});

test('who accepts a page gets one, with code and PIN, and a cookie that knows the work', async () => {
  const answer = await send(form(), PAGE);
  const text = await answer.text();
  assert.equal(answer.status, 201);
  assert.match(answer.headers.get('content-type'), /text\/html/);
  const code = /SD\d\d-[A-Z0-9]{4}-[A-Z0-9]{2}/.exec(text)[0];
  assert.match(text, /\d{6}/);
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  const own = await (await fetch(`${service.url}/status/${code}`, { headers: { ...PAGE, Cookie: cookie } })).text();
  assert.match(own, /和奶奶一起读家书/);
  const stranger = await (await fetch(`${service.url}/status/${code}`, { headers: PAGE })).text();
  assert.doesNotMatch(stranger, /和奶奶一起读家书/);
});

test('photos keep their order, nine at most', async () => {
  const photos = Array.from({ length: 9 }, (_, i) => ['photo', Buffer.alloc(1000 + i, i), `${i}.jpg`]);
  const receipt = await (await send(form({ track: 'life-photo' }, photos))).json();
  const sizes = sql(service, `SELECT o.bytes FROM original o JOIN submission s ON s.id = o.submission
    WHERE s.code = '${receipt.code}' ORDER BY o.position`).split('\n').map(Number);
  assert.deepEqual(sizes, photos.map(([, bytes]) => bytes.length));
  const ten = await send(form({ track: 'life-photo' }, [...photos, ['photo', Buffer.alloc(10), 'x.jpg']]));
  assert.equal(ten.status, 422);
  assert.equal((await ten.json()).code, 'too-many-files');
});

test('the same rules, with the same words, and nothing left behind', async () => {
  for (const [texts, files, status, code] of [
    [{ licence: undefined }, undefined, 422, 'consent-licence'],
    [{ children: '1' }, undefined, 422, 'consent-guardian'],
    [{ track: 'nonsense' }, undefined, 422, 'track-unknown'],
    [{ region: '999999' }, undefined, 422, 'region-unknown'],
    [{ scope: ['embed', 'moon'] }, undefined, 400, 'consent-scope'],
    [{}, [], 400, 'upload-none'],
    [{}, [['video', '', '']], 400, 'upload-none'],
    [{ website: 'http://spam.example' }, undefined, 429, 'rate'],
    [{ title: 'x'.repeat(40000) }, undefined, 413, 'body-too-large'],
  ]) {
    const answer = await send(form(texts, files));
    const problem = await answer.json();
    assert.equal(problem.code, code, JSON.stringify(texts).slice(0, 80));
    assert.equal(answer.status, status);
    assert.match(problem.detail, /[\u4e00-\u9fff]/);
  }
  const page = await send(form({ licence: undefined }), PAGE);
  assert.equal(page.status, 422);
  assert.match(await page.text(), /请先勾选同意展示这件作品/);
  assert.deepEqual(spool(), []);
});

test('a photo beyond its track is refused', async () => {
  const answer = await send(form({ track: 'life-photo' }, [['photo', Buffer.alloc(41 * 2 ** 20), 'a.jpg']]));
  assert.equal(answer.status, 413);
  assert.equal((await answer.json()).code, 'upload-too-large');
  assert.deepEqual(spool(), []);
});

test('no form, half a form, and a cut line leave nothing behind', async () => {
  assert.equal((await send('{}', { 'Content-Type': 'application/json' })).status, 415);
  assert.equal((await send('x', { 'Content-Type': 'multipart/form-data' })).status, 415);
  const half = '--bb\r\nContent-Disposition: form-data; name="video"; filename="a.mp4"\r\n\r\nabc';
  assert.equal((await send(half, { 'Content-Type': 'multipart/form-data; boundary=bb' })).status, 400, 'half');
  const socket = net.connect(service.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('POST /api/v1/submissions/simple HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=bb\r\n' +
    `Content-Length: 1000000\r\n\r\n${half}${'z'.repeat(200000)}`);
  await until(() => spool().length === 1, 'the file under way');
  socket.destroy();
  await until(() => spool().length === 0, 'the file to go');
});

test('sent twice by an impatient finger it is one work', async () => {
  const page = await (await fetch(`${service.url}/submit`)).text();
  const key = /name="key" value="([^"]+)"/.exec(page)[1];
  const receipts = [];
  for (let i = 0; i < 2; i++) receipts.push(await (await send(form({ key }))).json());
  assert.deepEqual(receipts[1], receipts[0]);
  const other = /name="key" value="([^"]+)"/.exec(await (await fetch(`${service.url}/submit`)).text())[1];
  assert.notEqual(other, key);
});

test('a form of another site is refused', async () => {
  const answer = await send(form(), { Origin: 'http://elsewhere.example' });
  assert.equal(answer.status, 403);
});

test('what is no video is refused with its reason', async (context) => {
  if (!existsSync(join(build, 'xuepai-media'))) return context.skip('no xuepai-media');
  const own = await startService();
  const answer = await sniffed(() => send(form({}, [['video', 'this is a letter\n'.repeat(10000), 'a.mp4']]), {}, own.url), ({ status }) => status === 415);
  assert.equal((await answer.json()).code, 'not-media');
  assert.deepEqual(readdirSync(join(own.data, 'uploads')), []);
  await own.stop();
});

test('status by code and PIN, as a page', async () => {
  const { code, pin } = await (await send(form())).json();
  const right = await ask({ code, pin });
  assert.equal(right.status, 200);
  const text = await right.text();
  assert.match(text, /和奶奶一起读家书/);
  assert.match(text, /aria-current="step"/);
  assert.match(right.headers.get('cache-control'), /no-store/);
  const lenient = await ask({ code: code.toLowerCase().replaceAll('-', ' '), pin: ` ${pin} ` });
  assert.match(await lenient.text(), /和奶奶一起读家书/);
  for (const fields of [{ code, pin: '000000' === pin ? '111111' : '000000' }, { code }, { pin }, { code: 'SD26-AAAA-AA', pin }]) {
    const wrong = await ask(fields);
    assert.equal(wrong.status, 403);
    assert.doesNotMatch(await wrong.text(), /和奶奶一起读家书/);
  }
});

test('withdrawn without script', async () => {
  const { code, pin } = await (await send(form())).json();
  assert.match(await (await ask({ code, pin, action: 'withdraw' })).text(), /已按您的要求撤回/);
  assert.equal((await (await fetch(`${service.url}/api/v1/submissions/${code}`, { headers: { 'X-Pin': pin } })).json()).status, 'withdrawn');
});

test('the closed form says whether the time is to come, over, or none, and does not promise a start after the end', async () => {
  const config = mkdtempSync(join(tmpdir(), 'xuepai-config-'));
  cpSync(join(root, 'config'), config, { recursive: true });
  const rules = readFileSync(join(root, 'config/rules.conf'), 'utf8');
  const during = (opens, closes) => rules.replace(/^opens = .*$/gm, `opens = ${opens}`).replace(/^closes = .*$/gm, `closes = ${closes}`);
  for (const [text, said] of [
    [during('2999-08-19T00:00', '2999-12-31T24:00'), /征集还没有开始。2999年8月19日起欢迎您来投稿/],
    [during('2020-08-19T00:00', '2020-12-31T24:00'), /这次征集已经结束，谢谢您的关心/],
    [rules.replace(/^public = .*$/gm, 'public = false'), /这里现在不收作品/],
  ]) {
    writeFileSync(join(config, 'rules.conf'), text);
    const closed = await startService({ environment: { XUEPAI_CONFIG: config, XUEPAI_MEDIA_PROGRAM: '/nonexistent' } });
    const page = await (await fetch(`${closed.url}/submit`)).text();
    await closed.stop();
    assert.match(page, said);
    assert.equal(page.match(/起欢迎|结束|不收作品/g).length, 1);
    assert.doesNotMatch(page, /<form id="form"/);
  }
  rmSync(config, { recursive: true });
});
