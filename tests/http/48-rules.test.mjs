// What an administrator sets for the edition from the console: who approves, why works go back, words to look at twice.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { sql, startService } from './support/service.mjs';
import { api, form, reviewers } from '../support/stack.mjs';

let service, url, people;

before(async () => {
  service = await startService({ environment: { XUEPAI_UNDO_SECONDS: '0' } });
  url = service.url;
  people = await reviewers(url);
});
after(() => service.stop());

// A work in review at the first stage, without media: those are not what is judged here.
async function inReview(title = '和奶奶一起读家书') {
  const made = await api(url, '/files', { method: 'POST', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '1000',
    'Upload-Metadata': `track ${Buffer.from('family-video').toString('base64')}` } });
  const receipt = (await api(url, '/api/v1/submissions', { method: 'POST',
    body: { ...form([made.headers.get('location').split('/').pop()]), title } })).json;
  sql(service, `UPDATE revision SET content_digest = 'digest' WHERE submission = (SELECT id FROM submission WHERE code = '${receipt.code}');
    UPDATE submission SET state = 'in_review', stage = 1 WHERE code = '${receipt.code}'`);
  return { ...receipt, id: sql(service, `SELECT id FROM submission WHERE code = '${receipt.code}'`) };
}

async function decide(work, session, action = 'approve', reasons = []) {
  const { version } = (await api(url, `/api/v1/queue/${work.id}`, { session })).json;
  return api(url, `/api/v1/queue/${work.id}/decision`, { method: 'POST', session, body: { action, reasons },
    headers: { 'If-Match': `"${version}"` } });
}
const stateOf = (work) => sql(service, `SELECT state FROM submission WHERE id = '${work.id}'`);
const setPolicy = (region, body, session = people.admin) =>
  api(url, `/api/v1/policies/${region}`, { method: body === null ? 'DELETE' : 'PUT', session, body: body ?? undefined });

test('policy B for one city: its approval publishes; taken back, the province decides again', async () => {
  assert.equal((await setPolicy('370100', { first: 1, second: 0, final: 0 })).status, 204);
  const { items, start, stages } = (await api(url, '/api/v1/policies', { session: people.admin })).json;
  assert.deepEqual(items, [{ region: '370100', people: { first: 1, second: 0, final: 0, sample_percent: 5 } }]);
  assert.deepEqual(start, { first: 1, second: 0, final: 1, sample_percent: 0 });
  assert.deepEqual(stages.map((one) => one.name), ['first', 'second', 'final']);
  const alone = await inReview();
  assert.equal((await decide(alone, people.jinan)).status, 200);
  assert.equal(stateOf(alone), 'published');
  assert.equal((await setPolicy('370100', null)).status, 204);
  const both = await inReview();
  await decide(both, people.jinan);
  assert.equal(stateOf(both), 'in_review');
  assert.equal((await decide(both, people.jinan)).status, 403, 'the city has no say at the last stage');
  await decide(both, people.sheng);
  assert.equal(stateOf(both), 'published');
});

test('two different people at one stage; a change of the title voids both', async () => {
  assert.equal((await setPolicy('370000', { first: 2, second: 0, final: 0 })).status, 204);
  const work = await inReview();
  await decide(work, people.jinan);
  assert.equal((await decide(work, people.jinan)).json.code, 'same-person');
  await api(url, `/api/v1/submissions/${work.code}`, { method: 'PATCH', body: { title: '换个名字' }, headers: { 'X-Pin': work.pin } });
  sql(service, `UPDATE revision SET content_digest = 'other' WHERE submission = '${work.id}' AND number = 2`);
  assert.equal((await decide(work, people.sheng)).status, 200);
  assert.equal(stateOf(work), 'in_review', 'the first approval was of another title');
  await decide(work, people.jinan);
  assert.equal(stateOf(work), 'published');
  assert.equal((await setPolicy('370000', null)).status, 204);
});

test('the last stage sends back to the first, with a note that only colleagues read; then both decide anew', async () => {
  const work = await inReview();
  const sent = async (session, note) => {
    const { version, actions } = (await api(url, `/api/v1/queue/${work.id}`, { session })).json;
    const answer = await api(url, `/api/v1/queue/${work.id}/decision`, { method: 'POST', session, body: { action: 'send_back', note }, headers: { 'If-Match': `"${version}"` } });
    return [answer.status, answer.json.code, actions.includes('send_back')];
  };
  assert.deepEqual(await sent(people.jinan, '再看看'), [409, 'state', false], 'nothing lies before the first stage');
  assert.equal((await decide(work, people.jinan)).status, 200);
  assert.deepEqual(await sent(people.sheng, ' '), [422, 'reason-missing', true]);
  assert.deepEqual(await sent(people.sheng, '门牌没有遮'), [200, undefined, true]);
  assert.equal(sql(service, `SELECT state || stage || revision FROM submission WHERE id = '${work.id}'`), 'in_review11');
  const told = await api(url, `/api/v1/submissions/${work.code}`, { headers: { 'X-Pin': work.pin } });
  assert.ok(!told.text.includes('门牌') && told.json.reason === undefined, told.text);
  const { history } = (await api(url, `/api/v1/queue/${work.id}`, { session: people.jinan })).json;
  assert.deepEqual(history.map((one) => [one.action, one.state, one.why]), [['approve', 'void', ''], ['send_back', 'effective', '门牌没有遮']]);
  assert.equal((await decide(work, people.sheng)).status, 200, 'who sent it back may look at the first stage');
  assert.equal((await decide(work, people.sheng)).json.code, 'same-person', 'and then not at the last');
  const again = await inReview();
  assert.equal((await decide(again, people.jinan)).status, 200);
  work.id = again.id;
  assert.equal((await sent(people.sheng, '门牌没有遮'))[0], 200);
  assert.equal((await decide(again, people.jinan)).status, 200, 'the same person of the city once more');
  assert.equal((await decide(again, people.sheng)).status, 200);
  assert.equal(stateOf(again), 'published');
});

test('a note of an escalation was told to the submitter', async () => {
  const work = await inReview();
  const { version } = (await api(url, `/api/v1/queue/${work.id}`, { session: people.jinan })).json;
  assert.equal((await api(url, `/api/v1/queue/${work.id}/decision`, { method: 'POST', session: people.jinan,
    body: { action: 'escalate', note: '家长可能冒名' }, headers: { 'If-Match': `"${version}"` } })).status, 200);
  const told = await api(url, `/api/v1/submissions/${work.code}`, { headers: { 'X-Pin': work.pin } });
  assert.ok(!told.text.includes('冒名') && told.json.reason === undefined, told.text);
});

test('what makes no sense is refused, and every change stands in the ledger', async () => {
  assert.equal((await setPolicy('370000', { first: 0, second: 0, final: 0 })).status, 400);
  assert.equal((await setPolicy('370000', { first: 1 })).status, 400);
  assert.equal((await setPolicy('370102', { first: 1, second: 0, final: 1 })).status, 404, 'a county has none');
  assert.equal((await setPolicy('370100', { first: 1, second: 0, final: 0 }, people.sheng)).status, 403);
  const { items } = (await api(url, '/api/v1/ledger', { session: people.admin })).json;
  const changes = items.filter((one) => one.action === 'policy.changed');
  assert.equal(changes.length, 4);
  assert.deepEqual(changes[0].detail.before, { first: 1, second: 0, final: 1, sample_percent: 0 });
  assert.deepEqual(changes[0].detail.after, { first: 1, second: 0, final: 0, sample_percent: 5 });
});

test('reasons of the edition: several at once, in the words a parent reads; one taken off stays readable', async () => {
  const before = (await api(url, '/api/v1/reasons', { session: people.jinan })).json.items;
  assert.equal(before.length, 11);
  const put = (items, session = people.admin) => api(url, '/api/v1/reasons', { method: 'PUT', session, body: { items } });
  const dim = { code: 'too-dark', label: '光线太暗', detail: '画面太暗了，请开灯或在窗边再拍。', action: 'return' };
  assert.equal((await put([dim, ...before.slice(0, 2)])).status, 204);
  const work = await inReview();
  assert.equal((await decide(work, people.jinan, 'return', ['watermark'])).status, 400, 'no longer offered');
  assert.equal((await decide(work, people.jinan, 'return', ['too-dark', 'no-sound'])).status, 200);
  await put([before[1], before[2]]);
  const status = (await api(url, `/api/v1/submissions/${work.code}`, { headers: { 'X-Pin': work.pin } })).json;
  assert.equal(status.reason.text, dim.detail + before[1].detail);
  for (const wrong of [[], [dim, dim], [{ ...dim, code: 'A b' }], [{ ...dim, detail: '' }], [{ ...dim, action: 'x' }], [{ ...dim, label: '长'.repeat(21) }]]) {
    assert.equal((await put(wrong)).status, 400);
  }
  assert.deepEqual((await api(url, '/api/v1/reasons', { session: people.sheng })).json.items.map((one) => one.code),
    ['no-sound', 'watermark'], 'what was refused changed nothing');
  assert.equal((await put(before, people.jinan)).status, 403);
  assert.equal((await put(before)).status, 204);
});

test('words of the administrator point at a title, with why', async () => {
  const put = (items) => api(url, '/api/v1/words', { method: 'PUT', session: people.admin, body: { items } });
  assert.equal((await put([{ word: '加薇', why: '像是广告' }])).status, 204);
  const work = await inReview('加 薇领取奖品');
  const hit = (await api(url, `/api/v1/queue/${work.id}`, { session: people.jinan })).json.word_hits
    .find((one) => one.word === '加薇');
  assert.deepEqual(hit, { word: '加薇', where: '名称', why: '像是广告' });
  const shown = (await api(url, '/api/v1/words', { session: people.admin })).json;
  assert.deepEqual(shown.items, [{ word: '加薇', why: '像是广告' }]);
  assert.ok(shown.fixed.length > 0);
  for (const wrong of [[{ word: '', why: 'x' }], [{ word: 'x' }], Array(501).fill({ word: 'x', why: 'y' })]) {
    assert.equal((await put(wrong)).status, 400);
  }
  assert.equal((await put([])).status, 204);
  assert.deepEqual((await api(url, `/api/v1/queue/${work.id}`, { session: people.jinan })).json.word_hits
    .filter((one) => one.word === '加薇'), []);
});
