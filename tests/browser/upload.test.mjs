// The parents' road on a phone: pick, cut, resume, reload, pick again, send; and what is refused before a byte moves.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { collectErrors, PHONE, SCREENS, startBrowser } from './support/browser.mjs'
import { startService } from './support/fake_service.mjs'

const MB = 1024 * 1024
const FOLDER = mkdtempSync(join(tmpdir(), 'xuepai-upload-'))
const CLIP = join(FOLDER, '家书.mp4')
const LONG = join(FOLDER, 'long.mp4')

let service
let browser

before(async () => {
  writeFileSync(CLIP, randomBytes(6 * MB))
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'color=red:s=64x64:r=1:d=400', '-c:v', 'libx264', LONG])
  browser = await startBrowser()
})
after(async () => {
  await browser.close()
  rmSync(FOLDER, { recursive: true })
})
beforeEach(async () => {
  service = await startService()
})
afterEach(() => service.stop())

async function open(context) {
  const page = await context.newPage()
  const errors = collectErrors(page)
  await page.goto(`${service.url}/submit`)
  return { page, errors }
}

const pick = (page, files, name = 'video') => page.locator(`input[name=${name}]`).setInputFiles(files)
const said = (page, text) => page.locator('#files [data-state]', { hasText: text }).first().waitFor({ timeout: 60000 })

async function fill(page) {
  await page.locator('[name=title]').fill('和奶奶一起读家书')
  await page.locator('#city').selectOption('济南市')
  await page.locator('[name=region]').selectOption('370102')
  await page.locator('[name=name]').fill('李小梅')
  await page.locator('[name=phone]').fill('138 0000 1234')
  await page.locator('[name=children][value="1"]').check()
  await page.locator('[name=guardian]').check()
  await page.locator('[name=licence]').check()
}

const posts = () => service.state.log.filter((line) => line.startsWith('POST')).length

test('a cut and a reload cost nothing: every byte arrives once, in one upload', async () => {
  const context = await browser.newContext(PHONE)
  await context.addInitScript(() => Object.defineProperty(globalThis, 'indexedDB', { value: undefined })) // keeps no copy
  const { page, errors } = await open(context)

  service.state.bytesPerSecond = MB
  await fill(page) // first: while it takes its time, nothing is on its way
  await pick(page, CLIP)
  await said(page, /已传 (1\d|2\d|3\d)%/)

  await context.setOffline(true)
  service.state.cut = true
  await said(page, '网络断开了，连上网会自动接着传')
  await page.screenshot({ path: `${SCREENS}submit-phone-offline.png`, fullPage: true })
  const kept = service.state.uploads.get('u1').offset
  service.state.cut = false
  await context.setOffline(false)
  await said(page, /已传 [4-9]\d%/)
  assert.ok(kept > 0 && posts() === 1)

  page.on('dialog', (dialog) => dialog.accept())
  await page.reload()
  await page.locator('#draft').waitFor()
  assert.match(await page.locator('#draft-text').innerText(), /“和奶奶一起读家书”传到了 \d+%。请再选一次/)
  assert.equal(await page.locator('[name=title]').inputValue(), '和奶奶一起读家书')
  assert.equal(await page.locator('[name=region]').inputValue(), '370102')
  await page.screenshot({ path: `${SCREENS}submit-phone-draft.png`, fullPage: true })

  service.state.bytesPerSecond = Infinity
  await pick(page, CLIP)
  await said(page, '传好了')
  const upload = service.state.uploads.get('u1')
  assert.equal(posts(), 1)
  assert.equal(upload.offset, 6 * MB)
  assert.equal(upload.metadata.filename, '家书.mp4')
  assert.equal(upload.metadata.track, 'family-video')
  assert.match(upload.metadata.fingerprint, /^6291456-[0-9a-f]{64}$/)
  assert.deepEqual(errors, [])
  await context.close()
})

test('a copy in the browser: a reload goes on by itself, also when the phone has taken the file back', async () => {
  const context = await browser.newContext(PHONE)
  const { page, errors } = await open(context)
  const taken = join(FOLDER, 'taken.mp4')

  writeFileSync(taken, randomBytes(6 * MB))
  service.state.bytesPerSecond = MB
  await page.locator('[name=title]').fill('和奶奶一起读家书')
  await pick(page, taken)
  await said(page, /已传 [1-3]\d%/)
  await page.waitForFunction(() => new Promise((done) => {
    const asked = indexedDB.open('xuepai', 1)
    asked.onsuccess = () => {
      const keys = asked.result.transaction('files').objectStore('files').getAllKeys()
      keys.onsuccess = () => (asked.result.close(), done(keys.result.some((key) => !key.includes('/'))))
    }
  }))
  writeFileSync(taken, randomBytes(6 * MB)) // Chromium then refuses to read it, as Android does with a proxy address
  await said(page, /已传 [4-9]\d%/)
  page.on('dialog', (dialog) => dialog.accept())
  service.state.bytesPerSecond = MB / 100 // it does not arrive before somebody has looked
  await page.reload()
  await page.getByText('正在接着传，不用重选').waitFor()
  service.state.bytesPerSecond = Infinity
  await said(page, '传好了')
  await page.screenshot({ path: `${SCREENS}submit-spool.png`, fullPage: true })
  assert.equal(posts(), 1)
  assert.equal(service.state.uploads.get('u1').offset, 6 * MB)
  await fill(page)
  await page.getByRole('button', { name: '提交作品' }).click()
  await page.getByRole('heading', { name: '已收到，谢谢您！' }).waitFor()
  const left = await page.waitForFunction(() => new Promise((done) => {
    const asked = indexedDB.open('xuepai', 1)
    asked.onsuccess = () => {
      const count = asked.result.transaction('files').objectStore('files').count()
      count.onsuccess = () => (asked.result.close(), done(count.result === 0))
    }
  }))
  assert.ok(await left.jsonValue(), 'the copy is gone once the work is received')
  assert.deepEqual(errors, [])
  await context.close()
})

test('a paid line is asked about above 50 MB; WiFi starts it by itself', async () => {
  const context = await browser.newContext(PHONE)
  await context.addInitScript(() => {
    const line = Object.assign(new EventTarget(), { type: 'cellular' })
    Object.defineProperty(navigator, 'connection', { value: line })
    globalThis.takeWifi = () => ((line.type = 'wifi'), line.dispatchEvent(new Event('change')))
  })
  const { page } = await open(context)
  const large = join(FOLDER, 'large.mp4')

  writeFileSync(large, '')
  truncateSync(large, 60 * MB)
  await pick(page, CLIP)
  await said(page, '传好了')
  await pick(page, large)
  await said(page, '现在用的是流量（约 60.0 MB）')
  await page.screenshot({ path: `${SCREENS}submit-metered.png`, fullPage: true })
  await page.getByRole('button', { name: '等有 WiFi' }).click()
  await said(page, '连上 WiFi 会自动开始')
  assert.equal(posts(), 1)
  await page.evaluate(() => globalThis.takeWifi())
  await said(page, /已传|开始传了/)
  await page.waitForFunction(() => document.querySelector('[data-metered]').hidden)
  await context.close()
})

test('sending may be pressed early: registered at once, the receipt comes when the bytes have arrived', async () => {
  const context = await browser.newContext(PHONE)
  const { page, errors } = await open(context)

  service.state.bytesPerSecond = 3 * MB
  await pick(page, CLIP)
  await fill(page)
  await page.getByRole('button', { name: '提交作品' }).click()
  await page.getByRole('heading', { name: '作品已登记，文件还在传' }).waitFor()
  assert.equal(await page.locator('#sent [data-registered]').innerText(), 'SD26-7KQ4-M9')
  assert.equal(service.state.submissions.length, 1)
  assert.ok(service.state.uploads.get('u1').offset < 6 * MB)
  assert.ok(await page.getByRole('button', { name: '提交作品' }).isHidden())
  await page.screenshot({ path: `${SCREENS}submit-phone-registered.png`, fullPage: true })
  await page.getByRole('heading', { name: '已收到，谢谢您！' }).waitFor({ timeout: 60000 })
  assert.equal(await page.locator('[data-code]').innerText(), 'SD26-7KQ4-M9')
  assert.equal(await page.locator('[data-pin]').innerText(), '381 604')
  await page.screenshot({ path: `${SCREENS}submit-phone-receipt.png`, fullPage: true })

  const [{ key, ...body }] = service.state.submissions
  assert.match(key, /^[0-9a-f]{32}$/)
  assert.deepEqual(body, {
    uploads: ['u1'], track: 'family-video', title: '和奶奶一起读家书', words: '', region: '370102', name: '李小梅',
    phone: '13800001234', ai: false, children: true, consents: { licence: true, guardian: true, scopes: ['site'] },
  })
  await page.getByRole('link', { name: '查看进度' }).click()
  await page.getByText('正在审核').waitFor()
  assert.deepEqual(errors, [])
  await context.close()
})

test('what is missing is said at its field, and the first one gets the focus', async () => {
  const context = await browser.newContext(PHONE)
  const { page } = await open(context)

  await pick(page, CLIP)
  await said(page, '传好了')
  await page.getByRole('button', { name: '提交作品' }).click()
  assert.equal(await page.evaluate(() => document.activeElement.name), 'title')
  assert.equal(await page.locator('#error-title').innerText(), '请给作品起个名字。')
  assert.equal(await page.locator('.error:visible').count(), 6)
  await page.screenshot({ path: `${SCREENS}submit-phone-errors.png`, fullPage: true })
  await fill(page)
  assert.equal(await page.locator('.error:visible').count(), 0)
  await page.locator('[name=title]').fill('坏')
  await page.getByRole('button', { name: '提交作品' }).click()
  await page.locator('#form-error', { hasText: '请控制在 30 个字以内' }).waitFor()
  await page.locator('[name=title]').fill('好')
  await page.getByRole('button', { name: '提交作品' }).click()
  await page.getByRole('heading', { name: '已收到，谢谢您！' }).waitFor()
  await context.close()
})

test('a full disk on the server is said in its words, and the upload goes on by itself', async () => {
  const context = await browser.newContext(PHONE)
  const { page } = await open(context)
  const detail = '存放作品的地方快满了，我们正在处理，请晚些时候再传。'
  let isFull = true

  await page.route('**/files', (route) => (isFull ? route.fulfill({ status: 507, headers: { 'Tus-Resumable': '1.0.0', 'Content-Type': 'application/problem+json' }, body: JSON.stringify({ code: 'full', detail }) }) : route.continue()))
  await pick(page, CLIP)
  await said(page, `${detail}这里会自动再试，不用重选。`)
  isFull = false
  await said(page, '传好了')
  await context.close()
})

test('too long, empty and foreign files are refused before a byte is sent', async () => {
  const context = await browser.newContext(PHONE)
  const { page } = await open(context)
  const refused = (text) => page.locator('#files-error', { hasText: text }).waitFor()

  await pick(page, LONG)
  await refused('视频有 6 分 40 秒，最长 5 分钟')
  await pick(page, { name: 'a.mp4', mimeType: 'video/mp4', buffer: Buffer.alloc(0) })
  await refused('文件是空的')
  await pick(page, { name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF') }, 'other')
  await refused('不是视频或照片')
  assert.deepEqual(service.state.log, [])
  await context.close()
})

test('nine photos go one work; the tenth stays out', async () => {
  const context = await browser.newContext(PHONE)
  const { page } = await open(context)
  const photos = Array.from({ length: 10 }, (_, i) => ({ name: `p${i}.jpg`, mimeType: 'image/jpeg', buffer: randomBytes(1000 + i) }))

  await pick(page, photos, 'photo')
  await page.locator('#files-error', { hasText: '最多 9 张' }).waitFor()
  await page.locator('#files li').nth(8).getByText('传好了').waitFor()
  assert.equal(await page.locator('#files li').count(), 9)
  assert.equal(await page.locator('[name=track]:checked').inputValue(), 'life-photo')
  const names = () => page.locator('#files [data-name]').allInnerTexts()
  await page.getByRole('button', { name: '第 2 张，往后移' }).focus()
  await page.keyboard.press('Enter')
  assert.deepEqual((await names()).slice(0, 3), ['p0.jpg', 'p2.jpg', 'p1.jpg'])
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), '第 3 张，往后移', 'the focus goes along')
  assert.equal(await page.innerText('#said'), '现在是第 3 张，共 9 张。')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Space')
  await page.keyboard.press('Space')
  assert.deepEqual((await names()).slice(0, 3), ['p1.jpg', 'p0.jpg', 'p2.jpg'])
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), '第 1 张，往后移', 'never on a button that is off')
  await page.getByRole('textbox', { name: '第 1 张，照片说明' }).fill('院子里的书架')
  await page.getByRole('button', { name: '第 9 张，不要这个' }).click()
  assert.equal((await names()).length, 8)
  await page.screenshot({ path: `${SCREENS}submit-photos.png`, fullPage: true })
  await fill(page)
  await page.getByRole('button', { name: '提交作品' }).click()
  await page.getByRole('heading', { name: '已收到，谢谢您！' }).waitFor()
  assert.equal(new Set(service.state.submissions[0].uploads).size, 8)
  assert.deepEqual(service.state.submissions[0].captions.slice(0, 2), ['院子里的书架', ''])
  await context.close()
})

test('a city in the address chooses the city', async () => {
  const context = await browser.newContext(PHONE)
  const page = await context.newPage()
  await page.goto(`${service.url}/submit?c=370200`)
  assert.equal(await page.locator('#city').inputValue(), '青岛市')
  assert.equal(await page.locator('[name=region] option').count(), 10)
  await context.close()
})

test('status: the PIN opens it, the dots follow, withdrawing asks once', async () => {
  const context = await browser.newContext(PHONE)
  const page = await context.newPage()
  const errors = collectErrors(page)

  await page.goto(`${service.url}/status/SD26-7KQ4-M9`)
  await page.locator('#pin-form [name=pin]').fill('111111')
  await page.getByRole('button', { name: '查看进度' }).click()
  await page.getByText('受理编号或查询密码不对').waitFor()
  await page.locator('#pin-form [name=pin]').fill('381 604')
  await page.getByRole('button', { name: '查看进度' }).click()
  await page.getByText('正在审核').waitFor()
  assert.deepEqual(await page.locator('.road li').evaluateAll((all) => all.map((one) => one.className)), ['done', 'done', 'now', ''])
  await page.screenshot({ path: `${SCREENS}status-phone-review.png`, fullPage: true })
  service.state.status = 'returned'
  await page.getByText('听不到说话声').waitFor({ timeout: 60000 })
  await page.screenshot({ path: `${SCREENS}status-phone-returned.png`, fullPage: true })
  service.state.status = 'in_review'
  await page.getByRole('button', { name: '撤回这件作品' }).click({ timeout: 60000 })
  await page.screenshot({ path: `${SCREENS}status-phone-confirm.png` })
  await page.locator('#confirm').getByRole('button', { name: '撤回', exact: true }).click()
  await page.getByText('已撤回').waitFor()
  assert.deepEqual(errors, [])
  await context.close()
})
