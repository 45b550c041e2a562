// A clip of known colours at known times: two seconds each of red, green and blue, with a white bar along the top.
import { execFileSync } from 'node:child_process';
import { kept } from './kept.mjs';

export const COLOURS = { red: [254, 0, 0], lime: [0, 254, 0], blue: [0, 0, 254] };
export const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-sc_threshold', '0'];
export const ffmpeg = (...args) => execFileSync('ffmpeg', ['-v', 'error', ...args]);

// The path of the clip; `filter` behind the bar, `options` of the encoder.
export const coloursClip = (name, options = H264, filter = '') => kept(name, (file) => ffmpeg(
  ...Object.keys(COLOURS).flatMap((colour) => ['-f', 'lavfi', '-i', `color=${colour}:size=640x360:rate=25:duration=2`]),
  '-filter_complex', `[0][1][2]concat=n=3:v=1,drawbox=w=iw:h=40:t=fill:c=white${filter}`, ...options, file));

// Which of them a picture (its bytes) has in its middle; null: none.
export function colourOf(picture) {
  const middle = execFileSync('ffmpeg', ['-v', 'error', '-i', '-', '-vf', 'crop=16:16,scale=1:1', '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'], { input: picture });
  return Object.keys(COLOURS).find((name) => COLOURS[name].every((value, i) => Math.abs(value - middle[i]) <= 24)) ?? null;
}
