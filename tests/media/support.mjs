// What the media tests share: running the worker's --once, asking ffprobe, reading frames. Plain Node, no packages.
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export const root = path.resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
export const build = path.resolve(root, process.env.XUEPAI_BUILD ?? 'build');
export const worker = path.join(build, 'xuepai-worker');
export const media = path.join(build, 'xuepai-media');
export const openLimits = { min_ms: 0, max_ms: 600000, max_pixels: 16777216, kinds: ['video', 'photo'] };

export function folder(name) {
  return fs.mkdtempSync(path.join(os.tmpdir(), `xuepai-${name}-`));
}

export async function run(program, args, options = {}) {
  try {
    const { stdout, stderr } = await execute(program, args, { maxBuffer: 1 << 28, ...options });
    return { code: 0, stdout, stderr };
  } catch (error) {
    return { code: error.code ?? null, signal: error.signal, stdout: error.stdout, stderr: error.stderr };
  }
}

/** Runs a recipe; `answer` is its JSON, or null when it could not run at all. */
export async function once(kind, file, into, { facts, review, limits = openLimits, growing } = {}) {
  const args = ['--once', kind, file, into, '--limits', JSON.stringify(limits)];
  if (growing) args.push('--growing', String(growing));
  if (facts) {
    const factsFile = path.join(os.tmpdir(), `${path.basename(into)}-facts.json`);
    fs.writeFileSync(factsFile, JSON.stringify(facts));
    args.push('--facts', factsFile);
  }
  if (review) args.push('--review', review);
  const { code, stdout, stderr } = await run(worker, args);
  return { code, stderr, answer: stdout ? JSON.parse(stdout) : null };
}

/** The copy that reviewers see: called by its size, which depends on the clip. */
export const reviewName = (answer) => answer?.outputs.find(({ kind }) => kind === 'review-mp4')?.name ?? 'none';

export async function probe(file, ...more) {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', '-show_format', '-show_streams', ...more, file]);
  return JSON.parse(stdout);
}

export const stream = (probed, type) => probed.streams.find((each) => each.codec_type === type);

/** Every packet of a file, with its time and its bytes, a stream each. */
export async function packets(file) {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-show_entries', 'packet=stream_index,pts,size,flags,data_hash', '-show_data_hash',
    'sha256', '-of', 'csv=p=0', file]);
  return stdout.trim().split('\n').sort(); // streams lie woven into each other as they came
}

/** Presentation times of pictures in seconds, in the order they come out of the decoder. */
export async function times(file, ...more) {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-select_streams', 'v', '-show_entries', 'frame=pts_time',
    '-of', 'csv=p=0', ...more, file]);
  return stdout.split('\n').map((line) => parseFloat(line)).filter((time) => !Number.isNaN(time));
}

export const keyframes = (file) => times(file, '-skip_frame', 'nokey');

/** One picture as raw RGB: {width, height, at(x, y) → [r, g, b]}; x, y from 0 to 1. */
export async function pixels(file, { at = 0, size } = {}) {
  const { width, height } = size ?? stream(await probe(file), 'video');
  const args = ['-v', 'error', ...(at ? ['-ss', String(at)] : []), '-i', file, '-frames:v', '1', '-s', `${width}x${height}`,
    '-sws_flags', 'bilinear+full_chroma_int+accurate_rnd', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer' });
  return {
    width, height, bytes: stdout,
    at: (x, y) => {
      const offset = (Math.floor(y * (height - 1)) * width + Math.floor(x * (width - 1))) * 3;
      return [...stdout.subarray(offset, offset + 3)];
    },
  };
}

/** Integrated loudness and true peak by ffmpeg's own meter. */
export async function loudness(file) {
  const { stderr } = await run('ffmpeg', ['-nostats', '-hide_banner', '-i', file, '-map', '0:a', '-af', 'ebur128=peak=true',
    '-f', 'null', '-']);
  const summary = stderr.slice(stderr.lastIndexOf('Summary:'));
  return { lufs: parseFloat(/I:\s+(-?[\d.]+|-inf)/.exec(summary)[1]),
    dbtp: parseFloat(/Peak:\s+(-?[\d.]+|-inf)/.exec(summary)[1].replace('-inf', '-120')) };
}

export { spawn };
