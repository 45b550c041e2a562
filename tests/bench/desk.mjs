// The review desk by keyboard alone: from the key that approves to the next title with its picture on the screen (aim: 150 ms for 95 of
// 100), and the bytes of a clip that is not played (aim: 200 KB). Real page and browser, a service that answers at once.
//   node tests/bench/desk.mjs [CLIPS]
import { DESK, startBrowser } from '../browser/support/browser.mjs';
import { signIn } from '../browser/support/console.mjs';
import { startService } from '../browser/support/fake_service.mjs';
import { countBytes, workThrough, works } from '../browser/support/keyboard.mjs';

/** {clips, median_ms, p95_ms, slowest_ms, bytes}: bytes of a clip, the middle of all. */
export async function desk(clips = 100) {
  const service = await startService();
  const browser = await startBrowser({ whole: true });
  try {
    service.state.queue = works(clips);
    const { page } = await signIn(browser, service, DESK);
    const bytes = await countBytes(page);
    const sums = [];
    const timed = await workThrough(page, clips, { beforeKey: () => sums.push(bytes()) });
    const spent = sums.slice(1).map((sum, i) => sum - sums[i]).sort((a, b) => a - b);
    return { clips, median_ms: timed[timed.length >> 1], p95_ms: timed[Math.floor(0.95 * timed.length)], slowest_ms: timed.at(-1), bytes: spent[spent.length >> 1] };
  } finally {
    await browser.close();
    await service.stop();
  }
}

export function print({ clips, median_ms, p95_ms, slowest_ms, bytes }) {
  console.log(`desk, ${clips} clips by keyboard: the next one after ${median_ms.toFixed(0)} ms, 95 of 100 within ${p95_ms.toFixed(0)} (aim 150), slowest ${slowest_ms.toFixed(0)}; ${(bytes / 1024).toFixed(0)} KB each (aim 200)`);
}

if (process.argv[1] === import.meta.filename) print(await desk(Number(process.argv[2] ?? 100)));
