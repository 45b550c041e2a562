// Who leaves which works to others: one telephone number is one person, whoever sent a work does not decide on it, and nobody
// decides on works of the own school. Works lie in review by hand: their media are not what this is about.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { sql, startService } from './support/service.mjs';
import { api, decide, form, login, reviewers, upload } from '../support/stack.mjs';

let service, url, people;
before(async () => {
  service = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent', XUEPAI_UNDO_SECONDS: '0' } });
  url = service.url;
  people = await reviewers(url);
});
after(() => service.stop());

const BYTES = Buffer.alloc(900, 7);
const staff = async () => (await api(url, '/api/v1/staff', { session: people.admin })).json.items;
const person = async (username) => (await staff()).find((one) => one.username === username);
const patch = async (username, body, session = people.admin) =>
  api(url, `/api/v1/staff/${(await person(username)).id}`, { method: 'PATCH', session, body });
const putPhone = (session, phone) => api(url, '/api/v1/me/phone', { method: 'PUT', session, body: { phone } });
const item = async (id, session) => (await api(url, `/api/v1/queue/${id}`, { session })).json;

function review(code) {
  sql(service, `UPDATE revision SET content_digest = 'digest' WHERE submission = (SELECT id FROM submission WHERE code = '${code}');
    UPDATE submission SET state = 'in_review', stage = 1 WHERE code = '${code}'`);
  return sql(service, `SELECT id FROM submission WHERE code = '${code}'`);
}
async function waiting(more = {}) {
  const sent = await api(url, '/api/v1/submissions', { method: 'POST', body: form([await upload(url, BYTES)], more) });
  assert.equal(sent.status, 201, sent.text);
  return review(sent.json.code);
}
async function refused(session, work, code) {
  const answer = await decide(url, session, work);
  assert.deepEqual([answer.status, answer.json.code], [409, code]);
  assert.ok(/[\u4e00-\u9fff]/.test(answer.json.detail));
  assert.deepEqual((await item(work, session)).actions, [], 'and the desk offers nothing');
}

test('a number is set by the person or the administrator, shown with stars, sealed, and recorded', async () => {
  assert.equal((await putPhone(people.jinan, '+86 139 0000 0001')).status, 204);
  assert.equal((await api(url, '/api/v1/me', { session: people.jinan })).json.phone, '139****0001');
  assert.equal((await putPhone(people.jinan, '0531-888')).json.code, 'phone-invalid');
  assert.equal((await patch('qingdao', { phone: '13900000002' })).status, 204);
  assert.equal((await person('qingdao')).phone, '139****0002');
  assert.equal((await api(url, '/api/v1/me', { session: people.qingdao })).status, 200, 'which ends nobody’s login');
  assert.equal((await patch('qingdao', { phone: 'x' })).json.code, 'phone-invalid');
  assert.equal((await patch('qingdao', { phone: '' })).status, 204);
  assert.equal((await person('qingdao')).phone, '');
  const records = (await api(url, '/api/v1/ledger', { session: people.admin })).json.items.filter((one) => one.action === 'staff.phone');
  assert.equal(records.length, 3);
  assert.deepEqual(records.map((one) => one.detail.digest.length).sort((a, b) => a - b), [0, 16, 16]);
  const stored = sql(service, 'SELECT phone FROM staff UNION SELECT identity FROM staff_phone UNION SELECT detail FROM ledger');
  assert.ok(!/1390000000\d/.test(stored) && !/1390000000\d/.test(service.log), 'nowhere in the clear');
});

test('two accounts of one number cannot give two of the approvals, whatever they change in between', async () => {
  await putPhone(people.jinan, '13900000001');
  await putPhone(people.sheng, '13900000001');
  const [work, other] = [await waiting(), await waiting()];
  assert.equal((await decide(url, people.jinan, work)).status, 200);
  await refused(people.sheng, work, 'same-person');
  const { version } = await item(work, people.sheng);
  const bulk = await api(url, '/api/v1/queue/bulk', { method: 'POST', session: people.sheng, body: { items: [{ id: work, version }], action: 'approve', reasons: [] } });
  assert.deepEqual(bulk.json.skipped.map((one) => one.code), ['same-person']);
  await putPhone(people.sheng, '13900000003');
  await refused(people.sheng, work, 'same-person');
  await putPhone(people.jinan, '');
  await refused(people.sheng, work, 'same-person');

  sql(service, 'UPDATE staff_phone SET left_ms = 1 WHERE left_ms > 0'); // half a year later
  sql(service, 'DELETE FROM staff_phone WHERE left_ms = 1');
  assert.equal((await decide(url, people.sheng, work)).status, 200);
  assert.equal((await decide(url, people.jinan, other)).status, 200);
  assert.equal((await decide(url, people.sheng, other)).status, 200, 'two people, two numbers');
});

test('a work that came from the own number is decided by somebody else', async () => {
  await putPhone(people.jinan, '13900000004');
  const work = await waiting({ phone: '139 0000 0004' });
  await refused(people.jinan, work, 'own-work');
  assert.equal((await decide(url, people.sheng, await waiting())).status, 200);
});

test('a work of the own school is decided by somebody else: by its link, by its account', async () => {
  const link = await api(url, '/api/v1/entry-links', { method: 'POST', session: people.admin, body: { region: '370102', name: '解放路 第一小学' } });
  const work = await waiting({ link: link.json.url.split('/').pop() });
  assert.equal((await item(work, people.jinan)).unit, '解放路 第一小学');
  assert.equal((await patch('jinan', { unit: '解放路第一小学' })).status, 204);
  assert.equal((await api(url, '/api/v1/me', { session: people.jinan })).status, 401, 'another unit ends the logins');
  people.jinan = await login(url, 'jinan', 'password of jinan');
  await refused(people.jinan, work, 'recused');
  assert.equal((await decide(url, people.jinan, await waiting())).status, 200, 'others as before');

  await api(url, '/api/v1/staff', { method: 'POST', session: people.admin, body: { username: 'school', name: '解放路第一小学', role: 'unit', scope: '370102', password: 'password of school' } });
  const school = await login(url, 'school', 'password of school');
  const csv = '类别,作品名称,县区,联系人,手机号,文件,同意展示\nfamily-video,跳绳,历下区,张三,13900000005,a.mp4,是';
  const sent = await api(url, '/api/v1/batches', { method: 'POST', session: school, body: { csv, files: { 'a.mp4': await upload(url, BYTES) } } });
  assert.equal(sent.json.created, 1, sent.text);
  const batch = review(sent.json.items[0].code);
  await refused(people.jinan, batch, 'recused');
  assert.equal((await patch('jinan', { unit: '' })).status, 204);
  people.jinan = await login(url, 'jinan', 'password of jinan');
  await putPhone(people.jinan, '13900000005');
  await refused(people.jinan, batch, 'own-work');
  assert.equal((await patch('jinan', { unit: '长'.repeat(41) })).status, 400);
});

test('who may not decide on a work could rewrite its title', async () => {
  await api(url, `/api/v1/staff/${(await person('qingdao')).id}`, { method: 'PATCH', session: people.admin, body: { scope: '370100', recusals: ['370103'] } });
  people.qingdao = await login(url, 'qingdao', 'password of qingdao');
  await putPhone(people.qingdao, '13900000006');
  const mend = async (work, method, path, body) => {
    const { version } = await item(work, people.qingdao);
    const answer = await api(url, `/api/v1/queue/${work}${path}`, { method, session: people.qingdao, body, headers: { 'If-Match': `"${version}"` } });
    return [answer.status, answer.json?.code ?? null];
  };
  for (const [more, reason] of [[{ phone: '13900000006' }, 'own-work'], [{ region: '370103' }, 'recused']]) {
    const work = await waiting(more);
    assert.deepEqual(await mend(work, 'PATCH', '', { title: '第一名' }), [409, reason]);
    assert.deepEqual(await mend(work, 'PUT', '/cover', { cover_ms: 0 }), [409, reason]);
  }
  assert.deepEqual(await mend(await waiting(), 'PATCH', '', { title: '第一名' }), [204, null], 'others as before');
});
