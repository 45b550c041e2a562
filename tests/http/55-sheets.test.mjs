// Signed sheets: what they say, who gets them, and that every change of a byte is found. And the end of the ledger told to a
// server elsewhere.
// Runs once: sheets are made of records that 46-ledger compares on both engines.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { build, sql, startService, until } from './support/service.mjs';
import { ADMIN_PASSWORD, api, clip, decide, login, publish, queued, reviewers, startStack, submit, upload, waitFor } from '../support/stack.mjs';

let stack, url, people, work, receipt, folder;
const sessions = {};

before(async () => {
  stack = await startStack();
  url = stack.url;
  people = await reviewers(url);
  folder = mkdtempSync(join(tmpdir(), 'xuepai-'));
  for (const [username, role, scope] of [['auditor', 'auditor', '370000'], ['auditor.qd', 'auditor', '370200'], ['org', 'organiser', '370000']]) {
    await api(url, '/api/v1/staff', { method: 'POST', session: people.admin, body: { username, name: `${username}老师`, role, scope, password: `password of ${username}` } });
    sessions[username] = await login(url, username, `password of ${username}`);
  }
  receipt = await submit(url, [await upload(url, clip({ seconds: 3 }))]);
  work = await publish(url, people, receipt);
  const other = await submit(url, [await upload(url, clip({ seconds: 3 }))], { title: '=1+1' });
  await waitFor(url, other, 'in_review');
  assert.equal((await decide(url, people.jinan, (await queued(url, people.jinan, other.code)).id, 'return', ['blurred'])).status, 200);
  await waitFor(url, other, 'returned');
});
after(async () => {
  await stack.stop();
  rmSync(folder, { recursive: true });
});

async function sheet(path, session = sessions.auditor) {
  const answer = await fetch(`${url}${path}`, { headers: { Cookie: session.cookie } });
  return { status: answer.status, headers: answer.headers, bytes: Buffer.from(await answer.arrayBuffer()) };
}

// Texts of a spreadsheet, read from the archive's own directory.
function textsOf(bytes) {
  const end = bytes.lastIndexOf('PK\u0005\u0006', undefined, 'latin1');
  const comment = bytes.readUInt16LE(end + 20);
  assert.equal(end + 22 + comment, bytes.length, 'the signature is the archive’s comment');
  const files = {};
  for (let at = bytes.readUInt32LE(end + 16), n = bytes.readUInt16LE(end + 10); n > 0; n--) {
    const [method, size, name, extra, note, local] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28),
      bytes.readUInt16LE(at + 30), bytes.readUInt16LE(at + 32), bytes.readUInt32LE(at + 42)];
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const data = bytes.subarray(start, start + size);
    files[bytes.toString('utf8', at + 46, at + 46 + name)] = (method === 8 ? inflateRawSync(data) : data).toString('utf8');
    at += 46 + name + extra + note;
  }
  return files['xl/worksheets/sheet1.xml'] + (files['xl/sharedStrings.xml'] ?? '');
}

const verify = (bytes, more = [], data = stack.service.data) => {
  const file = join(folder, 'sheet');
  writeFileSync(file, bytes);
  const { status, stdout, stderr } = spawnSync(join(build, 'xuepai-service'), ['--verify-sheet', file, ...more], { env: { ...process.env, XUEPAI_DATA: data } });
  return { status, text: `${stdout}${stderr}` };
};

test('a work’s sheet says who decided what on which bytes', async () => {
  const { status, headers, bytes } = await sheet(`/api/v1/ledger/sheet.xlsx?work=${work}`);
  assert.equal(status, 200);
  assert.match(headers.get('content-disposition'), /attachment; filename="ledger\.xlsx"/);
  assert.equal(headers.get('cache-control'), 'private, no-store');
  const text = textsOf(bytes);
  const digest = sql(stack.service, `SELECT content_digest FROM publication WHERE submission = '${work}'`);
  for (const word of [receipt.code, '张老师，审核员', '王老师，审核员', '初审', '终审', '作出决定：通过', digest, '已通过 → 已发布', 'auditor老师']) {
    assert.ok(text.includes(word), word);
  }
  const hashes = sql(stack.service, `SELECT hash FROM ledger WHERE object = '${work}' AND action <> 'ledger.exported'`).split('\n');
  for (const hash of hashes) assert.ok(text.includes(hash), 'every record by its hash');
  assert.doesNotMatch(text, /李小梅|13800001234/);
});

test('the edition’s sheet has all works of the person’s region, texts stay texts', async () => {
  const { bytes } = await sheet('/api/v1/ledger/sheet.xlsx');
  const text = textsOf(bytes);
  assert.ok(text.includes('退回修改') && text.includes('画面模糊') && !text.includes('blurred') && text.includes(receipt.code));
  assert.doesNotMatch(text, /<f>/, 'no formula');
  const qingdao = await sheet('/api/v1/ledger/sheet.xlsx', sessions['auditor.qd']);
  assert.ok(!textsOf(qingdao.bytes).includes(receipt.code));
  assert.equal((await sheet(`/api/v1/ledger/sheet.xlsx?work=${work}`, sessions['auditor.qd'])).status, 404);
  const after = sql(stack.service, `SELECT MAX(seq) FROM ledger WHERE object = '${work}'`);
  assert.ok(!textsOf((await sheet(`/api/v1/ledger/sheet.xlsx?work=${work}&after=${after}`)).bytes).includes('作出决定'));
});

test('a take-down lost its reason on the sheet, a change of consent what it was about', async () => {
  const taken = await submit(url, [await upload(url, clip({ seconds: 3 }))], { title: '要下架的' });
  const id = await publish(url, people, taken);
  assert.equal((await api(url, `/api/v1/submissions/${taken.code}/consents`, { method: 'PUT', headers: { 'X-Pin': taken.pin }, body: { scopes: ['site'] } })).status, 200);
  assert.equal((await api(url, `/api/v1/works/${id}/take-down`, { method: 'POST', session: people.sheng, body: { reason: '侵犯肖像' } })).status, 204);
  const text = textsOf((await sheet(`/api/v1/ledger/sheet.xlsx?work=${id}`)).bytes);
  assert.ok(text.includes('侵犯肖像') && text.includes('本站、其他网站 → 本站'));
  const shown = (await api(url, `/api/v1/ledger?work=${id}`, { session: sessions.auditor })).json.items;
  const why = Object.fromEntries(shown.map((one) => [one.action, one.why]));
  assert.deepEqual([why['consent.changed'], why['submission.taken_down']], ['本站、其他网站 → 本站', '侵犯肖像']);
});

test('an edit lost on the sheet what it changed, and which bytes came of it', async () => {
  const sent = await submit(url, [await upload(url, clip({ seconds: 3 }))], { title: '家术', words: '旧说明' });
  await waitFor(url, sent, 'in_review');
  const { id } = await queued(url, people.jinan, sent.code);
  const mend = async (body) => assert.equal((await api(url, `/api/v1/queue/${id}`, { method: 'PATCH', session: people.jinan, body,
    headers: { 'If-Match': `"${(await queued(url, people.jinan, sent.code)).version}"` } })).status, 204);
  await mend({ title: '家书', words: '旧说明' });
  await mend({ title: '家书一封', words: '' });
  const edits = (await api(url, `/api/v1/ledger?work=${id}`, { session: sessions.auditor })).json.items.filter((one) => one.action === 'submission.edited');
  const pins = sql(stack.service, `SELECT content_digest FROM revision WHERE submission = '${id}' ORDER BY number`).split('\n');
  assert.deepEqual(edits.map((one) => [one.actor_name, one.why, one.detail.revision, one.detail.content]),
    [['张老师', '改了名称', 2, pins[1]], ['张老师', '改了名称、说明', 3, pins[2]]]);
  assert.ok(!JSON.stringify(edits).includes('旧说明'), 'which, not what');
  const text = textsOf((await sheet(`/api/v1/ledger/sheet.xlsx?work=${id}`)).bytes);
  for (const word of ['张老师，审核员', '改了名称、说明', pins[1], pins[2]]) assert.ok(text.includes(word), word);
});

test('the same on paper, with its fonts', async () => {
  const { bytes, headers } = await sheet(`/api/v1/ledger/sheet.pdf?work=${work}`);
  assert.equal(headers.get('content-type'), 'application/pdf');
  assert.ok(bytes.subarray(0, 5).toString() === '%PDF-' && bytes.includes('NotoSansCJK'));
  writeFileSync(join(build, 'ledger-sheet.pdf'), bytes);
});

test('only who may export, with the password given lately; and it is recorded', async () => {
  for (const person of [people.jinan, people.sheng, people.qingdao]) assert.equal((await sheet('/api/v1/ledger/sheet.pdf', person)).status, 403);
  assert.equal((await fetch(`${url}/api/v1/ledger/sheet.pdf`)).status, 401);
  const late = await login(url, 'org', 'password of org');
  assert.equal((await sheet('/api/v1/ledger/sheet.pdf', late)).status, 200);
  sql(stack.service, 'UPDATE login SET confirmed_ms = 1');
  const asked = await sheet('/api/v1/ledger/sheet.pdf', late);
  assert.deepEqual([asked.status, JSON.parse(asked.bytes).code], [403, 'confirm']);
  assert.equal((await api(url, '/api/v1/me/confirm', { method: 'POST', session: late, body: { password: 'password of org' } })).status, 204);
  assert.equal((await sheet('/api/v1/ledger/sheet.pdf', late)).status, 200);
  sessions.auditor = await login(url, 'auditor', 'password of auditor');
  assert.ok(Number(sql(stack.service, "SELECT COUNT(*) FROM ledger WHERE action = 'ledger.exported'")) >= 6);
});

test('a command verifies a sheet; any changed byte, a cut, a foreign signature are named', async () => {
  const key = (await api(url, '/api/v1/public-key')).json.public_key;
  assert.match(key, /^[0-9a-f]{64}$/);
  for (const kind of ['xlsx', 'pdf']) {
    const { bytes } = await sheet(`/api/v1/ledger/sheet.${kind}?work=${work}`);
    const good = verify(bytes);
    assert.deepEqual([good.status, good.text.startsWith('sheet right:'), good.text.includes(key)], [0, true, true], good.text);
    assert.equal(verify(bytes, ['--public-key', key], '/nowhere').status, 0, 'on another machine');
    for (let i = 0; i < 25; i++) {
      const at = Math.floor((bytes.length - 1) * i / 24);
      const changed = Buffer.from(bytes);
      changed[at] ^= 1;
      const bad = verify(changed);
      assert.ok(bad.status === 65 && /^sheet (changed|unsigned|foreign):/.test(bad.text), `${kind} byte ${at}: ${bad.text}`);
    }
    assert.match(verify(bytes.subarray(0, -1)).text, /^sheet unsigned/);
    assert.match(verify(Buffer.concat([bytes, Buffer.from('x')])).text, /^sheet unsigned/);
    assert.match(verify(bytes, ['--public-key', 'ab'.repeat(32)]).text, /^sheet foreign/);
  }
  assert.notEqual(verify(Buffer.from('x'), [], '/nowhere').status, 0);
});

test('the end of the ledger is told elsewhere, signed, until it is heard', async () => {
  const heard = [];
  let refusals = 2;
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', () => {
      heard.push({ body, signature: request.headers['xuepai-signature'], type: request.headers['content-type'], path: request.url });
      response.writeHead(refusals-- > 0 ? 503 : 204).end();
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const service = await startService({ environment: { XUEPAI_ANCHOR_SECONDS: '1', XUEPAI_LEDGER_ANCHOR_SECRET: 'between us',
    XUEPAI_LEDGER_ANCHOR_URL: `http://127.0.0.1:${server.address().port}/anchors` } });
  await until(() => heard.length >= 3, 'two refusals and an answer');
  const session = await login(service.url, 'admin', ADMIN_PASSWORD);
  await api(service.url, '/api/v1/staff', { method: 'POST', session, body: { username: 'person', name: '某', role: 'unit', scope: '370100', password: 'a password of a person' } });
  const [seq, hash] = sql(service, 'SELECT seq, hash FROM ledger ORDER BY seq DESC LIMIT 1').split('|');
  const told = await until(() => heard.find((one) => JSON.parse(one.body).seq === Number(seq)), 'the new end');
  assert.equal(JSON.parse(told.body).hash, hash);
  assert.equal(JSON.parse(told.body).public_key, (await api(service.url, '/api/v1/public-key')).json.public_key);
  for (const { body, signature, type, path } of heard) {
    const [, seconds, given] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature);
    assert.equal(given, createHmac('sha256', 'between us').update(`${seconds}.${body}`).digest('hex'));
    assert.ok(Math.abs(Date.now() / 1000 - seconds) < 300 && type === 'application/json' && path === '/anchors');
  }
  const count = heard.length;
  await new Promise((done) => setTimeout(done, 2300));
  assert.equal(heard.length, count, 'nothing is told twice');
  await service.stop();
  server.close();
});
