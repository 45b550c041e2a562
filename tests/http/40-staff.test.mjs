// The accounts of staff: one-time codes, recovery codes, invitations, sessions and their revocation, giving the password
// again, and that nobody reaches beyond the own region.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { startService, sql } from './support/service.mjs';
import { ADMIN_PASSWORD, api, login } from '../support/stack.mjs';

let service, url, admin;
before(async () => {
  service = await startService();
  url = service.url;
  admin = await login(url, 'admin', ADMIN_PASSWORD);
});
after(() => service.stop());

// RFC 6238 by Node's own HMAC: another implementation than the service's.
export function totp(secret, drift = 0) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000) + drift));
  const mac = createHmac('sha1', key).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1e6).padStart(6, '0');
}

async function add(username, more = {}) {
  const answer = await api(url, '/api/v1/staff', {
    method: 'POST', session: admin,
    body: { username, name: username, role: 'reviewer', scope: '370100', stages: ['first'],
      password: `password of ${username}`, ...more },
  });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

const post = (session, path, body) => api(url, path, { method: 'POST', session, ...(body ? { body } : {}) });
const signIn = (username, otp) => post(null, '/api/v1/login',
  { username, password: `password of ${username}`, ...(otp ? { otp } : {}) });
const age = (username, minutes) => sql(service, `UPDATE login SET confirmed_ms = confirmed_ms - ${minutes * 60000}
  WHERE staff = (SELECT id FROM staff WHERE username = '${username}')`);

test('one-time codes: set up, asked for, good once; a recovery code instead', async () => {
  await add('lili');
  const session = await login(url, 'lili', 'password of lili');
  assert.equal(session.otp, false);
  const begun = (await post(session, '/api/v1/me/otp')).json;
  assert.match(begun.uri, /^otpauth:\/\/totp\/.+secret=[A-Z2-7]{32}&/);
  assert.equal((await post(session, '/api/v1/me/otp/confirm', { code: '000000' })).json.code, 'otp-wrong');
  const first = totp(begun.secret, -1);
  const { recovery_codes: codes } = (await post(session, '/api/v1/me/otp/confirm', { code: first })).json;
  assert.equal(codes.length, 10);

  assert.equal((await signIn('lili')).json.code, 'otp');
  assert.equal((await signIn('lili', first)).json.code, 'otp-wrong', 'each code once');
  const now = totp(begun.secret);
  assert.equal((await signIn('lili', now)).status, 200);
  assert.equal((await signIn('lili', now)).status, 401);
  assert.equal((await signIn('lili', codes[0])).status, 200);
  assert.equal((await signIn('lili', codes[0])).status, 401);
  const stored = sql(service, "SELECT otp_secret FROM staff WHERE username = 'lili'");
  assert.ok(stored.length > 40 && !stored.includes(begun.secret), 'sealed');
  assert.ok(!service.log.includes(begun.secret));

  const { id } = (await api(url, '/api/v1/staff', { session: admin })).json.items.find((one) => one.username === 'lili');
  assert.equal((await api(url, `/api/v1/staff/${id}/otp`, { method: 'DELETE', session: admin })).status, 204);
  assert.equal((await api(url, '/api/v1/me', { session })).status, 401, 'a reset ends the sessions');
  assert.equal((await signIn('lili')).status, 200);
});

test('where codes are required, nothing works before they are set up', async () => {
  const strict = await startService({ environment: { XUEPAI_REQUIRE_OTP: 'true' } });
  const session = await login(strict.url, 'admin', ADMIN_PASSWORD);
  assert.equal(session.otp_setup, true);
  assert.equal((await api(strict.url, '/api/v1/staff', { session })).json.code, 'otp-setup');
  assert.equal((await api(strict.url, '/api/v1/me', { session })).status, 200);
  const { secret } = (await api(strict.url, '/api/v1/me/otp', { method: 'POST', session })).json;
  const done = await api(strict.url, '/api/v1/me/otp/confirm', { method: 'POST', session, body: { code: totp(secret) } });
  assert.equal(done.status, 200);
  assert.equal((await api(strict.url, '/api/v1/staff', { session })).status, 200);
  await strict.stop();
});

test('behind a proxy with TLS codes are required by themselves, on plain loopback not', async () => {
  assert.equal(admin.otp_setup, false);
  const behind = await startService({ environment: { XUEPAI_TRUSTED_PROXIES: '127.0.0.1' } });
  const answer = await api(behind.url, '/api/v1/login', { method: 'POST', headers: { 'X-Forwarded-Proto': 'https' },
    body: { username: 'admin', password: ADMIN_PASSWORD } });
  assert.equal(answer.json.otp_setup, true);
  assert.match(answer.headers.get('set-cookie'), /^__Host-xuepai=.*Secure/);
  await behind.stop();
});

test('an invitation lets a person choose the password, once', async () => {
  const made = await add('zhao', { password: undefined, invite: true });
  assert.equal(made.password, null);
  const token = /#invitation\/([0-9a-f]{64})$/.exec(made.invitation)[1];
  const accept = (password, use = token) => post(null, '/api/v1/invitations', { token: use, password });
  assert.equal((await accept('short')).json.code, 'password');
  assert.equal((await accept('password of zhao', 'f'.repeat(64))).json.code, 'invitation');
  assert.equal((await accept('password of zhao')).json.username, 'zhao');
  assert.equal((await accept('another password')).json.code, 'invitation');
  assert.equal((await signIn('zhao')).status, 200);

  const again = (await post(admin, `/api/v1/staff/${made.id}/invitation`)).json;
  const older = again.url.split('/').pop();
  const newer = (await post(admin, `/api/v1/staff/${made.id}/invitation`)).json.url.split('/').pop();
  assert.equal((await accept('password of zhao', older)).status, 410, 'a new link voids the older');
  sql(service, 'UPDATE invitation SET expires_ms = 1 WHERE used_ms = 0');
  assert.equal((await accept('password of zhao', newer)).status, 410, 'expired');
});

test('sessions are listed and end at once', async () => {
  await add('qian');
  const [one, two] = [await login(url, 'qian', 'password of qian'), await login(url, 'qian', 'password of qian')];
  const { items } = (await api(url, '/api/v1/me/sessions', { session: one })).json;
  assert.equal(items.length, 2);
  const other = items.find((item) => !item.current);
  assert.equal((await api(url, `/api/v1/me/sessions/${other.id}`, { method: 'DELETE', session: one })).status, 204);
  assert.equal((await api(url, '/api/v1/me', { session: two })).status, 401);
  assert.equal((await api(url, '/api/v1/me', { session: one })).status, 200);
  const foreign = (await api(url, '/api/v1/me/sessions', { session: admin })).json.items[0];
  assert.equal((await api(url, `/api/v1/me/sessions/${foreign.id}`, { method: 'DELETE', session: one })).status, 404);
  assert.equal((await api(url, `/api/v1/staff/${one.id}/sessions`, { method: 'DELETE', session: admin })).status, 204);
  assert.equal((await api(url, '/api/v1/me', { session: one })).status, 401);
});

test('what weighs much asks for the password again after ten minutes', async () => {
  const { id } = await add('sun');
  age('admin', 11);
  const remove = () => api(url, '/api/v1/policies/370200', { method: 'DELETE', session: admin });
  const promote = () => api(url, `/api/v1/staff/${id}`, { method: 'PATCH', session: admin, body: { stages: ['first', 'final'] } });
  assert.equal((await post(admin, `/api/v1/staff/${id}/invitation`)).json.code, 'confirm');
  assert.equal((await remove()).json.code, 'confirm', 'a deletion');
  assert.equal((await promote()).json.code, 'confirm', 'other rights');
  assert.equal((await api(url, '/api/v1/staff', { session: admin })).status, 200, 'the rest goes on');
  assert.equal((await api(url, '/api/v1/policies/370200', { method: 'PUT', session: admin, body: { first: 1, second: 0, final: 1 } })).status, 204);
  assert.equal((await post(admin, '/api/v1/me/confirm', { password: 'wrong password' })).json.code, 'login');
  assert.equal((await post(admin, '/api/v1/me/confirm', { password: ADMIN_PASSWORD })).status, 204);
  assert.equal((await post(admin, `/api/v1/staff/${id}/invitation`)).status, 201);
  assert.deepEqual([(await remove()).status, (await promote()).status], [204, 204]);
});

test('every deletion by staff but the own and the passing asks for the password again', async () => {
  // let go, take back, stand aside, keep a reported work, end an own session; subtitles are a reviewer's decision
  const PASSING = /lease|decisions|entries|judging|reports|me.sessions|subtitles/;
  const { paths } = (await api(url, '/api/openapi.json')).json;
  const of = { administrator: admin };
  await add('leader', { role: 'organiser', scope: '370000', stages: [] });
  of.organiser = await login(url, 'leader', 'password of leader');
  age('admin', 11);
  age('leader', 11);
  const asked = [];
  for (const path of Object.keys(paths).filter((one) => 'delete' in paths[one] && /^\/api\/v1\/(?!submissions)/.test(one) && !PASSING.test(one))) {
    const target = path.replace('{region}', '370200').replace(/\{\w+\}/g, 'aaaaaaaaaaaaaaaaaaaaaaaaaa');
    const session = path.includes('selections') ? of.organiser : of.administrator;
    assert.equal((await api(url, target, { method: 'DELETE', session })).json?.code, 'confirm', path);
    asked.push(path);
  }
  assert.ok(asked.length >= 10, asked.join());
  assert.equal((await post(admin, '/api/v1/me/confirm', { password: ADMIN_PASSWORD })).status, 204);
});

test('an administrator of a city makes, sees and changes people of that city alone', async () => {
  const { id: elsewhere } = await add('zhou', { scope: '370200' });
  const { id: here } = await add('wuwu');
  await add('cityadmin', { role: 'administrator', scope: '370100', stages: [] });
  const session = await login(url, 'cityadmin', 'password of cityadmin');
  const patch = (id, body) => api(url, `/api/v1/staff/${id}`, { method: 'PATCH', session, body });
  const { items } = (await api(url, '/api/v1/staff', { session })).json;
  assert.ok(items.length > 0 && items.every((one) => one.scope.startsWith('3701')), JSON.stringify(items));
  assert.equal((await patch(elsewhere, { active: false })).status, 404);
  assert.equal((await patch(elsewhere, { password: 'a new long password' })).status, 404);
  assert.equal((await patch(here, { scope: '370000' })).status, 404, 'nobody is lifted beyond it');
  assert.equal((await patch(here, { role: 'organiser', stages: [] })).status, 204);
  assert.equal((await post(session, '/api/v1/staff', { username: 'lifted', name: 'x', role: 'administrator',
    scope: '370000', password: 'a password for lifted' })).status, 404);
  assert.equal((await api(url, '/api/v1/workers', { session })).status, 403, 'machines belong to the province');
});

test('another role ends the sessions of the old one', async () => {
  const { id } = await add('zheng');
  const session = await login(url, 'zheng', 'password of zheng');
  const answer = await api(url, `/api/v1/staff/${id}`, { method: 'PATCH', session: admin, body: { role: 'auditor' } });
  assert.equal(answer.status, 204);
  assert.equal((await api(url, '/api/v1/me', { session })).status, 401);
});

test('a password is kept as argon2id, 64 MiB and two rounds; where it was kept otherwise it follows at the next sign-in, and no session ends', async () => {
  const first = await startService();
  const kept = (of) => sql(of, "SELECT password FROM staff WHERE username = 'admin'");
  const { cookie } = await login(first.url, 'admin', ADMIN_PASSWORD);
  assert.match(kept(first), /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  await first.stop({ keep: true });
  const dearer = await startService({ data: first.data, environment: { XUEPAI_PASSWORD_MIB: undefined } });
  try {
    const before = kept(dearer);
    const wrong = await api(dearer.url, '/api/v1/login', { method: 'POST', body: { username: 'admin', password: 'another password' } });
    assert.equal(wrong.json.code, 'login');
    assert.equal(kept(dearer), before);
    await login(dearer.url, 'admin', ADMIN_PASSWORD);
    const now = kept(dearer);
    assert.match(now, /^\$argon2id\$v=19\$m=65536,t=2,p=1\$/);
    await login(dearer.url, 'admin', ADMIN_PASSWORD);
    assert.equal(kept(dearer), now, 'once');
    assert.equal((await api(dearer.url, '/api/v1/me', { headers: { Cookie: cookie } })).status, 200);
  } finally {
    await dearer.stop();
  }
});
