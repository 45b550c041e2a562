// A decision is pinned to files, title, words, cover and consent: whichever of the five changes, what was approved is void and the
// work is at the first stage of its policy again, in its place of the queue. One set of photos goes through all of it.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { sql } from './support/service.mjs';
import { kept } from '../support/kept.mjs';
import { api, decide, publish, queued, reviewers, startStack, status, submit, upload, waitFor } from '../support/stack.mjs';

let stack, url, people, receipt, id;

const photo = (colour) => readFileSync(kept(`pinned-${colour}.jpg`, (file) => execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi',
  '-i', `color=${colour}:size=1200x900,format=yuvj420p`, '-frames:v', '1', file])));
const send = (colour) => upload(url, photo(colour), { track: 'life-photo', filename: `${colour}.jpg` });
const change = (method, path, body) => api(url, `/api/v1/submissions/${receipt.code}${path}`, { method, headers: { 'X-Pin': receipt.pin }, body });
const scopes = (...uses) => change('PUT', '/consents', { scopes: ['site', ...uses] });

const stageOf = () => sql(stack.service, `SELECT state || ' ' || stage FROM submission WHERE id = '${id}'`);
const pinOf = () => sql(stack.service, `SELECT r.content_digest FROM revision r JOIN submission s ON s.id = r.submission AND s.revision = r.number WHERE s.id = '${id}'`);
const coverOf = () => sql(stack.service, `SELECT d.sha256 FROM rendition d JOIN submission s ON s.id = d.submission AND s.revision = d.revision WHERE s.id = '${id}' AND d.name = 'photo-320.jpg'`);
const waitingOf = () => sql(stack.service, `SELECT waiting_ms FROM submission WHERE id = '${id}'`);
// Approvals that count for the work as it is.
const approvals = () => sql(stack.service, `SELECT COUNT(*) FROM decision d JOIN submission s ON s.id = d.submission AND s.revision = d.revision
  JOIN revision r ON r.submission = s.id AND r.number = s.revision AND r.content_digest = d.content_digest
  WHERE s.id = '${id}' AND d.action = 'approve' AND d.state = 'effective'`);

before(async () => {
  stack = await startStack();
  url = stack.url;
  people = await reviewers(url);
  receipt = await submit(url, [await send('red'), await send('green')], { track: 'life-photo' });
  await waitFor(url, receipt, 'in_review');
  ({ id } = await queued(url, people.jinan, receipt.code));
});
after(() => stack.stop());

const CHANGES = {
  title: () => change('PATCH', '', { title: '和奶奶一起读家书，' }),
  words: () => change('PATCH', '', { words: '每晚三十分钟' }),
  cover: () => change('POST', '/replace', { photos: [2, 1] }), // the first picture is the cover
  file: async () => change('POST', '/replace', { uploads: [await send('green'), await send('blue')] }), // behind the same cover
  'consent, another use': () => scopes('embed', 'exhibition'),
  'consent, a use less': () => scopes('embed'),
};

for (const [what, make] of Object.entries(CHANGES)) {
  test(`${what}: an approval is void, the first stage decides again`, async () => {
    assert.equal((await decide(url, people.jinan, id)).status, 200);
    assert.deepEqual([stageOf(), approvals()], ['in_review 2', '1']);
    const [pin, cover] = [pinOf(), coverOf()];
    assert.equal((await make()).status, 200);
    await waitFor(url, receipt, 'in_review');
    assert.deepEqual([stageOf(), approvals()], ['in_review 1', '0']);
    assert.match(pinOf(), /^[0-9a-f]{64}$/);
    assert.notEqual(pinOf(), pin, 'the pin tells it');
    assert.equal(coverOf() !== cover, what === 'cover', 'the cover alone is another one where that is asked');
  });
}

test('what is sent again as it was voids nothing', async () => {
  assert.equal((await decide(url, people.jinan, id)).status, 200);
  assert.equal((await change('PUT', '/consents', { scopes: ['embed', 'site', 'embed'] })).status, 200);
  assert.deepEqual([stageOf(), approvals()], ['in_review 2', '1']);
  assert.equal((await decide(url, people.sheng, id)).status, 200);
  assert.equal(stageOf(), 'published 0');
});

test('published: a use less holds at once and takes nothing else away, one that nobody approved goes back to review', async () => {
  const page = async () => (await api(url, `/v/${id}`)).status;
  const frame = async () => (await api(url, `/embed/${id}`)).status;
  assert.deepEqual([await page(), await frame()], [200, 200]);
  assert.equal((await scopes()).json.status, 'published');
  assert.deepEqual([await page(), await frame()], [200, 403]);
  assert.equal((await scopes('media')).json.status, 'in_review');
  assert.deepEqual([stageOf(), await page(), await frame()], ['in_review 1', 404, 404]);
  const kinds = (await api(url, `/api/v1/ledger?work=${id}`, { session: people.admin })).json.items.map((one) => one.action);
  assert.deepEqual(kinds.slice(-2), ['consent.changed', 'submission.edited']);
  assert.equal(await publish(url, people, receipt), id);
});

test('a returned work lost its place in the queue', async () => {
  assert.equal((await scopes('embed')).json.status, 'in_review');
  const since = waitingOf();
  const { code } = await status(url, receipt);
  assert.equal((await decide(url, people.jinan, id, 'return', ['blurred'])).status, 200);
  assert.equal((await change('PATCH', '', { title: '换一个名字' })).json.status, 'in_review');
  assert.equal(waitingOf(), since, 'texts mended');
  assert.equal((await decide(url, people.jinan, id, 'return', ['blurred'])).status, 200);
  assert.equal((await change('POST', '/replace', { uploads: [await send('blue')] })).status, 200);
  assert.equal((await waitFor(url, receipt, 'in_review')).code, code);
  assert.equal(waitingOf(), since, 'another file');
  const history = (await api(url, `/api/v1/queue/${id}`, { session: people.jinan })).json.history;
  assert.deepEqual(history.slice(-2).map((one) => one.action), ['return', 'return'], 'what was decided before stays');
});
