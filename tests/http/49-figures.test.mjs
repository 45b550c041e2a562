// Figures of the desk against works and decisions whose numbers are known by heart.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { sql, startService } from './support/service.mjs';
import { api, login, reviewers } from '../support/stack.mjs';

const HOUR = 3600000;
let service, url, people, staff;

before(async () => {
  service = await startService();
  url = service.url;
  people = await reviewers(url);
  staff = Object.fromEntries((await api(url, '/api/v1/staff', { session: people.admin })).json.items.map((one) => [one.username, one.id]));
});
after(() => service.stop());

let number = 0;
// A work sent at `sent` and decided `after` hours later; still in review when there is no such time.
function work({ city = '370100', region = '370102', after: hours = null, by = 'jinan', reasons = [], sent = Date.now() - 100 * HOUR }) {
  const id = `w${String(++number).padStart(25, 'a')}`;
  const decided = sent + (hours ?? 0) * HOUR;
  sql(service, `INSERT INTO submission (id, code, pin_digest, edition, track, region, city, state, stage, revision,
      contact_name, contact_phone, ai, waiting_ms, created_ms, updated_ms)
    VALUES ('${id}', 'code ${number}', '', (SELECT key FROM edition WHERE is_current = 1), 'family-video', '${region}', '${city}',
      '${hours === null ? 'in_review' : 'returned'}', 1, 1, '', '', 0, ${sent}, ${sent}, ${sent});
    INSERT INTO revision (submission, number, title, words, content_digest, created_ms) VALUES ('${id}', 1, 't', '', 'd', ${sent})`);
  if (hours !== null) {
    sql(service, `INSERT INTO decision (id, submission, revision, stage, staff, action, reasons, note, content_digest, state, made_ms, effective_ms)
      VALUES ('d${id.slice(1)}', '${id}', 1, 1, '${staff[by]}', 'return', '${JSON.stringify(reasons)}', '', 'd', 'effective', ${decided}, ${decided})`);
  }
}
const figures = async (session, query = '') => (await api(url, `/api/v1/figures${query}`, { session })).json;

test('median, three days, people and hours, reasons, cities; each within its region', async () => {
  const start = Math.floor((Date.now() - 100 * HOUR) / HOUR) * HOUR; // so that decisions fall into known hours of the clock
  for (const [hours, reasons] of [[2, ['blurred']], [2, ['blurred', 'no-sound']], [10, ['no-sound']], [80, ['blurred']]]) {
    work({ after: hours, reasons, sent: start });
  }
  work({ after: 5, by: 'qingdao', city: '370200', region: '370202', reasons: ['off-topic'], sent: start });
  work({ sent: start });
  work({ after: 1, sent: Date.now() - 40 * 24 * HOUR });
  const all = await figures(people.sheng);
  assert.equal(all.days, 30);
  assert.deepEqual(all.hours, [{ hours: 2, works: 2 }, { hours: 5, works: 1 }, { hours: 10, works: 1 }, { hours: 80, works: 1 }]);
  assert.deepEqual([all.done, all.done_in_three_days, all.median_hours], [5, 4, 5]);
  assert.deepEqual(all.people, [{ name: '张老师', decisions: 4, hours: 3 }, { name: '李老师', decisions: 1, hours: 1 }]);
  assert.deepEqual(all.reasons.map((one) => [one.code, one.decisions]), [['blurred', 3], ['no-sound', 2], ['off-topic', 1]]);
  assert.deepEqual(all.cities, [{ city: '370100', works: 4 }, { city: '370200', works: 1 }]);
  assert.equal(all.waiting.reduce((sum, one) => sum + one.waiting, 0), 1);
  assert.deepEqual(all.later, { decisions: 0, overturned: 0 });
  // one work goes on to the last stage and is refused there
  const [later] = sql(service, "SELECT submission FROM decision WHERE action = 'return' ORDER BY id LIMIT 1").split('\n');
  sql(service, `UPDATE decision SET stage = 2 WHERE submission = '${later}'`);
  assert.deepEqual((await figures(people.sheng)).later, { decisions: 1, overturned: 1 });
  const other = await figures(people.qingdao);
  assert.deepEqual([other.done, other.waiting.length, other.people.length], [1, 0, 1]);
  assert.equal((await figures(people.sheng, '?days=60')).done, 6);
  assert.equal((await api(url, '/api/v1/figures?days=400', { session: people.sheng })).status, 400);
  assert.equal((await figures(people.admin)).done, 5, 'an administrator sees numbers, not works');
});

test('nothing yet is no median', async () => {
  await api(url, '/api/v1/staff', { method: 'POST', session: people.admin,
    body: { username: 'heze', name: '赵老师', role: 'reviewer', scope: '371700', stages: ['first'], password: 'password of heze' } });
  const empty = await figures(await login(url, 'heze', 'password of heze'));
  assert.deepEqual([empty.done, empty.median_hours, empty.hours], [0, null, []]);
});
