// Signing in by an identity provider: a double of it here, with keys of its own; what it may say, and what it may not.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash, createHmac, createPublicKey, generateKeyPairSync, randomBytes, sign as signBytes } from 'node:crypto';
import http from 'node:http';
import { sql, startService } from './support/service.mjs';
import { ADMIN_PASSWORD, api, login } from '../support/stack.mjs';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = (pair, kid, alg) => ({ ...pair.publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' });
const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

// Knobs of the provider: how the next token is made.
const provider = { claims: {}, sign: null, header: {}, tokenStatus: 200, asked: [], codes: new Map(), issuer: null };
const usual = { RS256: (text) => signBytes('sha256', Buffer.from(text), rsa.privateKey),
  ES256: (text) => signBytes('sha256', Buffer.from(text), { key: ec.privateKey, dsaEncoding: 'ieee-p1363' }) };

function makeToken(nonce) {
  const header = { alg: 'RS256', kid: 'rsa', typ: 'JWT', ...provider.header };
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: provider.url, aud: 'xuepai', sub: 'subject-1', preferred_username: 'zhang.wei', nonce, iat: now, exp: now + 300, ...provider.claims };
  const text = `${b64(header)}.${b64(claims)}`;
  return `${text}.${(provider.sign ?? usual[header.alg])(text).toString('base64url')}`;
}

let service, server, url, admin, person;
before(async () => {
  server = http.createServer((request, response) => {
    const at = new URL(request.url, provider.url);
    const json = (status, value) => response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    if (at.pathname === '/.well-known/openid-configuration') {
      return json(200, { issuer: provider.issuer ?? provider.url, authorization_endpoint: `${provider.url}/authorize`, token_endpoint: `${provider.url}/token`, jwks_uri: `${provider.url}/keys` });
    }
    if (at.pathname === '/keys') return json(200, { keys: [jwk(rsa, 'rsa', 'RS256'), jwk(ec, 'ec', 'ES256'), jwk(weak, 'weak', 'RS256')] });
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(body));
      provider.asked.push({ ...form, authorization: request.headers.authorization });
      const kept = provider.codes.get(form.code);
      provider.codes.delete(form.code); // good once
      const challenge = createHash('sha256').update(form.code_verifier ?? '').digest('base64url');
      if (!kept || kept.code_challenge !== challenge || kept.redirect_uri !== form.redirect_uri) return json(400, { error: 'invalid_grant' });
      json(provider.tokenStatus, { access_token: 'x', token_type: 'Bearer', id_token: makeToken(kept.nonce) });
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  provider.url = `http://127.0.0.1:${server.address().port}`;
  service = await startService({ environment: { XUEPAI_OIDC_ISSUER: provider.url, XUEPAI_OIDC_CLIENT_ID: 'xuepai', XUEPAI_OIDC_CLIENT_SECRET: 'a secret: 密', XUEPAI_REQUIRE_OTP: 'true' } });
  url = service.url;
  sql(service, "UPDATE staff SET otp_secret = '' WHERE username = 'admin'");
});
after(async () => { await service.stop(); server.close(); });

// The first half: where the browser is sent, and what it carries.
async function begin(query = '') {
  const answer = await fetch(`${url}/login/oidc${query}`, { redirect: 'manual' });
  assert.equal(answer.status, 303, await answer.text());
  const cookie = answer.headers.get('set-cookie');
  assert.match(cookie, /HttpOnly/);
  assert.match(cookie, /SameSite=Lax/);
  return { at: new URL(answer.headers.get('location')), cookie: cookie.split(';')[0] };
}
// The person agrees at the provider; a code comes back.
function agree({ at }) {
  const code = randomBytes(12).toString('hex');
  provider.codes.set(code, Object.fromEntries(at.searchParams));
  return code;
}
const back = (begun, { code = agree(begun), state = begun.at.searchParams.get('state'), cookie = begun.cookie } = {}) =>
  fetch(`${url}/login/oidc/callback?${new URLSearchParams({ code, state })}`, { redirect: 'manual', headers: { Cookie: cookie, Accept: 'application/json' } });
async function signIn(knobs = {}) {
  Object.assign(provider, { claims: {}, sign: null, header: {}, tokenStatus: 200, ...knobs });
  const answer = await back(await begin());
  const text = await answer.text();
  const set = answer.headers.getSetCookie().find((one) => one.startsWith('xuepai='));
  return { status: answer.status, code: text.startsWith('{') ? JSON.parse(text).code : '', cookie: set?.split(';')[0], to: answer.headers.get('location') };
}
const sessions = () => Number(sql(service, "SELECT COUNT(*) FROM login WHERE is_by_provider = 1"));

test('an invitation by the administrator, and nobody without one', async () => {
  // one-time codes are asked for: the administrator's own are set up past the dialog
  sql(service, "UPDATE staff SET otp_secret = 'sealed' WHERE username = 'admin'");
  const id = sql(service, "SELECT id FROM staff WHERE username = 'admin'");
  admin = { cookie: 'xuepai=adminsession', csrf: 'token' };
  sql(service, `INSERT INTO login (digest, staff, csrf, created_ms, seen_ms, peer, confirmed_ms) VALUES ('${createHash('sha256').update('adminsession').digest('hex')}', '${id}', 'token', ${Date.now()}, ${Date.now()}, '', ${Date.now()})`);
  const made = await api(url, '/api/v1/staff', { method: 'POST', session: admin, body: { username: 'zhang', name: '张老师', role: 'reviewer', scope: '370100', stages: ['first'], invite: true } });
  assert.equal(made.status, 201, made.text);
  person = made.json.id;
  assert.deepEqual([(await signIn()).code, sessions()], ['sign-on-unknown', 0]);
  assert.equal(Number(sql(service, 'SELECT COUNT(*) FROM staff')), 2, 'no account makes itself');
  const put = (username, who = person) => api(url, `/api/v1/staff/${who}/identity`, { method: 'PUT', session: admin, body: { username } });
  assert.equal((await put('')).status, 400);
  assert.equal((await put('zhang.wei')).status, 204);
  const other = (await api(url, '/api/v1/staff', { method: 'POST', session: admin, body: { username: 'li.na', name: '李老师', role: 'reviewer', scope: '370200', stages: [], invite: true } })).json.id;
  assert.equal((await put('zhang.wei', other)).status, 409, 'one name, one account');
});

test('the address carries PKCE, state and nonce, each new', async () => {
  const [one, two] = [await begin(), await begin('?again=1')];
  const asked = one.at.searchParams;
  assert.deepEqual([asked.get('response_type'), asked.get('client_id'), asked.get('scope'), asked.get('code_challenge_method'), asked.get('redirect_uri'), asked.get('prompt')],
    ['code', 'xuepai', 'openid profile', 'S256', `${url}/login/oidc/callback`, null]);
  for (const name of ['state', 'nonce', 'code_challenge']) assert.ok(asked.get(name).length >= 43 && asked.get(name) !== two.at.searchParams.get(name), name);
  assert.deepEqual([two.at.searchParams.get('prompt'), two.at.searchParams.get('max_age')], ['login', '0']);
});

test('what the token may not be', async () => {
  const now = Math.floor(Date.now() / 1000);
  const bad = {
    'another issuer': { claims: { iss: 'https://evil.example' } },
    'another audience': { claims: { aud: 'another' } },
    'several audiences without a party': { claims: { aud: ['xuepai', 'another'] } },
    'several audiences for another party': { claims: { aud: ['xuepai', 'another'], azp: 'another' } },
    'expired': { claims: { exp: now - 120 } },
    'no expiry': { claims: { exp: undefined } },
    'from the future': { claims: { iat: now + 3600 } },
    'issued long ago': { claims: { iat: now - 3600 } },
    'another nonce': { claims: { nonce: 'x' } },
    'no nonce': { claims: { nonce: undefined } },
    'no subject': { claims: { sub: '' } },
    'a number as subject': { claims: { sub: 7 } },
    'alg none': { header: { alg: 'none' }, sign: () => Buffer.alloc(0) },
    'HS256 with the public key': { header: { alg: 'HS256' }, sign: (text) => createHmac('sha256', rsa.publicKey.export({ type: 'spki', format: 'pem' })).update(text).digest() },
    'HS256 with the client secret': { header: { alg: 'HS256' }, sign: (text) => createHmac('sha256', 'a secret: 密').update(text).digest() },
    'a stranger’s key': { sign: (text) => signBytes('sha256', Buffer.from(text), stranger.privateKey) },
    'a key of its own in the header': { header: { kid: 'mine', jwk: jwk(stranger, 'mine', 'RS256') }, sign: (text) => signBytes('sha256', Buffer.from(text), stranger.privateKey) },
    'a kid that is not there': { header: { kid: 'gone' } },
    'an extension it must know': { header: { crit: ['b64'] } },
    'RS256 by the EC key': { header: { kid: 'ec' } },
    'ES256 with a DER signature': { header: { alg: 'ES256', kid: 'ec' }, sign: (text) => signBytes('sha256', Buffer.from(text), ec.privateKey) },
    'ES256 with zeros': { header: { alg: 'ES256', kid: 'ec' }, sign: () => Buffer.alloc(64) },
    'a key of 1024 bits': { header: { kid: 'weak' }, sign: (text) => signBytes('sha256', Buffer.from(text), weak.privateKey) },
    'no signature': { sign: () => Buffer.alloc(0) },
  };
  for (const [name, knobs] of Object.entries(bad)) {
    const answer = await signIn(knobs);
    assert.deepEqual([name, answer.status, answer.code, answer.cookie], [name, 403, 'sign-on', undefined]);
  }
  assert.equal((await signIn({ tokenStatus: 500 })).code, 'sign-on');
  provider.issuer = 'https://evil.example';
  assert.equal((await fetch(`${url}/login/oidc`, { redirect: 'manual', headers: { Accept: 'application/json' } })).status, 403, 'a description of another issuer');
  provider.issuer = null;
  assert.equal(sessions(), 0);
});

test('state belongs to the browser, a code is good once', async () => {
  Object.assign(provider, { claims: {}, sign: null, header: {}, tokenStatus: 200 });
  const [one, two] = [await begin(), await begin()];
  assert.equal((await back(one, { cookie: two.cookie })).status, 403);
  assert.equal((await back(one, { cookie: 'a=b' })).status, 403);
  assert.equal((await back(one, { state: 'x' })).status, 403);
  assert.equal((await back(one, { cookie: `${one.cookie.slice(0, -4)}AAAA` })).status, 403, 'sealed');
  const code = agree(one);
  assert.equal((await back(one, { code })).status, 303);
  assert.equal((await back(one, { code })).status, 403);
  const sent = provider.asked.at(-1);
  assert.equal(sent.grant_type, 'authorization_code');
  assert.equal(Buffer.from(sent.authorization.replace('Basic ', ''), 'base64').toString(), `xuepai:${encodeURIComponent('a secret: 密')}`);
});

test('RS256 and ES256 let the invited person in; from then on the subject counts, not the name', async () => {
  for (const knobs of [{}, { header: { alg: 'ES256', kid: 'ec' } }, { header: { kid: undefined } }, { claims: { aud: ['xuepai'] } }, { claims: { preferred_username: 'renamed' } }]) {
    const answer = await signIn(knobs);
    assert.deepEqual([answer.status, answer.to], [303, '/console'], JSON.stringify(knobs));
    const me = (await api(url, '/api/v1/me', { headers: { Cookie: answer.cookie } })).json;
    assert.deepEqual([me.username, me.by_provider, me.otp_setup], ['zhang', true, false], 'the second factor is the provider’s');
    assert.equal((await api(url, '/api/v1/queue', { headers: { Cookie: answer.cookie } })).status, 200);
  }
  assert.equal((await signIn({ claims: { sub: 'subject-2' } })).code, 'sign-on-unknown', 'the name was given to somebody else');
  await api(url, `/api/v1/staff/${person}`, { method: 'PATCH', session: admin, body: { active: false } });
  assert.equal((await signIn()).code, 'sign-on-unknown', 'switched off here');
  await api(url, `/api/v1/staff/${person}`, { method: 'PATCH', session: admin, body: { active: true } });
  const last = await signIn();
  assert.equal((await api(url, `/api/v1/staff/${person}/identity`, { method: 'DELETE', session: admin })).status, 204);
  assert.equal((await api(url, '/api/v1/me', { headers: { Cookie: last.cookie } })).status, 401, 'its sessions end');
  assert.equal((await signIn()).code, 'sign-on-unknown');
  const actions = sql(service, `SELECT action FROM ledger WHERE object = '${person}'`).split('\n');
  for (const action of ['staff.identity_invited', 'staff.identity_linked', 'staff.identity_removed', 'staff.login']) assert.ok(actions.includes(action), action);
});

test('the button stands where a provider is set; the password works beside it', async () => {
  assert.match((await api(url, '/console')).text, /data-sign-on="统一身份认证"/);
  const plain = await startService();
  assert.doesNotMatch((await api(plain.url, '/console')).text, /data-sign-on/);
  assert.equal((await api(plain.url, '/login/oidc')).status, 404);
  assert.equal((await login(plain.url, 'admin', ADMIN_PASSWORD)).by_provider, false);
  await plain.stop();
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
  const away = await fetch(`${url}/login/oidc`, { redirect: 'manual', headers: { Accept: 'application/json' } });
  assert.deepEqual([away.status, (await away.json()).code], [503, 'outbound']);
});
