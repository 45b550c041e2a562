// What the benches of media run over: the corpus' bench folder where one lies beside the project, else a generated clip.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../../..');

/** Paths of clips as phones record them. */
export function recorded() {
  const corpus = process.env.XUEPAI_CORPUS ? path.join(process.env.XUEPAI_CORPUS, 'bench') : path.resolve(root, '../shared/corpus/bench');
  if (fs.existsSync(corpus)) return fs.readdirSync(corpus).filter((name) => name.endsWith('.mp4')).map((name) => path.join(corpus, name));
  execFileSync(path.join(root, 'scripts/fixtures'));
  return [path.join(root, 'build/fixtures/plain.mp4')];
}

/** The first of them as a messenger passes it on: playable everywhere. `height` lines, `kbps` of pictures; shown again and again until `seconds` are full. */
export function passedOn(folder, { height, kbps, seconds }) {
  const once = path.join(folder, `${height}.mp4`), file = path.join(folder, `${height}-${seconds}.mp4`);
  const ffmpeg = (...args) => execFileSync('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args]);
  if (!fs.existsSync(once)) {
    ffmpeg('-i', recorded()[0], '-vf', `scale=-2:${height},format=yuv420p`, '-c:v', 'libx264', '-preset', 'medium', '-b:v', `${kbps}k`,
      '-maxrate', `${1.5 * kbps}k`, '-bufsize', `${2 * kbps}k`, '-g', '60', '-colorspace', 'bt709', '-color_primaries', 'bt709', '-color_trc', 'bt709',
      '-c:a', 'aac', '-b:a', '64k', '-ac', '2', once);
  }
  ffmpeg('-stream_loop', '-1', '-i', once, '-c', 'copy', '-t', String(seconds), file);
  return fs.readFileSync(file);
}
