// Service and worker together, and the people who use them: a phone with tus-js-client, reviewers, an administrator.
import { spawn, execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tus from 'tus-js-client';
import { build, endsWithUs, root, sleep, startService } from '../http/support/service.mjs';
import { kept } from './kept.mjs';

export { build, root, sleep };

export function startWorker(service, environment = {}, { program = join(build, 'xuepai-worker'), cwd = root, prefix = [] } = {}) {
  // no worker ever sees the store's keys
  const { XUEPAI_STORE: _1, XUEPAI_STORE_KEY: _2, XUEPAI_STORE_SECRET: _3, ...rest } = process.env;
  const [command, ...words] = [...prefix, program];
  const child = spawn(command, words, {
    cwd,
    env: {
      ...rest,
      XUEPAI_DATA: service.data,
      XUEPAI_SERVICE_URL: service.url,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endsWithUs(child);
  const worker = { child, log: '', output: '' };
  child.stderr.on('data', (bytes) => (worker.log += bytes));
  worker.ended = new Promise((done) => child.on('exit', (code, signal) => done({ code, signal })));
  worker.ready = new Promise((done, fail) => {
    child.stdout.on('data', (bytes) => {
      worker.output += bytes;
      if (/^ready /m.test(worker.output)) done();
    });
    worker.ended.then(() => fail(new Error(`the worker ended: ${worker.log}`)));
  });
  worker.ready.catch(() => {}); // whoever waits for it hears of it
  worker.stop = async () => {
    child.kill('SIGTERM');
    return worker.ended;
  };
  worker.kill = async () => {
    child.kill('SIGKILL');
    return worker.ended;
  };
  return worker;
}

export async function startStack({ environment = {}, worker = {} } = {}) {
  const service = await startService({ environment: { XUEPAI_UNDO_SECONDS: '0', ...environment } });
  const stack = { service, worker: startWorker(service, worker), url: service.url };
  await stack.worker.ready;
  stack.stop = async () => {
    await stack.worker.stop();
    await stack.service.stop();
  };
  return stack;
}

// A clip of our own making: moving picture, tone, GPS tag to be lost.
export function clip({ name = 'clip', seconds = 3, size = '640x360', sound = true } = {}) {
  const input = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=30:duration=${seconds}`];
  const tone = sound ? ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`, '-c:a', 'aac', '-shortest'] : [];
  return readFileSync(kept(`${name}-${seconds}-${size}-${sound}.mp4`, (file) => execFileSync('ffmpeg', ['-v', 'error', ...input, ...tone,
    '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-metadata', 'location=+36.6512+117.1201/', '-metadata', 'artist=someone', file])));
}

// The upload as tus-js-client does it; resolves to the upload's id.
export function upload(url, bytes, { track = 'family-video', filename = 'clip.mp4', chunkSize = 1 << 20, previous } = {}) {
  return new Promise((done, fail) => {
    const task = new tus.Upload(bytes, {
      endpoint: `${url}/files`,
      uploadUrl: previous ?? null,
      chunkSize,
      retryDelays: [50, 100, 200, 400, 800, 1600],
      metadata: { filename, filetype: 'video/mp4', track },
      onError: fail,
      onSuccess: () => done(task.url.split('/').pop()),
    });
    task.start();
  });
}

// After sql(), which may hold this process for longer than the service keeps a connection, its end is to be heard before the
// connection is taken again: one whole turn of the event loop, which begins and ends at setImmediate.
async function listen() {
  for (let i = 0; i < 2; i++) await new Promise(setImmediate);
}

export async function api(url, path, { method = 'GET', body, headers = {}, session } = {}) {
  await listen();
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(session ? { Cookie: session.cookie, 'X-CSRF-Token': session.csrf } : {}),
      ...headers,
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    redirect: 'manual',
  });
  const text = await answer.text();
  let json = null;
  try { json = JSON.parse(text); } catch { /* not JSON */ }
  return { status: answer.status, headers: answer.headers, text, json };
}

export const form = (uploads, more = {}) => ({
  uploads, track: 'family-video', title: '和奶奶一起读家书', words: '每晚二十分钟', region: '370102', name: '李小梅',
  phone: '13800001234', ai: false, consents: { licence: true, guardian: false, scopes: ['site', 'embed'] }, ...more,
});

export async function submit(url, uploads, more = {}) {
  const answer = await api(url, '/api/v1/submissions', { method: 'POST', body: form(uploads, more) });
  if (answer.status !== 201) throw new Error(`submit: ${answer.status} ${answer.text}`);
  return answer.json;
}

export const status = async (url, receipt) =>
  (await api(url, `/api/v1/submissions/${receipt.code}`, { headers: { 'X-Pin': receipt.pin } })).json;

export async function waitFor(url, receipt, wanted, ms = 200000) {
  const end = Date.now() + ms;
  for (;;) {
    const now = await status(url, receipt).catch(() => null);
    if (now && [].concat(wanted).includes(now.status)) return now;
    if (now && now.status === 'failed' && ![].concat(wanted).includes('failed')) {
      throw new Error(`failed: ${JSON.stringify(now.reason)}`);
    }
    if (Date.now() > end) throw new Error(`still ${now?.status} after ${ms} ms, wanted ${wanted}`);
    await sleep(50);
  }
}

export async function login(url, username, password) {
  const answer = await api(url, '/api/v1/login', { method: 'POST', body: { username, password } });
  if (answer.status !== 200) throw new Error(`login ${username}: ${answer.status} ${answer.text}`);
  return { cookie: answer.headers.get('set-cookie').split(';')[0], csrf: answer.json.csrf, ...answer.json };
}

export const ADMIN_PASSWORD = 'a password for tests';

// One reviewer of a city for the first stage, one of the province for the last.
export async function reviewers(url) {
  const admin = await login(url, 'admin', ADMIN_PASSWORD);
  const people = [
    ['jinan', '370100', ['first'], '张老师'], ['sheng', '370000', ['first', 'final'], '王老师'],
    ['qingdao', '370200', ['first'], '李老师'],
  ];
  for (const [username, scope, stages, name] of people) {
    const answer = await api(url, '/api/v1/staff', {
      method: 'POST', session: admin,
      body: { username, name, role: 'reviewer', scope, stages, password: `password of ${username}` },
    });
    if (answer.status !== 201 && answer.status !== 409) throw new Error(`staff: ${answer.status} ${answer.text}`);
  }
  const sessions = { admin };
  for (const [username] of people) sessions[username] = await login(url, username, `password of ${username}`);
  return sessions;
}

export async function decide(url, session, id, action = 'approve', reasons = []) {
  const work = await api(url, `/api/v1/queue/${id}`, { session });
  if (work.status !== 200) return work;
  return api(url, `/api/v1/queue/${id}/decision`, {
    method: 'POST', session, body: { action, reasons, note: '' }, headers: { 'If-Match': `"${work.json.version}"` },
  });
}

export async function queued(url, session, code) {
  for (let after = ''; ;) {
    const page = (await api(url, `/api/v1/queue?limit=100&after=${after}`, { session })).json;
    const found = page.items.find((item) => item.code === code);
    if (found || !page.next) return found;
    after = page.next;
  }
}

export async function publish(url, people, receipt) {
  await waitFor(url, receipt, 'in_review');
  const { id } = await queued(url, people.jinan, receipt.code);
  for (const person of [people.jinan, people.sheng]) {
    const answer = await decide(url, person, id);
    if (answer.status !== 200) throw new Error(`decide: ${answer.status} ${answer.text}`);
  }
  await waitFor(url, receipt, 'published');
  return id;
}
