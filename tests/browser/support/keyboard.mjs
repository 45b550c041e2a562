// A queue worked by keys alone: a clip is approved, each tenth returned with a reason. The service's clips must all be in the queue.
import { queued } from './fake_service.mjs'

const DOUBLE_PRESS_MS = 260 // a key sooner than that is the same press

// CLIPS works that nobody holds, each with pictures of its own.
export const works = (clips) => Array.from({ length: clips }, (_, i) =>
  ({ ...queued(i), holder: undefined, contact_sheet: `/sheet/${i}.svg`, storyboard: `/board/${i}.svg` }))

// In the page: milliseconds from the key A to the next title with its picture on the screen, in `window.taken`.
function watch() {
  window.taken = []
  let start = 0
  let before = ''
  const state = () => `${document.querySelector('.stage h1')?.textContent} ${document.querySelector('.side .facts dd')?.textContent}`
  window.addEventListener('keydown', (event) => { if (event.key === 'a') { start = performance.now(); before = state() } }, true)
  new MutationObserver(() => {
    if (start > 0 && state() !== before && document.querySelector('.overview') !== null) {
      window.taken.push(performance.now() - start)
      start = 0
    }
  }).observe(document.querySelector('.desk'), { childList: true, subtree: true, attributes: true, characterData: true })
}

/** The bytes that a page has loaded, whenever asked. */
export async function countBytes(page) {
  const network = await page.context().newCDPSession(page)
  let bytes = 0
  network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  await network.send('Network.enable')
  return () => bytes
}

async function giveReason(page) {
  await page.getByRole('dialog').waitFor()
  await page.getByText('画面模糊/抖动', { exact: true }).waitFor()
  await page.keyboard.press('1')
  await page.keyboard.press('Control+Enter')
}

/**
 * Works all CLIPS of a desk that shows them. beforeKey(i, is it returned) and afterNext(i) are awaited around each.
 * Returns the milliseconds, sorted, of those that were approved and followed by another.
 */
export async function workThrough(page, clips, { beforeKey = () => undefined, afterNext = () => undefined } = {}) {
  await page.locator('.work').nth(Math.min(clips, 30) - 1).waitFor()
  await page.locator('.overview').waitFor()
  await page.evaluate(watch)
  for (let i = 0; i < clips; i++) {
    const isReturned = i % 10 === 9
    await page.waitForTimeout(DOUBLE_PRESS_MS)
    await beforeKey(i, isReturned)
    await page.keyboard.press(isReturned ? 'r' : 'a')
    if (isReturned) await giveReason(page)
    await page.waitForFunction((code) => {
      const picture = document.querySelector('.overview')
      return document.querySelector('.empty') !== null ||
        (document.querySelector('.side .facts dd')?.textContent ?? code) !== code && picture?.complete && picture.naturalWidth > 0
    }, `SD26-000${i}`)
    await afterNext(i)
  }
  return (await page.evaluate(() => window.taken)).sort((a, b) => a - b)
}
