// Subtitles from the family to the player, and what is watched: the status page, the desk, the figures, on the real service.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { until } from '../http/support/service.mjs'
import { api, clip, publish, reviewers, startStack, submit, upload } from '../support/stack.mjs'
import { collectErrors, DESK, PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'subtitles-'))
const SRT = join(FOLDER, 'a.srt')
let stack
let browser
let receipt
let id

before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  const people = await reviewers(stack.url)
  receipt = await submit(stack.url, [await upload(stack.url, clip({ seconds: 3 }))])
  id = await publish(stack.url, people, receipt)
  writeFileSync(SRT, '1\n00:00:00,500 --> 00:00:02,000\n奶奶念，我来听\n')
})
after(async () => {
  await browser?.close()
  await stack?.stop()
  rmSync(FOLDER, { recursive: true })
})

async function signedIn(username, hash) {
  const page = await (await browser.newContext(DESK)).newPage()
  const errors = collectErrors(page)
  await page.goto(`${stack.url}/console${hash}`)
  await page.getByLabel('用户名').fill(username)
  await page.getByLabel('密码').fill(`password of ${username}`)
  await page.keyboard.press('Enter')
  return { page, errors }
}
const shown = async () => (await api(stack.url, `/api/v1/works/${id}`)).json.subtitles.map((one) => one.language)

test('a family sends subtitles, a reviewer looks at them and lets them be seen', async () => {
  const phone = await (await browser.newContext(PHONE)).newPage()
  const errors = collectErrors(phone)
  await phone.goto(`${stack.url}/status/${receipt.code}#${receipt.pin}`)
  await phone.getByText('加字幕').click()
  await phone.getByText('还没有字幕。').waitFor()
  await phone.locator('[data-subtitles] input').setInputFiles(SRT)
  await phone.getByText('字幕收到了，等工作人员看。').waitFor()
  await phone.screenshot({ path: `${SCREENS}status-subtitles.png`, fullPage: true })
  assert.deepEqual(await shown(), [])

  const { page, errors: deskErrors } = await signedIn('jinan', '#subtitles')
  await page.getByRole('button', { name: '打开 和奶奶一起读家书 的字幕' }).click()
  await page.getByRole('button', { name: '看中文字幕' }).click()
  await page.getByText('奶奶念，我来听').waitFor()
  await page.getByRole('button', { name: '通过中文字幕' }).click()
  await page.getByText('都看过了。').waitFor()
  assert.deepEqual(await shown(), ['zh'])
  await page.screenshot({ path: `${SCREENS}console-subtitles.png`, fullPage: true })

  await page.getByLabel('语言').selectOption('en')
  await page.getByLabel('上传或换一份').setInputFiles({ name: 'en.vtt', mimeType: 'text/vtt', buffer: Buffer.from('WEBVTT\n\n00:00.500 --> 00:02.000\nGrandma reads, I listen\n') })
  await until(async () => (await shown()).includes('en'), 'a reviewer\'s own subtitles')
  await page.getByRole('button', { name: '去掉中文字幕' }).click()
  await until(async () => !(await shown()).includes('zh'), 'subtitles taken away')
  assert.deepEqual([errors, deskErrors], [[], []])
})

test('the figures say what is watched, by day and to where', async () => {
  const seen = await fetch(`${stack.url}/api/v1/works/${id}/views`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'User-Agent': 'Mozilla/5.0 (Linux; Android 10)' },
    body: JSON.stringify({ seconds: 3, parts: 0b111 }) })
  assert.equal(seen.status, 204)
  await until(async () => (await api(stack.url, `/api/v1/works/${id}`)).json.views === 1, 'a counted view', 15000)
  const { page, errors } = await signedIn('jinan', '#figures')
  await page.getByRole('button', { name: '细看 和奶奶一起读家书' }).click()
  await page.getByRole('heading', { name: '和奶奶一起读家书：看到哪里' }).waitFor()
  await page.screenshot({ path: `${SCREENS}console-watched.png`, fullPage: true })
  assert.deepEqual(errors, [])
})
