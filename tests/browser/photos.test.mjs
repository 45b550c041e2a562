// A set of photos against the real service: captions to the reviewers and the public page, order and number changed on
// the status page by keyboard.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from '../http/support/service.mjs'
import { api, publish, queued, reviewers, startStack, status, submit, upload, waitFor } from '../support/stack.mjs'
import { violations } from './support/accessible.mjs'
import { collectErrors, PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'photos-'))
const COLOURS = ['red', 'green', 'blue']
let stack
let browser
let people

// Pictures that differ in size, so that their order can be told from outside.
function photo(i) {
  const file = join(FOLDER, `${i}.jpg`)
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `color=${COLOURS[i]}:size=${1200 + 20 * i}x900,format=yuvj420p`, '-frames:v', '1', file])
  return readFileSync(file)
}

const send = async (captions) => {
  const ids = []
  for (const i of [0, 1, 2]) ids.push(await upload(stack.url, photo(i), { track: 'life-photo', filename: `${i}.jpg` }))
  return submit(stack.url, ids, { track: 'life-photo', captions })
}
const change = (receipt, method, path, body) => api(stack.url, `/api/v1/submissions/${receipt.code}${path}`, { method, headers: { 'X-Pin': receipt.pin }, body })
const ratios = (photos) => photos.map((one) => Math.round(one.width / one.height * 900))

before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  people = await reviewers(stack.url)
})
after(async () => {
  await browser?.close()
  await stack?.stop()
  rmSync(FOLDER, { recursive: true })
})

test('a track without lengths is prepared; a photo stands once on its page, in its order, with its caption', async () => {
  const receipt = await send(['奶奶的书架', '', ' 第三张 '])
  await waitFor(stack.url, receipt, 'in_review')
  const item = await queued(stack.url, people.jinan, receipt.code)
  const review = (await api(stack.url, `/api/v1/queue/${item.id}`, { session: people.jinan })).json
  assert.deepEqual(review.photos.map((one) => [one.position, one.caption]), [[1, '奶奶的书架'], [2, ''], [3, '第三张']])
  assert.equal((await api(stack.url, review.photos[1].src, { session: people.jinan })).status, 200)
  const id = await publish(stack.url, people, receipt)
  const work = (await api(stack.url, `/api/v1/works/${id}`)).json
  assert.deepEqual(ratios(work.photos), [1200, 1220, 1240])
  assert.match(work.photos[0].srcset, /photo-320\.jpg \d+w.*photo-960\.jpg \d+w/)

  const page = await (await browser.newContext(PHONE)).newPage()
  await page.goto(`${stack.url}/v/${id}`)
  assert.equal(await page.locator('.photos img').count(), 3)
  assert.deepEqual(await page.locator('.photos figcaption').allInnerTexts(), ['奶奶的书架', '第三张'])
  assert.equal(await page.locator('.photos img').nth(1).getAttribute('alt'), '和奶奶一起读家书，第 2 张')
  assert.deepEqual(await violations(page), [])
  await page.screenshot({ path: join(SCREENS, 'photos-public.png'), fullPage: true })
})

test('published photo works had a ladder that failed for ever: they have none, and other systems hear that all is there', async () => {
  assert.match(await (await fetch(`${stack.url}/metrics`)).text(), /^xuepai_jobs_queued 0$/m)
  const kinds = sql(stack.service, 'SELECT kind FROM outbox_event ORDER BY seq').split('\n')
  assert.deepEqual(kinds, ['work.published', 'work.ready'])
})

test('order, captions and number are changed on the status page, by keyboard', async () => {
  const receipt = await send(['一', '二', '三'])
  await waitFor(stack.url, receipt, 'in_review')
  const page = await (await browser.newContext({ ...PHONE, viewport: { width: 320, height: 640 } })).newPage()
  const errors = collectErrors(page)
  await page.goto(`${stack.url}/status/${receipt.code}#${receipt.pin}`)
  await page.locator('[data-photos] summary').click()
  await page.waitForFunction(() => [...document.querySelectorAll('[data-photo-list] img')].filter((one) => one.naturalWidth > 0).length === 3)
  await page.getByRole('button', { name: '第 3 张，往前移' }).focus()
  await page.keyboard.press('Enter')
  await page.keyboard.press('Enter')
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), '第 1 张，往后移')
  await page.getByRole('button', { name: '第 3 张，去掉' }).press('Enter')
  await page.getByRole('textbox', { name: '第 2 张的说明' }).fill('院子')
  assert.deepEqual(await violations(page), [])
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 320), 'no scrolling sideways at 320 px')
  await page.screenshot({ path: join(SCREENS, 'status-photos.png'), fullPage: true })
  await page.getByRole('button', { name: '保存顺序和说明' }).click()
  await page.getByText('改好了，会重新审核').waitFor()
  const after = await waitFor(stack.url, receipt, 'in_review')
  assert.deepEqual([after.revision, after.photos], [2, [{ position: 1, caption: '三' }, { position: 2, caption: '院子' }]])
  const id = await publish(stack.url, people, receipt)
  const work = (await api(stack.url, `/api/v1/works/${id}`)).json
  assert.deepEqual([ratios(work.photos), work.photos.map((one) => one.caption)], [[1240, 1200], ['三', '院子']])
  assert.deepEqual(errors, [])
})

test('captions alone are a new revision over the same pictures; what makes no sense is refused', async () => {
  const receipt = await send([])
  await waitFor(stack.url, receipt, 'in_review')
  const bad = [
    [await change(receipt, 'PATCH', '', { captions: ['x'.repeat(41)] }), 422, 'caption-too-long'],
    [await change(receipt, 'PATCH', '', { captions: Array(10).fill('x') }), 400, 'json'],
    [await change(receipt, 'PATCH', '', { captions: [1] }), 400, 'json'],
    [await change(receipt, 'POST', '/replace', { photos: [1, 1] }), 400, 'input'],
    [await change(receipt, 'POST', '/replace', { photos: [4] }), 400, 'input'],
    [await change(receipt, 'POST', '/replace', { photos: [] }), 400, 'upload-none'],
    [await change(receipt, 'POST', '/replace', { photos: [2], captions: ['a', 'b'] }), 400, 'json'],
  ]
  for (const [answer, code, reason] of bad) assert.deepEqual([answer.status, answer.json.code], [code, reason])
  assert.equal((await status(stack.url, receipt)).revision, 1, 'nothing of it was kept')
  const changed = await change(receipt, 'PATCH', '', { captions: ['清晨', '', '傍晚'] })
  assert.deepEqual([changed.status, changed.json.status, changed.json.revision], [200, 'in_review', 2])
  assert.deepEqual(changed.json.photos.map((one) => one.caption), ['清晨', '', '傍晚'])
  const own = (position, pin) => api(stack.url, `/api/v1/submissions/${receipt.code}/photos/${position}`, { headers: { 'X-Pin': pin } })
  assert.deepEqual([(await own(3, receipt.pin)).status, (await own(4, receipt.pin)).status], [200, 404])
  assert.equal((await own(1, receipt.pin === '000000' ? '111111' : '000000')).status, 403)
})
