// Races over one work: two decide at once, approval against withdrawal, approval against an edit, two approvals where two are
// needed. One outcome each, and a withdrawal always wins. 300 of them; FULL=1: 10,000.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import http from 'node:http';
import { request, sql, startService } from './support/service.mjs';
import { api, login, reviewers } from '../support/stack.mjs';

const RACES = Number(process.env.FULL ? 10000 : 300);
const AT_ONCE = 6;
const SHA = 'ab'.repeat(32);
const PHONE = 'phone';
const agent = new http.Agent({ keepAlive: true, maxSockets: 3 * AT_ONCE });
let service, url, people, one, other;

before(async () => {
  service = await startService({ environment: { XUEPAI_UNDO_SECONDS: '0', XUEPAI_LOG_LEVEL: 'warning' } });
  url = service.url;
  people = await reviewers(url);
  await api(url, '/api/v1/staff', { method: 'POST', session: people.admin, body: { username: 'jinan.b', name: '刘老师', role: 'reviewer',
    scope: '370100', stages: ['first'], password: 'password of jinan.b' } });
  [one, other] = [people.jinan, await login(url, 'jinan.b', 'password of jinan.b')];
  await policy(1);
});
after(() => { agent.destroy(); return service.stop(); });

const policy = (first) => api(url, '/api/v1/policies/370000', { method: 'PUT', session: people.admin, body: { first, second: 0, final: 0, sample_percent: 0 } });

const idOf = (n) => `r${String(n).padStart(25, 'a')}`;
// A receipt code: five characters of a number, and the check character (service/model/secret.c).
const SIGNS = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
function codeOf(n) {
  const five = Array.from({ length: 5 }, (_, i) => Math.floor(n / SIGNS.length ** (4 - i)) % SIGNS.length);
  const check = five.reduce((sum, at, i) => sum + (i + 2) * at, 0) % SIGNS.length;
  const text = [...five, check].map((at) => SIGNS[at]).join('');
  return `SD26-${text.slice(0, 4)}-${text.slice(4)}`;
}

// Works in review at the first stage, past the program: `numbers` of them in one statement each.
function makeWorks(first, count) {
  const rows = (row) => Array.from({ length: count }, (_, i) => row(first + i)).join(',');
  const device = createHash('sha256').update(PHONE).digest('hex');
  sql(service, `INSERT INTO submission (id, code, pin_digest, device_digest, edition, track, region, city, state, stage, revision,
      contact_name, contact_phone, ai, waiting_ms, created_ms, updated_ms) VALUES ${rows((n) => `('${idOf(n)}', '${codeOf(n)}', '', '${device}',
      (SELECT key FROM edition WHERE is_current = 1), 'family-video', '370102', '370100', 'in_review', 1, 1, '', '', 0, ${n}, ${n}, ${n})`)};
    INSERT INTO revision (submission, number, title, words, content_digest, facts, created_ms) VALUES ${rows((n) => `('${idOf(n)}', 1, 't', '', 'd${n}', '{}', 1)`)};
    INSERT INTO original (submission, revision, position, store_key, bytes, sha256) VALUES ${rows((n) => `('${idOf(n)}', 1, 1, 'none', 1, '${SHA}')`)}`);
}

const send = async (method, path, headers, body) => {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const answer = await request(`${url}${path}`, { method, agent, body: text,
    headers: { ...(text ? { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } : {}), ...headers } });
  return { status: answer.status, code: answer.body.length > 0 ? JSON.parse(answer.body).code : '' };
};
const act = (person, n, action, version = 1) => send('POST', `/api/v1/queue/${idOf(n)}/decision`,
  { Cookie: person.cookie, 'X-CSRF-Token': person.csrf, 'If-Match': `"${version}"` }, { action, reasons: action === 'approve' ? [] : ['blurred'], note: '' });
const phone = { Cookie: `xuepai-device=${PHONE}` };
const withdraw = (n) => send('DELETE', `/api/v1/submissions/${encodeURIComponent(codeOf(n))}`, phone);
const edit = (n) => send('PATCH', `/api/v1/submissions/${encodeURIComponent(codeOf(n))}`, phone, { title: 'another' });

const LOST = ['leased', 'version', 'state', 'same-person', 'conflict'];
const is = (answer, ...statuses) => assert.ok(statuses.includes(answer.status) || (answer.status === 409 && LOST.includes(answer.code)),
  `${answer.status} ${answer.code}`);

// What may be left of each race: by the answers that the two got.
const KINDS = {
  'approve against return': {
    run: (n) => Promise.all([act(one, n, 'approve'), act(other, n, 'return')]),
    judge([approved, returned], row) {
      is(approved, 200); is(returned, 200);
      assert.equal([approved, returned].filter(({ status }) => status === 200).length, 1, 'exactly one decides');
      assert.equal(row.state, approved.status === 200 ? 'published' : 'returned');
      assert.equal(row.public, approved.status === 200);
    },
  },
  'approve against withdraw': {
    run: (n) => Promise.all([act(one, n, 'approve'), withdraw(n)]),
    judge([approved, withdrawn], row) {
      is(approved, 200); assert.equal(withdrawn.status, 200, 'a withdrawal is never refused');
      assert.deepEqual([row.state, row.public], ['withdrawn', false]);
    },
  },
  'two approve against withdraw': {
    run: (n) => Promise.all([act(one, n, 'approve'), withdraw(n), act(other, n, 'approve')]),
    judge(answers, row) {
      assert.equal(answers[1].status, 200);
      assert.deepEqual([row.state, row.public], ['withdrawn', false]);
    },
  },
  'approve against edit': {
    run: (n) => Promise.all([act(one, n, 'approve'), edit(n)]),
    judge([approved, edited], row) {
      is(approved, 200); is(edited, 200);
      assert.equal(edited.status, 200, `an edit is possible before and after: ${edited.code}`);
      assert.deepEqual([row.state, row.public, row.revision, row.stage], ['in_review', false, 2, 1], 'nothing stays public that nobody approved');
    },
  },
  'approve twice by one person': {
    run: (n) => Promise.all([act(one, n, 'approve'), act(one, n, 'approve')]),
    judge(answers, row) {
      assert.equal(answers.filter(({ status }) => status === 200).length, 1);
      assert.deepEqual([row.state, row.public], ['published', true]);
    },
  },
};

const rowOf = (line) => {
  const [id, state, stage, revision, published] = line.split('|');
  return { id, state, stage: Number(stage), revision: Number(revision), public: published === '1' };
};

test('races: one outcome each, and withdraw wins', async (context) => {
  const kinds = Object.entries(KINDS);
  const started = performance.now();
  const ends = {};
  for (let first = 0; first < RACES; first += 200) {
    const count = Math.min(200, RACES - first);
    makeWorks(first, count);
    const answers = [];
    let next = first;
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      while (next < first + count) {
        const n = next++;
        answers[n - first] = await kinds[n % kinds.length][1].run(n);
      }
    }));
    const rows = sql(service, `SELECT s.id, s.state, s.stage, s.revision, CASE WHEN p.submission IS NULL THEN 0 ELSE 1 END FROM submission s
      LEFT JOIN publication p ON p.submission = s.id WHERE s.id LIKE 'ra%' AND s.created_ms BETWEEN ${first} AND ${first + count - 1}
      ORDER BY s.created_ms`).split('\n').map(rowOf);
    assert.equal(rows.length, count);
    rows.forEach((row, i) => {
      const [name, kind] = kinds[(first + i) % kinds.length];
      try {
        kind.judge(answers[i], row);
      } catch (error) {
        throw new Error(`${name}: ${error.message} — ${JSON.stringify([answers[i], row])}`);
      }
      const end = `${name} -> ${row.state}`;
      ends[end] = (ends[end] ?? 0) + 1;
    });
  }
  context.diagnostic(`${RACES} races in ${((performance.now() - started) / 1000).toFixed(1)} s: ${JSON.stringify(ends)}`);
  // nothing is public but what was approved as it is; no decision hangs; each transition stands in the chain
  assert.equal(sql(service, `SELECT COUNT(*) FROM publication p JOIN submission s ON s.id = p.submission JOIN revision r ON r.submission = s.id AND r.number = s.revision
    WHERE s.state <> 'published' OR p.content_digest <> r.content_digest OR p.revision <> s.revision`), '0');
  assert.equal(sql(service, "SELECT COUNT(*) FROM decision WHERE state = 'pending'"), '0');
  // and the archive and the sitemap go by a number that was kept right meanwhile
  const [kept, there] = sql(service, 'SELECT works, (SELECT COUNT(*) FROM publication) FROM edition WHERE is_current = 1').split('|');
  assert.ok(Number(there) > 0);
  assert.equal(kept, there, 'the works of the edition');
  const verdict = (await api(url, '/api/v1/ledger/verify', { method: 'POST', session: people.admin })).json;
  assert.equal(verdict.whole, true);
});

test('two who are needed approve at once: published when both have, and never by one alone', async () => {
  await policy(2);
  const count = Math.min(200, Math.ceil(RACES / 10));
  makeWorks(100000, count);
  for (let n = 100000; n < 100000 + count; n++) {
    const answers = await Promise.all([act(one, n, 'approve'), act(other, n, 'approve')]);
    answers.forEach((answer) => is(answer, 200));
    const won = answers.filter(({ status }) => status === 200).length;
    const [state, approvals] = sql(service, `SELECT state, (SELECT COUNT(DISTINCT staff) FROM decision WHERE submission = s.id AND state = 'effective') FROM submission s WHERE id = '${idOf(n)}'`).split('|');
    assert.deepEqual([state, Number(approvals)], [won === 2 ? 'published' : 'in_review', won]);
  }
  await policy(1);
});
