// A minute that every phone plays already. Ours wraps it anew and levels its sound while it looks at every picture for its reviewers, and has what was
// made looked at (prepare); its ladder then only names it. Against the ffmpeg command that wraps the pictures and encodes the sound, the one that only
// wraps, and the one that only decodes. CPU and wall.
//   node tests/bench/rewrap.mjs
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const worker = path.join(path.resolve(root, process.env.XUEPAI_BUILD ?? 'build'), 'xuepai-worker');
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const SECONDS = 60;
const HLS = '-f hls -hls_time 4 -hls_playlist_type vod -hls_segment_type fmp4 -hls_flags single_file';
const LIMITS = '{"min_ms":0,"max_ms":90000}';

function makeClip(file) {
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', `gradients=size=1280x720:rate=30:speed=0.02:duration=${SECONDS}`,
    '-f', 'lavfi', '-i', `anoisesrc=color=pink:amplitude=0.2:duration=${SECONDS}`, '-c:v', 'libx264', '-preset', 'veryfast', '-b:v', '300k', '-g', '60',
    '-pix_fmt', 'yuv420p', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709', '-c:a', 'aac', '-b:a', '96k', file]);
}

function measured(line, folder) {
  const began = process.hrtime.bigint();
  const text = execFileSync('sh', ['-c', `${line}; code=$?; times; exit $code`], { cwd: folder, encoding: 'utf8' });
  const wall_s = Number(process.hrtime.bigint() - began) / 1e9;
  const [minutes, seconds, minutes2, seconds2] = /(\d+)m([\d.]+)s (\d+)m([\d.]+)s\s*$/.exec(text).slice(1).map(Number);
  return { cpu_s: 60 * (minutes + minutes2) + seconds + seconds2, wall_s };
}

/** [{way, cpu_s, wall_s}], each the least of ROUNDS, in turn. */
export function rewrap() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'xuepai-rewrap-'));
  makeClip(path.join(folder, 'clip.mp4'));
  execFileSync('sh', ['-c', `${worker} --once prepare clip.mp4 prepare --limits '${LIMITS}' >prepare.json`], { cwd: folder });
  const ways = {
    'ours, prepare': `rm -rf again && ${worker} --once prepare clip.mp4 again --limits '${LIMITS}' >again.json`,
    'ours, ladder': `rm -rf ladder && ${worker} --once ladder clip.mp4 ladder --facts prepare.json --review prepare/720p.mp4 --limits '${LIMITS}' >ladder.json`,
    'ffmpeg, sound encoded': `ffmpeg -v error -y -i clip.mp4 -c:v copy -af volume=3dB -c:a aac -b:a 128k ${HLS} sound.m3u8`,
    'ffmpeg, wrapping alone': `ffmpeg -v error -y -i clip.mp4 -c copy ${HLS} copy.m3u8`,
    'ffmpeg, decoding alone': 'ffmpeg -v error -i clip.mp4 -f null -',
  };
  const rows = Object.keys(ways).map((way) => ({ way, cpu_s: Infinity, wall_s: Infinity }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const row of rows) {
      const { cpu_s, wall_s } = measured(ways[row.way], folder);
      Object.assign(row, { cpu_s: Math.min(row.cpu_s, cpu_s), wall_s: Math.min(row.wall_s, wall_s) });
    }
  }
  const rungs = (file) => JSON.parse(fs.readFileSync(path.join(folder, file))).outputs.filter(({ type }) => type === 'video/mp4').map(({ name }) => name);
  const made = [...rungs('again.json'), ...rungs('ladder.json')];
  if (made.join() !== '720p.mp4') throw new Error(`more than wrapping: ${made}`);
  fs.rmSync(folder, { recursive: true });
  return rows;
}

export function print(rows) {
  for (const { way, cpu_s, wall_s } of rows) console.log(`${way.padEnd(23)} cpu ${cpu_s.toFixed(2)} s  wall ${wall_s.toFixed(2)} s`);
}

if (process.argv[1] === import.meta.filename) print(rewrap());
