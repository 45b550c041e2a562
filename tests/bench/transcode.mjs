// What we make of a clip, prepare and ladder from one decode and apart, against three ways of using the ffmpeg command, in turn on the same clip: CPU, wall, peak memory,
// bytes, and SSIM (VMAF too, where a vmaf program is on the PATH) of each rung against the original scaled to its size.
//   node tests/bench/transcode.mjs [CLIP…]     clips: the arguments, else the corpus' bench folder, else a generated one
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { recorded } from './support/clips.mjs';

const root = path.resolve(new URL('.', import.meta.url).pathname, '../..');
const build = path.resolve(root, process.env.XUEPAI_BUILD ?? 'build');
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 2);
const RUNGS = [1080, 720, 480, 360];
const SIZES = { 1080: '1920:1080', 720: '1280:720', 480: '854:480', 360: '640:360' };
const CAPS = { 1080: 6200, 720: 3000, 480: 1500, 360: 800 };
const ONE_FILE = '-f hls -hls_time 4 -hls_playlist_type vod -hls_segment_type fmp4 -hls_flags single_file';

// One process a rung, each decoding again; then a thumbnail and a storyboard: how PeerTube works.
const perRung = (clip) => [
  ...RUNGS.map((side) => `ffmpeg -v error -y -i ${clip} -vf scale=${SIZES[side]} -c:v libx264 -preset veryfast -maxrate ${CAPS[side]}k ` +
    `-bufsize ${2 * CAPS[side]}k -g 60 -r 30 -pix_fmt yuv420p -bf 16 -c:a aac -b:a 128k ${ONE_FILE} ${side}p.m3u8`),
  `ffmpeg -v error -y -ss 3 -i ${clip} -frames:v 1 thumb.jpg`,
  `ffmpeg -v error -y -i ${clip} -vf fps=1,scale=192:-1,tile=10x10 -frames:v 1 story.jpg`].join(' && ');

const branch = (side, label, quality) => `-map "${label}" ${quality} -maxrate ${CAPS[side]}k -bufsize ${2 * CAPS[side]}k`;

// One plain command: four scales from one split.
function single(clip) {
  const quality = '-c:v libx264 -preset veryfast -g 60 -r 30 -pix_fmt yuv420p -bf 16';
  const graph = '[0:v]split=5[a][b][c][d][e];[b]scale=1280:720[b2];[c]scale=854:480[c2];[d]scale=640:360[d2];[e]fps=1,scale=192:-1,tile=10x10[s]';
  return `ffmpeg -v error -y -i ${clip} -filter_complex "${graph}" ` +
    RUNGS.map((side, i) => `${branch(side, ['[a]', '[b2]', '[c2]', '[d2]'][i], quality)} ${i ? '' : '-map 0:a? -c:a aac -b:a 128k '}` +
      `${ONE_FILE} ${side}p.m3u8`).join(' ') + ' -map "[s]" -frames:v 1 story.jpg';
}

// One well-tuned command: scales in a cascade, capped constant quality.
function tuned(clip) {
  const quality = '-c:v libx264 -preset veryfast -g 60 -pix_fmt yuv420p -crf 23';
  const graph = '[0:v]split=2[a][b];[b]scale=1280:720:flags=bilinear,split=2[b1][b2];[b2]scale=854:480:flags=bilinear,split=2[c1][c2];' +
    '[c2]scale=640:360:flags=bilinear,split=2[d1][d2];[d2]fps=1,scale=192:-1,tile=10x10[s]';
  return `ffmpeg -v error -y -i ${clip} -filter_complex "${graph}" ` +
    RUNGS.map((side, i) => `${branch(side, ['[a]', '[b1]', '[c1]', '[d1]'][i], quality)} ${i ? '' : '-map 0:a? -c:a aac -b:a 128k '}` +
      `${ONE_FILE} ${side}p.m3u8`).join(' ') + ' -map "[s]" -frames:v 1 story.jpg';
}

const WAYS = { 'ffmpeg-per-rung': perRung, 'ffmpeg-single': single, 'ffmpeg-tuned': tuned };

/** Runs a shell line in a folder: {cpu_s, wall_s, rss_mb}, children included; memory is sampled over the process tree. */
async function measured(line, folder) {
  const child = spawn('sh', ['-c', `${line}; code=$?; times; exit $code`], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const began = process.hrtime.bigint();
  let peak = 0, text = '';
  const sampler = setInterval(() => { peak = Math.max(peak, treeMemory(child.pid)); }, 100);
  child.stdout.on('data', (data) => { text += data; });
  const code = await new Promise((resolve) => { child.on('close', resolve); });
  clearInterval(sampler);
  if (code !== 0) throw new Error(`${line}: exit ${code}`);
  const [minutes, seconds, minutes2, seconds2] = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(text).slice(1).map(Number);
  return { cpu_s: minutes * 60 + seconds + minutes2 * 60 + seconds2, wall_s: Number(process.hrtime.bigint() - began) / 1e9,
    rss_mb: peak / 1e6 };
}

function treeMemory(pid) {
  try {
    const own = Number(/VmRSS:\s+(\d+)/.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    const children = fs.readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean);
    return own + children.reduce((sum, child) => sum + treeMemory(child), 0);
  } catch {
    return 0; // gone between two looks
  }
}

// Our rungs are BT.709 whatever came in; the command leaves the colours alone. Each is compared with its own aim.
const TO_709 = 'colorspace=ispace=smpte170m:irange=tv:iprimaries=bt709:itrc=bt709:space=bt709:range=tv:primaries=bt709:trc=bt709:' +
  'format=yuv420p:fast=1,';

// What a rung is compared with: the original at its size.
const aim = (side, convert) => `${convert ? TO_709 : ''}scale=${SIZES[side]}:flags=bicubic,format=yuv420p,setpts=PTS-STARTPTS`;

function ssimOf(file, clip, side, convert) {
  const text = execFileSync('sh', ['-c', `ffmpeg -hide_banner -nostats -i ${file} -i ${clip} -lavfi ` +
    `"[1:v]${aim(side, convert)}[r];[0:v]setpts=PTS-STARTPTS[o];[o][r]ssim" -f null - 2>&1`], { encoding: 'utf8' });
  return Number(/All:([\d.]+)/.exec(text)?.[1]);
}

// Netflix' vmaf, which Debian has not, where somebody has installed it: its mean over the pictures, else undefined.
const hasVmaf = (process.env.PATH ?? '').split(':').some((folder) => fs.existsSync(path.join(folder, 'vmaf')));

function vmafOf(file, clip, side, convert) {
  if (!hasVmaf) return undefined;
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xuepai-vmaf-'));
  const [reference, distorted, result] = ['reference.y4m', 'distorted.y4m', 'result.json'].map((name) => path.join(folder, name));
  execFileSync('ffmpeg', ['-v', 'error', '-i', clip, '-vf', aim(side, convert), '-an', reference]);
  execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-pix_fmt', 'yuv420p', '-an', distorted]);
  execFileSync('vmaf', ['--reference', reference, '--distorted', distorted, '--json', '--output', result, '--quiet']);
  const { pooled_metrics: pooled } = JSON.parse(fs.readFileSync(result, 'utf8'));
  fs.rmSync(folder, { recursive: true });
  return pooled.vmaf.mean;
}

function rungsOf(folder, clip, names, convert = false) {
  return RUNGS.flatMap((side) => {
    const file = names.map((name) => path.join(folder, name.replace('SIDE', side))).find((each) => fs.existsSync(each));
    return file ? [{ side, bytes: fs.statSync(file).size, ssim: ssimOf(file, clip, side, convert), vmaf: vmafOf(file, clip, side, convert) }] : [];
  });
}

async function ours(clip, folder) {
  const worker = path.join(build, 'xuepai-worker');
  const limits = `--limits '{"min_ms":0,"max_ms":600000}'`;
  const prepare = await measured(`${worker} --once prepare ${clip} prepare ${limits} >prepare.json`, folder);
  const ladder = await measured(`${worker} --once ladder ${clip} ladder --facts prepare.json --review prepare/480p.mp4 ${limits} >ladder.json`, folder);
  // The ladder with nothing of prepare's in it, as for clips of before the review copy was a rung: all four rungs, their sound, every encoder deciding for itself.
  const facts = JSON.parse(fs.readFileSync(path.join(folder, 'prepare.json'), 'utf8'));
  delete facts.facts.review;
  fs.writeFileSync(path.join(folder, 'alone.json'), JSON.stringify(facts));
  const full = await measured(`${worker} --once ladder ${clip} full --facts alone.json ${limits} >full.json`, folder);
  const whole = await measured(`${worker} --once whole ${clip} whole ${limits} >whole.json`, folder); // last: next to what it is held against
  const answer = JSON.parse(fs.readFileSync(path.join(folder, 'ladder.json'), 'utf8'));
  const { colour } = JSON.parse(fs.readFileSync(path.join(folder, 'prepare.json'), 'utf8')).facts;
  const { peak_rss_bytes: peak } = JSON.parse(fs.readFileSync(path.join(folder, 'whole.json'), 'utf8'));
  return { prepare, full, not709: colour.matrix !== 'bt709', ladder: { ...ladder, rss_mb: Math.max(ladder.rss_mb, answer.peak_rss_bytes / 1e6) },
    whole: { ...whole, rss_mb: Math.max(whole.rss_mb, peak / 1e6) } };
}

const JOBS = ['whole', 'prepare', 'ladder', 'full'];
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) / 2)];
const cheapest = (turns) => turns.reduce((a, b) => (b.cpu_s < a.cpu_s ? b : a));

/** Each way ROUNDS times in turn: of the cheapest turn, since a machine is slower at one time than at another, what it cost; `ratio` and
 * `ratio_apart`, of ours to theirs, are medians of those of one turn. `whole` is all that is made of a clip that meets an idle worker, `apart` the
 * same by two jobs, `full ladder` a ladder of all four rungs with nothing of prepare's; `shares` are prepare's CPU against the ladders'.
 * [{clip, way, cpu_s, wall_s, rss_mb, ratio, ratio_apart, bytes, stored (all files, of ours), rungs: [{side, bytes, ssim, vmaf}]}] */
export async function transcode(list = recorded()) {
  const rows = [];
  for (const clip of list) {
    const base = fs.mkdtempSync(path.join(os.tmpdir(), 'xuepai-bench-'));
    const turns = Object.fromEntries([...JOBS, ...Object.keys(WAYS)].map((way) => [way, []]));
    let not709, made, stored;
    for (let round = 0; round < ROUNDS; round++) {
      const folder = path.join(base, `ours-${round}`);
      fs.mkdirSync(folder);
      const own = await ours(clip, folder);
      for (const job of JOBS) turns[job].push(own[job]);
      not709 = own.not709;
      stored ??= fs.readdirSync(path.join(folder, 'whole')).reduce((sum, file) => sum + fs.statSync(path.join(folder, 'whole', file)).size, 0);
      made ??= rungsOf(folder, clip, ['whole/SIDEp.mp4'], not709);
      for (const [way, command] of Object.entries(WAYS)) {
        fs.mkdirSync(path.join(base, way), { recursive: true });
        turns[way].push(await measured(command(clip), path.join(base, way)));
      }
    }
    const [whole, prepare, ladder, full] = JOBS.map((job) => cheapest(turns[job]));
    const against = (way, cost) => median(turns[way].map(({ cpu_s }, i) => cost(i) / cpu_s));
    const share = (cost, of) => median(turns.prepare.map((_, i) => cost(i) / turns[of][i].cpu_s));
    const shares = { full: share((i) => turns.prepare[i].cpu_s, 'full'), ladder: share((i) => turns.prepare[i].cpu_s, 'ladder'),
      added: share((i) => turns.whole[i].cpu_s - turns.ladder[i].cpu_s, 'ladder') };
    rows.push({ clip, way: 'prepare', ...prepare, shares, rungs: [] }, { clip, way: 'ladder', ...ladder, rungs: [] },
      { clip, way: 'full ladder', ...full, rungs: [] },
      { clip, way: 'apart', cpu_s: prepare.cpu_s + ladder.cpu_s, wall_s: prepare.wall_s + ladder.wall_s, rss_mb: Math.max(prepare.rss_mb, ladder.rss_mb), rungs: [] },
      { clip, way: 'whole', ...whole, bytes: made.reduce((sum, { bytes }) => sum + bytes, 0), stored, rungs: made });
    for (const way of Object.keys(WAYS)) {
      const rungs = rungsOf(path.join(base, way), clip, ['SIDEp.m4s']);
      rows.push({ clip, way, ...cheapest(turns[way]), ratio: against(way, (i) => turns.whole[i].cpu_s),
        ratio_apart: against(way, (i) => turns.prepare[i].cpu_s + turns.ladder[i].cpu_s), bytes: rungs.reduce((sum, { bytes }) => sum + bytes, 0), rungs });
    }
    fs.rmSync(base, { recursive: true, force: true });
  }
  return rows;
}

export function print(rows) {
  for (const clip of new Set(rows.map((row) => row.clip))) {
    const of = rows.filter((row) => row.clip === clip);
    const whole = of.find(({ way }) => way === 'whole');
    console.log(path.basename(clip));
    for (const row of of) {
      const ratio = row.way.startsWith('ffmpeg') ? `  whole/this: cpu ${row.ratio.toFixed(3)} ` +
        `(apart ${row.ratio_apart.toFixed(3)}), bytes ${(whole.bytes / row.bytes).toFixed(2)}` : '';
      console.log(`  ${row.way.padEnd(16)} cpu ${row.cpu_s.toFixed(1)} s  wall ${row.wall_s.toFixed(1)} s  rss ${Math.round(row.rss_mb)} MB${ratio}`);
      if (row.shares) {
        console.log(`    of a full ladder (all rungs, made without it) ${row.shares.full.toFixed(3)}, of the ladder behind it (its 480 rung left out) ` +
          `${row.shares.ladder.toFixed(2)}; where one decode makes both it adds ${row.shares.added.toFixed(2)} of the latter`);
      }
      for (const { side, bytes, ssim, vmaf } of row.rungs) {
        console.log(`    ${side}p ${(bytes / 1e6).toFixed(2)} MB  ssim ${ssim.toFixed(4)}${vmaf === undefined ? '' : `  vmaf ${vmaf.toFixed(1)}`}`);
      }
      if (row.stored) console.log(`    stored ${(row.stored / 1e6).toFixed(2)} MB, ${(row.stored / row.bytes).toFixed(2)} of the rungs`);
    }
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  print(await transcode(process.argv.length > 2 ? process.argv.slice(2).map((clip) => path.resolve(clip)) : undefined));
}
