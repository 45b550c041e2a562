// The desk beside decisions: notes and messages, visitors' reports, take-down
// everywhere at once, and the stream that says that something moved.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { sql } from './support/service.mjs';
import { publishMany } from '../support/published.mjs';
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

test('a reviewer mends title and words: approvals are void, it is decided on anew, and the submitter is told', async () => {
  const receipt = await send({ title: '和奶奶一起读家术', words: '电话 13800000000' });
  await waitFor(stack.url, receipt, 'in_review');
  const { id } = await queued(stack.url, people.jinan, receipt.code);
  const item = async () => (await api(stack.url, `/api/v1/queue/${id}`, { session: people.jinan })).json;
  const mend = async (body, session = people.jinan, version) => api(stack.url, `/api/v1/queue/${id}`,
    { method: 'PATCH', session, body, headers: { 'If-Match': `"${version ?? (await item()).version}"` } });
  const stands = () => sql(stack.service, `SELECT s.state || ' ' || s.stage || ' ' || r.number || ' ' || r.title || '|' || r.words FROM submission s JOIN revision r ON r.submission = s.id AND r.number = s.revision WHERE s.id = '${id}'`);
  const messages = async () => (await api(stack.url, `/api/v1/submissions/${receipt.code}/messages`, { headers: { 'X-Pin': receipt.pin } })).json.items.map((one) => one.text);
  const code = (answer) => [answer.status, answer.json?.code ?? null];

  assert.equal((await decide(stack.url, people.jinan, id)).status, 200);
  const before = await item();
  assert.equal((await mend({ title: 'x' }, people.qingdao, 1)).status, 404, 'of another city');
  assert.equal((await mend({ title: 'x' }, people.admin, before.version)).status, 403, 'who may not decide');
  assert.deepEqual(code(await mend({ title: 'x' }, people.jinan, before.version - 1)), [409, 'version']);
  assert.deepEqual(code(await mend({ title: ' ' })), [422, 'title-missing']);
  assert.deepEqual(code(await mend({ title: '长'.repeat(31) })), [422, 'title-too-long']);
  assert.equal((await mend({ title: 7 })).status, 400);
  assert.equal((await mend({ title: ' 和奶奶一起读家术 ', words: '电话 13800000000' })).status, 204, 'the same');
  assert.deepEqual([stands(), (await item()).version, await messages()], ['in_review 2 1 和奶奶一起读家术|电话 13800000000', before.version, []]);

  assert.equal((await mend({ title: '和奶奶一起读家书' })).status, 204);
  assert.equal(stands(), 'in_review 1 2 和奶奶一起读家书|电话 13800000000');
  assert.deepEqual((await item()).history.map((one) => one.revision), [1], 'the approval was of the old title');
  assert.equal((await mend({ words: '' })).status, 204);
  assert.equal(stands(), 'in_review 1 3 和奶奶一起读家书|');
  assert.deepEqual(await messages(), ['审核时把名称改成了“和奶奶一起读家书”，通过后就这样展示。', '审核时改了作品的说明，通过后就这样展示。']);
  const news = (await api(stack.url, `/api/v1/ledger?work=${id}`, { session: people.admin })).json.items.slice(-4);
  assert.deepEqual(news.map((one) => [one.action, one.role]), ['submission.edited', 'remark.sent', 'submission.edited', 'remark.sent'].map((action) => [action, 'reviewer']));
  assert.ok(!JSON.stringify(news).includes('13800000000'));

  await publish(stack.url, people, receipt);
  assert.match((await api(stack.url, `/v/${id}`)).text, /和奶奶一起读家书/);
  assert.equal((await mend({ title: '和奶奶读家书' })).status, 204);
  assert.deepEqual([stands(), (await api(stack.url, `/v/${id}`)).status], ['in_review 1 4 和奶奶读家书|', 404], 'gone at once, until it is approved');
  await publish(stack.url, people, receipt);
  assert.match((await api(stack.url, `/v/${id}`)).text, /和奶奶读家书/);
  await api(stack.url, `/api/v1/submissions/${receipt.code}`, { method: 'DELETE', headers: { 'X-Pin': receipt.pin } });
  assert.deepEqual(code(await mend({ title: '又改' })), [409, 'state'], 'what was withdrawn is nobody\'s to mend');
  assert.equal(stands().split(' ')[0], 'withdrawn');
});

test('words of the list are shown with their reason and decide nothing', async () => {
  const receipt = await send({ title: '加 微 信看全集', words: '每晚二十分钟' });
  await waitFor(stack.url, receipt, 'in_review');
  const item = await queued(stack.url, people.jinan, receipt.code);
  assert.deepEqual(item.word_hits, [{ word: '加微信', where: '名称', why: '可能在留联系方式或做推广' }]);
  assert.ok(item.checks.some((one) => one.level === 'warn' && one.text.includes('名称里有“加微信”')));
  assert.ok(item.actions.includes('approve'));
});

test('a report hides nothing; one taken down is gone everywhere at once', async () => {
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
  assert.equal((await post(`/api/v1/works/${id}/take-down`, people.jinan, { reason: '侵犯肖像' })).status, 204);
  for (const path of paths) assert.equal((await api(stack.url, path)).status, 404, path); // at once
  const page = await api(stack.url, `/v/${id}`, { headers: { Accept: 'text/html' } });
  assert.ok(page.status === 404 && /已经下架/.test(page.text) && !/侵犯肖像/.test(page.text), 'a page with its own words, without the reason');
  for (const list of ['/feed.xml', '/feed.json', '/sitemap.xml', '/city/370100', '/']) {
    assert.ok(!(await api(stack.url, list)).text.includes(id), list);
  }
  const ledger = (await api(stack.url, `/api/v1/ledger?work=${id}`, { session: people.jinan })).json.items;
  assert.deepEqual(ledger.slice(-2).map((one) => one.action), ['submission.taken_down', 'report.closed']);
  assert.equal(ledger.at(-1).detail.outcome, 'taken_down');
});

test('reports: the most pressing work first', async () => {
  publishMany(stack.service, 3);
  const works = [1, 2, 3].map((n) => `w${String(n).padStart(25, '0')}`);
  // another visitor each time: the peer is part of what makes a report one's own
  const tell = (work, reason, n) => sql(stack.service, `INSERT INTO report (id, submission, reason, text, contact, peer_digest, state, made_ms)
    VALUES ('${reason}${n}${work}', '${work}', '${reason}', '', '', '${n}', 'open', ${n})`);
  tell(works[0], 'other', 1);
  tell(works[0], 'other', 2);
  tell(works[1], 'portrait', 9); // one that concerns a person weighs more than two others
  tell(works[2], 'copyright', 3);
  tell(works[2], 'other', 4);
  tell(works[2], 'privacy', 5);
  const open = (await api(stack.url, '/api/v1/reports', { session: people.sheng })).json.items;
  assert.deepEqual([...new Set(open.map((one) => one.work))], [works[2], works[1], works[0]]);
  assert.deepEqual(open.map((one) => one.priority), [6, 6, 6, 3, 2, 2]);
  for (const work of works) assert.equal((await api(stack.url, `/v/${work}`)).status, 200, 'nothing is taken down by itself');
});

test('live: the first answer names the moment, the next one comes when something moved', async () => {
  const first = await api(stack.url, '/api/v1/live', { session: people.jinan });
  assert.equal(first.headers.get('content-type'), 'text/event-stream');
  const id = /^id: (\S+)$/m.exec(first.text)[1];
  assert.match(first.text, /^event: alive$/m);
  const receipt = await send();
  const start = performance.now();
  const second = await api(stack.url, '/api/v1/live', { session: people.jinan, headers: { 'Last-Event-ID': id } });
  assert.match(second.text, /^event: moved$/m);
  assert.ok(performance.now() - start < 3000);
  await waitFor(stack.url, receipt, 'in_review');
  const settled = /^id: (\S+)$/m.exec((await api(stack.url, '/api/v1/live', { session: people.jinan })).text)[1];
  const waiting = api(stack.url, '/api/v1/live', { session: people.jinan, headers: { 'Last-Event-ID': settled } });
  assert.equal(await Promise.race([waiting.then(() => 'answered'), sleep(300).then(() => 'waits')]), 'waits');
  await decide(stack.url, people.jinan, (await queued(stack.url, people.jinan, receipt.code)).id);
  assert.match((await waiting).text, /^event: moved$/m);
});
