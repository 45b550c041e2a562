// What other systems hear: events in the order of the changes, signed calls that come again, and asking with a token.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root, sleep, sql, startNode, until } from './support/service.mjs';
import { ADMIN_PASSWORD, api, clip, login, publish, reviewers, startStack, submit, upload } from '../support/stack.mjs';
import { publishMany } from '../support/published.mjs';

const onPostgres = !!process.env.XUEPAI_TEST_DATABASE;
const SETTINGS = { XUEPAI_WEBHOOK_HOSTS: '127.0.0.1', XUEPAI_WEBHOOK_RETRY_MS: '100' };
let stack, admin, url;
const listening = [];

before(async () => {
  stack = await startStack({ environment: SETTINGS });
  ({ url } = stack);
  publishMany(stack.service, 60);
  admin = await login(url, 'admin', ADMIN_PASSWORD);
});
after(async () => {
  for (const server of listening) { server.closeAllConnections(); server.close(); }
  await stack?.stop();
});

// A receiver of ours: what it was sent, with the time; `answer(n, response)` for the n-th call.
async function receiver(answer = (n, response) => response.writeHead(204).end()) {
  const calls = [];
  const server = http.createServer(async (incoming, response) => {
    const parts = [];
    for await (const part of incoming) parts.push(part);
    calls.push({ at: performance.now(), headers: incoming.headers, body: Buffer.concat(parts).toString(), url: incoming.url });
    answer(calls.length, response);
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  listening.push(server);
  return { calls, url: `http://127.0.0.1:${server.address().port}/hook`, events: () => calls.map((one) => JSON.parse(one.body)) };
}
const add = (body) => api(url, '/api/v1/webhooks', { method: 'POST', session: admin, body });
const remove = (id) => api(url, `/api/v1/webhooks/${id}`, { method: 'DELETE', session: admin });
const list = async () => (await api(url, '/api/v1/webhooks', { session: admin })).json.items;
const takeDownNewest = async () => {
  const { id } = (await api(url, '/api/v1/works?limit=1')).json.items[0];
  const answer = await api(url, `/api/v1/works/${id}/take-down`, { method: 'POST', session: admin, body: { reason: 'test' } });
  assert.equal(answer.status, 204);
  return id;
};
const right = (secret, call) => {
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(call.headers['xuepai-signature']);
  assert.ok(Math.abs(Date.now() / 1000 - t) < 60);
  return createHmac('sha256', secret).update(`${t}.${call.body}`).digest('hex') === v1;
};
const pull = (token, query = '') => api(url, `/api/v1/events${query}`, { headers: { Authorization: `Bearer ${token}` } });
const ack = (token, seq) => api(url, '/api/v1/events/ack', { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body: { seq } });

test('the life of a work arrives in its order, signed, and says nothing that would have to be taken back', async () => {
  const hook = await receiver();
  const { json: made } = await add({ name: '门户', url: hook.url });
  assert.match(made.secret, /^[0-9a-f]{64}$/);
  assert.equal(made.token, undefined);
  const { json: asking } = await add({ name: '内网', kinds: ['work.published', 'work.ready', 'work.withdrawn'] });
  const people = await reviewers(url);
  const receipt = await submit(url, [await upload(url, clip({ seconds: 3 }))]);
  const id = await publish(url, people, receipt);
  const ready = await until(() => hook.events().find((one) => one.kind === 'work.ready'), 'work.ready');
  // ready means ready: everything that is named can be fetched
  const work = (await api(url, `/api/v1/works/${id}`)).json;
  for (const address of [work.poster, work.hls, ...work.sources.map((one) => one.src)]) assert.equal((await fetch(address)).status, 200, address);
  const pin = { 'X-Pin': receipt.pin };
  assert.equal((await api(url, `/api/v1/submissions/${receipt.code}/consents`, { method: 'PUT', headers: pin, body: { scopes: ['site'] } })).status, 200);
  assert.equal((await api(url, `/api/v1/submissions/${receipt.code}`, { method: 'DELETE', headers: pin })).status, 200);
  await until(() => hook.calls.length >= 4, 'four events');
  const events = hook.events();
  assert.deepEqual(events.map((one) => one.kind), ['work.published', 'work.ready', 'work.consents', 'work.withdrawn']);
  assert.deepEqual(events.map((one) => one.seq), [1, 2, 3, 4]);
  for (const [i, call] of hook.calls.entries()) {
    assert.ok(right(made.secret, call), 'signature');
    assert.equal(call.headers['idempotency-key'], events[i].id);
    assert.equal(call.headers['xuepai-event'], events[i].kind);
    assert.equal(call.headers['content-type'], 'application/json');
    assert.doesNotMatch(call.body, /和奶奶|每晚|李小梅/);
    assert.equal(events[i].work.id, id);
    assert.ok(events[i].paths.includes(`/media/${id}/*`) && events[i].paths.includes('/'));
  }
  assert.equal(new Set(events.map((one) => one.id)).size, 4);
  assert.equal(ready.work.city_code, '370100');

  // who asks gets the same, but for the kinds that it did not want, until it says that it has them
  assert.match(asking.token, /^[0-9a-f]{64}$/);
  const asked = (await pull(asking.token)).json;
  assert.deepEqual(asked.items, events.filter((one) => one.kind !== 'work.consents'));
  assert.equal(asked.last, 4);
  assert.equal((await pull(asking.token, '?limit=1')).json.items.length, 1);
  assert.equal((await ack(asking.token, 2)).status, 204);
  assert.deepEqual((await pull(asking.token)).json.items.map((one) => one.seq), [4]);
  assert.deepEqual((await pull(asking.token, '?after=0')).json.items.map((one) => one.seq), [1, 2, 4], 'a place of its own');
  assert.equal((await list()).find((one) => one.id === asking.id).waiting, 1);
  assert.equal((await ack(asking.token, 1)).status, 204, 'said before');
  assert.equal((await pull(asking.token)).json.acked, 2);
  assert.equal((await ack(asking.token, 5)).status, 400, 'nothing of that number');
  for (const token of ['', 'x', made.secret]) assert.equal((await pull(token)).status, 401);
  await remove(asking.id);
  assert.equal((await pull(asking.token)).status, 401);
  await remove(made.id);
});

test('a call that failed comes again with the same key and bytes, later and later; a revoked receiver hears nothing', async () => {
  const hook = await receiver((n, response) => response.writeHead(n <= 3 ? 500 : 200).end('thanks'));
  const { json: made } = await add({ name: '会好起来', url: hook.url, kinds: ['work.taken_down'] });
  await takeDownNewest();
  await until(() => hook.calls.length >= 4, 'three more attempts');
  assert.equal(new Set(hook.calls.map((one) => one.body)).size, 1);
  assert.equal(new Set(hook.calls.map((one) => one.headers['idempotency-key'])).size, 1);
  assert.ok(hook.calls.every((one) => right(made.secret, one)));
  const waits = hook.calls.slice(1).map((one, i) => one.at - hook.calls[i].at);
  [100, 300, 600].forEach((least, i) => assert.ok(waits[i] >= least - 5, `${waits}`));
  await until(async () => (await list()).find((one) => one.id === made.id).waiting === 0, 'all told');
  const known = (await list()).find((one) => one.id === made.id);
  assert.equal(known.last_outcome, 'ok');
  assert.equal(known.given_up, 0);
  await sleep(1200);
  assert.equal(hook.calls.length, 4, 'once it has arrived');
  assert.equal((await remove(made.id)).status, 204);
  assert.equal((await remove(made.id)).status, 404);
  await takeDownNewest();
  await sleep(1500);
  assert.equal(hook.calls.length, 4);
});

test('after a day it is given up, and the administrator sees it', async () => {
  const hook = await receiver((n, response) => response.writeHead(503).end());
  const { json: made } = await add({ name: '总是不行', url: hook.url });
  await takeDownNewest();
  await until(() => hook.calls.length >= 1, 'an attempt');
  sql(stack.service, `UPDATE delivery SET first_ms = first_ms - 864001 WHERE receiver = '${made.id}'`);
  await until(async () => (await list()).find((one) => one.id === made.id).given_up === 1, 'the end');
  const known = (await list()).find((one) => one.id === made.id);
  assert.equal(known.waiting, 0);
  assert.equal(known.last_outcome, 'http-503');
  await remove(made.id);
});

test('slow and hostile receivers hold up nobody, and lead nowhere', async () => {
  const inside = await receiver(); // what a redirect would reach
  const stuck = await receiver(() => {}); // never answers
  const endless = await receiver((n, response) => { response.writeHead(200); response.write(Buffer.alloc(1 << 20)); response.write(Buffer.alloc(1 << 20)); });
  const away = await receiver((n, response) => response.writeHead(302, { Location: inside.url }).end());
  const good = await receiver();
  const made = [];
  for (const [name, hook] of Object.entries({ stuck, endless, away, good })) made.push((await add({ name, url: hook.url, kinds: ['work.taken_down'] })).json);
  const { port } = new URL(inside.url);
  const { json: hidden } = await add({ name: '名字指向自己', url: `https://localhost:${port}/`, kinds: ['work.taken_down'] });
  assert.ok(hidden.id, 'a name is judged when it is called');
  const ids = [];
  for (let n = 0; n < 5; n++) {
    ids.push(await takeDownNewest());
    const told = performance.now();
    await until(() => good.events().some((one) => one.work.id === ids[n]), 'the good one');
    const late = performance.now() - told;
    assert.ok(late < 2500, `${late} ms after the others hung`);
  }
  await until(async () => {
    const now = await list();
    return now.find((one) => one.name === 'endless').last_outcome === 'outbound' && now.find((one) => one.name === 'away').last_outcome === 'http-302' &&
      now.find((one) => one.id === hidden.id).last_outcome === 'outbound-address' && now.find((one) => one.name === 'stuck').last_outcome === 'outbound';
  }, 'the outcomes', 15000);
  assert.equal(inside.calls.length, 0);
  assert.equal(good.calls.length, 5, 'each once');
  for (const one of [...made, hidden]) await remove(one.id);
});

test('an address is public and https, or named by the operator; there is a call to try it', async () => {
  for (const bad of ['http://portal.example.cn/', 'https://10.1.2.3/', 'https://[::1]/', 'https://user:secret@portal.example.cn/', 'ftp://127.0.0.1/',
    'https://portal.example.cn/#x', 'portal.example.cn', '', 'https:///x', `https://portal.example.cn/${'x'.repeat(1000)}`, 'https://169.254.169.254/']) {
    const answer = await add({ name: 'x', url: bad });
    assert.equal(answer.status, 422, bad);
    assert.equal(answer.json.code, 'outbound-address');
  }
  for (const body of [{ name: '' }, { name: 'x', kinds: [] }, { name: 'x', kinds: ['work.seen'] }, { name: 'x', kinds: 'work.ready' }, { name: 1 }, {}]) {
    assert.equal((await add(body)).status, 400, JSON.stringify(body));
  }
  const hook = await receiver((n, response) => response.writeHead(n === 1 ? 200 : 404).end());
  const { json: made } = await add({ name: '试一试', url: hook.url });
  const attempt = () => api(url, `/api/v1/webhooks/${made.id}/test`, { method: 'POST', session: admin });
  assert.deepEqual((await attempt()).json, { delivered: true, outcome: 'ok' });
  assert.equal(hook.events()[0].kind, 'webhook.test');
  assert.ok(right(made.secret, hook.calls[0]));
  assert.deepEqual((await attempt()).json, { delivered: false, outcome: 'http-404' });
  const { json: asking } = await add({ name: '自己来取' });
  assert.equal((await api(url, `/api/v1/webhooks/${asking.id}/test`, { method: 'POST', session: admin })).status, 400);
  assert.ok(!JSON.stringify(await list()).includes(made.secret), 'told once');
  for (const one of [made, asking]) await remove(one.id);
  const stored = sql(stack.service, "SELECT COALESCE(secret, '') || ' ' || COALESCE(token_digest, '') FROM receiver");
  assert.ok(!stored.includes(made.secret) && !stored.includes(asking.token));
});

test('what docs/EVENTS.md shows works as it stands there', async () => {
  const text = readFileSync(join(root, 'docs', 'EVENTS.md'), 'utf8');
  const [, script] = /```js\n([^]*?)```/.exec(text);
  const [, commands] = /```sh\n([^]*?)```/.exec(text);
  const probe = http.createServer();
  await new Promise((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address();
  await new Promise((done) => probe.close(done));
  const { json: made } = await add({ name: '例子', url: `http://127.0.0.1:${port}/`, kinds: ['work.taken_down'] });
  const { json: asking } = await add({ name: '来取的例子' });
  const child = spawn(process.execPath, ['--input-type=module', '-'], { env: { ...process.env, SECRET: made.secret, PORT: String(port) }, stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (bytes) => (said += bytes));
  child.stdin.end(script);
  try {
    const id = await takeDownNewest();
    await until(() => said.includes(`work.taken_down ${id}`), 'the receiver of the page');
    const forged = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: '{}', headers: { 'Xuepai-Signature': `t=${Math.floor(Date.now() / 1000)},v1=${'0'.repeat(64)}` } });
    assert.equal(forged.status, 401);
    const events = (await pull(asking.token)).json.items;
    assert.equal(events.at(-1).work.id, id);
    const told = execFileSync('sh', ['-c', commands.replace('17', events.at(-1).seq)], { env: { ...process.env, TOKEN: asking.token, SITE: url } }).toString();
    assert.equal(JSON.parse(told).items.length, events.length);
    assert.equal((await pull(asking.token)).json.items.length, 0, 'confirmed');
  } finally {
    child.kill();
    for (const one of [made, asking]) await remove(one.id);
  }
});

test('several services of one database tell each event once', { skip: !onPostgres && 'one service alone' }, async () => {
  const hook = await receiver();
  const others = [await startNode(stack.service, { environment: SETTINGS }), await startNode(stack.service, { environment: SETTINGS })];
  try {
    const { json: made } = await add({ name: '一次', url: hook.url, kinds: ['work.taken_down'] });
    for (let n = 0; n < 15; n++) await takeDownNewest();
    await until(() => hook.calls.length >= 15, 'fifteen');
    await sleep(2000);
    assert.equal(hook.calls.length, 15);
    assert.equal(new Set(hook.events().map((one) => one.seq)).size, 15);
    await remove(made.id);
  } finally {
    for (const other of others) await other.stop();
  }
});
