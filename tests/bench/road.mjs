// From a clip's last byte to "in review", on an otherwise idle machine: service, worker and locked-down media program as people
// run them. A clip that has to be encoded, and those that messengers pass on, which every phone plays already.
// The targets are seconds of one machine (design M23), and a rented machine's speed wanders: so the same is decoded here that was decoded there when
// they were set, before and after each row, and what was waited is told in seconds of that machine too.
//   BENCH_ROUNDS=5 node tests/bench/road.mjs
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { clip, sleep, startStack, status, submit, upload } from '../support/stack.mjs';
import { passedOn, recorded } from './support/clips.mjs';

const RUNS = Number(process.env.BENCH_ROUNDS ?? 5);
const PASSED_ON = [[540, 1000], [720, 1600], [1080, 5000]].flatMap(([height, kbps]) => [15, 60].map((seconds) => ({ height, kbps, seconds })));

const THERE_CPU_S = 6.4 / 23.4; // of decoding a second of 1080p at 17.7 Mbit/s, user time; the clip here has less: it makes us look slower, not faster

/** How many times as long decoding takes here as on the targets' machine. */
function slowness() {
  const clip = recorded()[0];
  const { stdout } = spawnSync('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', clip]);
  const { stderr } = spawnSync('ffmpeg', ['-benchmark', '-nostdin', '-threads', '2', '-i', clip, '-map', '0:v', '-f', 'null', '-']);
  const [, user] = stderr.toString().match(/bench: utime=([\d.]+)s/);
  return Number(user) / Number(stdout) / THERE_CPU_S;
}

/** Seconds from the last byte until a reviewer can open the work, RUNS times. */
async function road(stack, bytes) {
  const waited = [];
  for (let i = 0; i < RUNS; i++) {
    const id = await upload(stack.url, bytes);
    const lastByte = Date.now();
    const receipt = await submit(stack.url, [id]);
    while ((await status(stack.url, receipt)).status !== 'in_review') await sleep(20);
    waited.push((Date.now() - lastByte) / 1000);
  }
  return waited.sort((a, b) => a - b);
}

/** [{what, median_s, worst_s, target_s, slowness}] */
export async function roads() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'xuepai-road-'));
  const stack = await startStack();
  const rows = [];
  const add = async (what, target_s, bytes) => {
    const before = slowness();
    const waited = await road(stack, bytes);
    rows.push({ what, median_s: waited[RUNS >> 1], worst_s: waited.at(-1), target_s, slowness: (before + slowness()) / 2 });
  };
  try {
    await add('10 s of 1080 lines', 6, clip({ name: 'bench', seconds: 10, size: '1920x1080' }));
    for (const each of PASSED_ON) {
      await add(`${each.seconds} s of ${each.height} lines, ${each.kbps / 1000} Mbit/s, passed on`, 1.5 + 0.15 * each.seconds, passedOn(folder, each));
    }
  } finally {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return rows;
}

export function print(rows) {
  for (const { what, median_s, worst_s, target_s, slowness: times } of rows) {
    console.log(`last byte to in review, ${what}: median ${median_s.toFixed(2)} s, worst ${worst_s.toFixed(2)} s of ${RUNS}; ${(median_s / times).toFixed(2)} s where ` +
      `the target of ${target_s.toFixed(2)} s was set (decoding takes ${times.toFixed(2)} times as long here)`);
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await roads());
