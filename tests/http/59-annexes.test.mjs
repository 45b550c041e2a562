// Attachments 3 and 4: each city its own, the province all with who is missing and the sums; what cannot be is refused.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { connect } from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, sql, startService } from './support/service.mjs';
import { ADMIN_PASSWORD, api, login } from '../support/stack.mjs';
import { publishMany } from '../support/published.mjs';

let service, url, folder;
const people = {};
before(async () => {
  service = await startService();
  url = service.url;
  folder = mkdtempSync(join(tmpdir(), 'xuepai-'));
  const admin = await login(url, 'admin', ADMIN_PASSWORD);
  for (const [username, role, scope] of [['sheng', 'organiser', '370000'], ['jinan', 'organiser', '370100'], ['lixia', 'organiser', '370102'], ['auditor', 'auditor', '370000']]) {
    await api(url, '/api/v1/staff', { method: 'POST', session: admin, body: { username, name: username, role, scope, password: `password of ${username}` } });
    people[username] = await login(url, username, `password of ${username}`);
  }
  publishMany(service, 33);
});
after(async () => { await service.stop(); rmSync(folder, { recursive: true }); });

const put = (who, number, region, body) => api(url, `/api/v1/annexes/${number}/${region}`, { method: 'PUT', session: people[who], body });
const list = async (who, number) => (await api(url, `/api/v1/annexes/${number}`, { session: people[who] })).json.items;
const activity = (more = {}) => ({ name: '书香进万家', intro: '全'.repeat(300), time: '8月19日至25日', effect: '好', ...more });

test('a city fills its own; texts and numbers that cannot be are refused', async () => {
  const [own] = await list('jinan', 3);
  assert.deepEqual([own.region, own.form, own.known.works, own.known.counties], ['370100', null, 3, 1], 'what is known stands there');
  assert.equal((await put('jinan', 3, '370100', { unit: '济南市教育局', contact: '张三', phone: '0531-1', activities: [activity(), activity()] })).status, 204);
  assert.equal((await put('jinan', 3, '370200', { activities: [] })).status, 404, 'another city');
  assert.equal((await put('lixia', 3, '370100', { activities: [] })).status, 404, 'a county does not fill its city’s');
  assert.equal((await put('jinan', 5, '370100', {})).status, 404);
  for (const bad of [{ activities: Array(6).fill(activity()) }, { activities: [activity({ intro: '全'.repeat(301) })] }, { activities: [activity({ name: '' })] }, { contact: 5 }]) {
    const answer = await put('jinan', 3, '370100', bad);
    assert.deepEqual([answer.status, answer.json.code], [422, 'annex'], JSON.stringify(bad).slice(0, 60));
  }
  for (const bad of [{ counties: 12, week_counties: 13 }, { counties: -1 }, { week_people: 1.5 }, { week_people: '9' }]) assert.equal((await put('jinan', 4, '370100', bad)).status, 422);
  const form = (await list('jinan', 3))[0].form;
  assert.deepEqual([form.activities.length, form.activities[0].intro.length], [2, 300], 'what was refused changed nothing');
});

test('the province sees all sixteen, prints them together, and who is missing', async () => {
  const numbers = { counties: 12, week_events: 30, week_people: 12000, week_counties: 12, week_county_events: 80, week_county_people: 30000, usual_events: 9, usual_people: 900, usual_counties: 5, usual_county_events: 10, usual_county_people: 2000 };
  assert.equal((await put('jinan', 4, '370100', { contact: '张三 科长', phone: '0531-1', source: '各县报送', ...numbers })).status, 204);
  assert.equal((await put('sheng', 4, '370200', { ...numbers, counties: 10, week_counties: 10 })).status, 204);
  const items = await list('sheng', 4);
  assert.deepEqual([items.length, items.filter((one) => one.form === null).length], [16, 14]);
  assert.equal((await list('jinan', 4)).length, 1);
  for (const [number, words] of [[3, ['书香进万家', '济南市教育局', '还没有填报：青岛市']], [4, ['合计', '<v>24000</v>', '<v>22</v>', '还没有填报：淄博市']]]) {
    const bytes = Buffer.from(await (await fetch(`${url}/api/v1/annexes/${number}/sheet.xlsx`, { headers: { Cookie: people.sheng.cookie } })).arrayBuffer());
    const file = join(folder, 'annex.xlsx');
    writeFileSync(file, bytes);
    const text = spawnSync('unzip', ['-p', file, 'xl/worksheets/sheet1.xml']).stdout.toString();
    for (const word of words) assert.ok(text.includes(word), word);
    assert.equal(spawnSync(join(build, 'xuepai-service'), ['--verify-sheet', file], { env: { ...process.env, XUEPAI_DATA: service.data } }).status, 0);
    const pdf = Buffer.from(await (await fetch(`${url}/api/v1/annexes/${number}/sheet.pdf`, { headers: { Cookie: people.auditor.cookie } })).arrayBuffer());
    assert.equal(pdf.subarray(0, 5).toString(), '%PDF-');
    writeFileSync(join(build, `annex${number}.pdf`), pdf);
  }
  const city = await (await fetch(`${url}/api/v1/annexes/4/sheet.pdf`, { headers: { Cookie: people.jinan.cookie } })).arrayBuffer();
  assert.ok(city.byteLength > 1000);
});

const PDF = Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(300000, 7)]);
const scan = (who, region, body, number = 3) => fetch(`${url}/api/v1/annexes/${number}/${region}/scan`,
  { method: body ? 'PUT' : 'GET', body, headers: { Cookie: people[who].cookie, 'X-CSRF-Token': people[who].csrf } });

test('the printed form comes back with its seal: a PDF of the own city, void once the form says something else', async () => {
  const form = { unit: '青岛市教育局', contact: '李四', phone: '0532-1', activities: [activity()] };
  assert.equal((await scan('sheng', '370200', PDF)).status, 404, 'nothing was filled that could be stamped');
  assert.equal((await put('sheng', 3, '370200', form)).status, 204);
  for (const [who, region, body, status] of [['jinan', '370200', PDF, 404], ['auditor', '370200', PDF, 403], ['sheng', '370200', Buffer.from('<html>'), 422],
    ['sheng', '370200', Buffer.alloc((20 << 20) + 1), 422], ['jinan', '370100', PDF, 204], ['sheng', '370200', PDF, 204]]) {
    assert.equal((await scan(who, region, body)).status, status, `${who} ${region} ${body.length}`);
  }
  const item = async () => (await list('sheng', 3)).find((one) => one.region === '370200');
  assert.ok((await item()).stamped_ms > 0);
  const back = await scan('auditor', '370200');
  assert.deepEqual([back.status, back.headers.get('content-type'), back.headers.get('content-security-policy')], [200, 'application/pdf', "sandbox; default-src 'none'"]);
  assert.match(back.headers.get('content-disposition'), /^attachment; filename="annex3-370200\.pdf"/);
  assert.ok(Buffer.from(await back.arrayBuffer()).equals(PDF));
  assert.equal((await scan('jinan', '370200')).status, 404, 'another city');
  assert.equal((await scan('lixia', '370100')).status, 200, 'a county sees that of its city');
  assert.equal((await put('sheng', 3, '370200', form)).status, 204);
  assert.ok((await item()).stamped_ms > 0, 'the same again changes nothing');
  assert.equal((await put('sheng', 3, '370200', { ...form, contact: '王五' })).status, 204);
  assert.equal((await item()).stamped_ms, 0);
  assert.equal((await scan('sheng', '370200')).status, 404);
  const records = sql(service, "SELECT count(*) FROM ledger WHERE action = 'annex.stamped'");
  assert.equal(records, '2');
});

test('a body that is cut off does not end the service', async () => {
  const { port } = new URL(url);
  const socket = connect(port, '127.0.0.1');
  socket.write(`PUT /api/v1/annexes/3/370100/scan HTTP/1.1\r\nHost: x\r\nCookie: ${people.jinan.cookie}\r\nX-CSRF-Token: ${people.jinan.csrf}\r\nContent-Length: 300000\r\n\r\n`);
  socket.write(PDF.subarray(0, 100000));
  await waitForPart(1);
  socket.destroy();
  await once(socket, 'close');
  await waitForPart(0);
  assert.equal((await scan('jinan', '370100')).status, 200, 'and what was there before is still there');
});

// Files on their way, in the folder of uploads.
async function waitForPart(count) {
  for (const end = Date.now() + 10000; ;) {
    if (readdirSync(join(service.data, 'uploads')).filter((name) => name.endsWith('.part')).length === count) return;
    assert.ok(Date.now() < end, `not ${count} files`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
