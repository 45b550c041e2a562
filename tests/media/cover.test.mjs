// A cover is the picture of the moment that was asked for, upright and in its colours, whatever the file and wherever its keyframes are.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { COLOURS, coloursClip, ffmpeg, H264 } from '../support/colours.mjs';
import { kept } from '../support/kept.mjs';
import { folder, once, pixels, probe, stream } from './support.mjs';

const base = folder('cover');
after(() => fs.rmSync(base, { recursive: true, force: true }));

const MOMENTS = [[0, 'red'], [1999, 'red'], [2000, 'lime'], [3980, 'lime'], [4000, 'blue'], [5960, 'blue'], [60000, 'blue']];
const FILES = {
  'one long group': () => coloursClip('cover-long.mp4', [...H264, '-g', '250', '-bf', '3']),
  'open groups': () => coloursClip('cover-open.mp4', [...H264, '-g', '40', '-x264-params', 'open-gop=1']),
  'fragments': () => coloursClip('cover-fragments.mp4', [...H264, '-g', '20', '-movflags', 'frag_keyframe+empty_moov']),
  'Matroska': () => coloursClip('cover.mkv', [...H264, '-g', '30']),
  'a transport stream, which has no index': () => coloursClip('cover.ts', [...H264, '-g', '30']),
  'BT.601 in full range': () => coloursClip('cover-601.mp4', [...H264, '-g', '30', '-colorspace', 'smpte170m', '-color_range', 'pc'], ',scale=out_color_matrix=bt601:out_range=pc'),
};

const near = (got, wanted, what) => got.forEach((value, i) =>
  assert.ok(Math.abs(value - wanted[i]) <= 24, `${what}: ${got}, wanted ${wanted}`));

let next = 0;
async function cover(file, at, limits) {
  const into = path.join(base, `${next++}`);
  const made = await once('cover', file, into, { facts: { cover_ms: at }, ...(limits && { limits }) });
  return { ...made, poster: path.join(into, 'poster.jpg'), card: path.join(into, 'share-card.jpg') };
}

for (const [what, make] of Object.entries(FILES)) {
  test(`${what}: the picture is the one of the moment`, async () => {
    const file = make();
    for (const [at, colour] of what === 'one long group' ? MOMENTS : MOMENTS.filter(([at]) => at === 2000 || at === 3980)) {
      const { code, answer, poster, card } = await cover(file, at, { kinds: ['video'] });
      assert.equal(code, 0, `${at} ${JSON.stringify(answer)}`);
      assert.deepEqual(answer.outputs.map((one) => [one.name, one.kind, one.facts]), [
        ['poster.jpg', 'poster', { width: 640, height: 360 }], ['share-card.jpg', 'share-card', { width: 1200, height: 630 }],
        ['thumbnail.jpg', 'thumbnail', { width: 640, height: 360 }], ['thumbnail.webp', 'thumbnail', { width: 640, height: 360 }]]);
      const picture = await pixels(poster);
      near(picture.at(0.5, 0.6), COLOURS[colour], `${at} ms`);
      near(picture.at(0.5, 0.04), [254, 254, 254], `bar at ${at} ms`);
      near((await pixels(card)).at(0.5, 0.6), COLOURS[colour], `card of ${at} ms`);
      for (const small of ['jpg', 'webp']) near((await pixels(poster.replace('poster.jpg', `thumbnail.${small}`))).at(0.5, 0.6), COLOURS[colour], small);
    }
  });
}

test('a clip that was held upright: the picture stands', async () => {
  const lying = FILES['one long group']();
  const file = kept('cover-turned.mp4', (into) => ffmpeg('-i', lying, '-c', 'copy', '-metadata:s:v:0', 'rotate=270', into));
  const { poster, card } = await cover(file, 2500);
  const { width, height } = stream(await probe(poster), 'video');
  assert.deepEqual([width, height], [360, 640]);
  const picture = await pixels(poster);
  near(picture.at(0.6, 0.5), COLOURS.lime, 'the middle');
  const shown = await pixels(file, { at: 2.5, size: { width, height } }); // as ffmpeg turns it
  for (const x of [0.04, 0.96]) near(picture.at(x, 0.5), shown.at(x, 0.5), `the bar, at ${x}`);
  assert.notDeepEqual(shown.at(0.04, 0.5), shown.at(0.96, 0.5), 'it stands at one side');
  near((await pixels(card)).at(0.02, 0.5), [24, 24, 24], 'beside a tall picture the card is grey');
});

test('what is no clip, or no moment, is no cover', async () => {
  const photo = kept('cover-photo.jpg', (into) => ffmpeg('-f', 'lavfi', '-i', 'color=red:size=640x360', '-frames:v', '1', into));
  assert.deepEqual([(await cover(photo, 0)).answer.ok, (await cover(photo, 0)).answer.reason], [false, 'no-picture']);
  assert.equal((await cover(FILES['one long group'](), -1)).code, 4);
});
