// The screen in a hall against the real service: what may be exhibited runs in a loop, also after a restart without a
// network, and what is taken back leaves it.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { api, clip, publish, reviewers, startStack, submit, upload } from '../support/stack.mjs'
import { until } from '../http/support/service.mjs'
import { collectErrors, SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'kiosk-'))
const HALL = { viewport: { width: 1920, height: 1080 }, locale: 'zh-CN' }
const receipts = {}
let stack
let browser

before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser({ whole: true })])
  const people = await reviewers(stack.url)
  const consents = (...scopes) => ({ consents: { licence: true, guardian: false, scopes } })
  const photo = join(FOLDER, 'photo.jpg')
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'color=teal:size=1200x900,format=yuvj420p', '-frames:v', '1', photo])
  receipts.film = await submit(stack.url, [await upload(stack.url, clip({ name: 'kiosk', seconds: 4, size: '720x1280' }))], { title: '爸爸的木工课', ...consents('site', 'exhibition') })
  receipts.photo = await submit(stack.url, [await upload(stack.url, readFileSync(photo), { track: 'life-photo', filename: 'a.jpg' })],
    { track: 'life-photo', title: '阳台上的小菜园', ...consents('site', 'exhibition') })
  receipts.other = await submit(stack.url, [await upload(stack.url, clip({ name: 'kiosk', seconds: 3 }))], { title: '只放在网站上', ...consents('site') })
  for (const receipt of Object.values(receipts)) await publish(stack.url, people, receipt)
})
after(async () => {
  await browser?.close()
  await stack?.stop()
  rmSync(FOLDER, { recursive: true })
})

// The addresses that the page keeps. (waitForFunction takes the promise of an async function for true.)
const keptBy = (page, what) => page.evaluate(async (name) => (await (await caches.open(name)).keys()).map(({ url }) => url), `xuepai-kiosk-${what}`)

test('the list holds what may be exhibited in the place, and nothing else', async () => {
  const titles = async (region) => (await api(stack.url, `/kiosk/${region}/playlist`)).json.items.map((one) => one.title)
  assert.deepEqual((await titles('370100')).sort(), ['爸爸的木工课', '阳台上的小菜园'].sort())
  assert.deepEqual((await titles('370000')).sort(), (await titles('370102')).sort())
  assert.deepEqual(await titles('370200'), [])
  assert.equal((await api(stack.url, '/kiosk/999999')).status, 404)
  const qr = await api(stack.url, '/kiosk/370100/qr.svg')
  assert.match(qr.headers.get('content-type'), /^image\/svg\+xml/)
  assert.match(qr.text, /^<svg [^>]+viewBox="0 0 (\d+) \1"/)
})

// A day by the page's own clock: every look at the list fails, every pause passes; clips run as they do.
const HOURS = process.env.FULL ? 24 : 6 // of the page's clock; each takes two seconds of a processor

test('a day without a network: it still changes from work to work, holds no more memory, and hears of the end of it', async () => {
  const context = await browser.newContext(HALL)
  const page = await context.newPage()
  const errors = collectErrors(page)
  await page.addInitScript(() => { // addresses of kept files that are not given back would be a leak over a day
    const [make, give] = [URL.createObjectURL, URL.revokeObjectURL]
    window.held = new Set()
    URL.createObjectURL = (blob) => { const url = make.call(URL, blob); window.held.add(url); return url }
    URL.revokeObjectURL = (url) => { window.held.delete(url); give.call(URL, url) }
  })
  await page.clock.install()
  await page.goto(`${stack.url}/kiosk/370100`)
  const shows = (text) => page.waitForFunction((wanted) => document.querySelector('[data-title]').textContent === wanted, text, { timeout: 120000 })
  await until(async () => (await keptBy(page, 'files')).length >= 4, 'the list, the clip, its poster and the photo')
  await context.setOffline(true)
  for (const title of ['爸爸的木工课', '阳台上的小菜园']) await shows(title)
  const held = await page.evaluate(() => window.held.size)
  const began = await page.evaluate(() => Date.now())
  for (let step = 0; step < 2 * HOURS; step++) await page.clock.runFor(30 * 60 * 1000)
  assert.ok(await page.evaluate(() => Date.now()) - began >= HOURS * 3600e3)
  for (const title of ['爸爸的木工课', '阳台上的小菜园', '爸爸的木工课']) await shows(title)
  await page.waitForFunction(() => document.querySelector('video').currentTime > 0.5, null, { timeout: 60000 })
  assert.ok(await page.locator('[data-offline]').isVisible())
  const later = await page.evaluate(() => window.held.size)
  assert.ok(later <= held + 2, `as many kept files in hand as before: ${later}, ${held}`)
  await context.setOffline(false)
  await page.locator('[data-offline]').waitFor({ state: 'hidden', timeout: 120000 })
  assert.deepEqual(errors, [])
  await context.close()
})

test('it runs, goes on without a network and after a restart, and drops what is taken back', async () => {
  const context = await browser.newContext(HALL)
  let page = await context.newPage()
  const errors = collectErrors(page)
  const shows = (text) => page.waitForFunction((wanted) => document.querySelector('[data-title]').textContent === wanted, text, { timeout: 60000 })
  const moves = () => page.waitForFunction(() => document.querySelector('video').currentTime > 0.5, null, { timeout: 60000 })
  await page.goto(`${stack.url}/kiosk/370100`)
  await shows('爸爸的木工课')
  await moves()
  await page.screenshot({ path: `${SCREENS}kiosk-portrait.png` })
  await shows('阳台上的小菜园')
  await page.screenshot({ path: `${SCREENS}kiosk-photo.png` })
  assert.equal(await page.locator('[data-offline]').isVisible(), false)
  await until(async () => (await keptBy(page, 'files')).length >= 4 && (await keptBy(page, 'page')).length >= 4, 'the works and the page')

  await context.setOffline(true)
  await shows('爸爸的木工课')
  await moves()
  await page.close()
  page = await context.newPage() // the box was switched off and on
  await page.goto(`${stack.url}/kiosk/370100`)
  await shows('爸爸的木工课')
  await moves()
  await shows('阳台上的小菜园')
  assert.ok(await page.locator('[data-offline]').isVisible())
  assert.ok(await page.locator('footer img').evaluate((image) => image.naturalWidth > 0), 'the QR code too')

  await context.setOffline(false)
  const gone = await api(stack.url, `/api/v1/submissions/${receipts.film.code}`, { method: 'DELETE', headers: { 'X-Pin': receipts.film.pin } })
  assert.ok(gone.status < 300, gone.text)
  await until(async () => (await keptBy(page, 'files')).every((url) => !url.endsWith('.mp4')), 'the clip to be given up')
  await shows('阳台上的小菜园')
  assert.deepEqual(errors, [])
  await context.close()
})
