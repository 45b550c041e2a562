// Starts the service on a free port with its own data folder, and stops it. Every black-box test uses this one.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../../..');
export const build = resolve(root, process.env.XUEPAI_BUILD ?? 'build');

// A test that failed half-way, or whose file was ended for its time, must not leave a program behind, nor wait for it.
const running = new Set();
process.on('exit', () => { for (const child of running) child.kill('SIGKILL'); });
export function endsWithUs(child) {
  running.add(child);
  child.on('exit', () => running.delete(child));
}

// The suites run on a folder, and again on the object store at XUEPAI_TEST_STORE (scripts/radosgw), where each data folder
// has a bucket of its own. Parts are small, so that a clip has several.
const bucketOf = (data) => `t-${createHash('sha256').update(data).digest('hex').slice(0, 20)}`;
export const storeAddress = (data, endpoint = process.env.XUEPAI_TEST_STORE) =>
  `s3://${bucketOf(data)}?endpoint=${endpoint}&region=us-east-1&part=5242880`;
export const storeSettings = (data) => (process.env.XUEPAI_TEST_STORE ? { XUEPAI_STORE: storeAddress(data) } : {});

// And on the PostgreSQL at XUEPAI_TEST_DATABASE (scripts/postgres), where each data folder has a schema of its own.
const schemaOf = (data) => `t_${createHash('sha256').update(data).digest('hex').slice(0, 20)}`;
export function databaseSettings(data) {
  const server = process.env.XUEPAI_TEST_DATABASE;
  if (!server) return {};
  execFileSync('psql', ['-q', '-X', server, '-c', `SET client_min_messages = error; CREATE SCHEMA IF NOT EXISTS ${schemaOf(data)}`]);
  return { XUEPAI_DATABASE: `${server}?options=-csearch_path%3D${schemaOf(data)}&application_name=${schemaOf(data)}` };
}

// One statement on the service's database, past the service; rows as lines.
export function sql(service, text) {
  const server = process.env.XUEPAI_TEST_DATABASE;
  const [program, parameters] = server
    ? ['psql', ['-q', '-X', '-A', '-t', `${server}?options=-csearch_path%3D${schemaOf(service.data)}`, '-c', text]]
    : ['sqlite3', ['-cmd', '.timeout 5000', join(service.data, 'xuepai.db'), text]];
  return execFileSync(program, parameters).toString().trim();
}

// The processes that work for it: its own, and those of a database server.
export function processesOf(service) {
  const server = process.env.XUEPAI_TEST_DATABASE;
  const text = server ? sql(service, `SELECT pid FROM pg_stat_activity WHERE application_name = '${schemaOf(service.data)}'`) : '';
  return [service.child.pid, ...text.split('\n').filter(Boolean)];
}

// The bytes of one object as another client than ours reads them; throws when it is not there.
export function storedBytes(data, key, endpoint = process.env.XUEPAI_TEST_STORE) {
  if (!endpoint) return readFileSync(join(data, 'store', key));
  return execFileSync('curl', ['-s', '-f', '--aws-sigv4', 'aws:amz:us-east-1:s3', '--user', 'testkey:testsecret',
    '-H', 'x-amz-content-sha256: UNSIGNED-PAYLOAD', `${endpoint}/${bucketOf(data)}/${key}`], { maxBuffer: 1 << 30 });
}

// environment: settings as XUEPAI_…; data: an existing folder, to start again on the same one; program, cwd: another one;
// prefix: words of a program that runs it, as `ip netns exec NAME`.
export async function startService({ environment = {}, data, program = join(build, 'xuepai-service'), cwd = root, prefix = [] } = {}) {
  const folder = data ?? mkdtempSync(join(tmpdir(), 'xuepai-'));
  const settings = { XUEPAI_LISTEN: '127.0.0.1:0', XUEPAI_DATA: folder, XUEPAI_ADMIN_PASSWORD: 'a password for tests',
    XUEPAI_RESERVE_BYTES: '0', XUEPAI_SUBMIT_QUOTA_PERCENT: '100000',
    // they cost the two cores more than all else, so they are left out, or small, unless a test is about them
    XUEPAI_PASSWORD_MIB: '19',
    XUEPAI_AV1_RUNGS: 'false', XUEPAI_EARLY_LADDER: 'false', ...storeSettings(folder), ...databaseSettings(folder), ...environment };
  const [command, ...words] = [...prefix, program, '--quiet'];
  const child = spawn(command, words, {
    cwd,
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endsWithUs(child);
  const service = { child, data: folder, settings, log: '', output: '' };
  child.stderr.on('data', (bytes) => (service.log += bytes));
  service.ended = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })));
  service.url = await new Promise((done, fail) => {
    child.stdout.on('data', (bytes) => {
      service.output += bytes;
      const ready = /^ready (http:\S+)\/$/m.exec(service.output);
      if (ready) done(ready[1]);
    });
    service.ended.then(() => fail(new Error(`the service did not start: ${service.log}`)));
  });
  for (const handle of [child, child.stdout, child.stderr]) handle.unref();
  service.port = Number(new URL(service.url).port);
  service.kill = async () => {
    child.ref();
    child.kill('SIGKILL');
    return service.ended;
  };
  service.stop = async ({ keep = false } = {}) => {
    child.ref();
    child.kill('SIGTERM');
    const end = await service.ended;
    if (!keep) rmSync(folder, { recursive: true, force: true });
    return end;
  };
  return service;
}

// Another service of the same installation: database, store, key and worker token of the first, a data folder of its own.
export function startNode(first, { environment = {}, ...more } = {}) {
  return startService({
    environment: {
      XUEPAI_STORE: join(first.data, 'store'),
      ...storeSettings(first.data),
      ...databaseSettings(first.data),
      XUEPAI_SECRET_KEY: readFileSync(join(first.data, 'secret.key')).toString('hex'),
      XUEPAI_WORKER_TOKEN: readFileSync(join(first.data, 'worker.token'), 'utf8').trim(),
      ...environment,
    },
    ...more,
  });
}

// One request; the answer with its whole body. `body`: Buffer or string; `agent`: to keep a connection.
export function request(url, { method = 'GET', headers = {}, body, agent } = {}) {
  return new Promise((done, fail) => {
    const outgoing = http.request(url, { method, headers, agent: agent ?? false }, (incoming) => {
      const parts = [];
      incoming.on('data', (part) => parts.push(part));
      incoming.on('error', fail);
      incoming.on('end', () => {
        const { location, ...rest } = incoming.headers;
        // of this service: a path, to be put behind any of its addresses
        const path = location?.startsWith(new URL(url).origin) ? location.slice(new URL(url).origin.length) : location;
        done({ status: incoming.statusCode, headers: path === undefined ? rest : { ...rest, location: path }, body: Buffer.concat(parts) });
      });
    });
    outgoing.on('error', fail);
    outgoing.end(body);
  });
}

// Bytes as they are, over a socket of its own; everything that comes back until the end or `wait` ms of silence after something
// came. Whoever expects nothing at all says for how long: `first`.
export function raw(port, text, { wait = 1500, first = 15000, end = false } = {}) {
  return new Promise((done) => {
    const socket = net.connect(port, '127.0.0.1');
    let answer = '';
    let closed = false;
    const finish = () => {
      socket.destroy();
      done({ answer, closed, status: Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0) });
    };
    socket.setTimeout(first, finish);
    socket.on('connect', () => (end ? socket.end(text, 'latin1') : socket.write(text, 'latin1')));
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1');
      socket.setTimeout(wait);
    });
    socket.on('error', () => { closed = true; finish(); });
    socket.on('end', () => { closed = true; finish(); });
  });
}

// So many bytes of an upload are on the service's disk.
export const arrived = (service, location, bytes) => until(() => {
  const { size } = statSync(join(service.data, 'uploads', `${location.split('/').pop()}.part`), { throwIfNoEntry: false }) ?? { size: 0 };
  return size >= bytes;
}, `${bytes} bytes`);

// What `send` sends as soon as it is refused for what it is. The sniffer has 100 ms to answer, else the bytes pass and are left to
// `prepare`: on a machine with other work some do. `isRefused` is asked of what `send` returns.
export const sniffed = (send, isRefused) => until(async () => {
  const sent = await send();
  return isRefused(sent) && sent;
}, 'the sniffer to refuse');

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

// `ms` is for what never comes: whoever judges how fast something is measures it.
export async function until(condition, what, ms = 60000) {
  const end = Date.now() + ms;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(10);
  }
}
