// The province's sample: what a city publishes alone is drawn by the ledger's own hash, looked at while it stays public, and
// confirmed, sent back or taken down; one record each.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { sql, startService } from './support/service.mjs';
import { api, decide, form, reviewers } from '../support/stack.mjs';

let service, url, people;

before(async () => {
  service = await startService({ environment: { XUEPAI_UNDO_SECONDS: '0' } });
  url = service.url;
  people = await reviewers(url);
});
after(() => service.stop());

const policy = (sample_percent) => api(url, '/api/v1/policies/370100', { method: 'PUT', session: people.admin,
  body: { first: 1, second: 0, final: 0, ...(sample_percent === undefined ? {} : { sample_percent }) } });

// A work without media that the city has published.
async function published(by = people.jinan) {
  const made = await api(url, '/files', { method: 'POST', headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '1000',
    'Upload-Metadata': `track ${Buffer.from('family-video').toString('base64')}` } });
  const receipt = (await api(url, '/api/v1/submissions', { method: 'POST', body: form([made.headers.get('location').split('/').pop()]) })).json;
  sql(service, `UPDATE revision SET content_digest = 'digest' WHERE submission = (SELECT id FROM submission WHERE code = '${receipt.code}');
    UPDATE submission SET state = 'in_review', stage = 1 WHERE code = '${receipt.code}'`);
  const work = { ...receipt, id: sql(service, `SELECT id FROM submission WHERE code = '${receipt.code}'`) };
  assert.equal((await decide(url, by, work.id)).status, 200);
  assert.equal(stateOf(work), 'published');
  return work;
}
const stateOf = (work) => sql(service, `SELECT state FROM submission WHERE id = '${work.id}'`);
const ledgerOf = async (work) => (await api(url, `/api/v1/ledger?work=${work.id}`, { session: people.admin })).json.items;
const actionsOf = async (work) => (await ledgerOf(work)).map((one) => one.action);
const sampled = async (query = '', session = people.sheng) => (await api(url, `/api/v1/queue?sample=1${query}`, { session })).json.items.map((one) => one.id);
const page = async (work) => (await api(url, `/v/${work.id}`)).status;
const figures = async (session = people.sheng) => (await api(url, '/api/v1/figures', { session })).json.sample;
async function act(work, session, action, note = '') {
  const { version } = (await api(url, `/api/v1/queue/${work.id}`, { session })).json;
  return api(url, `/api/v1/queue/${work.id}/decision`, { method: 'POST', session, body: { action, note }, headers: { 'If-Match': `"${version}"` } });
}

test('the share is data of the policy: 5 where the province does not approve, 0 where it does', async () => {
  const of = async () => (await api(url, '/api/v1/policies', { session: people.admin })).json;
  assert.equal((await of()).start.sample_percent, 0);
  assert.equal((await policy()).status, 204);
  assert.deepEqual((await of()).items, [{ region: '370100', people: { first: 1, second: 0, final: 0, sample_percent: 5 } }]);
  assert.equal((await policy(101)).status, 400);
  assert.equal((await policy(-1)).status, 400);
  assert.equal((await policy('5')).status, 400);
  assert.equal((await policy(0)).status, 204);
  const work = await published();
  assert.deepEqual((await ledgerOf(work)).at(-1).detail, {}, 'no share, no draw');
  assert.deepEqual(await sampled(), []);
});

test('whoever has the ledger can draw again: the hash of each publication decides', async () => {
  assert.equal((await policy(50)).status, 204);
  const drawn = [];
  for (let i = 0; i < 12; i++) {
    const work = await published();
    const records = await ledgerOf(work);
    const record = records.find((one) => one.action === 'submission.published');
    assert.equal(record.detail.sample_percent, 50);
    const isDrawn = parseInt(record.hash.slice(0, 8), 16) / 2 ** 32 < 0.5;
    const own = records.filter((one) => one.action === 'sample.drawn');
    assert.equal(own.length, isDrawn ? 1 : 0);
    if (isDrawn) {
      assert.deepEqual(own[0].detail, { record: record.seq, revision: 1, sample_percent: 50 });
      drawn.push(work.id);
    }
  }
  assert.deepEqual(await sampled(), drawn, 'in the order of their publication');
  assert.equal((await api(url, '/api/v1/queue/counts', { session: people.sheng })).json.samples, drawn.length);
  assert.equal((await api(url, '/api/v1/queue/counts', { session: people.jinan })).json.samples, 0);
  if (drawn.length > 1) {
    const first = (await api(url, '/api/v1/queue?sample=1&limit=1', { session: people.sheng })).json;
    assert.equal(first.items[0].id, drawn[0]);
    assert.equal((await sampled(`&limit=1&after=${first.next}`))[0], drawn[1]);
  }
  assert.deepEqual(await sampled('&region=370200'), []);
  assert.deepEqual(await sampled('&track=life-video'), []);
  sql(service, "UPDATE sample SET state = 'gone' WHERE state = 'waiting'"); // out of the other tests' way
});

test('confirmed: it stays public, nobody looks twice, and one record says who looked', async () => {
  assert.equal((await policy(100)).status, 204);
  const before = await figures();
  const work = await published();
  assert.deepEqual(await sampled(), [work.id]);
  assert.equal((await api(url, '/api/v1/queue?sample=1', { session: people.jinan })).status, 403, 'the province looks');
  const item = async (session) => (await api(url, `/api/v1/queue/${work.id}`, { session })).json;
  assert.deepEqual((await item(people.sheng)).actions, ['send_back', 'confirm', 'take_down']);
  assert.deepEqual((await item(people.jinan)).actions, [], 'nor does who approved it');
  assert.equal((await act(work, people.jinan, 'confirm')).status, 403);
  assert.equal((await act(work, people.sheng, 'approve')).json.code, 'state', 'it is approved already');
  assert.equal((await act(work, people.sheng, 'confirm')).status, 200);
  assert.deepEqual([stateOf(work), await page(work), await sampled()], ['published', 200, []]);
  assert.deepEqual((await actionsOf(work)).slice(-3), ['sample.drawn', 'decision.made', 'sample.confirmed']);
  assert.equal((await ledgerOf(work)).at(-1).actor_name, '王老师');
  assert.equal((await act(work, people.sheng, 'confirm')).json.code, 'state', 'once');
  assert.deepEqual((await item(people.sheng)).history.map((one) => one.action), ['approve', 'confirm']);
  assert.deepEqual(await figures(), { drawn: before.drawn + 1, looked_at: before.looked_at + 1, overturned: before.overturned });
  assert.equal((await figures(people.qingdao)).drawn, 0, 'of the own region');
});

test('sent back with a note: not public, at the city again with its approval void; published again it is drawn again', async () => {
  const before = await figures();
  const work = await published();
  assert.equal((await act(work, people.sheng, 'send_back', ' ')).json.code, 'reason-missing');
  assert.equal((await act(work, people.sheng, 'send_back', '门牌没有遮')).status, 200);
  assert.equal(sql(service, `SELECT state || stage || revision FROM submission WHERE id = '${work.id}'`), 'in_review11');
  assert.deepEqual([await page(work), await sampled()], [404, []]);
  assert.deepEqual((await actionsOf(work)).slice(-2), ['decision.made', 'submission.sent_back']);
  const { history } = (await api(url, `/api/v1/queue/${work.id}`, { session: people.jinan })).json;
  assert.deepEqual(history.map((one) => [one.action, one.state, one.why]), [['approve', 'void', ''], ['send_back', 'effective', '门牌没有遮']]);
  const told = await api(url, `/api/v1/submissions/${work.code}`, { headers: { 'X-Pin': work.pin } });
  assert.ok(!told.text.includes('门牌'), 'colleagues alone read it');
  assert.deepEqual(await figures(), { drawn: before.drawn + 1, looked_at: before.looked_at + 1, overturned: before.overturned + 1 });
  assert.equal((await decide(url, people.jinan, work.id)).status, 200, 'the same person of the city once more');
  assert.deepEqual([stateOf(work), await page(work), await sampled()], ['published', 200, [work.id]]);
  assert.equal((await act(work, people.sheng, 'confirm')).status, 200);
});

test('taken down by the province counts as looked at; by its city, or withdrawn, it is gone from the sample', async () => {
  const before = await figures();
  const [down, other, gone] = [await published(), await published(), await published()];
  const takeDown = (work, session) => api(url, `/api/v1/works/${work.id}/take-down`, { method: 'POST', session, body: { reason: '隐私' } });
  assert.equal((await takeDown(down, people.sheng)).status, 204);
  assert.equal((await takeDown(other, people.jinan)).status, 204);
  assert.equal((await api(url, `/api/v1/submissions/${gone.code}`, { method: 'DELETE', headers: { 'X-Pin': gone.pin } })).status, 200);
  assert.deepEqual(await sampled(), []);
  assert.deepEqual(await figures(), { drawn: before.drawn + 3, looked_at: before.looked_at + 1, overturned: before.overturned + 1 });
  assert.equal((await act(gone, people.sheng, 'confirm')).json.code, 'state');
});

test('who approved a work does not look at it again for the province', async () => {
  const work = await published(people.sheng);
  assert.deepEqual((await api(url, `/api/v1/queue/${work.id}`, { session: people.sheng })).json.actions, []);
  assert.equal((await act(work, people.sheng, 'confirm')).json.code, 'same-person');
  assert.equal((await api(url, '/api/v1/ledger/verify', { method: 'POST', session: people.admin })).json.whole, true);
});

test('a confirmation can be taken back while its window is open; withdrawn meanwhile, the work is gone and nothing is confirmed', async () => {
  const { data } = service;
  await policy(100);
  const work = await published();
  await service.stop({ keep: true });
  service = await startService({ data, environment: { XUEPAI_UNDO_SECONDS: '600' } });
  url = service.url;
  const before = await figures();
  const { decision } = (await act(work, people.sheng, 'confirm')).json;
  assert.ok(!(await sampled()).includes(work.id), 'it is decided on');
  assert.equal((await api(url, `/api/v1/decisions/${decision}`, { method: 'DELETE', session: people.sheng })).status, 204);
  assert.ok((await sampled()).includes(work.id));
  assert.equal((await act(work, people.sheng, 'confirm')).status, 200);
  assert.equal((await api(url, `/api/v1/submissions/${work.code}`, { method: 'DELETE', headers: { 'X-Pin': work.pin } })).status, 200);
  assert.equal(sql(service, `SELECT state FROM decision WHERE submission = '${work.id}' ORDER BY made_ms DESC, state DESC LIMIT 1`), 'void');
  assert.deepEqual(await figures(), before, 'nobody has looked');
  assert.ok(!(await actionsOf(work)).includes('sample.confirmed'));
});
