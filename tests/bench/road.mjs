// From the last byte of a 10 s 1080p clip to "in review", on an otherwise idle machine: service, worker and locked-down
// media program as people run them.
//   node tests/bench/road.mjs
import { clip, sleep, startStack, status, submit, upload } from '../support/stack.mjs';

const RUNS = 5;

export async function road() {
  const stack = await startStack();
  const seconds = [];
  try {
    const bytes = clip({ name: 'bench', seconds: 10, size: '1920x1080' });
    for (let i = 0; i < RUNS; i++) {
      const id = await upload(stack.url, bytes);
      const lastByte = Date.now();
      const receipt = await submit(stack.url, [id]);
      while ((await status(stack.url, receipt)).status !== 'in_review') await sleep(20);
      seconds.push((Date.now() - lastByte) / 1000);
    }
  } finally {
    await stack.stop();
  }
  seconds.sort((a, b) => a - b);
  return { what: 'last byte to in review, 10 s 1080p', runs: RUNS, median_s: seconds[RUNS >> 1], worst_s: seconds.at(-1), target_s: 6 };
}

export function print(row) {
  console.log(`${row.what}: median ${row.median_s.toFixed(2)} s, worst ${row.worst_s.toFixed(2)} s of ${row.runs} (target ${row.target_s} s)`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await road());
