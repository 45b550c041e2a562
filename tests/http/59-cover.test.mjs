// A cover of one's own choice: another moment of the clip, by its submitter or by a reviewer of its region, is a new revision that is
// decided on anew; nobody decides before its picture is there, and nobody else ever sees one that was not approved.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql, until } from './support/service.mjs';
import { colourOf, coloursClip } from '../support/colours.mjs';
import { kept } from '../support/kept.mjs';
import { api, decide, form, login, publish, queued, reviewers, startStack, startWorker, status, submit, upload, waitFor } from '../support/stack.mjs';

let stack, url, people, receipt, id;

const pin = () => ({ 'X-Pin': receipt.pin });
const edit = (body) => api(url, `/api/v1/submissions/${receipt.code}`, { method: 'PATCH', headers: pin(), body });
const item = async (session = people.jinan) => (await api(url, `/api/v1/queue/${id}`, { session })).json;
const put = async (body, session = people.jinan, version) => api(url, `/api/v1/queue/${id}/cover`,
  { method: 'PUT', session, body, headers: { 'If-Match': `"${version ?? (await item()).version}"` } });
const colour = async (path, session) => {
  const answer = await fetch(url + path, { headers: session ? { Cookie: session.cookie } : pin() });
  return answer.status === 200 ? colourOf(Buffer.from(await answer.arrayBuffer())) : answer.status;
};
const coverOf = async () => colour((await item()).poster, people.jinan);
const made = () => until(async () => (await status(url, receipt)).cover.pending === false, 'the cover');
const stateOf = () => sql(stack.service, `SELECT state || ' ' || stage || ' ' || revision FROM submission WHERE id = '${id}'`);
const digestOf = () => sql(stack.service, `SELECT COALESCE(r.content_digest, '') FROM revision r JOIN submission s ON s.id = r.submission AND s.revision = r.number WHERE s.id = '${id}'`);
const records = async () => (await api(url, `/api/v1/ledger?work=${id}`, { session: people.admin })).json.items;
const code = (answer) => [answer.status, answer.json?.code];

async function begin() {
  receipt = await submit(url, [await upload(url, readFileSync(coloursClip('colours.mp4')))]);
  await waitFor(url, receipt, 'in_review');
  ({ id } = await queued(url, people.jinan, receipt.code));
}

before(async () => {
  stack = await startStack();
  url = stack.url;
  people = await reviewers(url);
  await begin();
});
after(() => stack.stop());

test('its submitter reads the moments with the PIN, and nobody without', async () => {
  const at = `/api/v1/submissions/${receipt.code}/storyboard`;
  assert.match((await api(url, `${at}/storyboard.vtt`, { headers: pin() })).text, /^WEBVTT\n[^]*storyboard\.jpg#xywh=/);
  assert.equal((await api(url, `${at}/storyboard.jpg`, { headers: pin() })).headers.get('content-type'), 'image/jpeg');
  assert.equal((await api(url, `${at}/sheet.jpg`, { headers: pin() })).status, 404, 'of what is made for reviewers nothing');
  assert.equal((await api(url, `${at}/storyboard.jpg`)).status, 403);
  assert.deepEqual((await status(url, receipt)).cover, { clips: [1], moments: {}, pending: false });
});

test('another cover: approvals are void, and until it is made the old one stays and nobody can decide', async () => {
  assert.equal((await edit({ cover_ms: 500 })).status, 200);
  await made();
  assert.equal(await coverOf(), 'red');
  assert.equal((await decide(url, people.jinan, id)).status, 200);
  assert.equal(stateOf(), 'in_review 2 2');
  const [digest, before] = [digestOf(), (await records()).length];

  await stack.worker.stop();
  const answer = await edit({ cover_ms: 2500 });
  assert.deepEqual([answer.status, answer.json.cover], [200, { clips: [1], moments: { 1: 2500 }, pending: true }]);
  assert.deepEqual([stateOf(), digestOf(), await coverOf()], ['in_review 1 3', '', 'red']);
  const waiting = await item();
  assert.deepEqual([waiting.cover.pending, waiting.actions], [true, []]);
  assert.deepEqual(code(await decide(url, people.jinan, id)), [409, 'cover-pending']);

  assert.equal((await edit({ title: '和爷爷一起读家书' })).status, 200, 'a change before it is made');
  const { version } = await item();
  stack.worker = startWorker(stack.service);
  await made();
  assert.deepEqual([stateOf(), await coverOf(), await colour((await item()).poster.replace('poster', 'share-card'), people.jinan)],
    ['in_review 1 4', 'lime', 404], 'an address is signed for one name');
  assert.notEqual(digestOf(), digest);
  assert.match(digestOf(), /^[0-9a-f]{64}$/);
  const late = await api(url, `/api/v1/queue/${id}/decision`, { method: 'POST', session: people.jinan, body: { action: 'approve', reasons: [], note: '' }, headers: { 'If-Match': `"${version}"` } });
  assert.deepEqual(code(late), [409, 'version'], 'who saw the old picture has not seen this one');
  const news = (await records()).slice(before);
  assert.deepEqual(news.map((one) => [one.action, one.detail?.cover ?? null]), [['submission.edited', { position: 1, ms: 2500 }], ['submission.edited', null]]);
});

test('the same moment again changes nothing; what is no moment is refused', async () => {
  const [state, version] = [stateOf(), (await item()).version];
  assert.equal((await edit({ cover_ms: 2500 })).status, 200);
  assert.deepEqual([stateOf(), (await item()).version], [state, version]);
  for (const body of [{ cover_ms: 99000 }, { cover_ms: -1 }, { cover_ms: 0, position: 2 }, { cover_ms: 0, position: 0 }]) {
    assert.deepEqual(code(await edit(body)), [422, 'cover'], JSON.stringify(body));
  }
  assert.equal((await edit({ cover_ms: 'soon' })).status, 400);
});

test('a reviewer changes the cover of a published work: nobody sees it before it is approved', async () => {
  await publish(url, people, receipt);
  const work = (await api(url, `/api/v1/works/${id}`)).json;
  const pathOf = (address) => new URL(address).pathname;
  for (const name of ['poster', 'share_card', 'thumbnail', 'thumbnail_webp']) assert.equal(await colour(pathOf(work[name])), 'lime', name);
  const { version } = await item();
  assert.equal((await put({ cover_ms: 5000 }, people.qingdao, version)).status, 404, 'of another city');
  assert.equal((await put({ cover_ms: 5000 }, people.admin, version)).status, 403, 'who may not decide');
  assert.deepEqual(code(await put({ cover_ms: 5000 }, people.jinan, version - 1)), [409, 'version']);
  assert.equal((await put({ cover_ms: 5000 })).status, 204);
  assert.equal(stateOf(), 'in_review 1 5');
  assert.deepEqual([(await api(url, `/v/${id}`)).status, await colour(pathOf(work.poster))], [404, 404], 'at once');
  await made();
  assert.equal(await coverOf(), 'blue');
  assert.equal((await api(url, `/v/${id}`)).status, 404);
  const last = (await records()).at(-1);
  assert.deepEqual([last.action, last.role, last.detail.cover], ['submission.edited', 'reviewer', { position: 1, ms: 5000 }]);
  await publish(url, people, receipt);
  assert.equal(await colour(pathOf((await api(url, `/api/v1/works/${id}`)).json.poster)), 'blue');
});

test('a cover that cannot be made: the old one stays, and the ledger says so', async () => {
  await begin();
  await stack.worker.stop();
  assert.equal((await put({ cover_ms: 4500 })).status, 204);
  const before = await coverOf();
  const token = readFileSync(join(stack.service.data, 'worker.token'), 'utf8').trim();
  const worker = (path, body) => api(url, `/api/v1/jobs/${path}`, { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body });
  const claim = { worker: 'broken', version: 'x', protocol: 6, sandbox: 'full', disk: '', wait_ms: 0 };
  const offer = await until(async () => {
    const { json } = await worker('claim', claim);
    return json?.kind === 'cover' && json;
  }, 'the job');
  assert.equal(offer.facts.cover_ms, 4500);
  assert.equal((await worker(`${offer.job}/fail`, { token: offer.token, reason: 'decode-errors', next: 'refuse', position: 1, others: [] })).status, 204);
  assert.deepEqual([stateOf(), await coverOf(), (await item()).cover], ['in_review 1 2', before, { clips: [1], moments: {}, pending: false }]);
  assert.equal((await records()).at(-1).action, 'cover.failed');
  assert.equal((await decide(url, people.jinan, id)).status, 200);
  stack.worker = startWorker(stack.service);
});

test('a work of several files: each clip has its cover, a photo none', async () => {
  await api(url, '/api/v1/staff', { method: 'POST', session: people.admin, body: { username: 'zuzhi', name: '组织者', role: 'organiser', scope: '370000', stages: [], password: 'password of zuzhi' } });
  const session = await login(url, 'zuzhi', 'password of zuzhi');
  const photo = kept('cover-photo.jpg', (into) => execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'color=red:size=640x360', '-frames:v', '1', into]));
  const files = [photo, coloursClip('colours.mp4'), coloursClip('colours.mp4')];
  const uploads = await Promise.all(files.map((file) => upload(url, readFileSync(file), { track: 'case', filename: file.endsWith('jpg') ? 'a.jpg' : 'a.mp4' })));
  const sent = await api(url, '/api/v1/submissions', { method: 'POST', session, body: form(uploads, { track: 'case' }) });
  assert.equal(sent.status, 201, sent.text);
  receipt = sent.json;
  assert.deepEqual((await waitFor(url, receipt, 'in_review')).cover.clips, [2, 3]);
  ({ id } = await queued(url, people.jinan, receipt.code));
  const digest = digestOf();
  assert.deepEqual(code(await edit({ cover_ms: 0, position: 1 })), [422, 'cover'], 'a photo');
  assert.equal((await edit({ cover_ms: 4500, position: 3 })).status, 200);
  await made();
  const { clips, poster } = await item();
  assert.deepEqual(clips.map((one) => one.position), [2, 3]);
  assert.equal(await colour(clips[1].poster, people.jinan), 'blue');
  assert.equal(poster, clips[0].poster, 'the first clip stands for the work');
  assert.notEqual(digestOf(), digest, 'every cover is pinned');
  assert.equal((await edit({ cover_ms: 2500, position: 2 })).status, 200);
  await made();
  assert.deepEqual([await coverOf(), await colour((await item()).clips[1].poster, people.jinan)], ['lime', 'blue']);
});
