// How well copies are found: seven variants of each clip of the corpus against everything else there, through the media
// program and a service. Prints recall by variant and the pairs that were wrongly called copies.
//   node tests/bench/duplicates.mjs [FOLDER]     FOLDER keeps clips between runs
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { api, queued, reviewers, startStack, submit, upload, waitFor } from '../support/stack.mjs';
import { root } from '../media/support.mjs';

const corpus = process.env.XUEPAI_CORPUS ?? path.resolve(root, '../shared/corpus');
const base = process.argv[2] ?? fs.mkdtempSync(path.join(os.tmpdir(), 'xuepai-duplicates-'));
const LONGEST = 12;

// two parts of one film are two works
const CLIPS = [
  ['natural/basketball.mp4', 0], ['natural/bg.mp4', 0], ['natural/big_buck_bunny_0_30.webm', 0], ['natural/big_buck_bunny_0_30.webm', 15],
  ['natural/car-detection.mp4', 0], ['natural/launch.mp4', 0], ['natural/nasa_13013.mp4', 0], ['natural/ocean.mp4', 0],
  ['natural/sintel_trailer-720p.mp4', 5], ['natural/sintel_trailer-720p.mp4', 25], ['natural/street.mp4', 0],
  ['bench/montage_1080p30_15M.mp4', 0],
];
const VARIANTS = {
  'encoded again': [[], ['-crf', '30', '-b:a', '64k']],
  'scaled to 0.4': [[], ['-vf', 'scale=trunc(iw*0.2)*2:-2', '-crf', '26']],
  'a fifth of the bit rate': [[], ['-b:v', 'FIFTH', '-b:a', '32k']],
  'cropped, 5 % on each side': [[], ['-vf', 'crop=trunc(iw*0.45)*2:trunc(ih*0.45)*2', '-crf', '24']],
  'cropped, 10 % on one side': [[], ['-vf', 'crop=trunc(iw*0.45)*2:ih:0:0', '-crf', '24']],
  'trimmed to 60 %': [['-ss', '1.37', '-t', 'TRIM'], ['-crf', '24']],
  'all at once': [['-ss', '0.9', '-t', 'TRIM'], ['-vf', 'crop=trunc(iw*0.45)*2:trunc(ih*0.45)*2,scale=trunc(iw*0.15)*2:-2', '-crf', '30', '-b:a', '48k']],
};

const ffmpeg = (...args) => execFileSync('ffmpeg', ['-nostdin', '-v', 'error', ...args]);
const asked = (file, entry) => Number(execFileSync('ffprobe', ['-v', 'error', '-show_entries', `format=${entry}`, '-of', 'csv=p=0', file]));
const codec = ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac'];

function once(file, make) {
  if (!fs.existsSync(file)) {
    make(`${file}.part.mp4`);
    fs.renameSync(`${file}.part.mp4`, file);
  }
  return file;
}

function clips() {
  fs.mkdirSync(base, { recursive: true });
  return CLIPS.flatMap(([name, from], number) => {
    const original = once(path.join(base, `${number}.mp4`), (to) => ffmpeg('-ss', String(from), '-t', String(LONGEST), '-i', path.join(corpus, name),
      '-map', '0:v:0', '-map', '0:a:0?', '-vf', "scale='min(1280,iw)':-2", ...codec, '-crf', '16', to));
    const seconds = asked(original, 'duration'), rate = asked(original, 'bit_rate');
    const fill = (args) => args.map((each) => ({ TRIM: String(seconds * 0.6), FIFTH: String(Math.round(rate / 5)) })[each] ?? each);
    const copies = Object.entries(VARIANTS).map(([variant, [before, after]], index) => ({
      number, variant, file: once(path.join(base, `${number}-${index}.mp4`), (to) => ffmpeg(...fill(before), '-i', original, ...codec, ...fill(after), to)),
    }));
    return [{ number, variant: null, file: original }, ...copies];
  });
}

const stack = await startStack();
const people = await reviewers(stack.url);
const all = clips();
for (const clip of all) {
  const receipt = await submit(stack.url, [await upload(stack.url, fs.readFileSync(clip.file))]);
  const end = await waitFor(stack.url, receipt, ['in_review', 'failed'], 120000);
  if (end.status === 'failed') throw new Error(`${clip.file}: ${JSON.stringify(end.reason)}`);
  clip.code = receipt.code;
}
const byCode = new Map(all.map((clip) => [clip.code, clip]));
const found = Object.fromEntries(Object.keys(VARIANTS).map((variant) => [variant, { near: 0, sound: 0, missed: [] }]));
let right = 0;
const wrong = [];
for (const clip of all) {
  const { id } = await queued(stack.url, people.sheng, clip.code);
  const { duplicates } = (await api(stack.url, `/api/v1/queue/${id}`, { session: people.sheng })).json;
  for (const { code, kind, score } of duplicates) {
    const other = byCode.get(code);
    if (other.number === clip.number) right += 1;
    else wrong.push(`${CLIPS[clip.number]} ${clip.variant} ~ ${CLIPS[other.number]} ${other.variant}: ${kind} ${score}`);
  }
  if (clip.variant !== null) {
    const hit = duplicates.find(({ code }) => byCode.get(code).number === clip.number && byCode.get(code).variant === null);
    if (hit) found[clip.variant][hit.kind] += 1;
    else found[clip.variant].missed.push(CLIPS[clip.number].join(' '));
  }
}
await stack.stop();
for (const [variant, { near, sound, missed }] of Object.entries(found)) {
  console.log(`${variant.padEnd(28)} ${near + sound} of ${CLIPS.length} (near ${near}, sound alone ${sound})${missed.length ? `; missed: ${missed.join(', ')}` : ''}`);
}
console.log(`precision ${right} of ${right + wrong.length}`);
for (const line of wrong) console.log(`  wrong: ${line}`);
