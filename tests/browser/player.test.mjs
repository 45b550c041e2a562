// What stands beside a playing clip when somebody turns to it: moments as pictures, speed, again; and what was watched is told.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { violations } from './support/accessible.mjs'
import { collectErrors, DESK, PHONE, SCREENS, startBrowser } from './support/browser.mjs'
import { startService } from './support/fake_service.mjs'
import { clip } from '../support/stack.mjs'

let service
let browser
before(async () => {
  service = await startService()
  browser = await startBrowser({ whole: true })
})
after(async () => {
  await browser.close()
  await service.stop()
})

for (const [device, options] of Object.entries({ phone: PHONE, desk: DESK })) {
  test(`moments, speed, again, and the time that was watched: ${device}`, async () => {
    const page = await (await browser.newContext(options)).newPage()
    const errors = collectErrors(page)
    const told = []
    await page.route('**/clip.mp4', (route) => route.fulfill({ body: clip({ seconds: 5 }), contentType: 'video/mp4', headers: { 'Accept-Ranges': 'none' } }))
    await page.route('**/api/v1/works/w0/views', (route) => { told.push(route.request().postDataJSON()); return route.fulfill({ status: 204 }) })
    const lazy = []
    page.on('request', (request) => { if (/extras|hls/.test(request.url())) lazy.push(request.url()) })
    await page.goto(`${service.url}/v/w0`, { waitUntil: 'networkidle' })
    assert.deepEqual(lazy, [], 'nothing before somebody turns to the player')
    await page.locator('video').focus()
    await page.getByLabel('快慢').waitFor()
    assert.ok(lazy.every((url) => !/hls/.test(url)), 'a short clip plays as a file')
    const moments = page.getByRole('list', { name: '片段' }).getByRole('button')
    assert.equal(await moments.count(), 8)
    await page.getByRole('button', { name: '从 0:08 看' }).waitFor()
    await page.getByLabel('快慢').selectOption('2')
    await page.getByLabel('放完再放').check()
    assert.deepEqual(await page.evaluate(() => { const video = document.querySelector('video'); return [video.playbackRate, video.loop] }), [2, true])
    await page.evaluate(async () => { const video = document.querySelector('video'); video.muted = true; video.loop = false; video.playbackRate = 1; await video.play() })
    await page.waitForFunction(() => document.querySelector('video').currentTime > 3)
    const played = await page.evaluate(() => { const video = document.querySelector('video'); video.pause(); return video.played.end(0) })
    for (let n = 0; n < 200 && told.length === 0; n++) await page.waitForTimeout(50)
    assert.ok(Math.abs(told[0].seconds - played) <= 1, `${JSON.stringify(told)}, played ${played} s`)
    assert.ok((told[0].parts & 1) === 1 && told[0].parts < 2 ** 20)
    assert.deepEqual(await page.evaluate(() => document.cookie.replace(/elder=\d/, '')), '')
    assert.deepEqual(await violations(page), [])
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling')
    await page.screenshot({ path: `${SCREENS}player-${device}.png` })
    assert.deepEqual(errors, [])
    await page.context().close()
  })
}

// The player of a work after somebody turned to it; the clip comes when `comes` does.
async function turnedTo({ options = PHONE, comes = Promise.resolve(), script } = {}) {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  if (script) await page.addInitScript(script)
  await page.route('**/clip.mp4', async (route) => {
    await comes
    await route.fulfill({ body: clip({ seconds: 5 }), contentType: 'video/mp4', headers: { 'Accept-Ranges': 'none' } })
  })
  await page.goto(`${service.url}/v/w0`, { waitUntil: 'domcontentloaded' })
  await page.locator('video').focus()
  await page.getByLabel('快慢').waitFor()
  return { page, into: page.getByRole('button', { name: '小窗看' }), back: page.getByRole('button', { name: '回到网页看' }),
    isSmall: () => page.evaluate(() => document.pictureInPictureElement === document.querySelector('video')) }
}

test('a small window over other pages: by touch and by keyboard, there and back', async () => {
  const { page, into, back, isSmall } = await turnedTo()
  await page.waitForFunction(() => document.querySelector('video').readyState > 0)
  await into.tap()
  await back.waitFor()
  assert.equal(await isSmall(), true)
  await back.focus()
  await page.keyboard.press('Enter')
  await into.waitFor()
  assert.equal(await isSmall(), false)
  await page.keyboard.press('Space')
  await back.waitFor()
  assert.equal(await isSmall(), true)
  await page.evaluate(() => document.exitPictureInPicture()) // by the window's own cross
  await into.waitFor()
  await page.context().close()
})

test('the small window was taken for impossible when the clip had not come yet', async () => {
  let come
  const { page, into, back, isSmall } = await turnedTo({ options: DESK, comes: new Promise((done) => (come = done)) })
  await into.click()
  assert.equal(await into.isVisible(), true)
  come()
  await back.waitFor()
  assert.equal(await isSmall(), true)
  await page.context().close()
})

test('no button for a small window where the browser has none, nor where it is refused', async () => {
  const without = await turnedTo({ script: () => Object.defineProperty(Document.prototype, 'pictureInPictureEnabled', { get: () => undefined }) })
  assert.equal(await without.into.count(), 0)
  await without.page.getByLabel('放完再放').check()
  await without.page.context().close()
  const refused = await turnedTo({ script: () => { HTMLVideoElement.prototype.requestPictureInPicture = () => Promise.reject(new DOMException('no', 'NotAllowedError')) } })
  await refused.page.waitForFunction(() => document.querySelector('video').readyState > 0)
  await refused.into.click()
  await refused.into.waitFor({ state: 'detached' })
  await refused.page.context().close()
})

// The work's page with other words in its player.
async function changed(context, from, to) {
  const page = await context.newPage()
  await page.route('**/v/w0', async (route) => {
    const answer = await route.fetch()
    const text = await answer.text()
    assert.match(text, from)
    await route.fulfill({ response: answer, body: text.replace(from, to) })
  })
  await page.route('**/clip*.mp4', (route) => route.fulfill({ body: clip({ seconds: 5 }), contentType: 'video/mp4', headers: { 'Accept-Ranges': 'none' } }))
  return page
}

for (const [name, codecs, taken] of [['plays AV1 takes it', 'av01.0.05M.08, mp4a.40.2', '/clip-av1.mp4'], ['does not takes H.264', 'av01.9.99M.99, mp4a.40.2', '/clip.mp4']]) {
  test(`AV1 stands first: a browser that ${name}`, async () => {
    const context = await browser.newContext(DESK)
    const page = await changed(context, /<source /, `<source src="/clip-av1.mp4" type="video/mp4; codecs=&quot;${codecs}&quot;"><source `)
    await page.goto(`${service.url}/v/w0`)
    await page.waitForFunction(() => document.querySelector('video').readyState > 0)
    assert.equal(new URL(await page.evaluate(() => document.querySelector('video').currentSrc)).pathname, taken)
    await context.close()
  })
}

test('a long clip is fetched by its list of segments, once somebody plays it, and by the file where the list fails', async () => {
  const context = await browser.newContext(DESK)
  const page = await changed(context, / data-work=/, ' data-hls="/master.m3u8" data-work=')
  const lists = []
  await page.route('**/master.m3u8', (route) => { lists.push(route.request().url()); return route.fulfill({ status: 404 }) })
  await page.goto(`${service.url}/v/w0`, { waitUntil: 'networkidle' })
  await page.locator('video').focus()
  await page.getByLabel('快慢').waitFor()
  assert.deepEqual(lists, [], 'not before it is played')
  await page.evaluate(() => { const video = document.querySelector('video'); video.muted = true; void video.play().catch(() => {}) })
  await page.waitForFunction(() => new URL(document.querySelector('video').currentSrc).pathname === '/clip.mp4' && document.querySelectorAll('source').length > 0 && document.querySelector('video').readyState > 0)
  for (let n = 0; n < 100 && lists.length === 0; n++) await page.waitForTimeout(50)
  assert.ok(lists.length > 0, 'the list was asked for')
  await context.close()
})

test('an upright clip keeps its place when its poster comes', async () => {
  const page = await (await browser.newContext(PHONE)).newPage()
  let give
  const wanted = new Promise((done) => { give = done })
  await page.route('**/poster/0.svg', async (route) => {
    await wanted
    await route.fulfill({ contentType: 'image/svg+xml', body: '<svg xmlns="http://www.w3.org/2000/svg" width="720" height="1280"><rect width="720" height="1280" fill="teal"/></svg>' })
  })
  await page.goto(`${service.url}/v/w0`, { waitUntil: 'domcontentloaded' })
  const place = () => page.evaluate(() => { const { x, width, height } = document.querySelector('video').getBoundingClientRect(); return [x, width, height].map(Math.round) })
  await page.waitForFunction(() => performance.getEntriesByType('paint').length > 0)
  const before = await place()
  const came = page.waitForResponse('**/poster/0.svg')
  give()
  await (await came).finished()
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  assert.deepEqual(await place(), before)
  assert.ok(before[2] > before[1], 'upright')
  await page.context().close()
})
