// The whole road in Chromium, against the real service and worker: a phone sends a clip, two reviewers watch and approve
// it, it plays on its page and in another site's frame, and it is gone the moment its sender takes it back.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { clip, reviewers, startStack } from '../support/stack.mjs'
import { collectErrors, DESK, PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'road-'))
const CLIP = join(FOLDER, '家书.mp4')
const TITLE = '和奶奶一起读家书'

let stack
let browser
let neighbour // another site

before(async () => {
  writeFileSync(CLIP, clip({ name: 'road', seconds: 8, size: '1280x720' }))
  ;[stack, browser] = await Promise.all([startStack(), startBrowser({ whole: true })])
  await reviewers(stack.url)
  neighbour = await startNeighbour()
})
after(async () => {
  await browser?.close()
  neighbour?.close()
  await stack?.stop()
  rmSync(FOLDER, { recursive: true })
})

// A page of somebody else, at an origin of its own, with the work in a frame.
function startNeighbour() {
  return new Promise((done) => {
    const server = createServer((request, response) => {
      const id = request.url.slice(1)
      response.setHeader('Content-Type', 'text/html; charset=utf-8')
      response.end('<!doctype html><html lang="zh"><title>邻居的网页</title><link rel="icon" href="data:,">' +
        `<iframe src="${stack.url}/embed/${id}" width="640" height="360" title="作品"></iframe>`)
    })
    server.listen(0, '127.0.0.1', () => done(server))
  })
}

async function open(options, address) {
  const page = await (await browser.newContext(options)).newPage()
  const errors = collectErrors(page)

  page.on('requestfailed', (request) => {
    // a player drops a range request when it knows enough, and a closing page its last one
    if (request.failure().errorText !== 'net::ERR_ABORTED') {
      errors.push(`${request.url()}: ${request.failure().errorText}`)
    }
  })
  await page.goto(address)
  return { page, errors }
}

// Plays for a moment; the picture has a size and the time goes on. `where`: page or frame.
async function assertPlays(where, what) {
  const video = where.locator('video')

  await video.waitFor({ timeout: 60000 })
  const seen = await video.evaluate(async (element) => {
    element.muted = true
    await element.play()
    for (let i = 0; i < 200 && element.currentTime < 0.5; i++) {
      await new Promise((done) => setTimeout(done, 50))
    }
    element.pause()
    return { seconds: element.currentTime, width: element.videoWidth, height: element.videoHeight,
      duration: element.duration, src: element.currentSrc, problem: element.error?.message ?? null }
  })
  assert.equal(seen.problem, null, what)
  assert.ok(seen.seconds >= 0.5, `${what}: the time stands at ${seen.seconds} s`)
  assert.ok(seen.width > 0 && Math.abs(seen.width / seen.height - 16 / 9) < 0.03, `${what}: ${seen.width}×${seen.height}`)
  assert.ok(Math.abs(seen.duration - 8) < 0.5, `${what}: ${seen.duration} s long`)
  return seen
}

async function send(page) {
  assert.equal(await page.locator('#city').inputValue(), '济南市')
  assert.equal(await page.locator('[name=region]').inputValue(), '370102')
  await page.locator('input[name=video]').setInputFiles(CLIP)
  await page.locator('[name=title]').fill(TITLE)
  await page.locator('[name=name]').fill('李小梅')
  await page.locator('[name=phone]').fill('138 0000 1234')
  await page.locator('[name=children][value="1"]').check()
  await page.locator('[name=guardian]').check()
  await page.locator('[name=scope][value=embed]').check()
  await page.locator('[name=licence]').check()
  await page.locator('#files [data-state]', { hasText: '传好了' }).waitFor()
  await page.screenshot({ path: `${SCREENS}road-submit-phone.png`, fullPage: true })
  await page.getByRole('button', { name: '提交作品' }).click()
  await page.getByRole('heading', { name: '已收到，谢谢您！' }).waitFor()
  await page.screenshot({ path: `${SCREENS}road-receipt-phone.png` })
  assert.match(await page.locator('[data-code]').innerText(), /^SD26-[2-9A-Z]{4}-[2-9A-Z]{2}$/)
  assert.match(await page.locator('[data-pin]').innerText(), /^\d{3} \d{3}$/)
}

async function signIn(username) {
  const desk = await open(DESK, `${stack.url}/console`)

  await desk.page.getByLabel('用户名').fill(username)
  await desk.page.getByLabel('密码').fill(`password of ${username}`)
  await desk.page.keyboard.press('Enter')
  await desk.page.locator('.work', { hasText: TITLE }).click()
  assert.equal(await desk.page.locator('.stage h1').innerText(), TITLE)
  return desk
}

// Watches the review copy, looks at the storyboard, says yes by the keyboard; the queue is empty then.
async function review(username) {
  const { page, errors } = await signIn(username)

  await assertPlays(page, `the review copy before ${username}`)
  const frames = page.locator('.frames svg image')
  await frames.first().waitFor({ state: 'attached' })
  assert.ok(await frames.count() >= 2, 'frames of the storyboard')
  assert.ok(await frames.first().evaluate((image) =>
    new Promise((done) => {
      const picture = new Image()
      picture.onload = () => done(picture.naturalWidth > 0)
      picture.onerror = () => done(false)
      picture.src = image.href.baseVal
    })))
  await page.locator('.overview').waitFor()
  await page.screenshot({ path: `${SCREENS}road-console-${username}.png` })
  await page.keyboard.press('a')
  await page.getByText(`已通过：${TITLE}`).waitFor()
  await page.getByText('这里都审完了').waitFor()
  assert.deepEqual(errors, [], `errors in the console of ${username}`)
  await page.context().close()
}

test('a clip goes from a phone through two reviewers to the public, and back', async () => {
  const { page: phone, errors } = await open(PHONE, `${stack.url}/submit?c=370102`)
  await send(phone)
  await phone.getByRole('link', { name: '查看进度' }).click()
  await phone.locator('#card [data-title]', { hasText: TITLE }).waitFor()
  await phone.locator('.road li.now', { hasText: '审核' }).waitFor({ timeout: 180000 })
  await phone.screenshot({ path: `${SCREENS}road-status-phone.png` })

  await review('jinan')
  await review('sheng')

  const link = phone.getByRole('link', { name: '看作品' })
  await link.waitFor({ timeout: 180000 })
  const address = await link.getAttribute('href')
  const id = new URL(address, stack.url).pathname.split('/').pop()
  const visitor = await open(PHONE, address)
  assert.equal(await visitor.page.locator('h1').innerText(), TITLE)
  assert.equal(await visitor.page.locator('.tile').count(), 0, 'the work is not offered below itself')
  const played = await assertPlays(visitor.page, 'the page of the work')
  assert.ok(new URL(played.src).pathname.startsWith(`/media/${id}/`))
  await visitor.page.screenshot({ path: `${SCREENS}road-work-phone.png` })

  const host = await open(DESK, `http://127.0.0.1:${neighbour.address().port}/${id}`)
  await assertPlays(host.page.frameLocator('iframe'), 'the frame on another site')

  await phone.getByRole('button', { name: '撤回这件作品' }).click()
  await phone.locator('#confirm').getByRole('button', { name: '撤回', exact: true }).click()
  await phone.locator('[data-text]', { hasText: '撤回' }).waitFor() // as soon as it is said
  assert.equal((await fetch(address)).status, 404)
  assert.equal((await fetch(played.src)).status, 404, 'its bytes too')
  assert.equal((await visitor.page.reload()).status(), 404)
  await host.page.reload()
  await host.page.frameLocator('iframe').getByText('这件作品已经下线了').waitFor()
  await host.page.screenshot({ path: `${SCREENS}road-embed-gone.png` })

  assert.deepEqual(errors, [], 'errors on the phone of the sender')
  assert.deepEqual(visitor.errors, [], 'errors on the page of the work')
  assert.deepEqual(host.errors, [], 'errors in the frame')
})
