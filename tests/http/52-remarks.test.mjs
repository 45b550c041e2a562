// The desk beside decisions: notes and messages, visitors' reports, take-down
// everywhere within a second, and the stream that says that something moved.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { api, clip, decide, publish, queued, reviewers, sleep, startStack, submit, upload, waitFor } from '../support/stack.mjs';

let stack, people;
const send = async (more) => submit(stack.url, [await upload(stack.url, clip({ seconds: 3 }))], more);
const post = (path, session, body) => api(stack.url, path, { method: 'POST', session, body });
before(async () => {
  stack = await startStack();
  people = await reviewers(stack.url);
});
after(() => stack.stop());

test('notes stay among staff, messages go both ways, neither changes the work', async () => {
  const receipt = await send();
  await waitFor(stack.url, receipt, 'in_review');
  const before = await queued(stack.url, people.jinan, receipt.code);
  const path = `/api/v1/queue/${before.id}/remarks`;
  assert.equal((await post(path, people.jinan, { kind: 'note', text: '这里露出了车牌', position_ms: 1300 })).status, 204);
  assert.equal((await post(path, people.jinan, { kind: 'message', text: '方便的话，请把门牌遮一下' })).status, 204);
  assert.equal((await post(path, people.qingdao, { kind: 'note', text: '别的市' })).status, 404);
  assert.equal((await post(path, people.jinan, { kind: 'note', text: '  ' })).status, 400);
  assert.equal((await post(path, people.jinan, { kind: 'message', text: '时刻', position_ms: 5 })).status, 400);

  const own = { 'X-Pin': receipt.pin };
  const messages = `/api/v1/submissions/${receipt.code}/messages`;
  assert.equal((await api(stack.url, messages)).status, 403);
  assert.equal((await api(stack.url, messages, { method: 'POST', headers: own, body: { text: '好的，我重新拍' } })).status, 204);
  const told = (await api(stack.url, messages, { headers: own })).json.items;
  assert.deepEqual(told.map((one) => [one.author, one.text]),
    [['工作人员', '方便的话，请把门牌遮一下'], ['您', '好的，我重新拍']], 'no note, no name of staff');

  const now = await queued(stack.url, people.jinan, receipt.code);
  assert.equal(now.version, before.version);
  assert.deepEqual(now.remarks.map((one) => [one.kind, one.author, one.position_ms]),
    [['note', '张老师', 1300], ['message', '张老师', null], ['message', 'submitter', null]]);
  const ledger = (await api(stack.url, `/api/v1/ledger?work=${before.id}`, { session: people.jinan })).json.items;
  assert.equal(ledger.filter((one) => one.action.startsWith('remark.')).length, 3);
  assert.ok(!JSON.stringify(ledger).includes('车牌'), 'the ledger tells that, not what');
});

test('words of the list are shown with their reason and decide nothing', async () => {
  const receipt = await send({ title: '加 微 信看全集', words: '每晚二十分钟' });
  await waitFor(stack.url, receipt, 'in_review');
  const item = await queued(stack.url, people.jinan, receipt.code);
  assert.deepEqual(item.word_hits, [{ word: '加微信', where: '名称', why: '可能在留联系方式或做推广' }]);
  assert.ok(item.checks.some((one) => one.level === 'warn' && one.text.includes('名称里有“加微信”')));
  assert.ok(item.actions.includes('approve'));
});

test('a report hides nothing; one taken down is gone everywhere within a second', async () => {
  const receipt = await send();
  const id = await publish(stack.url, people, receipt);
  const work = (await api(stack.url, `/api/v1/works/${id}`)).json;
  const report = (body) => api(stack.url, `/api/v1/works/${id}/reports`, { method: 'POST', body });
  assert.equal((await report({ reason: 'privacy', text: '有门牌', contact: '13900000000' })).status, 204);
  assert.equal((await report({ reason: 'privacy', text: '再说一次' })).status, 204);
  assert.equal((await report({ reason: 'boring' })).status, 400);
  assert.equal((await api(stack.url, '/api/v1/works/nothing/reports', { method: 'POST', body: { reason: 'other' } })).status, 404);
  assert.equal((await api(stack.url, `/v/${id}`)).status, 200, 'still there');

  const open = (await api(stack.url, '/api/v1/reports', { session: people.jinan })).json.items;
  assert.equal(open.length, 1, 'one a day of one visitor');
  assert.deepEqual([open[0].work, open[0].reason, open[0].text, open[0].contact], [id, 'privacy', '有门牌', '13900000000']);
  assert.deepEqual((await api(stack.url, '/api/v1/reports', { session: people.qingdao })).json.items, []);
  assert.equal((await api(stack.url, '/api/v1/reports')).status, 401);
  const keep = (session) => api(stack.url, `/api/v1/works/${id}/reports`, { method: 'DELETE', session });
  assert.equal((await keep(people.qingdao)).status, 404);
  assert.equal((await keep(people.jinan)).status, 204);
  assert.deepEqual((await api(stack.url, '/api/v1/reports', { session: people.jinan })).json.items, []);

  assert.equal((await report({ reason: 'portrait' })).status, 204, 'a closed report makes room for a new one');
  const paths = [`/v/${id}`, `/embed/${id}`, `/api/v1/works/${id}`, work.sources[0].src.replace(stack.url, ''),
    work.poster.replace(stack.url, ''), `/oembed?url=${encodeURIComponent(work.url)}`];
  const start = performance.now();
  assert.equal((await post(`/api/v1/works/${id}/take-down`, people.jinan, { reason: '侵犯肖像' })).status, 204);
  for (const path of paths) assert.equal((await api(stack.url, path)).status, 404, path);
  for (const list of ['/feed.xml', '/feed.json', '/sitemap.xml', '/city/370100', '/']) {
    assert.ok(!(await api(stack.url, list)).text.includes(id), list);
  }
  const taken = performance.now() - start;
  assert.ok(taken <= 1000, `${taken} ms`);
  const ledger = (await api(stack.url, `/api/v1/ledger?work=${id}`, { session: people.jinan })).json.items;
  assert.deepEqual(ledger.slice(-2).map((one) => one.action), ['submission.taken_down', 'report.closed']);
  assert.equal(ledger.at(-1).detail.outcome, 'taken_down');
});

test('live: the first answer names the moment, the next one comes when something moved', async () => {
  const first = await api(stack.url, '/api/v1/live', { session: people.jinan });
  assert.equal(first.headers.get('content-type'), 'text/event-stream');
  const id = /^id: (\d+)$/m.exec(first.text)[1];
  assert.match(first.text, /^event: alive$/m);
  const receipt = await send();
  const start = performance.now();
  const second = await api(stack.url, '/api/v1/live', { session: people.jinan, headers: { 'Last-Event-ID': id } });
  assert.match(second.text, /^event: moved$/m);
  assert.ok(performance.now() - start < 3000);
  await waitFor(stack.url, receipt, 'in_review');
  const settled = /^id: (\d+)$/m.exec((await api(stack.url, '/api/v1/live', { session: people.jinan })).text)[1];
  const waiting = api(stack.url, '/api/v1/live', { session: people.jinan, headers: { 'Last-Event-ID': settled } });
  assert.equal(await Promise.race([waiting.then(() => 'answered'), sleep(300).then(() => 'waits')]), 'waits');
  await decide(stack.url, people.jinan, (await queued(stack.url, people.jinan, receipt.code)).id);
  assert.match((await waiting).text, /^event: moved$/m);
});
