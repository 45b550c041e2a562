// Copies of a work are named to its reviewer, also over places: the same file, a copy that was scaled, cropped and cut,
// another film to the same sound; and a stranger is not.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { api, queued, reviewers, startStack, submit, upload, waitFor } from '../support/stack.mjs';
import { folder, run } from './support.mjs';

let stack, people, base;
before(async () => {
  stack = await startStack();
  people = await reviewers(stack.url);
  base = folder('duplicates');
});
after(async () => {
  await stack.stop();
  fs.rmSync(base, { recursive: true, force: true });
});

const moving = 'mandelbrot=s=640x360:rate=15:start_scale=2:end_scale=0.2:end_pts=200';
const other = 'life=s=320x180:rate=15:mold=10:ratio=0.2:death_color=#305040:life_color=#f0e0a0:seed=3,scale=640:360';
// a melody, so that two moments of it differ
const melody = "aevalsrc='0.4*sin(2*PI*t*220*pow(2\\,mod(floor(t*3)*5\\,12)/12))+0.2*sin(2*PI*t*330*pow(2\\,mod(floor(t*2)*7\\,12)/12)):s=48000'";
const noise = 'anoisesrc=color=pink:amplitude=0.2:seed=5:sample_rate=48000';

async function make(name, inputs, ...more) {
  const file = path.join(base, `${name}.mp4`);
  const { code, stderr } = await run('ffmpeg', ['-v', 'error', ...inputs, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p',
    '-c:a', 'aac', ...more, file]);
  assert.equal(code, 0, stderr);
  return file;
}
const lavfi = (picture, sound) => ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', sound, '-t', '12'];

async function send(file, region = '370102') {
  const receipt = await submit(stack.url, [await upload(stack.url, fs.readFileSync(file))], { region });
  await waitFor(stack.url, receipt, 'in_review');
  return receipt.code;
}

async function duplicates(code) {
  const { id, flags } = await queued(stack.url, people.sheng, code);
  const answer = await api(stack.url, `/api/v1/queue/${id}`, { session: people.sheng });
  assert.equal(answer.status, 200);
  return { flags, list: answer.json.duplicates };
}

test('a copy is named with its kind, wherever it was sent from', async () => {
  const original = await make('original', lavfi(moving, melody));
  const first = await send(original);
  assert.deepEqual((await duplicates(first)).list, []);

  const stranger = await send(await make('stranger', lavfi(other, noise)));
  assert.deepEqual((await duplicates(stranger)).list, [], 'a stranger is like nobody');

  const copy = await send(await make('copy', ['-ss', '2.3', '-i', original, '-t', '7'], '-vf', 'crop=576:324,scale=320:-2', '-crf', '34', '-b:a', '48k'), '370202');
  const ofCopy = await duplicates(copy);
  assert.deepEqual(ofCopy.list.map(({ code, kind }) => [code, kind]), [[first, 'near']]);
  assert.ok(ofCopy.list[0].score >= 50 && ofCopy.list[0].score <= 100, `score ${ofCopy.list[0].score}`);
  assert.ok(ofCopy.flags.includes('duplicate'), 'and the queue can be asked for such works');

  const sound = await send(await make('sound', [...lavfi(other.replace('seed=3', 'seed=9'), melody)]));
  assert.equal((await duplicates(sound)).list.find(({ code }) => code === first)?.kind, 'sound');

  const again = await send(original, '370202');
  const [same] = (await duplicates(again)).list;
  assert.deepEqual([same.code, same.score, same.kind, same.city_name], [first, 100, 'exact', '济南市']);
  assert.match(same.work.contact_sheet, /^\/preview\//, 'of the own region: to lay beside it');
  assert.ok((await duplicates(first)).list.some(({ code, kind }) => code === again && kind === 'exact'),
    'the earlier work knows of the later one');
});
