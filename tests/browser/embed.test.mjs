// Works of the real service in pages of another origin: the gallery of docs/EMBEDDING.md in three lines, a portrait and a
// landscape clip and a photo set played there, messages both ways, and a key that is revoked.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { api, clip, publish, reviewers, root, startStack, submit, upload } from '../support/stack.mjs'
import { collectErrors, DESK, SCREENS, startBrowser } from './support/browser.mjs'
import { hasEngine, openEngine } from './support/engines.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'embed-'))
let stack
let browser
let people
let neighbour
let pages = {} // path -> HTML of the other site
const works = {}

const photo = (colour) => {
  const file = join(FOLDER, `${colour}.jpg`)
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `color=${colour}:size=1200x900,format=yuvj420p`, '-frames:v', '1', file])
  return readFileSync(file)
}

before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  people = await reviewers(stack.url)
  neighbour = createServer((request, response) => {
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    response.end(pages[new URL(request.url, 'http://x').pathname] ?? '')
  })
  await new Promise((done) => neighbour.listen(0, '127.0.0.1', done))
  const receipts = {
    landscape: await submit(stack.url, [await upload(stack.url, clip({ name: 'embed', seconds: 6 }))], { title: '横着的' }),
    portrait: await submit(stack.url, [await upload(stack.url, clip({ name: 'embed', seconds: 4, size: '360x640' }))], { title: '竖着的' }),
    photos: await submit(stack.url, [await upload(stack.url, photo('red'), { track: 'life-photo', filename: 'a.jpg' }),
      await upload(stack.url, photo('green'), { track: 'life-photo', filename: 'b.jpg' })], { track: 'life-photo', title: '照片' }),
  }
  for (const [name, receipt] of Object.entries(receipts)) works[name] = await publish(stack.url, people, receipt)
})
after(async () => {
  await browser?.close()
  neighbour?.close()
  await stack?.stop()
  rmSync(FOLDER, { recursive: true })
})

const origin = () => `http://127.0.0.1:${neighbour.address().port}`
async function open(html) {
  pages['/'] = html
  const page = await (await browser.newContext(DESK)).newPage()
  const errors = collectErrors(page)
  await page.goto(`${origin()}/`)
  return { page, errors }
}
const player = (name, more = '') => `<xuepai-video id="${name}" vid="${works[name]}" ${more}></xuepai-video>`

test('the gallery of the documentation, in three lines', async () => {
  const [, example] = /```html\n([\s\S]*?)```/.exec(readFileSync(join(root, 'docs/EMBEDDING.md'), 'utf8'))
  assert.equal(example.trim().split('\n').length, 3)
  const { page, errors } = await open(example.replaceAll('https://xuepai.example', stack.url))
  await page.locator('xuepai-gallery button').nth(2).waitFor()
  await page.waitForFunction(() => [...document.images].every((one) => one.complete && one.naturalWidth > 0))
  await page.screenshot({ path: `${SCREENS}embed-gallery.png` })
  await page.getByRole('button', { name: '竖着的' }).click()
  const video = page.frameLocator('xuepai-video iframe').locator('video')
  await video.waitFor()
  assert.ok(await video.evaluate(async (element) => { element.muted = true; await element.play(); return element.videoHeight > element.videoWidth }))
  const box = await page.locator('xuepai-video').boundingBox()
  assert.ok(box.height > box.width, 'portrait stays portrait')
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('portrait, landscape and a photo set, with messages both ways', async () => {
  const { page, errors } = await open(`<!doctype html><meta charset="utf-8"><script src="${stack.url}/embed.js"></script>
    <div style="display:grid;grid-template-columns:1fr 1fr 1fr;gap:10px">${player('landscape', 'start="1" end="2.5" loop muted')}
    ${player('portrait', 'ratio="9/16" autoplay controls="0" color="c8102e"')}${player('photos', 'ratio="4/3"')}</div>
    <script>window.heard = {}
      for (const one of document.querySelectorAll('xuepai-video')) for (const what of ['ready', 'play', 'pause', 'time', 'ended', 'refused'])
        one.addEventListener(what, (event) => (heard[one.id] ??= []).push([what, event.detail.time]))</script>`)
  const heard = (name) => page.evaluate((id) => heard[id] ?? [], name)
  const wait = (name, what) => page.waitForFunction(([id, kind]) => heard[id]?.some(([one]) => one === kind), [name, what])
  await wait('landscape', 'ready')
  await wait('portrait', 'play') // by itself, muted
  await wait('portrait', 'ended')
  assert.equal(await page.frameLocator('#portrait iframe').locator('video').getAttribute('controls'), null)
  assert.equal(await page.frameLocator('#portrait iframe').locator('body').evaluate((body) => getComputedStyle(body).backgroundColor), 'rgb(200, 16, 46)')
  await page.evaluate(() => document.getElementById('landscape').play())
  await wait('landscape', 'play')
  await page.waitForFunction(() => heard.landscape.filter(([what, time], i, all) => what === 'time' && all[i - 1]?.[1] > time + 0.8).length > 0, null, { timeout: 60000 })
  const times = (await heard('landscape')).filter(([what]) => what === 'time').map(([, time]) => time)
  assert.ok(Math.min(...times) > 0.9 && Math.max(...times) < 3.2, `a part in a loop: ${Math.min(...times)} to ${Math.max(...times)}`)
  await page.evaluate(() => { const one = document.getElementById('landscape'); one.pause(); one.seek(2) })
  await page.waitForFunction(() => Math.abs(heard.landscape.at(-1)[1] - 2) < 0.05)
  for (const [name, ratio] of [['landscape', 16 / 9], ['portrait', 9 / 16], ['photos', 4 / 3]]) {
    const box = await page.locator(`#${name}`).boundingBox()
    assert.ok(box.width <= 430 && Math.abs(box.width / box.height - ratio) < 0.02, `${name}: ${box.width} x ${box.height} in a third of the page`)
  }
  const photos = page.frameLocator('#photos iframe').locator('img')
  await photos.nth(1).waitFor()
  assert.equal(await photos.count(), 2)
  await page.screenshot({ path: `${SCREENS}embed-three.png` })
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('a key: shown by its own origin, by no other, and a card from the moment of its end', async () => {
  const add = async (origins) => (await api(stack.url, '/api/v1/embed-sites', { method: 'POST', session: people.admin, body: { name: '邻居', origins } })).json
  const mine = await add([origin()])
  const theirs = await add(['https://elsewhere.example'])
  const html = (key) => `<!doctype html><meta charset="utf-8"><script src="${stack.url}/embed.js?key=${key}"></script>${player('landscape')}`
  const { page } = await open(html(mine.key))
  const frame = page.frameLocator('xuepai-video iframe')
  await frame.locator('video').waitFor()
  const end = await api(stack.url, `/api/v1/embed-sites/${mine.id}`, { method: 'DELETE', session: people.admin })
  assert.equal(end.status, 204)
  await page.reload()
  await frame.getByText('这个网站的播放许可已经停止。').waitFor() // at once: nobody looks a second time
  await page.screenshot({ path: `${SCREENS}embed-revoked.png` })
  pages['/'] = html(theirs.key)
  await page.reload()
  await page.waitForTimeout(500)
  assert.equal(await frame.locator('video').count(), 0, 'the browser refuses a frame of another site')
  await page.context().close()
})

for (const engine of ['webkit', 'firefox'].filter(hasEngine)) {
  test(`${engine}: three embeds on a page of another origin play, and end with their key`, async () => {
    const site = (await api(stack.url, '/api/v1/embed-sites', { method: 'POST', session: people.admin, body: { name: engine, origins: [origin()] } })).json
    const page = await openEngine(engine, { width: 1000, height: 700 })
    try {
      pages['/'] = `<!doctype html><meta charset="utf-8"><script src="${stack.url}/embed.js?key=${site.key}"></script>
        <div style="display:grid;grid-template-columns:1fr 1fr 1fr;gap:10px">${player('landscape', 'muted autoplay')}
        ${player('portrait', 'ratio="9/16" muted autoplay')}${player('photos', 'ratio="4/3"')}</div>
        <script>window.heard = {}; window.loaded = 0
          for (const one of document.querySelectorAll('xuepai-video')) one.addEventListener('time', (event) => (heard[one.id] = event.detail.time))
          addEventListener('load', () => document.querySelectorAll('xuepai-video').forEach((one) => {
            const frame = one.querySelector('iframe') ?? one.shadowRoot?.querySelector('iframe'); if (frame) loaded++ }))</script>`
      await page.goto(`${origin()}/`)
      await page.until(() => heard.landscape > 0.5 && heard.portrait > 0.5, [], 30_000)
      assert.equal(await page.evaluate(() => loaded), 3)
      await page.screenshot(`${SCREENS}embed-three-${engine}.png`)
      assert.equal((await api(stack.url, `/api/v1/embed-sites/${site.id}`, { method: 'DELETE', session: people.admin })).status, 204)
      await page.goto(`${origin()}/`)
      await new Promise((done) => setTimeout(done, 2500))
      assert.deepEqual(await page.evaluate(() => heard), {}, 'a card plays nothing')
      await page.screenshot(`${SCREENS}embed-revoked-${engine}.png`)
    } finally {
      await page.close()
    }
  })
}
