// Every route x every role x own and foreign region, generated from the service's own route table (/api/openapi.json) and
// judged by the table below, which is written by hand from the rules and not from the program. A route without a row fails.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { ADMIN_PASSWORD, api, clip, login, queued, startStack, submit, upload, waitFor } from '../support/stack.mjs';

// Who may call a staff route. `scoped`: its object lies in a region, and people of another one get 404.
const [SELF, REVIEWER, DESK, LEDGER, ADMIN] = [
  ['reviewer', 'organiser', 'administrator', 'unit', 'auditor'], ['reviewer'],
  ['reviewer', 'organiser', 'administrator'], ['reviewer', 'administrator', 'auditor'], ['administrator'],
];
const STAFF_ROUTES = {
  'post /api/v1/logout': [SELF], 'get /api/v1/me': [SELF], 'post /api/v1/me/otp': [SELF],
  'post /api/v1/me/otp/confirm': [SELF], 'post /api/v1/me/confirm': [SELF], 'get /api/v1/me/sessions': [SELF],
  'delete /api/v1/me/sessions/{id}': [SELF], 'get /api/v1/reasons': [SELF],
  'get /api/v1/staff': [ADMIN], 'post /api/v1/staff': [ADMIN],
  'patch /api/v1/staff/{id}': [ADMIN, 'person'], 'post /api/v1/staff/{id}/invitation': [ADMIN, 'person'],
  'delete /api/v1/staff/{id}/otp': [ADMIN, 'person'], 'delete /api/v1/staff/{id}/sessions': [ADMIN, 'person'],
  'get /api/v1/queue': [REVIEWER], 'get /api/v1/queue/{id}': [REVIEWER, 'work'],
  'post /api/v1/queue/{id}/lease': [REVIEWER, 'work'], 'delete /api/v1/queue/{id}/lease': [REVIEWER],
  'post /api/v1/queue/{id}/decision': [REVIEWER, 'work'], 'delete /api/v1/decisions/{id}': [REVIEWER],
  'get /api/v1/queue/counts': [REVIEWER],
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
  'put /api/v1/reasons': [ADMIN, 'province'], 'get /api/v1/words': [ADMIN, 'province'],
  'put /api/v1/words': [ADMIN, 'province'],
  'get /api/v1/embed-sites': [ADMIN, 'province'], 'post /api/v1/embed-sites': [ADMIN, 'province'],
  'delete /api/v1/embed-sites/{id}': [ADMIN, 'province'],
  'get /api/v1/policies': [ADMIN, 'province'], 'put /api/v1/policies/{region}': [ADMIN, 'province'],
  'delete /api/v1/policies/{region}': [ADMIN, 'province'],
  'get /api/v1/entry-links': [['organiser', 'administrator']], 'post /api/v1/entry-links': [['organiser', 'administrator']],
  'delete /api/v1/entry-links/{id}': [['organiser', 'administrator']],
  'get /api/v1/entry-links/{id}/poster.png': [['organiser', 'administrator']],
  'get /api/v1/entry-links/{id}/poster.pdf': [['organiser', 'administrator']],
  'post /api/v1/receipts': [REVIEWER], 'post /api/v1/batches': [['unit', 'organiser']],
  'get /api/v1/batches/works': [['unit', 'organiser']],
};
// Everything else is of the public, of a submitter (code and PIN), or of a worker (token).
const OTHER = /^(get|post|put|patch|delete|options|head) \/(files|uploads|c\/|api\/v1\/(rules|submissions|my|phone|wx|login|invitations|works)|media|v\/|city|search|phone|wx\/|q\/|family\/|submit|status|console|help|privacy|licence|elder|embed|kiosk|oembed|feed|sitemap|assets|healthz|readyz|metrics|api\/openapi|works|$)|\/api\/v1\/jobs\//;
const SUBMITTER = /\/api\/v1\/submissions\/\{code\}/;
const WORKER = /\/api\/v1\/jobs\//;

const ROLES = SELF;
const REGIONS = { own: '370100', other: '370200', county: '370102', province: '370000' };

let stack, admin, item, person;
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
});
after(() => stack.stop());

// A request that is well-formed enough to reach the object, and that changes nothing when it is allowed.
function ask(route, session, csrf = true) {
  const [method, pattern] = route.split(' ');
  const object = STAFF_ROUTES[route]?.[1];
  const id = object === 'person' ? person : object === 'work' || object === 'nothing' ? item.id : 'aaaaaaaaaaaaaaaaaaaaaaaaaa';
  const path = pattern.replace('{id}', id).replace('{revision}', '1').replace('{name}', '480p.mp4')
    .replace('{code}', item.code).replace('{region}', '370900').replace('{job}', id).replace('{position}', '0');
  const bodies = {
    'post /api/v1/queue/{id}/decision': { action: 'nothing of the kind' },
    'post /api/v1/works/{id}/take-down': { reason: '' }, 'patch /api/v1/staff/{id}': {},
    'post /api/v1/queue/{id}/lease': { take_over: true },
    'post /api/v1/queue/{id}/remarks': { kind: 'note', text: '' },
  };
  const hasBody = ['post', 'patch', 'put'].includes(method) &&
    !['/api/v1/logout', '/api/v1/ledger/verify', '/api/v1/me/otp', '/api/v1/staff/{id}/invitation',
      '/api/v1/queue/{id}/contact'].includes(pattern);
  return api(stack.url, path, {
    method: method.toUpperCase(), body: hasBody ? (bodies[route] ?? {}) : undefined,
    session: session && (csrf ? session : { cookie: session.cookie, csrf: '' }),
    headers: route.includes('decision') ? { 'If-Match': `"${item.version}"` } : {},
  });
}

// What the rules say: 401, 403, 404 or 'in' (the handler was reached and answered for itself).
function expected(route, role, place) {
  const [roles, object] = STAFF_ROUTES[route];
  if (!roles.includes(role)) return 403;
  if (object === 'province') return place === 'province' ? 'in' : 403;
  if (object === 'nothing') return 404;
  if ((object === 'work' || object === 'person') && place === 'other') return 404;
  return 'in';
}

const found = (answer, object) =>
  answer.status === 401 && answer.json?.code !== 'unauthenticated' ? 'in' // a wrong password, not a missing login
    : answer.status === 403 && ['denied', 'form-token', 'otp-setup'].includes(answer.json?.code) ? 403
      : answer.status === 404 && ['work', 'person', 'nothing'].includes(object) ? 404 : answer.status === 401 ? 401 : 'in';

test('the table names every route', async () => {
  const { paths } = (await api(stack.url, '/api/openapi.json')).json;
  const all = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));
  assert.ok(all.length > 60);
  const unknown = all.filter((route) => !STAFF_ROUTES[route] && !OTHER.test(route));
  assert.deepEqual(unknown, []);
  assert.deepEqual(Object.keys(STAFF_ROUTES).filter((route) => !all.includes(route)), []);
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
  const { paths } = (await api(stack.url, '/api/openapi.json')).json;
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      if (!SUBMITTER.test(path) && !WORKER.test(path)) continue;
      for (const session of [null, people['administrator.province'], people['reviewer.own']]) {
        const stream = method === 'put';
        const answer = stream ? { status: (await fetch(`${stack.url}${path.replace('{job}', 'a').replace('{name}', 'b')}`,
          { method: 'PUT', body: 'x', headers: session ? { Cookie: session.cookie } : {} })).status }
          : await ask(`${method} ${path}`, session);
        assert.ok([401, 403].includes(answer.status), `${method} ${path}: ${answer.status}`);
      }
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

test('signing out is for everybody who is in', async () => {
  for (const session of Object.values(people)) assert.equal((await ask('post /api/v1/logout', session)).status, 204);
  assert.equal((await ask('get /api/v1/me', people['reviewer.own'])).status, 401);
});
