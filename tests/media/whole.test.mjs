// When one decode makes what reviewers need and the ladder too, and what is different then.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { folder, once, packets, run } from './support.mjs';

const base = folder('whole');
let next = 0;

after(() => fs.rmSync(base, { recursive: true, force: true }));

test('where waiting pictures would take too much memory, the ladder is left for its own job', async () => {
  for (const [format, isWhole] of [['yuv420p', true], ['yuv420p10le', false]]) {
    const clip = path.join(base, `${format}.mp4`);
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=size=1920x1080:rate=10:duration=0.5', '-c:v', 'libx264', '-preset', 'ultrafast',
      '-pix_fmt', format, clip]);
    const { answer } = await once('whole', clip, path.join(base, `w${next++}`));
    assert.equal(answer.outputs.some(({ name }) => name === 'master.m3u8'), isWhole, format);
    assert.ok(answer.outputs.some(({ name }) => name === '480p.mp4'), format);
  }
});

/** SSIM of a file against another one, scaled to its size. */
async function likeness(file, original, size) {
  const { stderr } = await run('ffmpeg', ['-hide_banner', '-nostats', '-i', file, '-i', original, '-lavfi',
    `[0:v]setpts=PTS-STARTPTS[o];[1:v]scale=${size}:flags=bicubic,format=yuv420p,setpts=PTS-STARTPTS[r];[o][r]ssim`, '-f', 'null', '-']);
  return Number(/All:([\d.]+)/.exec(stderr)[1]);
}

test('a large clip prepared alone is decoded without smoothing, and its copy is as good and hardly larger', async () => {
  const clip = path.join(base, 'large.mp4'); // four B pictures of five, few bits: what the loop filter is for
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'mandelbrot=size=1920x1080:rate=25:end_scale=0.2', '-t', '0.6', '-c:v', 'libx265', '-preset', 'fast',
    '-pix_fmt', 'yuv420p', '-b:v', '2M', '-x265-params', 'bframes=4:b-adapt=0:log-level=error', '-tag:v', 'hvc1', clip]);
  const copies = [];
  for (const job of ['prepare', 'whole']) {
    const into = path.join(base, `w${next++}`);
    const { answer, stderr } = await once(job, clip, into);
    assert.ok(answer?.ok, `${job}: ${stderr}`);
    const file = path.join(into, '480p.mp4');
    copies.push({ file, bytes: fs.statSync(file).size, likeness: await likeness(file, clip, '854:480') });
  }
  const [alone, whole] = copies;
  assert.notDeepEqual(await packets(alone.file), await packets(whole.file), 'both are the same: the loop filter was not left out');
  assert.ok(alone.bytes < 1.03 * whole.bytes, `${alone.bytes} bytes, from one decode ${whole.bytes}`);
  assert.ok(alone.likeness > whole.likeness - 0.001, `SSIM ${alone.likeness}, from one decode ${whole.likeness}`);
});
