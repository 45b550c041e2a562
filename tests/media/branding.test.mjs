// What an edition puts into every clip: an intro and an outro, whole and on black whatever shape the clip has; a watermark in its corner, of the
// same size lying and upright. Times that people read or click on are those of what is played.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { folder, keyframes, loudness, once, openLimits, pixels, probe, reviewName, root, run, stream, times, worker } from './support.mjs';

const base = folder('branding');
const fixture = (name) => (name === 'lying.avi' ? own(name) : path.join(root, 'build/fixtures', name));
const own = (name) => path.join(base, name);
const ffmpeg = (...args) => execFileSync('ffmpeg', ['-v', 'error', '-y', ...args]);
const BLUE = [0, 0, 192], YELLOW = [255, 255, 0], BLACK = [0, 0, 0], WHITE = [255, 255, 255];
const profile = () => ({ intro: own('intro.mp4'), outro: own('outro.mp4'), watermark: own('mark.png') });

before(() => {
  execFileSync(path.join(root, 'scripts/fixtures'), { stdio: 'inherit' });
  // two shots of a second, in a codec that has to be encoded anew
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=25:duration=1', '-f', 'lavfi', '-i', 'testsrc=size=1280x720:rate=25:duration=1', '-f', 'lavfi', '-i', 'sine=duration=2',
    '-filter_complex', '[0][1]concat', '-c:v', 'mpeg4', '-q:v', '3', '-c:a', 'aac', own('lying.avi'));
  // lying, quiet, with sound; upright, without
  ffmpeg('-f', 'lavfi', '-i', 'color=c=0x0000c0:size=1280x720:rate=25:duration=2', '-f', 'lavfi', '-i', 'sine=frequency=500:duration=2', '-af', 'volume=0.2',
    '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', own('intro.mp4'));
  ffmpeg('-f', 'lavfi', '-i', 'color=c=yellow:size=480x854:rate=30:duration=1', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', own('outro.mp4'));
  ffmpeg('-f', 'lavfi', '-i', "color=c=white:size=300x100,format=rgba,geq=r=255:g=255:b=255:a='if(lt(X,150),255,0)'", '-frames:v', '1', own('mark.png'));
});
after(() => fs.rmSync(base, { recursive: true, force: true }));

const near = (got, wanted, tolerance, what) => assert.ok(Math.abs(got - wanted) <= tolerance, `${what}: ${got}, wanted ${wanted} ± ${tolerance}`);
const assertColour = (picture, x, y, wanted, what) => wanted.forEach((value, i) => near(picture.at(x, y)[i], value, 32, `${what} at ${x}, ${y}, channel ${i}`));

/** As once(), with the profile. */
async function branded(kind, file, into, { facts, review, branding = profile() } = {}) {
  const args = ['--once', kind, file, into, '--limits', JSON.stringify(openLimits), ...Object.entries(branding).flatMap(([part, path_]) => [`--${part}`, path_])];
  if (facts) fs.writeFileSync(`${into}.json`, JSON.stringify(facts));
  const { code, stdout, stderr } = await run(worker, [...args, ...(facts ? ['--facts', `${into}.json`] : []), ...(review ? ['--review', review] : [])]);
  return { code, stderr, answer: stdout ? JSON.parse(stdout) : null };
}

/** Where the watermark's opaque half has its middle: 0.15 of the longer side wide, 0.05 of the shorter one from the corner. */
function markAt({ width, height }) {
  const wide = 0.15 * Math.max(width, height), margin = 0.05 * Math.min(width, height);
  return [(width - margin - 0.75 * wide) / width, (margin + wide / 6) / height];
}

for (const [name, hasLadder] of [['lying.avi', true], ['portrait.mp4', false], ['hlg.mov', false], ['interlaced.mp4', false]]) {
  test(`intro, outro and watermark in every rung: ${name}`, async () => {
    const into = (job) => own(`${job}-${name}`);
    const prepared = await branded('prepare', fixture(name), into('prepare'));
    assert.equal(prepared.code, 0, prepared.stderr);
    const { facts } = prepared.answer;
    near(facts.before_ms, 2000, 40, 'intro');
    assert.equal(facts.after_ms, 1000);
    const review = path.join(into('prepare'), reviewName(prepared.answer));
    const copies = [review];
    if (hasLadder) {
      const ladder = await branded('ladder', fixture(name), into('ladder'), { facts, review });
      assert.equal(ladder.code, 0, ladder.stderr);
      copies.push(...fs.readdirSync(into('ladder')).filter((file) => file.endsWith('.mp4')).map((file) => path.join(into('ladder'), file)));
      assert.ok(copies.length >= 2);
    }
    const total = (facts.duration_ms + facts.before_ms + facts.after_ms) / 1000;
    const middle = (facts.before_ms + facts.duration_ms / 2) / 1000;
    const instants = await keyframes(review);
    for (const copy of copies) {
      const { format, streams } = await probe(copy);
      near(Number(format.duration), total, 0.1, `length of ${copy}`);
      assert.ok(streams.some((each) => each.codec_type === 'audio'), 'the intro is heard, whatever the clip is');
      assert.deepEqual(await keyframes(copy), instants, `${copy}: keyframes`);
      assert.ok(instants.includes(facts.before_ms / 1000), 'the clip begins with one');
      const all = await times(copy);
      assert.ok(all.every((time, i) => i === 0 || time > all[i - 1]), 'monotone');
      const size = stream({ streams }, 'video');
      const upright = size.height > size.width;
      const [intro, clip, outro] = [await pixels(copy, { at: 1 }), await pixels(copy, { at: middle }), await pixels(copy, { at: total - 0.5 })];
      assertColour(intro, 0.5, 0.5, BLUE, 'intro');
      if (upright) assertColour(intro, 0.5, 0.1, BLACK, 'beside the intro');
      assertColour(outro, 0.5, 0.5, YELLOW, 'outro');
      if (!upright) assertColour(outro, 0.1, 0.5, BLACK, 'beside the outro');
      assertColour(clip, ...markAt(size), WHITE, 'watermark');
      assert.notDeepEqual(intro.at(...markAt(size)), WHITE, 'the intro has none');
    }
  });
}

test('with a watermark alone one decode makes the same as two; with more, which takes more memory, the ladder is left for its own job', async () => {
  const branding = { watermark: own('mark.png') };
  const prepared = await branded('prepare', fixture('lying.avi'), own('one'), { branding });
  const review = path.join(own('one'), reviewName(prepared.answer));
  const ladder = await branded('ladder', fixture('lying.avi'), own('two'), { facts: prepared.answer.facts, review, branding });
  const whole = await branded('whole', fixture('lying.avi'), own('both'), { branding });
  assert.deepEqual([prepared, ladder, whole].map(({ code }) => code), [0, 0, 0]);
  for (const copy of fs.readdirSync(own('both')).filter((file) => file.endsWith('.mp4'))) {
    const apart = copy === path.basename(review) ? review : path.join(own('two'), copy);
    assert.deepEqual(await times(path.join(own('both'), copy)), await times(apart), `${copy}: the same pictures`);
    assertColour(await pixels(path.join(own('both'), copy), { at: 0.5 }), ...markAt(stream(await probe(apart), 'video')), WHITE, copy);
  }
  const more = await branded('whole', fixture('lying.avi'), own('more'));
  assert.deepEqual(fs.readdirSync(own('more')).filter((file) => file.endsWith('.mp4')), [path.basename(review)]);
  assert.equal(more.code, 0);
});

test('all of it is equally loud', async () => {
  const { code, answer } = await branded('prepare', fixture('lying.avi'), own('loud'));
  assert.equal(code, 0);
  const review = path.join(own('loud'), reviewName(answer));
  for (const [part, args] of [['intro', ['-t', '2']], ['clip', ['-ss', '2.1', '-t', '1.8']]]) {
    const file = own(`${part}.wav`);
    ffmpeg('-i', review, ...args, '-vn', file);
    near((await loudness(file)).lufs, -16, 1, part);
  }
});

test('what is read or clicked on has the time of what is played', async () => {
  const plain = await once('prepare', fixture('black.mp4'), own('black-plain'));
  const made = await branded('prepare', fixture('black.mp4'), own('black'));
  const black = ({ answer }) => answer.facts.flags.find(({ flag }) => flag === 'black');
  assert.deepEqual([black(made).from_ms, black(made).to_ms], [black(plain).from_ms, black(plain).to_ms].map((ms) => ms + made.answer.facts.before_ms));
  const cue = (into) => fs.readFileSync(path.join(into, 'storyboard.vtt'), 'utf8').match(/(\S+) --> /)[1];
  assert.equal(cue(own('black-plain')), '00:00:00.000');
  assert.equal(cue(own('black')), `00:00:0${(made.answer.facts.before_ms / 1000).toFixed(3)}`);
  // a moment of the player is a moment of the clip: the picture of the same place
  const clip = fixture('lying.avi');
  const [alone, within] = [await once('prepare', clip, own('shots-plain')), await branded('prepare', clip, own('shots'))];
  const at = 1500;
  const covers = [await once('cover', clip, own('cover-plain'), { facts: { ...alone.answer.facts, cover_ms: at } }),
    await branded('cover', clip, own('cover'), { facts: { ...within.answer.facts, cover_ms: at + within.answer.facts.before_ms }, branding: {} })];
  assert.deepEqual(covers.map(({ code }) => code), [0, 0]);
  assert.ok(fs.readFileSync(path.join(own('cover-plain'), 'poster.jpg')).equals(fs.readFileSync(path.join(own('cover'), 'poster.jpg'))));
});

test('pictures of the clip are of the clip alone, and without the watermark where they are drawn from the original; its length is its own', async () => {
  const plain = await once('prepare', fixture('lying.avi'), own('poster-plain'));
  const made = await branded('prepare', fixture('lying.avi'), own('poster'));
  for (const name of ['poster.jpg', 'share-card.jpg', 'thumbnail.webp']) {
    assert.ok(fs.readFileSync(path.join(own('poster'), name)).equals(fs.readFileSync(path.join(own('poster-plain'), name))), name);
  }
  for (const of of [({ facts }) => facts.duration_ms, ({ facts }) => facts.fingerprint.sound, ({ facts }) => facts.fingerprint.pictures.length]) {
    assert.equal(of(made.answer), of(plain.answer)); // pictures are compared with their watermark
  }
});

test('what every phone plays is encoded where something is to be put into it', async () => {
  const made = await branded('prepare', fixture('messenger.mp4'), own('messenger'), { branding: { watermark: own('mark.png') } });
  assert.deepEqual([made.code, made.answer.facts.source_keyframes, made.answer.facts.before_ms], [0, false, 0]);
  const copy = path.join(own('messenger'), reviewName(made.answer));
  assertColour(await pixels(copy, { at: 1 }), ...markAt(stream(await probe(copy), 'video')), WHITE, 'watermark');
});

test('a profile that cannot be used is nobody’s fault but its own: the job waits', async () => {
  fs.writeFileSync(own('broken.mp4'), 'nothing');
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10:duration=20', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', own('long.mp4'));
  for (const [i, branding] of [{ intro: own('broken.mp4') }, { outro: own('long.mp4') }, { watermark: own('intro.mp4') }].entries()) {
    const { code, answer } = await branded('prepare', fixture('small.mp4'), own(`bad-${i}`), { branding });
    assert.deepEqual([code, answer.ok, answer.next], [4, false, 'retry'], answer.words);
    assert.match(answer.words, new RegExp(`the edition's .*${Object.keys(branding)[0]}.*: `));
  }
});
