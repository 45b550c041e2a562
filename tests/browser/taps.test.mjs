// How many times a parent has to tap, from the QR code to "已收到": at most ten, and five for who comes again. On a narrow
// phone inside WeChat, against the real service, by the entry link of a school.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sql, startService } from '../http/support/service.mjs'
import { api, clip, login } from '../support/stack.mjs'
import { violations } from './support/accessible.mjs'
import { collectErrors, PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const WECHAT = { ...PHONE, viewport: { width: 360, height: 740 },
  userAgent: 'Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0.47' }
const FOLDER = mkdtempSync(join(tmpdir(), 'taps-'))
const CLIP = join(FOLDER, '家书.mp4')
const EMPTY = join(FOLDER, '空.mp4')
const FIRST_MOST = 10
const AGAIN_MOST = 5

let service
let browser
let link
before(async () => {
  const bytes = clip({ name: 'several', seconds: 4, size: '480x270' })
  writeFileSync(CLIP, bytes)
  writeFileSync(EMPTY, '')
  writeFileSync(join(FOLDER, '跳绳.mp4'), Buffer.concat([bytes, Buffer.from('another')]))
  ;[service, browser] = await Promise.all([startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent' } }), startBrowser()])
  const admin = await login(service.url, 'admin', 'a password for tests')
  const made = await api(service.url, '/api/v1/entry-links', { method: 'POST', session: admin, body: { region: '370102', name: '解放路第一小学' } })
  link = service.url + new URL(made.json.url).pathname
})
after(async () => {
  await browser?.close()
  await service?.stop()
  rmSync(FOLDER, { recursive: true })
})

// A thumb, and how often it came down. What the page does not show cannot be tapped; a field takes typing only while it has
// the focus, which costs a tap unless the page gave it already.
function thumb(page) {
  const hand = { taps: [] }
  hand.tap = async (name, target) => {
    hand.taps.push(name)
    await target.tap()
  }
  hand.scan = async (url) => {
    hand.taps.push('the QR code')
    await page.goto(url)
    await page.locator('#form.live').waitFor()
  }
  hand.pick = async (name, file) => {
    const chooser = page.waitForEvent('filechooser')
    await hand.tap(name, page.locator('label', { hasText: name }))
    hand.taps.push('the clip in the album', 'its 完成') // on the phone's own screen, which no test sees
    await (await chooser).setFiles(file)
    await page.locator('#files [data-state]').waitFor()
  }
  hand.type = async (label, text) => {
    const field = page.getByLabel(label, { exact: true })
    const hasFocus = () => field.evaluate((one) => one === document.activeElement)
    if (!(await hasFocus())) await hand.tap(label, field)
    assert.ok(await hasFocus(), label)
    await page.keyboard.type(text)
  }
  return hand
}

async function received(page, hand, button) {
  await hand.tap(button, page.getByRole('button', { name: button, exact: true }))
  await page.getByRole('heading', { name: '已收到，谢谢您！' }).waitFor()
  return page.locator('[data-code]').innerText()
}

async function firstTime(page, hasChild, use) {
  const hand = thumb(page)
  await hand.scan(link)
  await page.getByText('来自：解放路第一小学').waitFor()
  await hand.pick('从手机里选视频', CLIP)
  await page.waitForFunction(() => document.activeElement.name === 'title')
  await hand.type('作品名称', '和奶奶一起读家书')
  await hand.type('联系人姓名', '李小梅')
  await hand.type('手机号', '13800001234')
  await hand.tap('孩子', page.getByText(hasChild ? '有' : '没有', { exact: true }))
  if (hasChild) await hand.tap('监护人', page.getByText(/我是监护人，或已征得/))
  await page.screenshot({ path: `${SCREENS}taps-first${hasChild ? '-child' : ''}.png`, fullPage: true })
  await hand.tap('同意', page.getByText(/同意在活动中公益展示/))
  if (use) await hand.tap(use, page.getByText(use, { exact: true }))
  return { hand, code: await received(page, hand, '提交作品') }
}

async function secondTime(page, hasChild) {
  const hand = thumb(page)
  await hand.scan(link)
  await hand.pick('从手机里选视频', join(FOLDER, '跳绳.mp4'))
  await page.waitForFunction(() => document.activeElement.name === 'title')
  await hand.type('作品名称', '一起跳绳')
  await page.screenshot({ path: `${SCREENS}taps-again${hasChild ? '-child' : ''}.png`, fullPage: true })
  if (hasChild) await hand.tap('监护人', page.getByText(/我是监护人，或已征得/))
  return { hand, code: await received(page, hand, '同意并提交') }
}

const workOf = (code) => sql(service, `SELECT r.title, s.region, s.track FROM submission s JOIN revision r ON r.submission = s.id WHERE s.code = '${code}'`)
const linked = (code) => sql(service, `SELECT count(*) FROM work_link WHERE submission = (SELECT id FROM submission WHERE code = '${code}')`)

for (const hasChild of [false, true]) {
  test(`the first time, then again${hasChild ? ', with a child in the picture' : ''}`, async (context) => {
    const phone = await browser.newContext(WECHAT)
    const page = await phone.newPage()
    const errors = collectErrors(page)

    const first = await firstTime(page, hasChild)
    context.diagnostic(`${first.hand.taps.length} taps: ${first.hand.taps.join(', ')}`)
    assert.ok(first.hand.taps.length <= FIRST_MOST)
    assert.equal(workOf(first.code), '和奶奶一起读家书|370102|family-video')
    assert.equal(linked(first.code), '1', 'the school')

    const again = await secondTime(page, hasChild)
    context.diagnostic(`${again.hand.taps.length} taps: ${again.hand.taps.join(', ')}`)
    assert.ok(again.hand.taps.length <= AGAIN_MOST + (hasChild ? 1 : 0)) // a guardian agrees to each work by a tick of its own
    assert.equal(workOf(again.code), '一起跳绳|370102|family-video')
    assert.deepEqual(errors, [])
    await phone.close()
  })
}

test('the picked clip leads to its name at once; one that is refused back to the button', async () => {
  const phone = await browser.newContext(WECHAT)
  const page = await phone.newPage()
  await page.goto(link)
  await page.locator('#form.live').waitFor()
  const focused = () => page.evaluate(() => document.activeElement.name)
  const picker = page.locator('input[name=video]')
  await picker.setInputFiles(EMPTY)
  await page.locator('#files-error', { hasText: /./ }).waitFor()
  await page.waitForFunction(() => document.activeElement.name === 'video')
  await picker.evaluate((input) => input.addEventListener('change', () => (window.at = document.activeElement.name)))
  await picker.setInputFiles(CLIP)
  assert.equal(await page.evaluate(() => window.at), 'title', 'in the same event')
  await page.locator('[name=name]').focus()
  await page.locator('#files [data-state]', { hasText: '传好了' }).waitFor()
  assert.equal(await focused(), 'name', 'never later')
  await phone.close()
})

test('who comes again may change what was agreed to, and the next person finds nothing', async () => {
  const phone = await browser.newContext(WECHAT)
  const page = await phone.newPage()
  await firstTime(page, false, '展厅大屏')
  for (const elder of ['1', '0']) {
    await phone.addCookies([{ name: 'elder', value: elder, url: service.url }])
    await page.goto(link)
    await page.getByRole('button', { name: '改一改' }).waitFor()
    assert.match(await page.locator('#again-list').innerText(), /画面里没有孩子\n我们自己拍的\n.*同意在活动中公益展示\n还可以用在：展厅大屏/)
    await page.screenshot({ path: `${SCREENS}taps-known-${elder}.png`, fullPage: true })
    assert.deepEqual(await violations(page), [])
    await page.setViewportSize({ width: 320, height: 640 })
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), 'wider than 320 px')
    await page.setViewportSize(WECHAT.viewport)
  }
  await page.getByRole('button', { name: '改一改' }).tap()
  assert.ok(await page.locator('[name=children][value="0"]').isChecked())
  assert.equal(await page.locator('[name=licence]').isChecked(), false)
  assert.ok(await page.getByRole('button', { name: '提交作品', exact: true }).isVisible())

  await page.goto(link)
  assert.equal(await page.locator('[name=phone]').inputValue(), '13800001234')
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: '换人用了，都清空' }).tap()])
  await page.locator('#form.live').waitFor()
  assert.equal(await page.locator('[name=phone]').inputValue(), '')
  assert.ok(await page.locator('[name=licence]').isVisible())
  await phone.close()
})
