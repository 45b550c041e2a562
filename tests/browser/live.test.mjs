// Two people at one desk, on the real service: what one does, the other sees without a reload, and nobody's open work is
// taken from under the eyes.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql, startService } from '../http/support/service.mjs'
import { api, reviewers } from '../support/stack.mjs'
import { collectErrors, DESK, SCREENS, startBrowser } from './support/browser.mjs'

const SOON = { timeout: 6000 } // a stream's round, and the console's own pause of two seconds
const SHA = 'ab'.repeat(32)
let service
let browser
let one
let other
const id = (n) => `w${String(n).padStart(25, 'a')}`

before(async () => {
  service = await startService({ environment: { XUEPAI_UNDO_SECONDS: '0' } })
  const people = await reviewers(service.url)
  await api(service.url, '/api/v1/staff', { method: 'POST', session: people.admin, body: { username: 'liu', name: '刘老师', role: 'reviewer', scope: '370100', stages: ['first'], password: 'password of liu' } })
  for (let n = 1; n <= 6; n++) {
    sql(service, `INSERT INTO submission (id, code, pin_digest, edition, track, region, city, state, stage, revision, contact_name, contact_phone, ai, waiting_ms, created_ms, updated_ms)
      VALUES ('${id(n)}', 'SD26-2222-${n}X', '', (SELECT key FROM edition WHERE is_current = 1), 'family-video', '370102', '370100', 'in_review', 1, 1, '', '', 0, ${n}, ${n}, ${n});
      INSERT INTO revision (submission, number, title, words, content_digest, facts, created_ms) VALUES ('${id(n)}', 1, '作品${n}', '', 'd', '{"duration_ms":9000,"width":640,"height":360}', 1);
      INSERT INTO original (submission, revision, position, store_key, bytes, sha256) VALUES ('${id(n)}', 1, 1, 'none', 1, '${SHA}')`)
  }
  browser = await startBrowser()
  one = await enter('jinan')
  other = await enter('liu')
})
after(async () => {
  await browser.close()
  await service.stop()
})

async function enter(username) {
  const page = await (await browser.newContext(DESK)).newPage()
  page.errors = collectErrors(page)
  await page.goto(`${service.url}/console`)
  await page.getByLabel('用户名').fill(username)
  await page.getByLabel('密码').fill(`password of ${username}`)
  await page.keyboard.press('Enter')
  await page.locator('.work').nth(5).waitFor()
  return page
}
const open = (page, title) => page.locator('.work', { hasText: title }).click()
const heading = (page) => page.locator('.stage h1').innerText()

test('who opens a work is seen by the other, and again when it is left', async () => {
  await open(one, '作品3')
  await other.locator('.work', { hasText: '作品3' }).getByText('张老师 审核中').waitFor(SOON)
  await other.screenshot({ path: `${SCREENS}console-live-held-desk.png` })
  await open(one, '作品4')
  await other.locator('.work', { hasText: '作品3' }).getByText('张老师 审核中').waitFor({ state: 'detached', ...SOON })
  await other.locator('.work', { hasText: '作品4' }).getByText('张老师 审核中').waitFor(SOON)
})

test('a decision elsewhere leaves the list and the count; the open work stays', async () => {
  await open(other, '作品6')
  await open(one, '作品1')
  await one.getByRole('button', { name: /^通过/ }).click()
  await other.locator('.work', { hasText: '作品1' }).waitFor({ state: 'detached', ...SOON })
  await other.getByText('待审 5 件').waitFor(SOON)
  assert.equal(await heading(other), '作品6')
})

test('the open work was taken over and decided: that is said, and there is nothing left to press', async () => {
  await open(one, '作品6')
  await one.getByRole('button', { name: '我来接管' }).click()
  await one.locator('.held').waitFor({ state: 'detached' })
  await one.getByRole('button', { name: /^通过/ }).click()
  await other.getByText('这件作品刚刚由别人处理了').waitFor(SOON)
  assert.equal(await heading(other), '作品6')
  assert.equal(await other.getByRole('button', { name: /^通过/ }).count(), 0)
  await other.screenshot({ path: `${SCREENS}console-live-gone-desk.png` })
  await open(other, '作品2')
  await other.getByText('这件作品刚刚由别人处理了').waitFor({ state: 'detached' })
})

test('its author changed the open work: the new words stand there, and that they are new', async () => {
  assert.equal(await heading(other), '作品2')
  // as an edit leaves it; past the program, because these works have no receipt
  sql(service, `INSERT INTO revision (submission, number, title, words, content_digest, facts, created_ms) VALUES ('${id(2)}', 2, '作品2改了名', '', 'e', '{}', 2);
    UPDATE submission SET revision = 2, version = version + 1 WHERE id = '${id(2)}'`)
  await open(one, '作品5') // what moves the stream
  await one.getByRole('button', { name: /^通过/ }).click()
  await other.getByText('作品刚刚有变化，已换成新的内容').waitFor(SOON)
  assert.equal(await heading(other), '作品2改了名')
  assert.equal(await other.getByRole('button', { name: /^通过/ }).count(), 1)
  await other.getByRole('button', { name: /^通过/ }).click()
  await one.locator('.work', { hasText: '作品2' }).waitFor({ state: 'detached', ...SOON })
  assert.deepEqual([...one.errors, ...other.errors], [])
})
