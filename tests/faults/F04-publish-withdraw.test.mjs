// Works are published by the decisions of two people, shown everywhere, and then edited, withdrawn or taken down, over and over,
// while a crowd asks for everything that shows them. What was published is everywhere, and from the moment that its end is
// answered it is nowhere: pages, lists, feeds, frames, media, kept answers. FULL=1: a thousand times; XUEPAI_TEST_WORKS: twice as often.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { request } from '../http/support/service.mjs';
import { api, clip, decide, queued, reviewers, sleep, startStack, submit, upload, waitFor } from '../support/stack.mjs';
import { publishMany } from '../support/published.mjs';
import { unique } from '../support/crowd.mjs';

const WORKS = Number(process.env.XUEPAI_TEST_WORKS ?? (process.env.FULL ? 500 : 6));
const CYCLES = 2 * WORKS; // each is published twice
const AHEAD = 6; // works that are sent before their turn comes
let stack, people, collection;

before(async () => {
  stack = await startStack({ environment: { XUEPAI_LOG_LEVEL: 'warning' } });
  people = await reviewers(stack.url);
  publishMany(stack.service, 40); // whose place on the first pages they take
  const body = { title: '家书与家风', words: '', is_featured: true, is_public: true };
  collection = (await api(stack.url, '/api/v1/editor/collections', { method: 'POST', session: people.admin, body })).json.id;
});
after(() => stack?.stop());

const get = (path) => request(new URL(path, stack.url));
const as = (receipt) => ({ headers: { 'X-Pin': receipt.pin } });

// What ends a publication, and what its own pages answer then: who took it away says so. Its files are just not there.
const ENDINGS = {
  edit: { page: 404, call: ({ receipt }) => api(stack.url, `/api/v1/submissions/${receipt.code}`, { method: 'PATCH', ...as(receipt), body: { title: `${receipt.code} 改` } }) },
  withdraw: { page: 404, call: ({ receipt }) => api(stack.url, `/api/v1/submissions/${receipt.code}`, { method: 'DELETE', ...as(receipt) }) },
  takeDown: { page: 404, call: ({ id }) => api(stack.url, `/api/v1/works/${id}/take-down`, { method: 'POST', session: people.admin, body: { reason: 'test' } }) },
};

const sent = async (n) => submit(stack.url, [await upload(stack.url, unique(clip({ seconds: 3, size: '320x180' })))],
  { title: `第${n}件`, consents: { licence: true, guardian: false, scopes: ['site', 'embed', 'exhibition'] } });

async function published(work) {
  for (const person of [people.jinan, people.sheng]) {
    const answer = await decide(stack.url, person, work.id);
    assert.equal(answer.status, 200, answer.text);
  }
  await waitFor(stack.url, work.receipt, 'published');
  const shown = (await api(stack.url, `/api/v1/works/${work.id}`)).json;
  const put = await api(stack.url, `/api/v1/editor/collections/${collection}/works`, { method: 'PUT', session: people.admin, body: { works: [work.id] } });
  assert.ok(put.status < 300, put.text);
  const pages = [`/v/${work.id}`, `/embed/${work.id}`, `/api/v1/works/${work.id}`, `/oembed?url=${encodeURIComponent(shown.url)}`].map((path) => ({ path, isPage: true }));
  const files = [...shown.sources.map(({ src }) => src), ...['poster', 'share_card', 'preview', 'storyboard', 'storyboard_vtt', 'hls'].map((key) => shown[key]).filter(Boolean)].map((path) => ({ path }));
  assert.ok(files.length >= 5, 'the files of a clip');
  return { pages, files, id: work.id };
}

const LISTS = () => ['/', '/works', '/works?track=family-video', '/city/370100', '/tracks/family-video', '/archive/2026', `/collections/${collection}`, '/feed.xml', '/feed.json',
  '/feed.atom', '/city/370100/feed.xml', '/sitemap.xml', '/api/v1/works', `/api/v1/works?collection=${collection}`, '/kiosk/370100/playlist',
  `/search?q=${encodeURIComponent('每晚二十')}`].map((path) => ({ path, isList: true }));

// Whether an answer shows the work: lists name it, all else is there.
const shows = ({ isList }, answer, id) => (isList ? answer.body.includes(id) : answer.status === 200);

test(`${CYCLES} times published, everywhere, ended, nowhere, while a crowd asks`, { timeout: 7200_000 }, async (context) => {
  const lists = LISTS();
  const seen = [];
  const counts = { cycles: 0, asked: 0, afterwards: 0 };
  let current = null; // {paths, id, ended_ms}
  let ends = false;
  const crowd = Array.from({ length: 4 }, async (_, n) => {
    for (let i = n; !ends; i++) {
      const cycle = current;
      if (cycle === null) { await sleep(5); continue; }
      const one = cycle.paths[i % cycle.paths.length];
      const isAfter = cycle.isEnded;
      const answer = await get(one.path);
      counts.asked++;
      counts.afterwards += isAfter ? 1 : 0;
      if (isAfter && shows(one, answer, cycle.id)) seen.push(`the crowd: ${one.path} ${answer.status}`);
    }
  });

  async function cycle(work, name) {
    const { pages, files, id } = await published(work);
    const paths = [...pages, ...files, ...lists];
    current = { paths, id, isEnded: false };
    const missing = (await Promise.all(paths.map(async (one) => [one, await get(one.path)]))).filter(([one, answer]) => answer.status !== 200 || !shows(one, answer, id));
    assert.deepEqual(missing.map(([one, answer]) => `${one.path} ${answer.status}`), [], `published, and not shown: ${name}`);
    const ended = await ENDINGS[name].call(work);
    assert.ok(ended.status < 300, ended.text);
    current.isEnded = true;
    const answers = await Promise.all(paths.map(async (one) => [one, await get(one.path)]));
    for (const [one, answer] of answers) {
      const wanted = one.isList ? 200 : one.isPage ? ENDINGS[name].page : 404;
      if (answer.status !== wanted || shows(one, answer, id)) seen.push(`${name}: ${one.path} ${answer.status}`);
    }
    assert.deepEqual(seen, [], `after ${counts.cycles} good ones`);
    counts.cycles++;
    if (counts.cycles % 100 === 0) context.diagnostic(`${counts.cycles} cycles, ${counts.asked} requests of the crowd`);
  }

  // Sends a few before they are needed, publishes each, ends it by an edit; what comes back to review has its second turn later.
  const works = [];
  try {
    const coming = Array.from({ length: AHEAD }, (_, n) => sent(n));
    const second = async (n) => cycle(works[n], n % 2 === 0 ? 'withdraw' : 'takeDown');
    for (let n = 0; n < WORKS; n++) {
      const receipt = await coming[n];
      if (n + AHEAD < WORKS) coming.push(sent(n + AHEAD));
      await waitFor(stack.url, receipt, 'in_review', 300_000);
      works.push({ receipt, id: (await queued(stack.url, people.jinan, receipt.code)).id });
      await cycle(works[n], 'edit');
      if (n >= 2) await second(n - 2);
    }
    for (let n = Math.max(0, WORKS - 2); n < WORKS; n++) await second(n);
  } finally {
    ends = true;
    await Promise.all(crowd);
  }
  context.diagnostic(`${CYCLES} cycles, ${counts.asked} requests of the crowd, ${counts.afterwards} of them afterwards, ${seen.length} seen`);
  assert.deepEqual(seen, []);
  assert.ok(counts.asked > CYCLES && counts.afterwards > 0);
});
