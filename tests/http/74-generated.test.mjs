// What was generated is shown as such wherever it is shown: before reviewers, on the public pages, in frames of other sites, in the
// pack of an exhibition; whether its submitter says so or only its file does (GB 45438-2025).
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { api, build, publish, queued, reviewers, root, startStack, submit, upload, waitFor } from '../support/stack.mjs';
import { kept } from '../support/kept.mjs';

const LABEL = '{"Label":"1","ContentProducer":"someone","ProduceID":"a-1"}';
const NOTICE = '含人工智能生成内容';
const ffmpeg = (...args) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
const photo = readFileSync(kept('generated-photo.jpg', (file) => ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=640x480', '-frames:v', '1', file)));
const comment = Buffer.from(`{"AIGC":${LABEL}}`);
const labelledPhoto = Buffer.concat([photo.subarray(0, 2), Buffer.from([0xff, 0xfe, 0, comment.length + 2]), comment, photo.subarray(2)]);
const portrait = (name, source, ...more) => readFileSync(kept(`generated-${name}-${source}.mp4`, (file) => ffmpeg('-f', 'lavfi', '-i', `${source}=size=360x640:rate=25:duration=3`,
  '-f', 'lavfi', '-i', `sine=frequency=${100 * source.length}:duration=3`, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-movflags', 'use_metadata_tags', ...more, file)));

const scopes = ['site', 'embed', 'exhibition'];
const consents = { licence: true, guardian: false, scopes };
let stack, people;
const works = {};
const asked = async (path) => (await api(stack.url, path, { session: people.sheng })).json;
const page = async (path) => (await fetch(`${stack.url}${path}`, { headers: { Accept: 'text/html' } })).text();

before(async () => {
  stack = await startStack();
  people = await reviewers(stack.url);
  const send = async (title, files, more) => {
    const receipt = await submit(stack.url, files, { title, consents, ...more });
    await waitFor(stack.url, receipt, 'in_review');
    works[title] = { receipt, id: (await queued(stack.url, people.jinan, receipt.code)).id };
  };
  const photos = (...files) => Promise.all(files.map((file, i) => upload(stack.url, file, { track: 'life-photo', filename: `${i}.jpg` })));
  await send('labelled clip', [await upload(stack.url, portrait('labelled', 'testsrc2', '-metadata', `AIGC=${LABEL}`))]);
  await send('labelled photo', await photos(photo, labelledPhoto), { track: 'life-photo' });
  await send('declared clip', [await upload(stack.url, portrait('plain', 'testsrc'))], { ai: true });
  await send('plain photo', await photos(photo), { track: 'life-photo' });
});
after(() => stack?.stop());

test('reviewers see it, and can ask for it', async () => {
  const items = Object.fromEntries((await asked('/api/v1/queue?limit=100')).items.map((item) => [item.title, item.flags]));
  for (const title of Object.keys(works)) {
    assert.equal(items[title].includes('aigc'), title.startsWith('labelled'), `${title}: ${items[title]}`);
    assert.equal(items[title].includes('portrait'), title.endsWith('clip'), `${title}: ${items[title]}`);
  }
  assert.deepEqual((await asked('/api/v1/queue?flag=aigc&limit=100')).items.map(({ title }) => title).sort(), ['labelled clip', 'labelled photo']);
  const checks = async (title) => (await asked(`/api/v1/queue/${works[title].id}`)).checks;
  assert.ok((await checks('labelled photo')).some(({ level, text }) => level === 'warn' && text === '带有 AI 生成标识'));
  assert.ok((await checks('declared clip')).some(({ level, text }) => level === 'info' && text === '提交人声明含 AI 生成内容'));
  // what is no fault does not hide that there is none
  const plain = await checks('declared clip');
  assert.ok(plain.some(({ level, text }) => level === 'info' && text === '竖屏') && plain.some(({ text }) => text.startsWith('无黑屏')), JSON.stringify(plain));
});

test('so does everybody else, in the work, in frames, in the files and in the pack of an exhibition', async () => {
  for (const { receipt } of Object.values(works)) await publish(stack.url, people, receipt);
  for (const [title, { id }] of Object.entries(works)) {
    const is = title !== 'plain photo';
    const work = (await api(stack.url, `/api/v1/works/${id}`)).json;
    assert.equal(work.is_ai, is, title);
    assert.equal((await page(`/v/${id}`)).includes(NOTICE), is, title);
    assert.equal((await page(`/embed/${id}`)).includes(NOTICE), is, title);
    assert.equal((await page(`/embed/${id}?lang=en`)).includes('Contains AI-generated content'), is, title);
  }
  const { photos } = (await api(stack.url, `/api/v1/works/${works['labelled photo'].id}`)).json;
  const said = await Promise.all(photos.map(async ({ src }) => Buffer.from(await (await fetch(src)).arrayBuffer()).includes('TC260:AIGC')));
  assert.deepEqual(said, [false, true], 'each photo says what it said');
  const folder = mkdtempSync(join(tmpdir(), 'generated-'));
  try {
    const made = spawnSync(join(build, 'xuepai-service'), ['--exhibition', `370100:${join(folder, 'pack')}`], { cwd: root, env: { ...process.env, ...stack.service.settings } });
    assert.equal(made.status, 0, made.stderr.toString());
    const list = JSON.parse(readFileSync(join(folder, 'pack/list.js'), 'utf8').replace(/^window\.XUEPAI_WORKS = |;\n$/g, ''));
    assert.deepEqual(list.map(({ title, is_ai: is }) => `${title}: ${is}`).sort(),
      ['declared clip: true', 'labelled clip: true', 'labelled photo: true', 'plain photo: false']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
