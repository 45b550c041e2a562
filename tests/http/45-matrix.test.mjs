// Every route x every role x own and foreign region, generated from the service's own route table (/api/openapi.json) and
// judged by the table below, which is written by hand from the rules and not from the program. A route without a row fails.
// Runs once: who may do what is told by the program before any row is read; what a region sees is compared on both engines elsewhere.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { ADMIN_PASSWORD, api, clip, login, queued, startStack, submit, upload, waitFor } from '../support/stack.mjs';

// Who may call a staff route. `scoped`: its object lies in a region, and people of another one get 404.
const [SELF, REVIEWER, DESK, LEDGER, ADMIN, ORGANISER, JUDGE, EXPORT, ARRANGE] = [
  ['reviewer', 'organiser', 'administrator', 'unit', 'auditor'], ['reviewer'],
  ['reviewer', 'organiser', 'administrator'], ['reviewer', 'administrator', 'auditor'], ['administrator'],
  ['organiser'], ['reviewer', 'unit'], ['organiser', 'administrator', 'auditor'],
  ['organiser', 'administrator'],
];
const STAFF_ROUTES = {
  'post /api/v1/logout': [SELF], 'get /api/v1/me': [SELF], 'post /api/v1/me/otp': [SELF],
  'post /api/v1/me/otp/confirm': [SELF], 'post /api/v1/me/confirm': [SELF], 'get /api/v1/me/sessions': [SELF],
  'delete /api/v1/me/sessions/{id}': [SELF], 'put /api/v1/me/phone': [SELF], 'get /api/v1/reasons': [SELF],
  'get /api/v1/staff': [ADMIN], 'post /api/v1/staff': [ADMIN],
  'patch /api/v1/staff/{id}': [ADMIN, 'person'], 'post /api/v1/staff/{id}/invitation': [ADMIN, 'person'],
  'put /api/v1/staff/{id}/identity': [ADMIN, 'person'], 'delete /api/v1/staff/{id}/identity': [ADMIN, 'person'],
  'delete /api/v1/staff/{id}/otp': [ADMIN, 'person'], 'delete /api/v1/staff/{id}/sessions': [ADMIN, 'person'],
  'get /api/v1/queue': [REVIEWER], 'get /api/v1/queue/{id}': [REVIEWER, 'work'],
  'post /api/v1/queue/{id}/lease': [REVIEWER, 'work'], 'delete /api/v1/queue/{id}/lease': [REVIEWER],
  'post /api/v1/queue/{id}/decision': [REVIEWER, 'work'], 'delete /api/v1/decisions/{id}': [REVIEWER],
  'put /api/v1/queue/{id}/cover': [REVIEWER, 'work'], 'patch /api/v1/queue/{id}': [REVIEWER, 'work'],
  'get /api/v1/queue/counts': [REVIEWER], 'get /api/v1/queue/next': [REVIEWER],
  'post /api/v1/queue/{id}/remarks': [REVIEWER, 'work'], 'get /api/v1/live': [SELF],
  'post /api/v1/works/{id}/take-down': [DESK, 'work'], 'get /api/v1/reports': [DESK],
  'delete /api/v1/works/{id}/reports': [DESK, 'work'],
  'post /api/v1/queue/{id}/contact': [REVIEWER, 'work'], 'post /api/v1/queue/bulk': [REVIEWER],
  'post /api/v1/works/{id}/take-down': [DESK, 'work'],
  'get /api/v1/ledger': [LEDGER], 'post /api/v1/ledger/verify': [LEDGER],
  'get /preview/{id}/{revision}/{name}': [REVIEWER, 'nothing'],
  'get /api/v1/workers': [ADMIN, 'province'], 'post /api/v1/workers': [ADMIN, 'province'],
  'delete /api/v1/workers/{id}': [ADMIN, 'province'],
  'get /api/v1/figures': [['reviewer', 'organiser', 'administrator', 'auditor']],
  'get /api/v1/selections': [EXPORT], 'post /api/v1/selections': [ORGANISER],
  'get /api/v1/selections/{id}': [EXPORT, 'round'], 'put /api/v1/selections/{id}': [ORGANISER, 'round-of'],
  'post /api/v1/selections/{id}/steps': [ORGANISER, 'round-of'],
  'delete /api/v1/selections/{id}/judges/{staff}': [ORGANISER, 'round-of'],
  'put /api/v1/selections/{id}/entries/{work}': [ORGANISER, 'nothing'],
  'delete /api/v1/selections/{id}/entries/{work}': [ORGANISER, 'nothing'],
  'get /api/v1/selections/{id}/sheet': [EXPORT, 'round-of'], 'get /api/v1/selections/{id}/sheet.xlsx': [EXPORT, 'round-of'],
  'get /api/v1/selections/{id}/sheet.pdf': [EXPORT, 'round-of'],
  'get /api/v1/ledger/sheet.xlsx': [EXPORT], 'get /api/v1/ledger/sheet.pdf': [EXPORT], 'post /api/v1/objections/{id}/answer': [ORGANISER, 'nothing'],
  'get /api/v1/annexes/{number}': [EXPORT], 'put /api/v1/annexes/{number}/{region}': [ORGANISER, 'province-place'],
  'put /api/v1/annexes/{number}/{region}/scan': [ORGANISER, 'province-place'], 'get /api/v1/annexes/{number}/{region}/scan': [EXPORT, 'nothing'],
  'get /api/v1/annexes/{number}/sheet.xlsx': [EXPORT], 'get /api/v1/annexes/{number}/sheet.pdf': [EXPORT],
  'get /api/v1/judges': [ORGANISER], 'get /api/v1/judging': [JUDGE],
  'put /api/v1/judging/{selection}/{number}': [JUDGE, 'nothing'], 'delete /api/v1/judging/{selection}/{number}': [JUDGE, 'nothing'],
  'get /judging/{selection}/{number}/{name}': [JUDGE, 'nothing'],
  'put /api/v1/reasons': [ADMIN, 'province'], 'get /api/v1/words': [ADMIN, 'province'],
  'put /api/v1/words': [ADMIN, 'province'],
  'get /api/v1/embed-sites': [ADMIN, 'province'], 'post /api/v1/embed-sites': [ADMIN, 'province'],
  'delete /api/v1/embed-sites/{id}': [ADMIN, 'province'],
  'put /api/v1/programme/{region}/week': [ARRANGE, 'elsewhere'], 'post /api/v1/programme/{region}/activities': [ARRANGE, 'elsewhere'],
  'get /api/v1/exhibition.zip': [ARRANGE],
  'put /api/v1/activities/{id}': [ARRANGE, 'nothing'], 'delete /api/v1/activities/{id}': [ARRANGE, 'nothing'],
  'get /api/v1/editor/collections': [ARRANGE, 'province'], 'post /api/v1/editor/collections': [ARRANGE, 'province'],
  'put /api/v1/editor/collections/{id}': [ARRANGE, 'province'], 'delete /api/v1/editor/collections/{id}': [ARRANGE, 'province'],
  'get /api/v1/editor/collections/{id}/works': [ARRANGE, 'province'], 'post /api/v1/editor/collections/{id}/works': [ARRANGE, 'province'],
  'put /api/v1/editor/collections/{id}/works': [ARRANGE, 'province'],
  'get /api/v1/subtitles': [REVIEWER], 'get /api/v1/queue/{id}/subtitles': [REVIEWER, 'work'], 'get /api/v1/queue/{id}/subtitles/{language}': [REVIEWER, 'nothing'],
  'put /api/v1/queue/{id}/subtitles/{language}': [REVIEWER, 'work'], 'delete /api/v1/queue/{id}/subtitles/{language}': [REVIEWER, 'nothing'],
  'get /api/v1/views': [['reviewer', 'organiser', 'administrator', 'auditor']], 'get /api/v1/views/{id}': [['reviewer', 'organiser', 'administrator', 'auditor'], 'nothing'],
  'get /api/v1/webhooks': [ADMIN, 'province'], 'post /api/v1/webhooks': [ADMIN, 'province'],
  'delete /api/v1/webhooks/{id}': [ADMIN, 'province'], 'post /api/v1/webhooks/{id}/test': [ADMIN, 'province'],
  'get /api/v1/policies': [ADMIN, 'province'], 'put /api/v1/policies/{region}': [ADMIN, 'province'],
  'delete /api/v1/policies/{region}': [ADMIN, 'province'],
  'get /api/v1/entry-links': [['organiser', 'administrator']], 'post /api/v1/entry-links': [['organiser', 'administrator']],
  'delete /api/v1/entry-links/{id}': [['organiser', 'administrator']],
  'get /api/v1/entry-links/{id}/poster.png': [['organiser', 'administrator']],
  'get /api/v1/entry-links/{id}/poster.pdf': [['organiser', 'administrator']],
  'post /api/v1/receipts': [REVIEWER], 'post /api/v1/batches': [['unit', 'organiser']],
  'get /api/v1/batches/works': [['unit', 'organiser']],
};
// All that is left, methods before the path: what anybody may call, and what asks for code and PIN, or for a token. A new route has
// to be written down in one of the tables, so that somebody thinks of who may call it.
const spread = (rows) => rows.flatMap((row) => row.split(' ').slice(0, -1).map((method) => `${method} ${row.split(' ').pop()}`));
const PUBLIC = spread([
  'options post /files', 'options post /files/', 'options head patch post delete /files/{id}',
  'options get patch delete /uploads/{id}', 'get /api/v1/rules', 'post /api/v1/submissions',
  'post /api/v1/submissions/simple', 'post /api/v1/phone/codes', 'post /api/v1/phone/session', 'get /api/v1/my',
  'post /api/v1/login', 'get /login/oidc', 'get /login/oidc/callback', 'post /api/v1/invitations',
  'post /api/v1/works/{id}/reports', 'get /api/v1/public-key', 'get /api/v1/works', 'get /api/v1/works/{id}',
  'post /api/v1/works/{id}/views', 'get options /subtitles/{id}/{name}', 'get /api/v1/programme',
  'get /api/v1/collections', 'get options /media/{id}/{revision}/{name}', 'get /', 'get /works', 'get /v/{id}',
  'get /city/{region}', 'get /city/{region}/programme.ics', 'get /calendar', 'get /calendar.ics',
  'get /tracks/{key}', 'get /collections', 'get /collections/{id}', 'get /collections/{id}/feed.xml', 'get /archive',
  'get /archive/{key}', 'get /search', 'get /submit', 'get post /status', 'get post /phone', 'get /status/{code}',
  'get /c/{code}', 'get /console', 'get /console/{rest}', 'get /notice', 'get post /notice/{id}', 'get /q/{token}',
  'get /family/{code}/{token}', 'get /wx/callback', 'get /api/v1/wx/jssdk', 'get /help', 'get /privacy',
  'get /licence', 'get /a11y', 'get /elder', 'get /embed/{id}', 'get /embed.js', 'get /kiosk/{region}',
  'get /kiosk/{region}/playlist', 'get /kiosk/{region}/qr.svg', 'get /kiosk-worker.js', 'get /oembed',
  'get /feed.xml', 'get /feed.json', 'get /feed.atom', 'get /city/{region}/feed.xml', 'get /sitemap.xml',
  'get /assets/{name}', 'get /healthz', 'get /readyz', 'get /metrics', 'get /api/openapi.json',
]);
const TOKEN = spread([
  'get patch delete /api/v1/submissions/{code}', 'post /api/v1/submissions/{code}/replace',
  'put /api/v1/submissions/{code}/consents', 'get /api/v1/submissions/{code}/receipt.png',
  'get /api/v1/submissions/{code}/certificate.png', 'get /api/v1/submissions/{code}/certificate.pdf',
  'get post /api/v1/submissions/{code}/messages', 'get /api/v1/submissions/{code}/subtitles',
  'put delete /api/v1/submissions/{code}/subtitles/{language}', 'get /api/v1/submissions/{code}/photos/{position}', 'get /api/v1/submissions/{code}/storyboard/{name}',
  'get /api/v1/events', 'post /api/v1/events/ack', 'post /api/v1/jobs/claim', 'post /api/v1/jobs/{job}/renew',
  'post /api/v1/jobs/{job}/finish', 'post /api/v1/jobs/{job}/outputs', 'post /api/v1/jobs/{job}/fail',
  'get /api/v1/jobs/{job}/input/{position}', 'get /api/v1/jobs/{job}/review/{position}', 'get /api/v1/jobs/{job}/branding/{digest}', 'put /api/v1/jobs/{job}/output/{name}',
]);

const ROLES = SELF;
const REGIONS = { own: '370100', other: '370200', county: '370102', province: '370000' };

let stack, admin, item, person, round; // the round of selection is Jinan's
const people = {};

before(async () => {
  stack = await startStack();
  admin = await login(stack.url, 'admin', ADMIN_PASSWORD);
  const receipt = await submit(stack.url, [await upload(stack.url, clip({ seconds: 3 }))]);
  await waitFor(stack.url, receipt, 'in_review');
  const add = (username, role, scope) => api(stack.url, '/api/v1/staff', { method: 'POST', session: admin,
    body: { username, name: username.slice(0, 20), role, scope, stages: role === 'reviewer' ? ['first', 'final'] : [],
      password: `password of ${username}` } });
  person = (await add('object', 'unit', '370102')).json.id;
  for (const role of ROLES) {
    for (const [place, scope] of Object.entries(REGIONS)) {
      const username = `${role}.${place}`;
      assert.equal((await add(username, role, scope)).status, 201);
      people[username] = username;
    }
  }
  for (const username of Object.keys(people)) {
    people[username] = await login(stack.url, username, `password of ${username}`);
  }
  item = await queued(stack.url, people['reviewer.province'], receipt.code);
  assert.ok(item);
  round = (await api(stack.url, '/api/v1/selections', { method: 'POST', session: people['organiser.own'], body: ROUND })).json.id;
  assert.ok(round);
});
after(() => stack.stop());

const ROUND = { name: '济南择优', track: 'family-video', region: '370100', quota: 5, judges_each: 2, places: 3,
  criteria: [{ name: '主题', weight: 100 }], judges: [] };

// A request that is well-formed enough to reach the object, and that changes nothing when it is allowed.
function ask(route, session, csrf = true) {
  const [method, pattern] = route.split(' ');
  const object = STAFF_ROUTES[route]?.[1];
  const id = object === 'person' ? person : object === 'work' || object === 'nothing' ? item.id
    : object?.startsWith('round') ? round : 'aaaaaaaaaaaaaaaaaaaaaaaaaa';
  const path = pattern.replace('{id}', id).replace('{revision}', '1').replace('{name}', '480p.mp4')
    .replace('{code}', item.code).replace('{region}', '370900').replace('{job}', id).replace('{position}', '0')
    .replace('{staff}', person).replace('{work}', item.id).replace('{language}', 'zh').replace('{selection}', round).replace('{number}', pattern.includes('annexes') ? '3' : '1');
  const bodies = {
    'post /api/v1/queue/{id}/decision': { action: 'nothing of the kind' },
    'post /api/v1/works/{id}/take-down': { reason: '' }, 'patch /api/v1/staff/{id}': {},
    'put /api/v1/staff/{id}/identity': { username: 'x' }, 'put /api/v1/annexes/{number}/{region}': { contact: 7 },
    'post /api/v1/queue/{id}/lease': { take_over: true },
    'post /api/v1/selections': { ...ROUND, criteria: [] }, 'put /api/v1/selections/{id}': { ...ROUND, criteria: [] },
    'post /api/v1/selections/{id}/steps': { step: 'nothing of the kind' },
    'post /api/v1/objections/{id}/answer': { answer: 'x', removes: false },
    'put /api/v1/judging/{selection}/{number}': { points: [1] },
    'post /api/v1/queue/{id}/remarks': { kind: 'note', text: '' },
    'put /api/v1/queue/{id}/subtitles/{language}': { approve: 'nothing' }, 'put /api/v1/queue/{id}/cover': { cover_ms: -1 }, 'patch /api/v1/queue/{id}': { title: '' },
  };
  const hasBody = ['post', 'patch', 'put'].includes(method) &&
    !['/api/v1/selections/{id}/entries/{work}', '/api/v1/logout', '/api/v1/ledger/verify', '/api/v1/me/otp', '/api/v1/staff/{id}/invitation',
      '/api/v1/queue/{id}/contact', '/api/v1/webhooks/{id}/test'].includes(pattern);
  return api(stack.url, path, {
    method: method.toUpperCase(), body: hasBody ? (bodies[route] ?? {}) : undefined,
    session: session && (csrf ? session : { cookie: session.cookie, csrf: '' }),
    headers: /decision|cover|^patch .*queue/.test(route) ? { 'If-Match': `"${item.version}"` } : {},
  });
}

// What the rules say: 401, 403, 404 or 'in' (the handler was reached and answered for itself).
function expected(route, role, place) {
  const [roles, object] = STAFF_ROUTES[route];
  if (!roles.includes(role)) return 403;
  if (object === 'province') return place === 'province' ? 'in' : 403;
  if (object === 'elsewhere') return place === 'province' ? 'in' : 404; // :region is a city of none of them
  if (object === 'nothing') return 404;
  if (object === 'province-place') return place === 'province' ? 'in' : 404; // Tai'an's form, by nobody else than the province
  // a round of Jinan is led by Jinan and the province; Lixia, a county of Jinan, takes part in it
  if (object === 'round-of') return ['own', 'province'].includes(place) ? 'in' : 404;
  if (object === 'round') return place === 'other' ? 404 : 'in';
  if ((object === 'work' || object === 'person') && place === 'other') return 404;
  return 'in';
}

const found = (answer, object) =>
  answer.status === 401 && answer.json?.code !== 'unauthenticated' ? 'in' // a wrong password, not a missing login
    : answer.status === 403 && ['denied', 'form-token', 'otp-setup'].includes(answer.json?.code) ? 403
      : answer.status === 404 && ['work', 'person', 'nothing', 'round', 'round-of', 'province-place', 'elsewhere'].includes(object) ? 404 : answer.status === 401 ? 401 : 'in';

test('the table names every route', async () => {
  const { paths } = (await api(stack.url, '/api/openapi.json')).json;
  const all = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  assert.ok(all.length > 60);
  const named = [...Object.keys(STAFF_ROUTES), ...PUBLIC, ...TOKEN];
  assert.deepEqual(all.filter((route) => !named.includes(route)), [], 'routes that nobody thought of');
  assert.deepEqual(named.filter((route) => !all.includes(route)), [], 'rows without a route');
  assert.equal(new Set(named).size, named.length, 'each once');
});

test('role x route x region: no deviation', async (context) => {
  const deviations = [];
  let cells = 0;
  const judge = (what, answer, wanted, object) => {
    cells++;
    if (found(answer, object) !== wanted) deviations.push(`${what}: ${answer.status} ${answer.json?.code}, wanted ${wanted}`);
  };
  for (const route of Object.keys(STAFF_ROUTES)) {
    judge(`nobody ${route}`, await ask(route, null), 401);
    if (route === 'post /api/v1/logout') continue; // at the end
    for (const role of ROLES) {
      for (const place of Object.keys(REGIONS)) {
        const session = people[`${role}.${place}`];
        const object = STAFF_ROUTES[route][1];
        judge(`${role} of ${REGIONS[place]} ${route}`, await ask(route, session), expected(route, role, place), object);
        if (!route.startsWith('get') && STAFF_ROUTES[route][0].includes(role)) {
          judge(`${role} without token ${route}`, await ask(route, session, false),
            403, object);
        }
      }
    }
  }
  context.diagnostic(`${cells} cells, ${deviations.length} deviations`);
  assert.deepEqual(deviations, []);
  assert.ok(cells > 500);
});

test('the login of staff opens nothing that belongs to a submitter or a worker', async () => {
  for (const route of TOKEN) {
    const [method, path] = route.split(' ');
    for (const session of [null, people['administrator.province'], people['reviewer.own']]) {
      const answer = method === 'put' && path.includes('/output/') ? { status: (await fetch(`${stack.url}${path.replace('{job}', 'a').replace('{name}', 'b')}`,
        { method: 'PUT', body: 'x', headers: session ? { Cookie: session.cookie } : {} })).status }
        : await ask(route, session);
      assert.ok([401, 403].includes(answer.status), `${route}: ${answer.status}`);
    }
  }
});

test('lists hold nothing of another region', async () => {
  for (const [place, sees] of [['own', true], ['county', true], ['province', true], ['other', false]]) {
    const session = people[`reviewer.${place}`];
    const queue = (await api(stack.url, '/api/v1/queue', { session })).json;
    assert.equal(queue.items.some((one) => one.id === item.id), sees, `queue of ${place}`);
    const counts = (await api(stack.url, '/api/v1/queue/counts', { session })).json.items;
    assert.equal(counts.reduce((sum, one) => sum + one.waiting, 0), sees ? 1 : 0, `count of ${place}`);
    for (const path of [`/api/v1/ledger?work=${item.id}`, '/api/v1/ledger']) {
      for (const role of ['reviewer', 'administrator', 'auditor']) {
        const ledger = await api(stack.url, path, { session: people[`${role}.${place}`] });
        assert.equal(ledger.status, 200);
        assert.equal(ledger.text.includes(item.id), sees, `${path} of ${role} of ${place}`);
      }
    }
  }
});

test('in every state of a work its paths answer each role by the table', async () => {
  const states = { draft: 0, uploading: 0, received: 0, processing: 0, returned: 0, declined: 0, withdrawn: 0 };
  const { sql } = await import('./support/service.mjs');
  for (const state of Object.keys(states)) {
    sql(stack.service, `UPDATE submission SET state = '${state}' WHERE id = '${item.id}'`);
    for (const role of ROLES) {
      for (const place of Object.keys(REGIONS)) {
        const session = people[`${role}.${place}`];
        for (const route of ['get /api/v1/queue/{id}', 'post /api/v1/queue/{id}/decision', 'post /api/v1/works/{id}/take-down']) {
          const answer = await ask(route, session);
          const wanted = expected(route, role, place);
          assert.equal(found(answer, 'work'), wanted, `${state}: ${role} of ${place} ${route}: ${answer.status}`);
          assert.ok(answer.status !== 204 && !(route.includes('decision') && answer.status === 200), `${state} ${route}`);
        }
        for (const path of [`/v/${item.id}`, `/embed/${item.id}`, `/api/v1/works/${item.id}`, `/media/${item.id}/1/480p.mp4`]) {
          assert.equal((await api(stack.url, path, { session })).status, 404, `${state} ${path} for ${role}`);
        }
      }
    }
  }
});

// What the public may ask for of a work, all of it: by page, by list, by file, by paper.
const publicPaths = () => [`/v/${item.id}`, `/embed/${item.id}`, `/api/v1/works/${item.id}`, `/media/${item.id}/1/480p.mp4`, `/media/${item.id}/1/poster.jpg`,
  `/media/${item.id}/1/sheet.jpg`, `/subtitles/${item.id}/zh.vtt`, `/oembed?url=${encodeURIComponent(`${stack.url}/v/${item.id}`)}`, `/c/${item.code}`];
// Routes whose {id} is that of a work: each has to be among them.
const OF_A_WORK = PUBLIC.filter((route) => /^get .*\/\{id\}/.test(route) && !/\/(uploads|files|collections|notice)\//.test(route));
const LISTS = ['/', '/works', '/tracks/family-video', '/archive', '/collections', '/city/370100', '/search?q=%E5%AE%B6%E4%B9%A6', '/feed.xml', '/feed.json', '/feed.atom', '/city/370100/feed.xml', '/sitemap.xml',
  '/api/v1/works', '/kiosk/370100/playlist', '/notice'];

test('every path of a work that is not published, for every role and region, in every state', async (context) => {
  const { sql } = await import('./support/service.mjs');
  let asked = 0;
  const ask = async (path, session, more = {}) => { asked++; return api(stack.url, path, { session, ...more }); };
  sql(stack.service, `UPDATE submission SET state = 'in_review', stage = 1 WHERE id = '${item.id}'`);
  for (const route of OF_A_WORK) {
    const start = route.slice(4).replace('{id}', item.id).split('{')[0];
    assert.ok(publicPaths().some((path) => path.startsWith(start)), route);
  }
  const seen = (await api(stack.url, `/api/v1/queue/${item.id}`, { session: people['reviewer.own'] })).json;
  const preview = seen.poster ?? seen.review_mp4;
  const sessions = [['nobody', null], ...Object.entries(people)];
  for (const state of ['draft', 'uploading', 'received', 'processing', 'in_review', 'approved', 'returned', 'declined', 'withdrawn', 'taken_down', 'failed']) {
    sql(stack.service, `UPDATE submission SET state = '${state}' WHERE id = '${item.id}'`);
    for (const [name, session] of sessions) {
      for (const path of publicPaths()) {
        const { status } = await ask(path, session);
        // what staff took away was public before; its page may say so
        assert.ok(status === 404 || (state === 'taken_down' && status === 410), `${state} ${path} for ${name}: ${status}`);
      }
      const [role, place] = name.split('.');
      const sheet = await ask(`/api/v1/ledger/sheet.xlsx?work=${item.id}`, session);
      const mayExport = ['organiser', 'administrator', 'auditor'].includes(role);
      assert.equal(sheet.status, session === null ? 401 : !mayExport ? 403 : place === 'other' ? 404 : 200, `${state} sheet for ${name}`);
      const copy = await ask(preview, session); // signed for another login
      assert.ok(name === 'reviewer.own' ? copy.status === 200 : [401, 403, 404].includes(copy.status), `${state} preview for ${name}: ${copy.status}`);
      assert.ok([401, 403, 404].includes((await ask(`/preview/${item.id}/1/480p.mp4`, session)).status), 'unsigned');
      assert.ok([401, 403, 404].includes((await ask(`/judging/${round}/1/480p.mp4`, session)).status), 'not a task of this person');
      if (role === 'organiser') {
        const put = await ask(`/api/v1/selections/${round}/entries/${item.id}`, session, { method: 'PUT' });
        assert.equal(put.status, 404, `${state}: what is not published is not recommended, ${name}`);
      }
    }
    for (const list of LISTS) assert.ok(!(await ask(list, null)).text.includes(item.id), `${state} ${list}`);
    assert.ok(!JSON.stringify((await ask('/api/v1/figures', people['auditor.province'])).json).includes(item.id), 'figures are numbers');
    assert.equal((await ask(`/api/v1/works/${item.id}/reports`, null, { method: 'POST', body: { reason: 'other' } })).status, 404, state);
    for (const kind of ['certificate.png', 'certificate.pdf']) {
      assert.ok([403, 409].includes((await ask(`/api/v1/submissions/${item.code}/${kind}`, people['reviewer.own'])).status), `${state} ${kind}`);
    }
  }
  context.diagnostic(`${asked} questions`);
});

test('signing out is for everybody who is in', async () => {
  for (const session of Object.values(people)) assert.equal((await ask('post /api/v1/logout', session)).status, 204);
  assert.equal((await ask('get /api/v1/me', people['reviewer.own'])).status, 401);
});
