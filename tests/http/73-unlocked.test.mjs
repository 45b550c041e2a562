// A machine that opens untrusted files without a lock is told of everywhere: health, metrics, ledger, list of machines.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { api, reviewers } from '../support/stack.mjs';
import { request, startService, until } from './support/service.mjs';

let service;
let people;
const claim = (worker, sandbox) => api(service.url, '/api/v1/jobs/claim', {
  method: 'POST', headers: { Authorization: `Bearer ${readFileSync(join(service.data, 'worker.token'), 'utf8').trim()}` },
  body: { worker, version: '1', sandbox, disk: '', wait_ms: 0 } });
const health = () => api(service.url, '/healthz');
const level = async () => /^xuepai_sandbox_level (\d)$/m.exec((await request(`${service.url}/metrics`)).body.toString())[1];
const records = async () => (await api(service.url, '/api/v1/ledger', { session: people.admin })).json.items;

before(async () => {
  service = await startService();
  people = await reviewers(service.url);
});
after(() => service.stop());

test('a worker that nothing locks in makes the service degraded until it is gone', async () => {
  assert.deepEqual([(await health()).status, (await health()).json.status], [200, 'ok']);
  await claim('host-1', 'strong');
  await until(async () => (await level()) === '2', 'the lower level');
  assert.equal((await health()).status, 200, 'a weaker lock is a lock');

  await claim('host-2', 'none');
  await until(async () => (await health()).status === 503, 'the health to say so');
  const { json } = await health();
  assert.equal(json.status, 'degraded');
  assert.notEqual(json.sandbox, 'none', 'its own sniffer is locked');
  assert.equal(await level(), '0');
  assert.equal((await api(service.url, '/readyz')).status, 200, 'and goes on');
  assert.equal((await api(service.url, '/api/v1/works')).status, 200);

  await claim('host-2', 'full'); // as if it came back mended
  await until(async () => (await health()).status === 200, 'the health to be good again');
});

test('each start of an unlocked worker is one record of the ledger', async () => {
  for (let i = 0; i < 3; i++) await claim('host-3', 'none');
  await claim('host-4', 'none');
  await claim('host-5', 'full');
  const items = (await records()).filter((one) => one.action === 'sandbox.unlocked');
  assert.deepEqual(items.map(({ actor, object }) => [actor, object]), [['system', 'host-2'], ['system', 'host-3'], ['system', 'host-4']]);
});

test('the list of machines says how each is locked in, services too', async () => {
  const { workers, nodes } = (await api(service.url, '/api/v1/workers', { session: people.admin })).json;
  assert.equal(workers.find((one) => one.name === 'host-3').sandbox, 'none');
  assert.match(nodes[0].sandbox, /^(full|strong|basic)$/);
});
