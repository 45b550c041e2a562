// GB 45438-2025: what says that a clip or a photo was generated may not be deleted. It is in everything that is made of it, whatever place it
// came from, and nothing else of the original's metadata is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import zlib from 'node:zlib';
import { folder, once, probe, reviewName, root } from './support.mjs';

const base = folder('label');
const fixture = (name) => path.join(root, 'build/fixtures', name);
const label = '{"Label":"1","ContentProducer":"某某 & <1>","ProduceID":"a-1"}';
const wrapped = `{"AIGC":${label}}`;

before(() => execFileSync(path.join(root, 'scripts/fixtures'), { stdio: 'inherit' }));
after(() => fs.rmSync(base, { recursive: true, force: true }));

const u16 = (n) => { const b = Buffer.alloc(2); b.writeUInt16BE(n); return b; };
const u32 = (n) => { const b = Buffer.alloc(4); b.writeUInt32BE(n); return b; };
const little = (n) => u32(n).reverse();
const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const unescaped = (text) => text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" dc:creator="secret words" xmlns:TC260="http://www.tc260.org.cn/ns/AIGC/1.0/"><TC260:AIGC>${escaped(label)}</TC260:AIGC></rdf:Description></rdf:RDF></x:xmpmeta>`;

const segment = (marker, content) => Buffer.concat([Buffer.from([0xff, marker]), u16(content.length + 2), content]);
const inJpeg = (marker, content) => {
  const photo = fs.readFileSync(fixture('photo.jpg'));
  return Buffer.concat([photo.subarray(0, 2), segment(marker, Buffer.concat(content.map((part) => Buffer.from(part)))), photo.subarray(2)]);
};
/** A directory with the one entry that such texts stand in (0x010e, ImageDescription). */
const exif = (text) => ['Exif\0\0', 'MM', u16(42), u32(8), u16(1), u16(0x010e), u16(2), u32(text.length + 1), u32(26), u32(0), `${text}\0`];

/** CRC-32 (PNG specification, annex D); Node 18 has none. */
const crc32 = (bytes) => ~bytes.reduce((crc, byte) => {
  let next = crc ^ byte;
  for (let bit = 0; bit < 8; bit++) next = next & 1 ? next >>> 1 ^ 0xedb88320 : next >>> 1;
  return next;
}, -1) >>> 0;
const chunk = (type, ...content) => {
  const body = Buffer.concat([type, ...content].map((part) => Buffer.from(part)));
  return Buffer.concat([u32(body.length - 4), body, u32(crc32(body))]);
};
const inPng = (extra) => {
  const plain = path.join(base, 'plain.png');
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', fixture('photo.jpg'), '-vf', 'scale=600:400', plain]);
  const photo = fs.readFileSync(plain);
  return Buffer.concat([photo.subarray(0, 33), extra, photo.subarray(33)]);
};
/** Extended WebP: its header says that XMP follows the picture. */
const inWebp = () => {
  const plain = path.join(base, 'plain.webp');
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', fixture('photo.jpg'), '-vf', 'scale=600:400', '-c:v', 'libwebp', plain]);
  const picture = fs.readFileSync(plain).subarray(12);
  const xmp = Buffer.from(packet);
  const chunks = Buffer.concat([Buffer.from('VP8X'), little(10), Buffer.from([4, 0, 0, 0]), little(599).subarray(0, 3), little(399).subarray(0, 3),
    picture, Buffer.from('XMP '), little(xmp.length), xmp, Buffer.alloc(xmp.length % 2)]);
  return Buffer.concat([Buffer.from('RIFF'), little(chunks.length + 4), Buffer.from('WEBP'), chunks]);
};

const PHOTOS = {
  'xmp.jpg': () => inJpeg(0xe1, ['http://ns.adobe.com/xap/1.0/\0', packet]),
  'exif.jpg': () => inJpeg(0xe1, exif(wrapped.replace('某某', 'x'))),
  'comment.jpg': () => inJpeg(0xfe, [wrapped]),
  'text.png': () => inPng(chunk('tEXt', `AIGC\0${label.replace('某某', 'x')}`)),
  'compressed.png': () => inPng(chunk('zTXt', 'AIGC\0\0', zlib.deflateSync(label.replace('某某', 'x')))),
  'xmp.png': () => inPng(chunk('iTXt', 'XML:com.adobe.xmp\0\0\0\0\0', packet)),
  'xmp.webp': inWebp,
};

/** What a JPEG or WebP of ours says: every segment or chunk that is no picture, by name. */
function metadata(bytes) {
  const said = {};
  if (bytes.toString('latin1', 0, 4) === 'RIFF') {
    assert.equal(bytes.readUInt32LE(4), bytes.length - 8);
    for (let at = 12; at < bytes.length; at += 8 + bytes.readUInt32LE(at + 4) + bytes.readUInt32LE(at + 4) % 2) {
      const kind = bytes.toString('latin1', at, at + 4);
      if (!['VP8 ', 'VP8L', 'VP8X', 'ANIM', 'ANMF'].includes(kind)) said[kind] = bytes.toString('utf8', at + 8, at + 8 + bytes.readUInt32LE(at + 4));
    }
    return said;
  }
  for (let at = 2; bytes[at + 1] !== 0xda; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes[at + 1];
    if (marker >= 0xe0 && marker <= 0xef || marker === 0xfe) said[marker.toString(16)] = bytes.toString('utf8', at + 4, at + 2 + bytes.readUInt16BE(at + 2));
  }
  delete said.e0; // JFIF
  return said;
}

/** Every picture in the folder says the label, where it ought to stand, and nothing else. */
function assertPictures(into, wanted) {
  const pictures = fs.readdirSync(into).filter((name) => /\.(jpg|webp)$/.test(name));
  for (const name of pictures) {
    const said = metadata(fs.readFileSync(path.join(into, name)));
    const place = name.endsWith('.webp') ? 'XMP ' : 'e1';
    assert.deepEqual(Object.keys(said), [place], name);
    const [, value] = said[place].match(/<TC260:AIGC>(.*)<\/TC260:AIGC>/);
    assert.equal(unescaped(value), wanted, name);
    assert.ok(!said[place].includes('secret words'), name);
  }
  return pictures;
}

for (const [name, make] of Object.entries(PHOTOS)) {
  test(`the label of a photo is in its copies: ${name}`, async () => {
    const file = path.join(base, name), into = path.join(base, `made-${name}`);
    fs.writeFileSync(file, make());
    const { answer } = await once('prepare', file, into);
    assert.ok(answer.ok, answer.words);
    const wanted = /xmp|comment/.test(name) ? label : label.replace('某某', 'x');
    assert.deepEqual([answer.facts.ai_label, answer.facts.ai_label_text], [true, wanted]);
    assert.ok(assertPictures(into, wanted).length >= 2);
  });
}

test('a photo that only mentions the name is shown as labelled, and its copies say nothing', async () => {
  const file = path.join(base, 'mentions.jpg'), into = path.join(base, 'made-mentions');
  fs.writeFileSync(file, inJpeg(0xe1, exif('AIGC is what this is about')));
  const { answer } = await once('prepare', file, into);
  assert.deepEqual([answer.facts.ai_label, answer.facts.ai_label_text], [true, undefined]);
  for (const name of fs.readdirSync(into)) assert.deepEqual(metadata(fs.readFileSync(path.join(into, name))), {}, name);
});

test('a photo without one has no label', async () => {
  const into = path.join(base, 'made-plain');
  const { answer } = await once('prepare', fixture('turned.jpg'), into);
  assert.deepEqual([answer.facts.ai_label, answer.facts.ai_label_text], [false, undefined]);
  for (const name of fs.readdirSync(into)) assert.deepEqual(metadata(fs.readFileSync(path.join(into, name))), {}, name);
});

const tagged = (name, clip, tag, text) => execFileSync('ffmpeg', ['-v', 'error', '-y', '-i', fixture(name), '-c', 'copy', '-movflags', 'use_metadata_tags', '-metadata',
  `${tag}=${text}`, '-metadata', 'author=secret words', clip]);

/** The same file with a box more at its end: in moov/udta, which has to be the last thing then, or beside it. */
function boxed(name, clip, type, content) {
  const box = (called, ...parts) => { const body = Buffer.concat([Buffer.from(called), ...parts.map((part) => Buffer.from(part))]); return Buffer.concat([u32(body.length + 4), body]); };
  const file = fs.readFileSync(fixture(name));
  fs.writeFileSync(clip, Buffer.concat([file, type === 'uuid' ? box('uuid', Buffer.from('be7acfcb97a942e89c71999491e3afac', 'hex'), content)
    : box('free')]));
  if (type === 'uuid') return;
  const at = file.indexOf('moov') - 4, moov = file.subarray(at, at + file.readUInt32BE(at));
  assert.equal(at + moov.length, file.length, 'the index is at the end, so nothing moves');
  fs.writeFileSync(clip, Buffer.concat([file.subarray(0, at), box('moov', moov.subarray(8), box('udta', box(type, content)))]));
}

const CLIPS = {
  'tag, encoded': (clip) => tagged('small.mp4', clip, 'AIGC', label),
  'tag, wrapped': (clip) => tagged('messenger.mp4', clip, 'AIGC', label),
  'comment, encoded': (clip) => tagged('small.mp4', clip, 'comment', wrapped),
  'box of its own, encoded': (clip) => boxed('small.mp4', clip, 'AIGC', label),
  'XMP, encoded': (clip) => boxed('small.mp4', clip, 'uuid', packet),
};

for (const [name, make] of Object.entries(CLIPS)) {
  test(`the label of a clip is in its copies and pictures: ${name}`, async () => {
    const clip = path.join(base, `${name}.mp4`), into = (job) => path.join(base, `${job} ${name}`);
    make(clip);
    const prepared = await once('prepare', clip, into('prepare'));
    assert.deepEqual([prepared.answer.facts.ai_label, prepared.answer.facts.ai_label_text], [true, label]);
    const review = path.join(into('prepare'), reviewName(prepared.answer));
    assert.equal(prepared.answer.facts.source_keyframes, name.endsWith('wrapped'));
    const jobs = name.startsWith('tag') ? ['prepare', 'ladder', 'whole'] : ['prepare'];
    const made = jobs.length === 1 ? [] : [await once('ladder', clip, into('ladder'), { facts: prepared.answer.facts, review }), await once('whole', clip, into('whole'))];
    assert.ok([prepared, ...made].every(({ code }) => code === 0));
    const copies = jobs.flatMap((job) => fs.readdirSync(into(job)).filter((file) => file.endsWith('.mp4')).map((file) => path.join(into(job), file)));
    assert.ok(copies.length >= Math.min(jobs.length, 2));
    for (const copy of copies) {
      const { format } = await probe(copy);
      assert.equal(format.tags.AIGC, label, copy);
      assert.deepEqual(Object.keys(format.tags).filter((key) => !/brand|minor_version/.test(key)), ['AIGC'], copy);
      assert.ok(!fs.readFileSync(copy).includes('secret words'), copy);
    }
    for (const job of jobs.filter((each) => each !== 'ladder')) {
      assert.deepEqual(assertPictures(into(job), label).sort(), ['poster.jpg', 'preview.webp', 'share-card.jpg', 'sheet.jpg', 'storyboard.jpg', 'thumbnail.jpg', 'thumbnail.webp']);
    }
  });
}

test('a cover chosen from a labelled clip says so', async () => {
  const clip = path.join(base, 'cover.mp4'), into = path.join(base, 'cover');
  tagged('small.mp4', clip, 'AIGC', label);
  const { answer } = await once('cover', clip, into, { facts: { cover_ms: 500 } });
  assert.ok(answer.ok, answer.words);
  assert.deepEqual(assertPictures(into, label).sort(), ['poster.jpg', 'share-card.jpg', 'thumbnail.jpg', 'thumbnail.webp']);
});
