// The upload page with script switched off: form, receipt, status, withdrawal.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { clip, startStack, waitFor } from '../support/stack.mjs'
import { PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'noscript-'))
const CLIP = join(FOLDER, '家书.mp4')
let stack
let browser

before(async () => {
  writeFileSync(CLIP, clip({ size: '1280x720' }))
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
})
after(async () => {
  await browser?.close()
  await stack?.stop()
  rmSync(FOLDER, { recursive: true })
})

test('without script: picked, filled in, sent, looked up and taken back', async () => {
  const page = await (await browser.newContext({ ...PHONE, javaScriptEnabled: false })).newPage()

  await page.goto(`${stack.url}/submit?c=370102`)
  await page.setInputFiles('input[name=video]', CLIP)
  await page.fill('input[name=title]', '和奶奶一起读家书')
  await page.fill('input[name=name]', '李小梅')
  await page.fill('input[name=phone]', '138 0000 1234')
  await page.check('input[name=children][value="0"]')
  await page.check('input[name=licence]')
  await page.click('#send')
  await page.waitForURL('**/submissions/simple')
  const text = await page.innerText('main, body')
  const code = /SD\d\d-[A-Z0-9]{4}-[A-Z0-9]{2}/.exec(text)[0]
  const pin = /查询密码\s*(\d{6})/.exec(text)[1]
  await page.screenshot({ path: join(SCREENS, 'noscript-received.png'), fullPage: true })
  await waitFor(stack.url, { code, pin }, 'in_review')

  await page.click('text=查看进度')
  assert.match(await page.innerText('#card'), /正在审核/)
  assert.equal(await page.getAttribute('[data-road] .now', 'aria-current'), 'step')
  await page.screenshot({ path: join(SCREENS, 'noscript-status.png'), fullPage: true })

  // another phone: by code and PIN
  const other = await (await browser.newContext({ ...PHONE, javaScriptEnabled: false })).newPage()
  await other.goto(`${stack.url}/status`)
  await other.fill('input[name=code]', code)
  await other.click('text=查看进度')
  await other.fill('input[name=pin]', '000000')
  await other.click('text=查看进度')
  assert.match(await other.innerText('#pin-error'), /不对/)
  await other.fill('input[name=pin]', pin)
  await other.click('text=查看进度')
  assert.match(await other.innerText('#card'), /和奶奶一起读家书/)
  await other.fill('textarea[name=text]', '奶奶的名字可以改吗？')
  await other.click('button:has-text("发送")')
  assert.match(await other.innerText('.talk'), /您[^]*奶奶的名字可以改吗/)
  await other.screenshot({ path: join(SCREENS, 'noscript-message.png'), fullPage: true })
  await other.click('summary:has-text("撤回")')
  await other.click('button:has-text("确定撤回")')
  assert.match(await other.innerText('#card'), /已按您的要求撤回/)
})

test('without script: what is missing is said, nothing is sent', async () => {
  const page = await (await browser.newContext({ ...PHONE, javaScriptEnabled: false })).newPage()

  await page.goto(`${stack.url}/submit?c=370102`)
  await page.fill('input[name=title]', '没有文件')
  await page.fill('input[name=name]', '李小梅')
  await page.fill('input[name=phone]', '13800001234')
  await page.check('input[name=children][value="0"]')
  await page.check('input[name=licence]')
  await page.click('#send')
  await page.waitForURL('**/submissions/simple')
  assert.match(await page.innerText('body'), /还没有选文件/)
  await page.screenshot({ path: join(SCREENS, 'noscript-refused.png'), fullPage: true })
})
