// Every file of the corpus through `prepare`: accepted and right, or refused with the true reason; never a crash. The
// corpus is other people's media and not part of the project; without it this file does nothing. Of its folders of whole
// films only those whose kind has no cheaper file; all with FULL=1, which makes the table of docs/MEDIA.md.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { build, folder, once, openLimits, probe, reviewName, root, stream } from './support.mjs';

const corpus = process.env.XUEPAI_CORPUS ?? path.resolve(root, '../shared/corpus');
const manifest = path.join(corpus, 'MANIFEST.tsv');

function rows() {
  const [head, ...lines] = fs.readFileSync(manifest, 'utf8').trimEnd().split('\n').map((line) => line.split('\t'));
  return lines.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i]])));
}

// Folders of ordinary films, much work each and more of the same; all others are here for what each file has of its own.
const FILMS = /^(natural|bench|long)\//;

/** What the program takes a film by: container, codec, profile, pixels, transfer; the sound's codec. */
const kindOf = (row) => [row.container, row.video.replace(/ \d+x\d+| rot\S*| avg\S+| r[\d.]+| nf\S+/g, '').trim(), row.audio.split(' ')[0]].join(' ');

/** Pixels to be decoded, but for the rate: what a film costs. */
const costOf = (row) => Number(row.duration_s) * (/(\d+)x(\d+)/.exec(row.video) ?? [0, 0, 0]).slice(1).reduce((width, height) => width * height);

/** What a run takes: a film that a cheaper file of its kind stands for is left to FULL=1. */
function chosen(all) {
  const played = all.filter((row) => row.expected === 'accept -> playable');
  const hasCheaper = (row) => played.some((other) => kindOf(other) === kindOf(row) && costOf(other) < costOf(row));
  return process.env.FULL ? all : all.filter((row) => !FILMS.test(row.file) || !played.includes(row) || !hasCheaper(row));
}

/** What a track for this file would take: photos in photo tracks, all else in video tracks. */
function limitsFor(row) {
  const isPhoto = /^photo/.test(row.category) || row.expected.startsWith('accept as photo');
  return { ...openLimits, kinds: [isPhoto ? 'photo' : 'video'] };
}

/** Length and size of the review copy against the facts, and the facts against ffprobe's view of a well-formed file. */
async function looksRight(row, answer, into) {
  if (answer.facts.kind === 'photo') {
    return answer.outputs.length >= 2 ? '' : 'no photo';
  }
  const review = await probe(path.join(into, reviewName(answer)));
  const video = stream(review, 'video');
  const ratio = (video.width / video.height) / (answer.facts.width / answer.facts.height);
  if (ratio < 0.93 || ratio > 1.07) {
    return `aspect ${video.width}x${video.height} of ${answer.facts.width}x${answer.facts.height}`;
  }
  if (Math.abs(review.format.duration * 1000 - answer.facts.duration_ms) > 150) {
    return `length ${review.format.duration} of ${answer.facts.duration_ms} ms`;
  }
  return '';
}

// Tags of the original that no public byte may have: where, with what, by whom.
const PRIVATE = /^(com\.apple\.quicktime\.)?(location\S*|make\S*|model\S*|software|artist|author|content\.identifier|android\.\S+|GPS\S*)$/i;

/** Values of private tags, the file's name, and what containers call such tags: long enough that neither chance nor x264, which
 *  writes down its settings ("constrained" has a train in it), has them. */
function secretsOf(row) {
  const values = [...(row.tags ?? '').matchAll(/(\S+?)=(.*?)(?= \S+=|$)/g)].filter(([, key]) => PRIVATE.test(key)).map(([, , value]) => value.trim());
  const name = path.basename(row.file, path.extname(row.file));
  return [...values.filter((word) => word.length >= 5), ...(name.length >= 8 ? [name] : []), 'ISO6709', 'com.apple', 'com.android', 'Exif\0\0', 'GPSLatitude'];
}

/** The first secret found in any file of the folder, as "file: secret". */
function leak(row, into) {
  for (const file of fs.readdirSync(into)) {
    const bytes = fs.readFileSync(path.join(into, file));
    const found = secretsOf(row).find((word) => bytes.includes(word));
    if (found) return `${file}: ${found}`;
  }
  return '';
}

/** What is public of a clip with a place or a device in it: the rungs too. */
async function privacy(row, answer, into) {
  if (answer.facts.kind === 'video' && (answer.facts.had_location || answer.facts.had_device)) {
    const ladder = await once('ladder', path.join(corpus, row.file), path.join(into, 'ladder'), { facts: answer.facts, review: path.join(into, reviewName(answer)), limits: limitsFor(row) });
    if (!ladder.answer?.ok) return `ladder ${ladder.answer?.reason}`;
    const found = leak(row, path.join(into, 'ladder'));
    fs.rmSync(path.join(into, 'ladder'), { recursive: true });
    if (found) return `leak in ${found}`;
  }
  const found = leak(row, into);
  return found && `leak in ${found}`;
}

function judge(row, { code, answer }, wrong) {
  if (answer === null || code === null || code === 4) return 'infrastructure';
  if (!answer.ok && answer.next === 'quarantine') return `quarantine ${answer.reason}`;
  if (wrong) return wrong;
  if (row.expected.startsWith('reject')) return answer.ok ? 'accepted' : '';
  if (/^accept (-> playable|as photo)/.test(row.expected) && !row.expected.includes('or reject')) {
    return answer.ok ? '' : `refused ${answer.reason}`;
  }
  return '';
}

/** A line a folder, as docs/MEDIA.md shows it. */
function summary(table) {
  const folders = [...new Set(table.map(({ row }) => row.file.split('/')[0]))];
  const lines = folders.map((name) => {
    const files = table.filter(({ row }) => row.file.startsWith(`${name}/`));
    const refused = files.filter(({ result }) => !result.answer?.ok);
    const codes = [...new Set(refused.map(({ result }) => result.answer?.reason ?? 'none'))].sort()
      .map((code) => `${code} ${refused.filter(({ result }) => (result.answer?.reason ?? 'none') === code).length}`);
    return `| ${name} | ${files.length} | ${files.length - refused.length} | ${codes.join(', ')} | ${files.filter(({ verdict }) => verdict).length} |`;
  });
  return ['| folder | files | accepted | refused, with which code | wrong |', '|---|---|---|---|---|', ...lines, ''].join('\n');
}

const table = [];
const base = folder('corpus');

async function runOne(row) {
  const into = fs.mkdtempSync(path.join(base, 'run-'));
  const start = Date.now();
  const result = await once('prepare', path.join(corpus, row.file), into, { limits: limitsFor(row) });
  const wrong = result.answer?.ok ? await looksRight(row, result.answer, into) || await privacy(row, result.answer, into) : '';
  table.push({ row, result, verdict: judge(row, result, wrong), seconds: (Date.now() - start) / 1000 });
  fs.rmSync(into, { recursive: true, force: true });
  return table.at(-1).verdict;
}

const all = fs.existsSync(manifest) ? chosen(rows()) : [];
const folderOf = (row) => row.file.split('/')[0];
for (const name of [...new Set(all.map(folderOf))].sort()) {
  test(`the corpus, ${name}: every file ends as expected`, async () => {
    const waiting = all.filter((row) => folderOf(row) === name);
    const bad = [];
    async function workOff() {
      for (let row = waiting.shift(); row !== undefined; row = waiting.shift()) {
        const verdict = await runOne(row);
        if (verdict) bad.push(`${row.file}: ${verdict}`);
      }
    }
    await Promise.all([workOff(), workOff()]);
    assert.deepEqual(bad, []);
  });
}

after(() => {
  table.sort((a, b) => (a.row.file < b.row.file ? -1 : 1));
  const lines = table.map(({ row, result, verdict, seconds }) => [row.file, row.expected,
    result.answer?.ok ? 'accepted' : 'refused', result.answer?.reason ?? '', verdict || 'as expected', seconds.toFixed(1),
    result.answer?.words ?? result.stderr?.trim() ?? ''].join('\t'));
  fs.mkdirSync(build, { recursive: true });
  fs.writeFileSync(path.join(build, 'corpus.tsv'), ['file\texpected\toutcome\treason\tverdict\tseconds\twords', ...lines, ''].join('\n'));
  fs.writeFileSync(path.join(build, 'corpus.md'), summary(table));
  fs.rmSync(base, { recursive: true, force: true });
});

test('the corpus is there', { skip: all.length === 0 && 'no corpus' }, () => assert.ok(all.length > 0));
