// Every view of the console and the public pages of a selection, on the real service, at 1440 and 375 pixels and in both modes
// of the public pages: no axe violation, no sideways scrolling, no error. FULL=1: once more in a browser of a phone, and a
// picture of each in build/screens.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sql, until } from '../http/support/service.mjs'
import { publishMany } from '../support/published.mjs'
import { ADMIN_PASSWORD, api, clip, login, publish, reviewers, startStack, submit, upload, waitFor } from '../support/stack.mjs'
import { violations } from './support/accessible.mjs'
import { collectErrors, SCREENS, startBrowser } from './support/browser.mjs'

const SIZES = { desk: { viewport: { width: 1440, height: 900 } }, phone: { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true } }
const CRITERIA = [{ name: '主题立意', weight: 40 }, { name: '内容真实', weight: 30 }, { name: '画面声音', weight: 30 }]
const FULL = Boolean(process.env.FULL)
let stack, url, browser, rounds

before(async () => {
  stack = await startStack({ environment: { XUEPAI_UNDO_SECONDS: '0' } })
  url = stack.url
  const people = await reviewers(url)
  for (const [username, role, scope, name] of [['org', 'organiser', '370000', '省组织者'], ['pw1', 'unit', '370000', '评委甲'], ['pw2', 'unit', '370000', '评委乙'],
    ['pw3', 'unit', '370000', '评委丙'], ['sj', 'auditor', '370000', '审计员']]) {
    const added = await api(url, '/api/v1/staff', { method: 'POST', session: people.admin, body: { username: username.padEnd(3, '0'), name, role, scope, password: `password of ${username}` } })
    assert.equal(added.status, 201, added.text)
    people[username] = { id: added.json.id, ...(await login(url, username.padEnd(3, '0'), `password of ${username}`)) }
  }
  const receipts = []
  for (const title of ['和奶奶一起读家书', '爸爸的木工课']) receipts.push(await submit(url, [await upload(url, clip({ seconds: 4 }))], { title }))
  const real = await publish(url, people, receipts[0])
  await waitFor(url, receipts[1], 'in_review')
  publishMany(stack.service, 24)
  await api(url, `/api/v1/works/${real}/reports`, { method: 'POST', body: { reason: 'portrait', text: '画面里有我的孩子，没有同意过', contact: '13900000000' } })
  // a round in each state: recommending, judging, notice with an objection, selected
  rounds = {}
  const works = sql(stack.service, "SELECT submission FROM publication WHERE track = 'family-video' ORDER BY published_ms DESC LIMIT 6").split('\n')
  const step = async (id, body) => assert.equal((await api(url, `/api/v1/selections/${id}/steps`, { method: 'POST', session: people.org, body })).status, 204, body.step)
  for (const [state, name] of [['recommending', '家庭教育短视频省级择优'], ['judging', '秋季省级择优'], ['notice', '夏季省级择优'], ['selected', '春季省级择优']]) {
    const { json } = await api(url, '/api/v1/selections', { method: 'POST', session: people.org, body: { name, track: 'family-video', region: '370000', quota: 5, judges_each: 2, places: 3, criteria: CRITERIA, judges: [people.pw1.id, people.pw2.id, people.pw3.id] } })
    rounds[state] = json.id
    for (const work of new Set([real, ...works])) await api(url, `/api/v1/selections/${json.id}/entries/${work}`, { method: 'PUT', session: people.org })
    if (state === 'recommending') continue
    await step(json.id, { step: 'judge' })
    if (state === 'judging') continue
    for (const judge of [people.pw1, people.pw2, people.pw3]) {
      for (const round of (await api(url, '/api/v1/judging', { session: judge })).json.items.filter((one) => one.id === json.id)) {
        for (const task of round.tasks) await api(url, `/api/v1/judging/${json.id}/${task.number}`, { method: 'PUT', session: judge, body: { points: [90 - task.number, 80, 85], note: '' } })
      }
    }
    await step(json.id, { step: 'close' })
    await step(json.id, { step: 'announce', days: 5 })
    if (state === 'notice') {
      await fetch(`${url}/notice/${json.id}`, { method: 'POST', body: new URLSearchParams({ text: '有一件作品是去年得过奖的', contact: '' }) })
    } else {
      sql(stack.service, `UPDATE selection SET notice_ends_ms = notice_starts_ms + 1 WHERE id = '${json.id}'`)
      await step(json.id, { step: 'settle' })
    }
  }
  browser = await startBrowser()
})
after(async () => {
  await browser?.close()
  await stack.stop()
})

async function check(page, name, size) {
  assert.deepEqual(await violations(page, `${name} ${size}`), [])
  if (FULL) await page.screenshot({ path: `${SCREENS}desk-${name}-${size}.png`, fullPage: true })
  const { viewport } = SIZES[size]
  for (const width of size === 'desk' ? [375, viewport.width] : [viewport.width]) {
    await page.setViewportSize({ ...viewport, width })
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `${name} scrolls sideways at ${width}`)
  }
}

async function signIn(username, password, size) {
  const page = await (await browser.newContext({ ...SIZES[size], locale: 'zh-CN' })).newPage()
  page.errors = collectErrors(page)
  await page.goto(`${url}/console`)
  if (username === 'admin') await check(page, 'sign-in', size)
  await page.getByLabel('用户名').fill(username)
  await page.getByLabel('密码').fill(password)
  await page.keyboard.press('Enter')
  await page.locator('.bar').waitFor()
  return page
}
const go = (page, link) => page.getByRole('link', { name: link, exact: true }).click()

// Number, school and recusal of a person; a number is shown with stars.
async function changeStaff(page, size) {
  await page.getByRole('button', { name: '改 李老师 的手机号、单位和回避' }).click()
  await page.getByLabel(/^手机号（空着：不改）/).fill('139 0000 0009')
  await page.locator('form', { hasText: '李老师 的手机号' }).getByLabel(/^单位或学校/).fill('青岛市实验小学')
  await page.getByLabel(/^回避的地区/).selectOption({ label: '市南区' })
  await check(page, 'staff-change', size)
  await page.getByRole('button', { name: '存好' }).click()
  await page.getByText('李老师 的回避改好了').or(page.getByText('李老师 的资料改好了')).waitFor()
  await page.getByText('139****0009').waitFor()
  await check(page, 'staff-changed', size)
}

for (const size of FULL ? Object.keys(SIZES) : ['desk']) {
  test(`the administrator's views (${size})`, async () => {
    const page = await signIn('admin', ADMIN_PASSWORD, size)
    for (const [link, name, text] of [['人员', 'staff', '添加一个人'], ['规则', 'rules', '提醒词'], ['别的网站', 'sites', '登记一个网站'], ['转码机', 'machines', '转码机'], ['日程', 'programme', '加一项活动'], ['专题', 'collections', '专题'], ['通知', 'receivers', '通知'], ['入口码', 'links', '入口码'],
      ['举报', 'reports', '和奶奶一起读家书'], ['择优', 'selections-admin', '夏季省级择优'], ['数字', 'figures', '各市'], ['记录', 'ledger', '核对有没有被改动'], ['账号', 'account', '账号']]) {
      await go(page, link)
      await page.locator('main').getByText(text).first().waitFor()
      await check(page, name, size)
      if (name === 'staff') await changeStaff(page, size)
    }
    assert.deepEqual(page.errors, [])
    await page.context().close()
  })

  test(`the reviewer's views (${size})`, async () => {
    const page = await signIn('jinan', 'password of jinan', size)
    await page.locator('.stage h1').waitFor()
    await page.locator('.overview').waitFor()
    await check(page, 'review', size)
    await go(page, '评审')
    await page.getByText('现在没有请您评审的作品').waitFor()
    await check(page, 'judging-none', size)
    assert.deepEqual(page.errors, [])
    await page.context().close()
  })

  test(`rounds of selection: list, form, each state (${size})`, async () => {
    const page = await signIn('org', 'password of org', size)
    await page.getByText('夏季省级择优').waitFor()
    await go(page, '报表')
    await page.getByText('个市没有填').waitFor()
    await page.getByRole('button', { name: '济南市', exact: true }).click()
    await page.getByRole('button', { name: /加一项/ }).click()
    await check(page, 'annex-3', size)
    await page.getByRole('button', { name: '附件4 开展情况汇总' }).click()
    await page.getByRole('button', { name: '济南市', exact: true }).click()
    await page.getByLabel('活动周·市本级 活动次数').fill('30')
    await page.getByRole('button', { name: '存好' }).click()
    await page.getByText('存好了').waitFor()
    await page.getByLabel(/^(换一份|盖好章的)扫描件/).setInputFiles({ name: '盖章.pdf', mimeType: 'application/pdf', buffer: Buffer.from('%PDF-1.4') })
    await page.getByText('盖章件收到了').waitFor()
    await check(page, 'annex-4', size)
    await go(page, '择优')
    await check(page, 'selections', size)
    await page.getByRole('button', { name: '新的一轮' }).click()
    await page.getByText('评委甲').waitFor()
    await check(page, 'selection-form', size)
    await page.getByRole('button', { name: '不改了' }).click()
    for (const [state, title, text] of [['recommending', '家庭教育短视频省级择优', '可以推荐的'], ['judging', '秋季省级择优', '已评'], ['notice', '夏季省级择优', '有一件作品是去年得过奖的'], ['selected', '春季省级择优', '入选']]) {
      await page.getByRole('button', { name: title, exact: true }).click()
      await page.locator('main').getByText(text).first().waitFor()
      await check(page, `selection-${state}`, size)
      await page.getByRole('button', { name: '回到列表' }).click()
    }
    assert.deepEqual(page.errors, [])
    await page.context().close()
  })

  test(`a judge's view (${size})`, async () => {
    const page = await signIn('pw1', 'password of pw1', size)
    await go(page, '评审')
    await page.getByText('占 40%').waitFor()
    await check(page, 'judging', size)
    await go(page, '机构上传')
    await page.getByLabel('表格（CSV）').waitFor()
    await check(page, 'batch', size)
    assert.equal(await page.locator('main').getByText(/济南|历下|李小梅/).count(), 0)
    assert.deepEqual(page.errors, [])
    await page.context().close()
  })

  test(`notices, in both modes (${size})`, async () => {
    for (const mode of ['', 'elder']) {
      const context = await browser.newContext({ ...SIZES[size], locale: 'zh-CN' })
      if (mode) await context.addCookies([{ name: 'elder', value: '1', url }])
      const page = await context.newPage()
      page.errors = collectErrors(page)
      for (const [path, name] of [['/notice', 'notices'], [`/notice/${rounds.notice}`, 'notice'], [`/notice/${rounds.selected}`, 'collection']]) {
        await page.goto(url + path)
        await check(page, `${name}${mode}`, size)
      }
      await page.setViewportSize({ width: 320, height: 700 })
      await page.goto(`${url}/notice/${rounds.notice}`)
      assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320)
      assert.deepEqual(page.errors, [])
      await context.close()
    }
  })
}

test('a judge scores by keyboard alone', async () => {
  const page = await signIn('pw2', 'password of pw2', 'desk')
  await go(page, '评审')
  const heading = page.locator('article h2')
  const first = await heading.innerText()
  await page.getByLabel('主题立意').focus()
  for (const points of ['91', '82', '73']) {
    await page.keyboard.type(points)
    await page.keyboard.press('Tab')
  }
  await page.getByText('合计 82.90 分').waitFor()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByText('的分记下了').waitFor()
  assert.notEqual(await heading.innerText(), first, 'the next one without points')
  assert.ok(await heading.evaluate((element) => element === document.activeElement), 'and the focus is there')
  await page.context().close()
})

// The last one: the machine is heard of for a minute.
test('an administrator is told of a machine that opens files without a lock, nobody else', async () => {
  const token = readFileSync(join(stack.service.data, 'worker.token'), 'utf8').trim()
  await api(url, '/api/v1/jobs/claim', { method: 'POST', headers: { Authorization: `Bearer ${token}` },
    body: { worker: 'bare-1', version: '1', sandbox: 'none', disk: '', wait_ms: 0 } })
  await until(async () => (await api(url, '/healthz')).json.status === 'degraded', 'the service to know')
  const page = await signIn('admin', ADMIN_PASSWORD, 'desk')
  await page.getByRole('alert').getByText('没有隔离').waitFor()
  await go(page, '转码机')
  await page.getByRole('row', { name: /bare-1/ }).getByText('没有隔离').waitFor()
  await check(page, 'unlocked', 'desk')
  for (const width of [1440, 360]) {
    await page.setViewportSize({ width, height: 900 })
    await page.screenshot({ path: `${SCREENS}desk-unlocked-${width}.png` })
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width, `scrolls sideways at ${width}`)
  }
  await page.context().close()
  const other = await signIn('org', 'password of org', 'desk')
  await go(other, '账号')
  await other.locator('main').waitFor()
  assert.equal(await other.locator('.banner').count(), 0)
  await other.context().close()
})
