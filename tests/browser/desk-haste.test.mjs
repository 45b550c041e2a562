// The desk while answers are on their way: what is decided, taken back and mended is what the reviewer saw, whatever comes first.
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { DESK, SCREENS, startBrowser } from './support/browser.mjs'
import { signIn } from './support/console.mjs'
import { startService } from './support/fake_service.mjs'

let service, browser, page, errors

before(async () => (browser = await startBrowser()))
after(() => browser.close())
beforeEach(async () => {
  service = await startService()
  ;({ page, errors } = await signIn(browser, service, DESK))
  await page.locator('.work').nth(8).waitFor()
})
afterEach(async () => {
  await page.context().close()
  await service.stop()
  assert.deepEqual(errors, [])
})

// Requests of this kind stand until they are let go.
async function holdBack(pattern, wanted = () => true) {
  let arrived
  const first = new Promise((resolve) => (arrived = resolve))
  await page.route(pattern, (route) => (wanted(route.request()) ? arrived(route) : route.fallback()))
  return { first }
}
const press = (name) => page.locator('.decide').getByRole('button', { name }).click()
// Something moved somewhere, said again and again: the desk follows.
async function newsOfOthers() {
  await page.route('**/api/v1/live', (route) => route.fulfill({ contentType: 'text/event-stream', body: 'retry: 200\nevent: moved\ndata: x\n\n' }))
  await page.reload()
  await page.locator('.work').nth(8).waitFor()
}

test('Z before the answer took back the decision before it', async () => {
  const undone = []
  page.on('request', (request) => request.method() === 'DELETE' && /decisions/.test(request.url()) && undone.push(request.url().split('/').at(-1)))
  await press(/^通过/)
  await page.getByText('已通过：和奶奶一起读家书').waitFor()
  const slow = await holdBack('**/queue/q1/decision')
  await page.waitForFunction(() => document.querySelector('.stage h1').innerText === '爸爸的木工课')
  const since = await page.evaluate(() => performance.now())
  await page.waitForFunction((at) => performance.now() > at + 260, since) // sooner it would be the same press
  await page.keyboard.press('a')
  const second = await slow.first
  await page.keyboard.press('z')
  await second.continue()
  await page.locator('.work').nth(7).waitFor()
  assert.deepEqual([undone, service.state.decisions.map((one) => one.id)], [['d2'], ['q0', 'q1']])
  assert.match(await page.locator('.work').first().innerText(), /爸爸的木工课/)
  assert.equal(await page.locator('.toast').count(), 0)
})

test('a work that changed while its reasons were picked was returned unseen', async () => {
  await newsOfOthers()
  await press(/^退回/)
  await page.getByRole('dialog').getByText('无声/噪音').waitFor()
  Object.assign(service.state.queue[0], { version: 4, title: '和奶奶一起读家书（重拍）' })
  await page.getByText('作品刚刚有变化，已换成新的内容').waitFor({ state: 'attached' })
  await page.keyboard.press('2')
  await page.keyboard.press('Control+Enter')
  await page.getByText('和奶奶一起读家书：作品刚刚有变化').waitFor()
  assert.deepEqual(service.state.decisions, [])
  await page.locator('.work').nth(8).waitFor() // back in its place
})

test('after a restart behind a gateway the desk heard of nothing any more', async () => {
  let answers = 0
  await page.route('**/api/v1/live', (route) => (answers++ === 0 ? route.fulfill({ status: 502, body: '' })
    : route.fulfill({ contentType: 'text/event-stream', body: 'retry: 200\nevent: moved\ndata: x\n\n' })))
  await page.reload()
  await page.locator('.work').nth(8).waitFor()
  Object.assign(service.state.queue[0], { version: 4, title: '和奶奶一起读家书（全）' })
  await page.getByRole('heading', { name: '和奶奶一起读家书（全）' }).waitFor()
})

test('a change of the open work did not say what had changed', async () => {
  await newsOfOthers()
  Object.assign(service.state.queue[0], { version: 4, title: '和奶奶一起读家书（全）', words: '每晚' })
  await page.getByText('作品刚刚有变化，已换成新的内容（名称、说明），请再看一遍。').waitFor()
  Object.assign(service.state.queue[0], { version: 5, consents: [] })
  await page.getByText('作品刚刚有变化，已换成新的内容（使用范围），请再看一遍。').waitFor()
})

test('a work that changed after it was selected was decided on with the others', async () => {
  await newsOfOthers()
  await page.getByLabel(`选中 ${service.state.queue[0].title}`).first().check()
  await page.getByLabel(`选中 ${service.state.queue[3].title}`).first().check()
  await page.getByText('选中 2 件').waitFor()
  Object.assign(service.state.queue[3], { version: 4, title: '又改了一次' })
  await page.getByText('又改了一次：作品刚刚有变化，看过再选。').waitFor()
  await page.getByText('选中 1 件').waitFor()
  await page.screenshot({ path: `${SCREENS}console-selected-changed-desk.png` })
})

test('a title that its family had mended meanwhile was overwritten; what was typed was lost', async () => {
  await newsOfOthers()
  await press(/^改文字/)
  const dialog = page.getByRole('dialog', { name: '改名称和说明' })
  Object.assign(service.state.queue[0], { version: 4, title: '和奶奶一起读家书（全）' })
  await page.getByText('作品刚刚有变化，已换成新的内容').waitFor({ state: 'attached' })
  await dialog.getByLabel('名称').fill('和奶奶读家书')
  await page.keyboard.press('Control+Enter')
  await dialog.getByText('作品刚刚有变化').waitFor()
  await page.screenshot({ path: `${SCREENS}console-text-refused-desk.png` })
  assert.equal(await dialog.getByLabel('名称').inputValue(), '和奶奶读家书')
  assert.equal(service.state.queue[0].title, '和奶奶一起读家书（全）')
  await page.keyboard.press('Escape')
  await page.getByRole('heading', { name: '和奶奶一起读家书（全）' }).waitFor()
})

test('an answer to the filter before stood in the list', async () => {
  const slow = await holdBack('**/api/v1/queue?*', (request) => /q=slow/.test(request.url()))
  await page.getByLabel('找一件').fill('slow')
  await page.keyboard.press('Enter')
  const old = await slow.first
  await page.getByLabel('找一件').fill('SD26-0003')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.querySelectorAll('.work').length === 1)
  const answered = page.waitForResponse((one) => /q=slow/.test(one.url()))
  await old.fulfill({ json: { items: [], next: null } })
  await (await answered).finished()
  await page.evaluate(() => new Promise(requestAnimationFrame))
  assert.deepEqual(await page.locator('.work b').allInnerTexts(), [service.state.queue.find((one) => one.code === 'SD26-0003').title])
})

test('what could not be decided came back into a list of another filter', async () => {
  const slow = await holdBack('**/queue/q0/decision')
  await press(/^通过/)
  const first = await slow.first
  await page.getByLabel('找一件').fill('SD26-0003')
  await page.keyboard.press('Enter')
  await page.waitForFunction(() => document.querySelectorAll('.work').length === 1)
  await first.fulfill({ status: 409, contentType: 'application/problem+json', body: '{"code": "leased", "detail": "另一位同事正在审这件作品。"}' })
  await page.getByText('和奶奶一起读家书：另一位同事正在审这件作品。').waitFor()
  await page.evaluate(() => new Promise(requestAnimationFrame))
  assert.deepEqual(await page.locator('.work b').allInnerTexts(), [service.state.queue.find((one) => one.code === 'SD26-0003').title])
  await page.getByLabel('找一件').fill('')
  await page.locator('.work').nth(8).waitFor()
})

test('a login that had ended left the desk standing, and nowhere to sign in', async () => {
  await page.route('**/queue/q0/decision', (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{"code": "unauthenticated", "detail": "请先登录。"}' }))
  await press(/^通过/)
  await page.getByText('登录已到时间，请再登录一次，没办成的作品还在原处。').waitFor()
  await page.screenshot({ path: `${SCREENS}console-ended-desk.png` })
  await page.getByLabel('用户名').fill('zhang')
  await page.getByLabel('密码').fill('right')
  await page.keyboard.press('Enter')
  await page.locator('.work').nth(8).waitFor()
  assert.deepEqual(service.state.decisions, [])
})
