// The ledger from outside: verified by command and by API, beside a running service; what a tamperer with a tool of his
// own does to the file is named, and a cut tail is found by the anchor.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, databaseSettings, root, sql, startService, until } from './support/service.mjs';
import { writeRecords } from '../support/ledger_records.mjs';
import { ADMIN_PASSWORD, api, login } from '../support/stack.mjs';

const onPostgres = Boolean(process.env.XUEPAI_TEST_DATABASE);
// The shell says what processor time it took.
const check = (service, environment = {}) => {
  const { status, stdout, stderr } = spawnSync('bash', ['-c', 'TIMEFORMAT="took %U %S"; time "$@"', 'bash', join(build, 'xuepai-service'), '--verify-ledger'],
    { env: { ...process.env, XUEPAI_DATA: service.data, ...databaseSettings(service.data), ...environment } });
  const [, user, system] = /^took ([\d.]+) ([\d.]+)$/m.exec(stderr);
  return { status, text: `${stdout}${stderr}`, cpu_s: Number(user) + Number(system) };
};
const unguard = (service) => ['ledger_is_not_changed', 'ledger_is_not_deleted'].forEach((guard) =>
  sql(service, `DROP TRIGGER ${guard} ${onPostgres ? 'ON ledger' : ''}`));

test('whole, anchored, changed, cut: command and API say the same', async () => {
  const service = await startService({ environment: { XUEPAI_ANCHOR_SECONDS: '1' } });
  const session = await login(service.url, 'admin', ADMIN_PASSWORD);
  const verify = async () => (await api(service.url, '/api/v1/ledger/verify', { method: 'POST', session })).json;
  for (let i = 0; i < 8; i++) {
    await api(service.url, '/api/v1/staff', { method: 'POST', session, body: { username: `person${i}`, name: '某',
      role: 'unit', scope: '370100', password: 'a password of a person' } });
  }
  const anchor = join(service.data, 'ledger.anchor');
  const whole = await verify();
  assert.equal(whole.whole, true);
  assert.equal(whole.fault, 'whole');
  await until(() => existsSync(anchor) && readFileSync(anchor, 'utf8').includes(whole.hash), 'the anchor of the end');
  await until(() => service.log.includes(whole.hash), 'the log to carry it off this machine too');
  const good = check(service);
  assert.equal(good.status, 0, good.text);
  assert.match(good.text, new RegExp(`^ledger whole: ${whole.records} records`));

  unguard(service);
  const keep = sql(service, 'SELECT hash FROM ledger WHERE seq = 5');
  sql(service, "UPDATE ledger SET actor = 'nobody' WHERE seq = 5");
  const changed = check(service);
  assert.equal(changed.status, 65);
  assert.match(changed.text, /first bad record 5 \(changed\)/);
  assert.deepEqual([(await verify()).first_bad, (await verify()).fault], [5, 'changed']);
  sql(service, `UPDATE ledger SET actor = (SELECT actor FROM ledger WHERE seq = 4), hash = '${keep}' WHERE seq = 5`);
  assert.equal(check(service).status, 0, 'put back');

  sql(service, `DELETE FROM ledger WHERE seq > ${whole.records - 2}`);
  assert.match(check(service).text, new RegExp(`first bad record ${whole.records - 1} \\(cut\\)`));
  assert.equal((await verify()).fault, 'cut');
  writeFileSync(anchor, 'nonsense\n');
  const spoilt = check(service);
  assert.notEqual(spoilt.status, 0);
  assert.match(spoilt.text, /line 1 is no anchor/);
  await service.stop();
});

// The names that the sources give: as the action of an entry, to a function that makes one, in the table of events.
test('every action has a word that an official reads', () => {
  const read = (folder) => readdirSync(join(root, folder)).filter((name) => name.endsWith('.c')).map((name) => readFileSync(join(root, folder, name), 'utf8'));
  const sources = [...read('service/model'), ...read('service/handlers')].join('\n');
  const words = new Set([...readFileSync(join(root, 'service/handlers/ledger_words.c'), 'utf8').matchAll(/\{"([^"]+)", "/g)].map(([, name]) => name));
  const named = [...sources.matchAll(/\.action =([^;]*?"[a-z_.]+"[^;]*?)[,}]/g), ...sources.matchAll(/\b(?:record|note|ledger_note)\(sql,([^;]*?"[a-z_]+\.[a-z_]+")/g),
    ...sources.matchAll(/\[EVENT_\w+\] =( "[a-z_.]+")/g)].flatMap(([, text]) => [...text.matchAll(/"([a-z_]+\.[a-z_]+)"/g)].map(([, name]) => name));
  assert.ok(new Set(named).size > 60, `${new Set(named).size} actions`);
  assert.deepEqual([...new Set(named)].filter((name) => !words.has(name)), []);
});

test('a folder without a database is no whole ledger', { skip: onPostgres && 'it is a server' }, () => {
  const folder = execFileSync('mktemp', ['-d']).toString().trim();
  assert.notEqual(check({ data: folder }).status, 0);
});

test('many records verify quickly', async (context) => {
  const COUNT = Number(process.env.XUEPAI_TEST_RECORDS ?? 50000);
  const service = await startService();
  await service.stop({ keep: true });
  const { seq, hash } = writeRecords(service, COUNT);
  const good = check(service);
  const seconds = good.cpu_s; // neighbours on the machine stretch the wall's time and not the CPU's
  assert.match(good.text, new RegExp(`^ledger whole: ${seq} records.*${hash}`));
  context.diagnostic(`${COUNT} records in ${seconds.toFixed(2)} s, ${(COUNT / seconds).toFixed(0)} a second`);
  assert.ok(seconds <= Math.max(2, (COUNT / 1e6) * 10), `${seconds} s`);
  execFileSync('rm', ['-r', service.data]);
});
