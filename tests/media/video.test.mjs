// What prepare and ladder make of generated clips: properties, never bytes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { folder, keyframes, loudness, once, openLimits, packets, pixels, probe, reviewName, root, run, stream, times } from './support.mjs';

const fixtures = path.join(root, 'build/fixtures');
const base = folder('video');
const fixture = (name) => path.join(fixtures, name);
let next = 0;

/** Each clip is prepared once, and its ladder made once, whatever number of tests look at them. */
const made = new Map();
const madeOnce = (key, make) => made.get(key) ?? made.set(key, make()).get(key);

const prepare = (name, options) => madeOnce(`prepare ${name} ${JSON.stringify(options)}`, () => prepareAnew(name, options));
const ladder = (name, prepared) => madeOnce(`ladder ${name} ${prepared.into}`, () => ladderAnew(name, prepared));

async function prepareAnew(name, options) {
  const into = path.join(base, `p${next++}`);
  const { code, answer, stderr } = await once('prepare', fixture(name), into, options);
  return { into, code, answer, stderr, review: path.join(into, reviewName(answer)) };
}

/** The ladder of what `prepare` answered: its files beside the review copy, as the service keeps them; rungs as the master names them. */
async function ladderAnew(name, prepared) {
  const into = path.join(base, `l${next++}`);
  const { code, answer, stderr } = await once('ladder', fixture(name), into, { facts: prepared.answer.facts, review: prepared.review });
  assert.equal(code, 0, `ladder of ${name}: ${stderr} ${JSON.stringify(answer)}`);
  const review = path.basename(prepared.review);
  for (const file of [review, review.replace('mp4', 'm3u8')]) {
    assert.ok(!fs.existsSync(path.join(into, file)), 'the review copy is not made again');
    fs.copyFileSync(path.join(prepared.into, file), path.join(into, file));
  }
  const outputs = [...answer.outputs, ...prepared.answer.outputs];
  const master = fs.readFileSync(path.join(into, 'master.m3u8'), 'utf8');
  const rungs = [...master.matchAll(/^(\d+p)\.m3u8$/gm)].map(([, side]) => outputs.find((output) => output.name === `${side}.mp4`));
  return { into, answer, rungs, master };
}

before(() => execFileSync(path.join(root, 'scripts/fixtures'), { stdio: 'inherit' }));
after(() => fs.rmSync(base, { recursive: true, force: true }));

const near = (got, wanted, tolerance, what) =>
  assert.ok(Math.abs(got - wanted) <= tolerance, `${what}: ${got}, wanted ${wanted} ± ${tolerance}`);

/** Red corner top left, green top right, blue bottom left: upright, not mirrored, right colours. */
async function assertUpright(file, where = '') {
  const picture = await pixels(file);
  const check = (x, y, colour, name) => colour.forEach((wanted, i) =>
    near(picture.at(x, y)[i], wanted, 48, `${where} ${name} corner, channel ${i}`));
  check(0.1, 0.1, [254, 0, 0], 'top left');
  check(0.9, 0.1, [0, 254, 0], 'top right');
  check(0.1, 0.9, [0, 0, 254], 'bottom left');
}

test('prepare makes everything that a reviewer needs', async () => {
  const { answer, into, review } = await prepare('plain.mp4');
  assert.ok(answer?.ok);
  assert.deepEqual(answer.outputs.map(({ kind }) => kind).sort(),
    ['playlist', 'poster', 'preview', 'review-mp4', 'share-card', 'sheet', 'storyboard', 'storyboard-vtt', 'thumbnail', 'thumbnail']);
  assert.deepEqual(fs.readdirSync(into).sort(), answer.outputs.map(({ name }) => name).sort());
  const { facts } = answer;
  near(facts.duration_ms, 6000, 30, 'duration');
  assert.equal(facts.fps, 30);
  assert.equal(facts.vfr, false);
  assert.deepEqual([facts.width, facts.height, facts.video.codec, facts.audio.codec], [1920, 1080, 'h264', 'aac']);
  assert.deepEqual([facts.had_location, facts.had_device], [true, true]);
  assert.ok(!JSON.stringify(answer).includes('36.65'), 'the place itself is nowhere');
  const made = await probe(review);
  near(Number(made.format.duration), 6, 0.05, 'length of the review copy');
  assert.equal(stream(made, 'video').height, 480);
  await assertUpright(review);
  await assertUpright(path.join(into, 'poster.jpg'));
  for (const output of answer.outputs) {
    assert.match(output.sha256, /^[0-9a-f]{64}$/);
    assert.equal(fs.statSync(path.join(into, output.name)).size, output.bytes);
  }
  const head = fs.readFileSync(review).subarray(0, 4096).toString('latin1');
  assert.ok(head.includes('moov'), 'the index stands in front');
});

test('the storyboard names every tile inside its sprite, in time', async () => {
  const { into } = await prepare('plain.mp4');
  const sprite = stream(await probe(path.join(into, 'storyboard.jpg')), 'video');
  const cues = [...fs.readFileSync(path.join(into, 'storyboard.vtt'), 'utf8')
    .matchAll(/(\d+):(\d+):([\d.]+) --> (\d+):(\d+):([\d.]+)\nstoryboard\.jpg#xywh=(\d+),(\d+),(\d+),(\d+)/g)]
    .map((match) => match.slice(1).map(Number));
  assert.ok(cues.length >= 10);
  let last = 0;
  for (const [h, m, s, h2, m2, s2, x, y, width, height] of cues) {
    near(h * 3600 + m * 60 + s, last, 0.002, 'a cue begins where the last one ends');
    last = h2 * 3600 + m2 * 60 + s2;
    assert.ok(x + width <= sprite.width && y + height <= sprite.height);
    near(width / height, 16 / 9, 0.05, 'aspect of a tile');
  }
  near(last, 6, 0.05, 'the last cue ends with the clip');
});

test('the share card is padded, never cropped; the preview moves, is three seconds long and small', async () => {
  for (const name of ['plain.mp4', 'portrait.mp4']) {
    const { answer, into, stderr } = await prepare(name);
    assert.ok(answer?.ok, `${name}: ${stderr} ${answer?.words}`);
    const card = await pixels(path.join(into, 'share-card.jpg'));
    assert.deepEqual([card.width, card.height], [1200, 630]);
    card.at(0.01, 0.5).forEach((value) => near(value, 24, 6, `${name}: padding`));
    const inner = 630 * answer.facts.width / answer.facts.height / 1200;
    const poster = await pixels(path.join(into, 'poster.jpg'));
    for (const [x, y] of [[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]]) {
      card.at(0.5 + (x - 0.5) * inner, y).forEach((value, i) => near(value, poster.at(x, y)[i], 40, `${name}: corner ${x},${y}`));
    }
    assert.deepEqual(animation(fs.readFileSync(path.join(into, 'preview.webp'))), { loops: 0, ms: 3000, pictures: 12 }, name);
    assert.ok(fs.statSync(path.join(into, 'preview.webp')).size <= 300000);
  }
});

test('lists have a small copy of the poster, as WebP and as JPEG, never larger than the clip', async () => {
  for (const [name, width, height] of [['plain.mp4', 720, 405], ['portrait.mp4', 360, 640], ['small.mp4', 640, 360]]) {
    const { answer, into } = await prepare(name);
    const poster = await pixels(path.join(into, 'poster.jpg'), { size: { width, height } });
    for (const [file, codec] of [['thumbnail.webp', 'webp'], ['thumbnail.jpg', 'mjpeg']]) {
      const shown = stream(await probe(path.join(into, file)), 'video');
      assert.deepEqual([shown.codec_name, shown.width, shown.height], [codec, width, height], `${name} ${file}`);
      const { facts, bytes } = answer.outputs.find((output) => output.name === file);
      assert.deepEqual(facts, { width, height });
      assert.ok(bytes <= fs.statSync(path.join(into, 'poster.jpg')).size);
      const small = await pixels(path.join(into, file));
      for (const [x, y] of [[0.1, 0.1], [0.9, 0.1], [0.1, 0.9]]) small.at(x, y).forEach((value, i) => near(value, poster.at(x, y)[i], 24, `${name} ${file}`));
    }
  }
});

test('the contact sheet is about 150 KB at most, whatever it shows', async () => {
  for (const name of ['noise.mp4', 'plain.mp4']) {
    const { answer, into } = await prepare(name);
    assert.ok(answer?.ok, answer?.words);
    assert.ok(fs.statSync(path.join(into, 'sheet.jpg')).size <= 150000, name);
  }
});

/** What a WebP animation shows, read from its own chunks. */
function animation(bytes) {
  const seen = { loops: -1, ms: 0, pictures: 0 };
  for (let at = 12; at < bytes.length; at += 8 + bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 4) % 2) {
    const kind = bytes.toString('latin1', at, at + 4);
    assert.ok(!['EXIF', 'XMP ', 'ICCP'].includes(kind), kind);
    if (kind === 'ANIM') seen.loops = bytes.readUInt16LE(at + 12);
    if (kind === 'ANMF') {
      seen.pictures++;
      seen.ms += bytes.readUIntLE(at + 8 + 12, 3);
    }
  }
  return seen;
}

/** An MP4 without what its mdat boxes hold; anything else as it is. */
function withoutPictures(name, file) {
  const kept = [];
  for (let at = 0; name.endsWith('.mp4') && at < file.length; at += file.readUInt32BE(at)) {
    assert.ok(file.readUInt32BE(at) >= 8, `${name}: boxes of 32 bits`);
    if (file.toString('latin1', at + 4, at + 8) !== 'mdat') kept.push(file.subarray(at, at + file.readUInt32BE(at)));
  }
  return name.endsWith('.mp4') ? Buffer.concat(kept) : file;
}

test('no metadata of the original is in any output', async () => {
  const prepared = await prepare('plain.mp4');
  const rungs = await ladder('plain.mp4', prepared);
  for (const folderOf of [prepared.into, rungs.into]) {
    for (const name of fs.readdirSync(folderOf)) {
      const file = fs.readFileSync(path.join(folderOf, name));
      for (const word of ['secret', 'Apple', '36.65', 'Lavf5', 'Lavc5', 'Phone', 'ISO6709']) {
        assert.ok(!file.includes(word), `${name} has ${word}`);
      }
      // four letters come about by chance in megabytes of coded pictures (a rung once had "Lavf"): they are looked for around them
      for (const word of ['Lavf', 'Exif', 'GPSL']) assert.ok(!withoutPictures(name, file).includes(word), `${name} has ${word}`);
    }
  }
});

test('all rungs: keyframes every 2 s at the same instants, tags, codecs, playlists that join', async () => {
  const { into, rungs, master } = await ladder('plain.mp4', await prepare('plain.mp4'));
  assert.deepEqual(rungs.map(({ name }) => name), ['1080p.mp4', '720p.mp4', '480p.mp4', '360p.mp4']);
  const reference = await keyframes(path.join(into, rungs[0].name));
  assert.deepEqual(reference, [0, 2, 4]);
  for (const { name, facts } of rungs) {
    const file = path.join(into, name);
    const made = await probe(file);
    const video = stream(made, 'video');
    assert.deepEqual(await keyframes(file), reference, name);
    assert.deepEqual([video.profile, video.pix_fmt, video.color_space, video.color_transfer, video.color_primaries, video.color_range],
      ['High', 'yuv420p', 'bt709', 'bt709', 'bt709', 'tv']);
    assert.deepEqual([stream(made, 'audio').sample_rate, stream(made, 'audio').channels], ['48000', 2]);
    near(Number(made.format.duration), 6, 0.06, `length of ${name}`);
    const all = await times(file);
    assert.equal(all.length, 180);
    assert.ok(all.every((time, i) => i === 0 || time > all[i - 1]), 'monotone');
    assert.equal(facts.codecs.split(',')[0], `avc1.64${'00'}${video.level.toString(16)}`);
    assert.ok(master.includes(`CODECS="${facts.codecs}"`) && master.includes(`RESOLUTION=${video.width}x${video.height}`));
    await assertUpright(file, name);
    await assertJoins(into, name);
  }
});

/** Byte ranges cover the file without holes; each fragment behind the header decodes alone, with its own length. */
async function assertJoins(into, name) {
  const bytes = fs.readFileSync(path.join(into, name));
  const text = fs.readFileSync(path.join(into, name.replace('mp4', 'm3u8')), 'utf8');
  const [, headLength] = /BYTERANGE="(\d+)@0"/.exec(text).map(Number);
  const parts = [...text.matchAll(/#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)@(\d+)/g)].map((match) => match.slice(1).map(Number));
  const sidx = bytes.indexOf('sidx');
  assert.equal(sidx - 4, headLength, 'the index of fragments follows the header');
  let at = headLength + bytes.readUInt32BE(headLength);
  let seconds = 0;
  for (const [length, size, offset] of parts) {
    assert.equal(offset, at);
    at += size;
    seconds += length;
    assert.equal(bytes.toString('latin1', offset + 4, offset + 8), 'moof');
    const part = path.join(into, 'part.tmp.mp4');
    fs.writeFileSync(part, Buffer.concat([bytes.subarray(0, headLength), bytes.subarray(offset, offset + size)]));
    const decoded = await run('ffmpeg', ['-v', 'error', '-i', part, '-map', '0:v', '-f', 'null', '-']);
    assert.equal(decoded.stderr, '', `${name}: fragment at ${offset} decodes alone`);
    fs.rmSync(part);
  }
  assert.equal(at, bytes.length, 'nothing behind the last fragment');
  near(seconds, 6, 0.05, 'sum of EXTINF');
}

test('loudness: raised linearly to -16 LUFS, the peak below -1.5 dBTP', async () => {
  const prepared = await prepare('quiet.mp4');
  assert.ok(prepared.answer.facts.audio.loudness_lufs < -30);
  const { into, rungs } = await ladder('quiet.mp4', prepared);
  const heard = await loudness(path.join(into, rungs[0].name));
  assert.ok(heard.dbtp <= -1.4, `peak ${heard.dbtp}`);
  const before = await loudness(fixture('quiet.mp4'));
  near(heard.lufs - before.lufs, Math.min(-16 - before.lufs, 20), 1, 'gain');
});

test('all rungs are equally loud, the review copy among them', async () => {
  const { into, rungs } = await ladder('plain.mp4', await prepare('plain.mp4'));
  const heard = [];
  for (const { name } of rungs) heard.push((await loudness(path.join(into, name))).lufs);
  assert.equal(heard.length, 4);
  heard.forEach((lufs) => near(lufs, heard[0], 0.15, heard.join()));
  near(heard[0], -16, 1, 'loudness');
});

/** Digest of every decoded picture. */
async function pictures(file) {
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, '-map', '0:v', '-f', 'framemd5', '-fps_mode', 'passthrough', '-']);
  return stdout.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => line.split(',').at(-1).trim());
}

const types = (packet) => { // of the NAL units in a length-prefixed packet
  const found = [];
  for (let at = 0; at + 4 < packet.length; at += 4 + packet.readUInt32BE(at)) found.push(packet[at + 4] & 31);
  return found;
};

test('every rung has the sound that prepare encoded, packet by packet; without the review copy it is encoded again', async () => {
  const sound = async (file) => (await run('ffprobe', ['-v', 'error', '-select_streams', 'a', '-show_entries', 'packet=pts,size,data_hash', '-show_data_hash',
    'sha256', '-of', 'csv=p=0', file])).stdout.trim().split('\n');
  for (const name of ['plain.mp4', 'messenger.mp4']) { // made anew, and wrapped anew
    const prepared = await prepare(name);
    const wanted = await sound(prepared.review);
    const { into, rungs } = await ladder(name, prepared);
    for (const { name: rung } of rungs) assert.deepEqual(await sound(path.join(into, rung)), wanted, `${name} ${rung}`);
  }
  const { answer: { facts }, review: made } = await prepare('messenger.mp4');
  for (const review of [undefined, fixture('photo.jpg')]) { // none, and none that can be read
    const alone = path.join(base, `l${next++}`);
    const { answer } = await once('ladder', fixture('messenger.mp4'), alone, { facts, review });
    assert.ok(answer.ok, JSON.stringify(answer));
    assert.equal((await sound(path.join(alone, '360p.mp4'))).length, (await sound(made)).length, `with ${review}`);
  }
});

test('prepare and ladder from one decode make what the two make one after the other', async () => {
  const clips = { 'interlaced.mp4': true, 'hlg.mov': true, 'one-picture-turned.mp4': true,
    'messenger.mp4': false }; // the last can be shown as it is: its largest rung is there, and its reviewers get it soon
  for (const [name, isWhole] of Object.entries(clips)) {
    const prepared = await prepare(name);
    const apart = isWhole ? await ladder(name, prepared) : { into: prepared.into, answer: { outputs: [] } };
    const into = path.join(base, `w${next++}`);
    const { answer, stderr } = await once('whole', fixture(name), into);
    assert.ok(answer?.ok, `${name}: ${stderr} ${answer?.words}`);
    const kinds = (outputs) => Object.fromEntries(outputs.map((output) => [output.name, output.kind]));
    assert.deepEqual(kinds(answer.outputs), kinds([...prepared.answer.outputs, ...apart.answer.outputs]), name);
    assert.deepEqual(fs.readdirSync(into).sort(), Object.keys(kinds(answer.outputs)).sort(), `${name}: nothing else is left`);
    assert.deepEqual({ ...answer.facts, rewrap: null }, { ...prepared.answer.facts, rewrap: null }, name);
    for (const output of answer.outputs.filter((each) => each.name.endsWith('.mp4'))) {
      const other = path.join(fs.existsSync(path.join(apart.into, output.name)) ? apart.into : prepared.into, output.name);
      assert.deepEqual(await packets(path.join(into, output.name)), await packets(other), `${name} ${output.name}`);
    }
  }
});

test('what every phone plays is wrapped anew for reviewers, not encoded: the same pictures, the keyframes of all rungs where it has them', async () => {
  // Who can load 1.5 Mbit/s of 480 lines can load as many of 720, which is what the silent one has.
  for (const [name, names] of [['messenger.mp4', ['720p.mp4', '480p.mp4', '360p.mp4']], ['messenger-silent.mp4', ['720p.mp4', '360p.mp4']]]) {
    const prepared = await prepare(name);
    const { facts } = prepared.answer;
    assert.deepEqual([facts.rewrap.possible, facts.rewrap.obstacle, facts.source_keyframes], [true, null, true], name);
    assert.deepEqual([facts.review.name, facts.review.width, facts.review.height], ['720p.mp4', 1280, 720]);
    assert.deepEqual(await pictures(prepared.review), await pictures(fixture(name)), `${name}: picture by picture`);
    const { into, rungs } = await ladder(name, prepared);
    assert.deepEqual(rungs.map((rung) => rung.name), names);
    const reference = await keyframes(fixture(name));
    assert.deepEqual(reference, [0, 1.5, 3, 4.5]);
    for (const rung of rungs) {
      const file = path.join(into, rung.name);
      const video = stream(await probe(file), 'video');
      assert.deepEqual(await keyframes(file), reference, rung.name);
      assert.deepEqual([video.color_space, video.color_transfer, video.color_primaries, video.color_range], ['bt709', 'bt709', 'bt709', 'tv']);
      near(Number((await probe(file)).format.duration), 6, 0.06, rung.name);
      await assertJoins(into, rung.name);
    }
    const bytes = fs.readFileSync(path.join(into, '720p.mp4'));
    assert.ok(!bytes.includes('x264 - core'), 'nothing that an encoder wrote about itself');
    assert.ok(types(bytes.subarray(bytes.indexOf('mdat') + 4)).slice(0, 2).includes(5), 'begins with a picture');
  }
});

/** The clip with noise where the picture in its middle was: it opens, and its decoder stumbles there. */
async function damaged(name, into) {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'packet=pos,size', '-of', 'csv=p=0', fixture(name)]);
  const packets = stdout.trim().split('\n').map((line) => line.split(',').map(Number)); // size, pos
  const [size, at] = packets[packets.length >> 1];
  const bytes = fs.readFileSync(fixture(name));
  for (let i = 24; i < size - 8; i++) bytes[at + i] = (i * 151 + 7) & 255;
  fs.writeFileSync(into, bytes);
}

test('a clip that every phone plays but that is damaged is encoded after all, in the same run', async () => {
  for (const [name, whole] of [['messenger.mp4', ['480p.mp4', '720p.mp4', '360p.mp4']], ['messenger-small.mp4', ['480p.mp4']]]) {
    const file = path.join(base, `damaged-${name}`);
    await damaged(name, file);
    for (const [kind, made] of [['prepare', ['480p.mp4']], ['whole', whole]]) {
      const into = path.join(base, `d${next++}`);
      const { answer, stderr } = await once(kind, file, into);
      assert.ok(answer?.ok, `${kind} ${name}: ${stderr} ${answer?.words}`);
      const { facts } = answer;
      assert.deepEqual([facts.rewrap.possible, facts.rewrap.obstacle, facts.source_keyframes, facts.review.name],
        [false, 'damaged', false, '480p.mp4'], name);
      assert.deepEqual(fs.readdirSync(into).sort(), answer.outputs.map((output) => output.name).sort(), 'nothing is left of the first try');
      const review = path.join(into, '480p.mp4');
      const { stderr: words } = await run('ffmpeg', ['-v', 'error', '-i', review, '-f', 'null', '-']);
      assert.equal(words, '', 'the copy plays without a fault');
      assert.equal((await times(review)).length, facts.frames);
      assert.deepEqual(answer.outputs.filter((output) => /mp4$/.test(output.name)).map((output) => output.name), made);
    }
    assert.deepEqual((await prepare(name)).answer.facts.rewrap.obstacle, null, 'undamaged, it is shown as it is');
  }
});

/** A fit clip whose parameter set says of its chroma what the standard does not know: decoders read over it, who rewrites the set does not. */
function oddSet(into) {
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=size=640x360:rate=30:duration=3', '-c:v', 'libx264', '-preset', 'veryfast',
    '-pix_fmt', 'yuv420p', '-x264-params', 'chromaloc=5', '-b:v', '500k', '-g', '45', into]);
  const bytes = fs.readFileSync(into), at = bytes.indexOf('avcC') + 12, length = bytes.readUInt16BE(at - 2);
  const bits = [...bytes.subarray(at, at + length)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  assert.equal(bits.split('10011000110').length, 2, 'the flag, and two fives as Exp-Golomb');
  const odd = bits.replace('10011000110', '10011100111'); // two sixes
  for (let i = 0; i < length; i++) bytes[at + i] = parseInt(odd.slice(8 * i, 8 * i + 8), 2);
  fs.writeFileSync(into, bytes);
}

test('damage is seen each time, whatever the decoder’s threads do at that moment', async () => {
  const file = path.join(base, 'damaged-again.mp4');
  await damaged('messenger-small.mp4', file);
  for (let i = 0; i < 8; i++) { // of ten, one to six had passed for whole
    const into = path.join(base, `again${i}`);
    const { answer } = await once('prepare', file, into);
    assert.deepEqual([answer.facts.rewrap.obstacle, answer.facts.review.name, answer.facts.source_keyframes], ['damaged', '480p.mp4', false]);
  }
});

test('a clip that looks fit and cannot be wrapped anew is encoded', async () => {
  const file = path.join(base, 'odd-set.mp4'), into = path.join(base, 'odd-set');
  oddSet(file);
  const { answer } = await once('prepare', file, into);
  assert.ok(answer?.ok, answer?.words);
  assert.deepEqual([answer.facts.review.name, answer.facts.source_keyframes], ['480p.mp4', false]);
  assert.deepEqual(fs.readdirSync(into).sort(), answer.outputs.map(({ name }) => name).sort());
  near(Number((await probe(path.join(into, '480p.mp4'))).format.duration), 3, 0.05, 'its length');
});

test('what a browser might show wrongly is encoded, and the reason is kept', async () => {
  const obstacles = { 'messenger-turned.mp4': 'turned', 'messenger-cut.mp4': 'edit list', 'long-groups.mp4': 'keyframes too far apart',
    'hlg.mov': 'codec', 'full601.mp4': 'pixel format', 'odd.mp4': 'pixel format', 'anamorphic.mp4': 'stretched', 'open-groups.mp4': 'slices',
    'web.webm': 'codec' };
  for (const [name, obstacle] of Object.entries(obstacles)) {
    const prepared = await prepare(name);
    assert.ok(prepared.answer?.ok, `${name}: ${prepared.answer?.words}`);
    const { possible, obstacle: why } = prepared.answer.facts.rewrap;
    assert.deepEqual([name, possible, why], [name, false, obstacle]);
  }
});

test('keyframes stand at cuts, and two seconds behind the last, in all rungs alike', async () => {
  const prepared = await prepare('shots.mp4');
  assert.equal(prepared.answer.facts.source_keyframes, false);
  const { into, rungs } = await ladder('shots.mp4', prepared);
  assert.deepEqual(rungs.map(({ name }) => name), ['720p.mp4', '480p.mp4', '360p.mp4']);
  for (const { name } of rungs) {
    (await keyframes(path.join(into, name))).forEach((time, i) => near(time, [0, 2, 3, 5, 5.5, 7.5][i], 0.001, `${name}, keyframe ${i}`));
  }
});

test('a clip of one picture is prepared, with its length', async () => {
  const { answer, rungs } = await ladder('one-picture.mp4', await prepare('one-picture.mp4'));
  assert.ok(answer.ok);
  assert.equal(rungs[0].facts.duration_ms, 1000);
});

test('a small clip has one rung, which prepare made', async () => {
  const { answer, rungs, master } = await ladder('small.mp4', await prepare('small.mp4'));
  assert.deepEqual(answer.outputs.map(({ name }) => name), ['master.m3u8']);
  assert.deepEqual(rungs.map(({ name }) => name), ['480p.mp4']);
  assert.match(master, /RESOLUTION=640x360,FRAME-RATE=30\.000\n480p\.m3u8\n$/);
});

test('silence is flagged and stays silence; black is flagged', async () => {
  const prepared = await prepare('black.mp4');
  const flags = prepared.answer.facts.flags.map(({ flag }) => flag);
  assert.ok(flags.includes('black') && flags.includes('silent'), flags.join());
  const { into, rungs } = await ladder('black.mp4', prepared);
  assert.ok((await loudness(path.join(into, rungs[0].name))).lufs <= -69);
});

test('a portrait by display matrix comes out upright', async () => {
  const { answer, review, into } = await prepare('portrait.mp4');
  assert.deepEqual([answer.facts.width, answer.facts.height], [360, 640]);
  assert.ok([90, 270].includes(answer.facts.rotation));
  const shown = await pixels(fixture('portrait.mp4')); // ffmpeg turns it too
  const ours = await pixels(review, { size: { width: shown.width, height: shown.height } });
  for (const [x, y] of [[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]]) {
    ours.at(x, y).forEach((value, i) => near(value, shown.at(x, y)[i], 40, `corner ${x},${y}`));
  }
  const poster = stream(await probe(path.join(into, 'poster.jpg')), 'video');
  assert.deepEqual([poster.width, poster.height], [360, 640]);
});

test('timestamps of a variable clip are kept', async () => {
  const { answer, review } = await prepare('vfr.mp4');
  assert.equal(answer.facts.vfr, true);
  const [theirs, ours] = [await times(fixture('vfr.mp4')), await times(review)];
  assert.equal(ours.length, theirs.length);
  ours.forEach((time, i) => near(time, theirs[i] - theirs[0], 0.001, `picture ${i}`));
});

test('a clip whose pictures pause for a while keeps its length and is not taken for a crash', async () => {
  const { code, answer, review } = await prepare('pause.mp4');
  assert.equal(code, 0, `${answer.reason}: ${answer.words}`);
  near(answer.facts.duration_ms, 4000, 60, 'length');
  near(Number((await probe(review)).format.duration), 4, 0.1, 'length of the review copy');
});

test('a clip whose last picture comes late is not taken for a forgery', async () => {
  const { code, answer, review } = await prepare('last-late.mkv');
  assert.equal(code, 0, JSON.stringify(answer));
  const [before, last] = (await times(review)).slice(-2);
  assert.ok(last - before > 1.5, 'it does come late');
  near(answer.facts.duration_ms / 1000, last, 0.1, 'and is not shown for long');
});

test('pictures that stand for ten seconds, with sound that ends early, make whole fragments', async () => {
  const { answer, into } = await prepare('slides.avi');
  assert.ok(answer?.ok, answer?.words);
  near(answer.facts.duration_ms, 60200, 100, 'length');
  const list = fs.readFileSync(path.join(into, '480p.m3u8'), 'utf8');
  const total = [...list.matchAll(/^#EXTINF:([\d.]+)/gm)].reduce((sum, [, seconds]) => sum + Number(seconds), 0);
  near(total, Number((await probe(path.join(into, '480p.mp4'))).format.duration), 0.1, 'the playlist says the whole length');
});

const isAsan = (process.env.XUEPAI_BUILD ?? '').includes('asan'); // keeps what was freed for a while

test('sound that pauses for minutes takes no more memory than other sound, and keeps its length', async () => {
  const { answer } = await prepare('long-pause.mkv');
  assert.ok(answer?.ok, answer?.words);
  near(answer.facts.duration_ms, 242000, 500, 'length');
  assert.ok(isAsan || answer.peak_rss_bytes < 250e6, `${answer.peak_rss_bytes} bytes`);
});

test('a clip of ten minutes keeps its length, is looked through to its end, and takes no more memory than a short one', async () => {
  const { answer, into } = await prepare('ten-minutes.mp4');
  assert.ok(answer?.ok, answer?.words);
  near(answer.facts.duration_ms, 599000, 500, 'length');
  near(Number((await probe(path.join(into, '480p.mp4'))).format.duration), 599, 0.5, 'length of the review copy');
  const [hours, minutes, seconds] = [...fs.readFileSync(path.join(into, 'storyboard.vtt'), 'utf8').matchAll(/--> ([\d:.]+)/g)].at(-1)[1].split(':').map(Number);
  near(hours * 3600 + minutes * 60 + seconds, 599, 1, 'the last picture of the storyboard');
  assert.ok(isAsan || answer.peak_rss_bytes < 250e6, `${answer.peak_rss_bytes} bytes`);
});

test('120 pictures a second become 60', async () => {
  const { review } = await prepare('fast.mp4');
  near((await times(review)).length, 120, 2, 'pictures');
});

test('HLG becomes BT.709, full range BT.601 too', async () => {
  for (const name of ['hlg.mov', 'full601.mp4']) {
    const { answer, review } = await prepare(name);
    const video = stream(await probe(review), 'video');
    assert.deepEqual([video.pix_fmt, video.color_space, video.color_transfer, video.color_range], ['yuv420p', 'bt709', 'bt709', 'tv'], name);
    assert.equal(answer.facts.colour.hdr, name === 'hlg.mov' ? 'hlg' : null);
  }
  const { review } = await prepare('full601.mp4');
  await assertUpright(review, 'full601');
});

test('interlaced, odd, anamorphic, WebM, mono, surround: right size, right sound', async () => {
  const sizes = { 'interlaced.mp4': [600, 480], 'odd.mp4': [642, 360], 'anamorphic.mp4': [854, 480], 'web.webm': [640, 360],
    'mono.mp4': [640, 360], 'surround.mp4': [640, 360] };
  for (const [name, [width, height]] of Object.entries(sizes)) {
    const { answer, review, stderr } = await prepare(name);
    assert.ok(answer?.ok, `${name}: ${stderr} ${answer?.words}`);
    const made = await probe(review);
    near(stream(made, 'video').width, width, 2, `${name} width`);
    near(stream(made, 'video').height, height, 2, `${name} height`);
    assert.equal(stream(made, 'video').field_order ?? 'progressive', 'progressive');
    if (stream(made, 'audio')) {
      assert.equal(stream(made, 'audio').channels, 2, name);
    }
  }
});

test('a flash and a beep stay together to the end', async () => {
  const prepared = await prepare('sync.mp4');
  const { into, rungs } = await ladder('sync.mp4', prepared);
  const file = path.join(into, rungs[0].name);
  const { stdout } = await run('ffmpeg', ['-v', 'error', '-i', file, '-vf', 'signalstats,metadata=print:key=lavfi.signalstats.YAVG:file=-',
    '-an', '-f', 'null', '-']);
  const flashes = [];
  let time = 0, bright = false;
  for (const line of stdout.split('\n')) {
    time = Number(/pts_time:([\d.]+)/.exec(line)?.[1] ?? time);
    const luma = /YAVG=([\d.]+)/.exec(line)?.[1];
    if (luma !== undefined) {
      if (Number(luma) > 100 && !bright) flashes.push(time);
      bright = Number(luma) > 100;
    }
  }
  const sound = await run('ffmpeg', ['-v', 'error', '-i', file, '-vn', '-ac', '1', '-ar', '8000', '-af', 'aresample=async=1:first_pts=0',
    '-f', 's16le', '-'], { encoding: 'buffer' });
  const beeps = [];
  let quietFor = 8000;
  for (let i = 0; i * 2 + 1 < sound.stdout.length; i++) {
    const loud = Math.abs(sound.stdout.readInt16LE(i * 2)) > 1000;
    if (loud && quietFor > 2000) beeps.push(i / 8000);
    quietFor = loud ? 0 : quietFor + 1;
  }
  assert.equal(flashes.length, 8);
  flashes.forEach((flash, i) => near(beeps[i], flash, 0.04, `beep ${i}`));
});

// A QR code with 29 modules a side, a row a number: https://example.org/win
const CODE = ('1fdfe47f 104c2d41 175b8f5d 1749325d 1743345d 105bdd41 1fd5557f 28b00 146fba25 a8313e3 1142dedd 17147738 369cd61 a0ece63 1bd72211 ' +
  '71c8b00 12c6bb61 51a1367 1ffddf79 20d7690 1b74cffa 1ecf1d 1fdd2151 10488b13 174bbbf9 1746933e 175cdc93 104275e8 1fd20d99').split(' ')
  .map((row) => parseInt(row, 16).toString(2).padStart(29, '0'));

/** The code as a picture with its quiet zone, `scale` pixels a module. */
function drawCode(file, scale) {
  const side = (29 + 8) * scale;
  const pixel = (x, y) => (CODE[Math.floor(y / scale) - 4]?.[Math.floor(x / scale) - 4] === '1' ? 0 : 255);
  fs.writeFileSync(file, Buffer.concat([Buffer.from(`P5 ${side} ${side} 255\n`),
    Buffer.from(Array.from({ length: side * side }, (_, i) => pixel(i % side, Math.floor(i / side))))]));
}

test('a QR code is noticed with its words and its time, in a clip and in a photo', async () => {
  const code = path.join(base, 'code.pgm'), clip = path.join(base, 'code.mp4'), photo = path.join(base, 'code.jpg');
  drawCode(code, 4);
  await run('ffmpeg', ['-v', 'error', '-i', fixture('messenger.mp4'), '-i', code, '-filter_complex',
    "[1]format=rgba,rotate=0.2:ow=rotw(0.2):oh=roth(0.2):c=white[c];[0][c]overlay=500:200:enable='between(t,2,4.9)'", '-c:v', 'libx264',
    '-preset', 'ultrafast', clip]);
  await run('ffmpeg', ['-v', 'error', '-i', clip, '-ss', '3', '-frames:v', '1', photo]);
  const seen = [];
  for (const file of [clip, photo]) {
    const { answer, stderr } = await once('prepare', file, path.join(base, `code${seen.length}`));
    assert.ok(answer?.ok, `${stderr} ${answer?.words}`);
    seen.push(answer.facts.flags.filter(({ flag }) => flag === 'qr-code'));
  }
  assert.deepEqual(seen.map((flags) => flags.map(({ text }) => text)), [['https://example.org/win'], ['https://example.org/win']]);
  near(seen[0][0].from_ms, 2000, 100, 'from');
  near(seen[0][0].to_ms, 5000, 100, 'to');
  const { answer } = await prepare('messenger.mp4');
  assert.ok(answer.facts.flags.every(({ flag }) => flag !== 'qr-code'));
});

test('a clip that is still growing ends as the whole one; one that stops is cut off', async () => {
  const bytes = fs.readFileSync(fixture('messenger.mp4'));
  const whole = await prepare('messenger.mp4');
  const grow = async (name, until) => {
    const file = path.join(base, name), into = path.join(base, `${name}.d`);
    fs.writeFileSync(file, bytes.subarray(0, 100000));
    const done = once('prepare', file, into, { growing: bytes.length });
    for (let at = 100000; at < until; at += 300000) {
      await new Promise((resolve) => { setTimeout(resolve, 150); });
      fs.appendFileSync(file, bytes.subarray(at, Math.min(at + 300000, until)));
    }
    return done;
  };
  const [grown, cut] = await Promise.all([grow('grown.mp4', bytes.length), grow('cut.mp4', 1000000)]);
  assert.ok(grown.answer?.ok, grown.answer?.words);
  const digest = (answer) => answer.outputs.find(({ kind }) => kind === 'review-mp4').sha256;
  assert.equal(digest(grown.answer), digest(whole.answer));
  assert.deepEqual([cut.answer.ok, cut.answer.reason, cut.answer.next], [false, 'truncated', 'refuse']);
});

test('what is no clip is refused with the true reason', async () => {
  const reasons = { 'truncated.mp4': 'truncated', 'text.mp4': 'not-media', 'playlist.mp4': 'playlist', 'empty.mp4': 'empty-file',
    'cmov.mov': 'too-complex', 'external.mp4': 'external-reference', 'encrypted.mp4': 'encrypted', 'samples.mp4': 'too-complex',
    'deep.mp4': 'too-complex', 'bomb.png': 'picture-too-large' };
  for (const [name, reason] of Object.entries(reasons)) {
    const { code, answer, into } = await prepare(name);
    assert.deepEqual([code, answer.ok, answer.reason, answer.next], [3, false, reason, 'refuse'], `${name}: ${answer.words}`);
    assert.deepEqual(fs.readdirSync(into), [], `${name} leaves nothing behind`);
  }
});

test("the track's limits are judged on what was measured", async () => {
  const short = await prepare('small.mp4', { limits: { ...openLimits, min_ms: 5000 } });
  assert.equal(short.answer.reason, 'too-short');
  const long = await prepare('small.mp4', { limits: { ...openLimits, max_ms: 2000 } });
  assert.equal(long.answer.reason, 'too-long');
  const large = await prepare('plain.mp4', { limits: { ...openLimits, max_pixels: 1000000 } });
  assert.equal(large.answer.reason, 'picture-too-large');
  const kind = await prepare('small.mp4', { limits: { ...openLimits, kinds: ['photo'] } });
  assert.equal(kind.answer.reason, 'kind-mismatch');
});

test('when it was taken and how many sound tracks there are is known to us, and to nobody else', async () => {
  const clip = path.join(base, 'dated.mp4'), photo = path.join(base, 'dated.jpg');
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', fixture('small.mp4'), '-f', 'lavfi', '-i', 'sine=duration=2', '-map', '0', '-map', '1', '-c:v', 'copy', '-c:a', 'aac',
    '-metadata', 'creation_time=2026-08-19T08:15:00Z', clip]);
  const from = fs.readFileSync(fixture('photo.jpg'));
  const u16 = (n) => { const b = Buffer.alloc(2); b.writeUInt16BE(n); return b; };
  const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
  // one directory that points to the next, and that to the text
  const exif = Buffer.concat([Buffer.from('Exif\0\0MM'), u16(42), u32(8), u16(1), u16(0x8769), u16(4), u32(1), u32(26), u32(0),
    u16(1), u16(0x9003), u16(2), u32(20), u32(44), u32(0), Buffer.from('2026:08:19 08:15:00\0')]);
  fs.writeFileSync(photo, Buffer.concat([from.subarray(0, 2), Buffer.from([0xff, 0xe1]), u16(exif.length + 2), exif, from.subarray(2)]));
  const wanted = { [clip]: ['2026-08-19T08:15:00.000000Z', 2], [photo]: ['2026:08:19 08:15:00', undefined] };
  for (const [file, [created, tracks]] of Object.entries(wanted)) {
    const into = path.join(base, `p${next++}`);
    const { answer } = await once('prepare', file, into);
    assert.deepEqual([answer.facts.created, answer.facts.audio_tracks], [created, tracks]);
    for (const name of fs.readdirSync(into)) {
      const bytes = fs.readFileSync(path.join(into, name));
      assert.ok(!bytes.includes('08:15:00'), name);
      if (name.endsWith('.mp4')) assert.equal((await probe(path.join(into, name))).format.tags.creation_time, undefined, name);
    }
  }
});

test('a photo is upright, sRGB, without metadata, in two formats; a motion photo is its photo', async () => {
  for (const name of ['turned.jpg', 'motion.jpg']) {
    const { answer, into } = await prepare(name);
    assert.ok(answer?.ok, name);
    assert.deepEqual([answer.facts.kind, answer.facts.width, answer.facts.height], ['photo', 800, 1200]);
    assert.deepEqual([answer.facts.had_location, answer.facts.had_device], [true, true]);
    assert.ok(answer.outputs.length >= 4 && answer.outputs.every(({ kind }) => kind === 'photo'));
    for (const output of answer.outputs) {
      const bytes = fs.readFileSync(path.join(into, output.name)).toString('latin1');
      assert.ok(!/Exif|EXIF|Maker|ftyp/.test(bytes), output.name);
      const picture = await pixels(path.join(into, output.name));
      assert.ok(picture.height > picture.width, 'upright');
      // Turned right: what was the red top left corner is the top right one now.
      [254, 0, 0].forEach((wanted, i) => near(picture.at(0.9, 0.1)[i], wanted, 40, `${output.name} red`));
      [0, 0, 254].forEach((wanted, i) => near(picture.at(0.1, 0.1)[i], wanted, 40, `${output.name} blue`));
    }
  }
  const cut = await prepare('cut.jpg');
  assert.deepEqual([cut.answer.ok, cut.answer.next], [false, 'refuse']);
});
