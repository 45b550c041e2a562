// The whole road over HTTP: upload, prepare, two decisions, publication, playback, withdrawal; and at every state every
// path of the work answers 404 to the public unless it is published.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { sql } from './support/service.mjs';
import { api, clip, decide, form, login, publish, queued, reviewers, startStack, status, submit, upload, waitFor }
  from '../support/stack.mjs';

let stack, people;
before(async () => {
  stack = await startStack();
  people = await reviewers(stack.url);
});
after(() => stack.stop());

const paths = (id, files) => [
  `/v/${id}`, `/embed/${id}`, `/api/v1/works/${id}`, `/oembed?url=${encodeURIComponent(`${stack.url}/v/${id}`)}`,
  ...files.map((name) => `/media/${id}/1/${name}`),
];
const FILES = ['poster.jpg', 'thumbnail.jpg', 'thumbnail.webp', 'storyboard.jpg', 'storyboard.vtt', 'sheet.jpg', '480p.mp4', 'master.m3u8', '360p.mp4'];

async function assertHidden(id, state) {
  for (const path of paths(id, FILES)) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await api(stack.url, path, { method });
      assert.equal(answer.status, 404, `${method} ${path} in state ${state}`);
      assert.doesNotMatch(answer.text, /和奶奶|奶奶一起/, `${path} tells the title in state ${state}`);
    }
  }
  for (const list of ['/', '/works', '/api/v1/works', '/feed.xml', '/feed.json', '/sitemap.xml', '/city/370100',
    '/search?q=%E5%A5%B6%E5%A5%B6']) {
    assert.ok(!(await api(stack.url, list)).text.includes(id), `${list} names the work in state ${state}`);
  }
}

test('the health page says how far the sniffer has locked itself', async () => {
  assert.match((await api(stack.url, '/healthz')).json.sandbox, /^(full|strong|basic)$/);
});

test('a clip goes the whole road and nobody sees it before its time', async () => {
  const id = await upload(stack.url, clip({ size: '1280x720' }));
  const receipt = await submit(stack.url, [id]);
  assert.match(receipt.code, /^SD26-[2-9A-Z]{4}-[2-9A-Z]{2}$/);
  assert.match(receipt.pin, /^\d{6}$/);
  await waitFor(stack.url, receipt, 'in_review');
  const item = await queued(stack.url, people.jinan, receipt.code);
  assert.ok(item, 'in the queue of the city');
  assert.equal(item.title, '和奶奶一起读家书');
  assert.deepEqual(item.actions, ['approve', 'return', 'decline', 'escalate']);
  assert.equal(item.contact.phone, '138****1234');
  await assertHidden(item.id, 'in_review');

  const preview = await api(stack.url, item.review_mp4, { session: people.jinan });
  assert.equal(preview.status, 200);
  assert.equal(preview.headers.get('cache-control'), 'private, no-store');
  assert.equal((await api(stack.url, item.review_mp4)).status, 401, 'a preview needs the login');
  assert.equal((await api(stack.url, item.review_mp4, { session: people.qingdao })).status, 404,
    'a preview is signed for one login');
  assert.equal((await api(stack.url, item.review_mp4.replace(/.$/, (c) => (c === '0' ? '1' : '0')),
    { session: people.jinan })).status, 404, 'one changed bit');

  assert.equal((await decide(stack.url, people.jinan, item.id)).status, 200);
  await assertHidden(item.id, 'in_review at the last stage');
  assert.equal((await decide(stack.url, people.jinan, item.id)).status, 403, 'a city cannot give the last approval');
  assert.equal((await decide(stack.url, people.sheng, item.id)).status, 200);
  const now = await waitFor(stack.url, receipt, 'published');
  assert.equal(now.work, item.id);

  const work = (await api(stack.url, `/api/v1/works/${item.id}`)).json;
  assert.equal(work.title, '和奶奶一起读家书');
  assert.ok(work.sources.length >= 1);
  const page = await api(stack.url, `/v/${item.id}`);
  assert.equal(page.status, 200);
  assert.match(page.text, /<video[^>]*playsinline/);
  assert.match(page.text, /application\/json\+oembed/);
  const small = `/media/${item.id}/1/thumbnail`;
  assert.ok((await api(stack.url, '/works')).text.includes(`<source srcset="${stack.url}${small}.webp" type="image/webp"><img src="${stack.url}${small}.jpg"`));
  assert.deepEqual([work.thumbnail, work.thumbnail_webp], [`${stack.url}${small}.jpg`, `${stack.url}${small}.webp`]);
  for (const [address, type] of [[work.thumbnail, 'image/jpeg'], [work.thumbnail_webp, 'image/webp']]) {
    const answer = await fetch(address);
    assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, type]);
  }
  const bytes = await fetch(work.sources[0].src, { headers: { Range: 'bytes=0-99' } });
  assert.equal(bytes.status, 206);
  assert.equal(bytes.headers.get('access-control-allow-origin'), '*');
  assert.equal((await api(stack.url, `/media/${item.id}/1/sheet.jpg`)).status, 404, 'the contact sheet is for staff');
  const embed = await api(stack.url, `/embed/${item.id}`);
  assert.equal(embed.status, 200);
  assert.match(embed.headers.get('content-security-policy'), /frame-ancestors \*/);
  const oembed = (await api(stack.url, `/oembed?url=${encodeURIComponent(work.url)}&maxwidth=300`)).json;
  assert.equal(oembed.type, 'video');
  assert.ok(oembed.width <= 300);
  assert.ok((await api(stack.url, '/feed.xml')).text.includes(item.id));
  for (const words of ['奶奶', 'hnnyq', 'DJS', '历下']) { // by two characters, the first letters of pinyin, a place
    const found = (await api(stack.url, `/api/v1/works?q=${encodeURIComponent(words)}`)).json.items;
    assert.deepEqual(found.map((one) => one.id), [item.id], words);
  }
  const meant = (await api(stack.url, `/search?q=${encodeURIComponent('和奶奶一起读佳书')}`)).text;
  assert.match(meant, /没有找到.*您是不是要找.*和奶奶一起读家书/s, 'a mistyped title');

  const gone = await api(stack.url, `/api/v1/submissions/${receipt.code}`,
    { method: 'DELETE', headers: { 'X-Pin': receipt.pin } });
  assert.equal(gone.status, 200);
  assert.equal(gone.json.status, 'withdrawn');
  await assertHidden(item.id, 'withdrawn');
});

test('without consent for other sites there is no frame, no oEmbed, no player address', async () => {
  const consents = { licence: true, guardian: false, scopes: ['site'] };
  const receipt = await submit(stack.url, [await upload(stack.url, clip({ seconds: 3 }))], { consents });
  const id = await publish(stack.url, people, receipt);
  const work = (await api(stack.url, `/api/v1/works/${id}`)).json;
  assert.equal(work.embed_url, null);
  const page = await api(stack.url, `/v/${id}`);
  assert.equal(page.status, 200, 'the site itself shows it');
  assert.doesNotMatch(page.text, /oembed|twitter:player|放到别的网页里/);
  for (const list of ['/feed.xml', '/sitemap.xml', '/feed.json']) {
    assert.ok(!(await api(stack.url, list)).text.includes(`/embed/${id}`), list);
  }
  const frame = await api(stack.url, `/embed/${id}`, { headers: { Accept: 'text/html' } });
  assert.equal(frame.status, 403);
  assert.match(frame.text, /作者只同意在活动周网站展播/);
  assert.doesNotMatch(frame.text, /<video/);
  const oembed = await api(stack.url, `/oembed?url=${encodeURIComponent(work.url)}`);
  assert.equal(oembed.status, 403);
  assert.equal(oembed.json.code, 'consent-embed');
  const refused = await api(stack.url, '/api/v1/submissions',
    { method: 'POST', body: form(['x'], { consents: { ...consents, scopes: ['television'] } }) });
  assert.equal(refused.json.code, 'consent-scope');
});

test('the ladder follows the publication and its playlist plays by byte range', async () => {
  const receipt = await submit(stack.url, [await upload(stack.url, clip({ seconds: 4, size: '1280x720' }))]);
  const id = await publish(stack.url, people, receipt);
  let work;
  for (let i = 0; i < 600 && !work?.hls; i++) {
    work = (await api(stack.url, `/api/v1/works/${id}`)).json;
    await new Promise((done) => setTimeout(done, 100));
  }
  assert.ok(work.hls, 'the master playlist is there');
  const master = await (await fetch(work.hls)).text();
  assert.match(master, /CODECS="avc1\.[0-9a-f]{6},mp4a\.40\.2"/i);
  const media = /^(?!#)\S+\.m3u8$/m.exec(master)[0];
  const playlist = await (await fetch(new URL(media, work.hls))).text();
  assert.match(playlist, /#EXT-X-BYTERANGE/);
  assert.match(playlist, /#EXT-X-ENDLIST/);
  assert.ok(work.sources.every((source) => source.codecs));
});

test('a returned work tells its parent why', async () => {
  const receipt = await submit(stack.url, [await upload(stack.url, clip())]);
  await waitFor(stack.url, receipt, 'in_review');
  const item = await queued(stack.url, people.jinan, receipt.code);
  assert.equal((await decide(stack.url, people.jinan, item.id, 'return')).status, 422, 'a reason is needed');
  assert.equal((await decide(stack.url, people.jinan, item.id, 'return', ['blurred'])).status, 200);
  const now = await status(stack.url, receipt);
  assert.equal(now.status, 'returned');
  assert.match(now.reason.text, /画面看不清楚/);
  assert.deepEqual(now.actions, ['edit', 'replace', 'withdraw']);

  const second = await upload(stack.url, clip({ seconds: 4 }));
  const replaced = await api(stack.url, `/api/v1/submissions/${receipt.code}/replace`,
    { method: 'POST', body: { uploads: [second] }, headers: { 'X-Pin': receipt.pin } });
  assert.equal(replaced.status, 200);
  assert.equal(replaced.json.revision, 2);
  await waitFor(stack.url, receipt, 'in_review');
});

test('an edit takes a published work off the site until it is approved again', async () => {
  const receipt = await submit(stack.url, [await upload(stack.url, clip())]);
  const id = await publish(stack.url, people, receipt);
  const edited = await api(stack.url, `/api/v1/submissions/${receipt.code}`,
    { method: 'PATCH', body: { title: '换一个名字' }, headers: { 'X-Pin': receipt.pin } });
  assert.equal(edited.json.status, 'in_review');
  await assertHidden(id, 'edited');
  for (const person of [people.jinan, people.sheng]) assert.equal((await decide(stack.url, person, id)).status, 200);
  const work = (await api(stack.url, `/api/v1/works/${id}`)).json;
  assert.equal(work.title, '换一个名字');
  assert.equal((await fetch(work.sources[0].src)).status, 200);
});

test('what is no video is refused with a code and a sentence', async () => {
  const text = Buffer.from('hello, this is text '.repeat(500));
  let id;
  try {
    id = await upload(stack.url, text);
  } catch (problem) { // the sniffer may say so while it comes
    assert.match(String(problem), /upload-not-media|not-media/);
    return;
  }
  const now = await waitFor(stack.url, await submit(stack.url, [id]), 'failed');
  assert.equal(now.reason.code, 'not-media');
  assert.match(now.reason.text, /不是视频或照片/);
});

test('a short clip is refused by the rule of its track', async () => {
  const receipt = await submit(stack.url, [await upload(stack.url, clip({ seconds: 2 }))]);
  const now = await waitFor(stack.url, receipt, 'failed');
  assert.equal(now.reason.code, 'too-short');
  assert.match(now.reason.text, /至少拍 3 秒/);
});

test('wrong PIN, wrong code and another phone are answered alike', async () => {
  const receipt = await submit(stack.url, [await upload(stack.url, clip())]);
  for (const [code, pin] of [[receipt.code, '000000'], ['SD26-2222-22', '123456'], [receipt.code, undefined]]) {
    const answer = await api(stack.url, `/api/v1/submissions/${code}`, { headers: pin ? { 'X-Pin': pin } : {} });
    assert.equal(answer.status, 403);
    assert.equal(answer.json.code, 'pin-wrong');
  }
});

test('same Idempotency-Key, same answer', async () => {
  const id = await upload(stack.url, clip());
  const send = () => api(stack.url, '/api/v1/submissions', {
    method: 'POST', headers: { 'Idempotency-Key': 'k1' },
    body: { uploads: [id], track: 'family-video', title: '一', region: '370102', name: '李', phone: '13800001234',
      consents: { licence: true } },
  });
  const [one, two] = [await send(), await send()];
  assert.equal(one.status, 201);
  assert.equal(two.status, 201);
  assert.equal(one.json.code, two.json.code);
  assert.equal(one.json.pin, two.json.pin);
});

test('staff writes need the token of their login, and roles hold', async () => {
  const receipt = await submit(stack.url, [await upload(stack.url, clip())]);
  await waitFor(stack.url, receipt, 'in_review');
  const item = await queued(stack.url, people.jinan, receipt.code);
  const decision = (session, headers = {}) => api(stack.url, `/api/v1/queue/${item.id}/decision`, {
    method: 'POST', body: { action: 'approve', reasons: [], note: '' },
    headers: { 'If-Match': `"${item.version}"`, ...(session ? { Cookie: session.cookie } : {}), ...headers },
  });
  assert.equal((await decision(null)).status, 401);
  assert.equal((await decision(people.jinan)).status, 403, 'no X-CSRF-Token');
  assert.equal((await decision(people.jinan, { 'X-CSRF-Token': people.jinan.csrf, Origin: 'https://evil.example' })).status,
    403, 'another site');
  assert.equal((await decision(people.admin, { 'X-CSRF-Token': people.admin.csrf })).status, 403, 'no reviewer');
  assert.equal((await decision(people.qingdao, { 'X-CSRF-Token': people.qingdao.csrf })).status, 404, 'another city');
  assert.equal((await decision(people.jinan, { 'X-CSRF-Token': people.jinan.csrf, 'If-Match': '"1"' })).status, 409,
    'an old version');
  assert.equal((await api(stack.url, '/api/v1/staff', { session: people.jinan })).status, 403);
});

test('the ledger tells it all and verifies', async () => {
  const answer = await api(stack.url, '/api/v1/ledger/verify', { method: 'POST', session: people.admin });
  assert.equal(answer.status, 200);
  assert.equal(answer.json.whole, true);
  assert.ok(answer.json.records > 20);
});

test('five wrong passwords slow the next try', async () => {
  for (let i = 0; i < 4; i++) await assert.rejects(login(stack.url, 'qingdao', 'wrong password'), /401/);
  assert.equal(sql(stack.service, "SELECT slowed_until_ms FROM staff WHERE username = 'qingdao'"), '0');
  const before = Date.now();
  await assert.rejects(login(stack.url, 'qingdao', 'wrong password'), /401/);
  assert.ok(Number(sql(stack.service, "SELECT slowed_until_ms FROM staff WHERE username = 'qingdao'")) > before);
  sql(stack.service, `UPDATE staff SET slowed_until_ms = ${Date.now() + 60000} WHERE username = 'qingdao'`); // this machine may be slower yet
  await assert.rejects(login(stack.url, 'qingdao', 'password of qingdao'), /429/);
});

test('the public bytes tell nothing of the phone', async () => {
  const receipt = await submit(stack.url, [await upload(stack.url, clip())]);
  const id = await publish(stack.url, people, receipt);
  const work = (await api(stack.url, `/api/v1/works/${id}`)).json;
  for (const address of [work.poster, work.storyboard, ...work.sources.map((source) => source.src)]) {
    const bytes = Buffer.from(await (await fetch(address)).arrayBuffer()).toString('latin1');
    for (const secret of ['36.65', '117.12', 'someone', 'Lavf', 'clip.mp4']) {
      assert.ok(!bytes.includes(secret), `${address} holds ${secret}`);
    }
  }
});
