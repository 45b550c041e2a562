// The review desk by keyboard alone, and its ledger and staff pages; accessible, and usable down to 320 px.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { collectErrors, DESK, PHONE, SCREENS, startBrowser } from './support/browser.mjs'
import { queued as queuedWork, startService } from './support/fake_service.mjs'

const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')

let service
let browser

before(async () => (browser = await startBrowser()))
after(() => browser.close())
beforeEach(async () => (service = await startService()))
afterEach(() => service.stop())

async function signIn(options, username = 'zhang') {
  const page = await (await browser.newContext(options)).newPage()
  const errors = collectErrors(page)

  await page.goto(`${service.url}/console`)
  await page.getByLabel('用户名').fill(username)
  await page.getByLabel('密码').fill('right')
  await page.keyboard.press('Enter')
  await page.locator('.bar').waitFor()
  return { page, errors }
}

const title = (page) => page.locator('.stage h1').innerText()
const queued = (page) => page.locator('.work').count()

async function check(page) {
  await page.evaluate(AXE)
  const found = await page.evaluate(() =>
    axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }))
  assert.deepEqual(found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`), [])
}

test('a wrong password is said, and the second try enters', async () => {
  const page = await browser.newPage(DESK)
  await page.goto(`${service.url}/console`)
  await page.getByLabel('用户名').fill('zhang')
  await page.getByLabel('密码').fill('wrong')
  await page.keyboard.press('Enter')
  await page.getByText('用户名或密码不对').waitFor()
  await page.screenshot({ path: `${SCREENS}console-sign-in-desk.png` })
  await page.close()
})

test('J, A, Z, R, reasons and Ctrl+Enter: a queue is worked without a mouse', async () => {
  const { page, errors } = await signIn(DESK)

  await page.locator('.work').nth(8).waitFor()
  assert.equal(await title(page), '和奶奶一起读家书')
  await page.locator('.frames svg image').first().waitFor({ state: 'attached' })
  await page.screenshot({ path: `${SCREENS}console-review-desk.png` })
  await check(page)

  await page.keyboard.press('j')
  assert.equal(await title(page), '爸爸的木工课')
  await page.keyboard.press('k')
  await page.keyboard.press('a')
  await page.getByText('已通过：和奶奶一起读家书').waitFor()
  assert.equal(await queued(page), 8)
  assert.equal(await title(page), '爸爸的木工课')
  await page.keyboard.press('z')
  await page.locator('.work').nth(8).waitFor()

  await page.locator('.work').first().click()
  await page.keyboard.press('r')
  await page.getByRole('dialog').waitFor()
  await page.getByText('画面模糊/抖动').waitFor()
  await page.keyboard.press('Control+Enter')
  await page.getByText('请至少选一个原因').waitFor()
  await page.keyboard.press('2')
  await page.getByText('听不到说话声').waitFor()
  await page.screenshot({ path: `${SCREENS}console-return-desk.png` })
  await check(page)
  await page.getByLabel('补充说明').fill('辛苦再拍一次')
  await page.keyboard.press('Control+Enter')
  await page.getByText('已退回').waitFor()
  assert.deepEqual(service.state.decisions.at(-1), { id: 'q0', action: 'return', reasons: ['no-sound'], note: '辛苦再拍一次', viewed_ms: 0 })
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('keys rest in fields and dialogs, and can be switched off', async () => {
  const { page } = await signIn(DESK)

  await page.locator('.work').first().waitFor()
  await page.locator('.filters select').first().focus()
  await page.keyboard.press('a')
  await page.locator('.stage').focus()
  await page.keyboard.press('?')
  await page.getByRole('heading', { name: '快捷键' }).waitFor()
  await page.screenshot({ path: `${SCREENS}console-help-desk.png` })
  await page.keyboard.press('a')
  await page.getByLabel('使用快捷键').uncheck()
  await page.getByRole('button', { name: '知道了' }).click()
  await page.keyboard.press('a')
  assert.deepEqual(service.state.decisions, [])
  await page.context().close()
})

test('a work held by a colleague can be taken over; a changed one is shown again', async () => {
  const { page } = await signIn(DESK)

  await page.locator('.work').nth(2).click()
  await page.getByText('另一位同事正在审这件作品。').waitFor()
  await page.getByRole('button', { name: '我来接管' }).click()
  await page.locator('.held').waitFor({ state: 'detached' })
  // another one, which nobody holds
  service.state.queue[1].version = 4
  await page.reload()
  await page.locator('.work').nth(1).click()
  await page.getByRole('heading', { name: service.state.queue[1].title }).waitFor()
  await page.getByRole('button', { name: /^通过/ }).click()
  await page.getByText('作品刚刚有变化').waitFor()
  await page.context().close()
})

test('ledger and staff', async () => {
  const { page, errors } = await signIn(DESK)
  await page.getByRole('link', { name: '记录', exact: true }).click()
  await page.getByRole('button', { name: '核对有没有被改动' }).click()
  await page.getByText('核对过 1 条，全部完好。').waitFor()
  await page.screenshot({ path: `${SCREENS}console-ledger-desk.png` })
  await check(page)
  await page.getByRole('button', { name: '退出' }).click()
  await page.getByLabel('用户名').waitFor()
  await page.context().close()
  assert.deepEqual(errors, [])

  const administrator = await signIn(DESK, 'admin')
  await administrator.page.getByRole('heading', { name: '人员' }).waitFor()
  await administrator.page.getByLabel('用户名').fill('wang')
  await administrator.page.getByLabel('姓名').fill('王老师')
  await administrator.page.getByLabel('终审').check()
  await administrator.page.getByRole('button', { name: '添加' }).click()
  await administrator.page.getByText('https://example.cn/console#invitation/abc').waitFor()
  await administrator.page.screenshot({ path: `${SCREENS}console-staff-desk.png` })
  await check(administrator.page)
  await administrator.page.context().close()
})

test('on a phone: one column, the decision in reach, no sideways scrolling', async () => {
  const { page } = await signIn(PHONE)
  await page.locator('.work').first().waitFor()
  await page.screenshot({ path: `${SCREENS}console-review-phone.png` })
  assert.ok(await page.getByRole('button', { name: /^通过/ }).isVisible())
  for (const width of [375, 320]) {
    await page.setViewportSize({ width, height: 812 })
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= width)
  }
  await check(page)
  await page.context().close()
})

test('several at once: X selects, what was skipped is named, one press takes all back', async () => {
  const { page, errors } = await signIn(DESK)
  await page.locator('.work').nth(8).waitFor()
  for (const key of ['x', 'j', 'x', 'j', 'x']) await page.keyboard.press(key)
  await page.getByText('选中 3 件').waitFor()
  await page.screenshot({ path: `${SCREENS}console-bulk-desk.png` })
  await check(page)
  await page.getByRole('button', { name: '一起通过' }).click()
  await page.getByText('已通过 2 件').waitFor()
  await page.getByText('另一位同事正在审这件作品').first().waitFor()
  assert.equal(await queued(page), 7)
  assert.deepEqual(service.state.bulk[0].items.map((one) => one.id), ['q0', 'q1', 'q2'])
  await check(page)
  assert.deepEqual(errors.filter((one) => !/409/.test(one)), [])
  await page.context().close()
})

test('a telephone number opens by a press, and no byte of a clip is fetched before it is played', async () => {
  const { page } = await signIn(DESK)
  const clips = []
  page.on('request', (request) => request.url().includes('.mp4') && clips.push(request.url()))
  await page.locator('.work').nth(8).waitFor()
  for (let i = 0; i < 4; i++) await page.keyboard.press('j')
  assert.deepEqual(clips, [])
  assert.ok(!(await page.locator('.facts').innerText()).includes('13800001234'))
  await page.getByRole('button', { name: '查看', exact: true }).click()
  await page.getByText('李小梅 13800001234').waitFor()
  await page.keyboard.press('j')
  await page.getByText('138****1234').waitFor()
  await page.context().close()
})

test('the next work is on the screen within 150 ms of a decision', async (context) => {
  const { page } = await signIn(DESK)
  await page.locator('.work').nth(8).waitFor()
  const times = []
  for (let i = 0; i < 6; i++) {
    times.push(await page.evaluate(() => new Promise((done) => {
      const heading = document.querySelector('.stage h1').textContent
      const started = performance.now()
      new MutationObserver((_, observer) => {
        const now = document.querySelector('.stage h1')?.textContent
        if (now !== undefined && now !== heading) {
          observer.disconnect()
          requestAnimationFrame(() => done(performance.now() - started))
        }
      }).observe(document.querySelector('.desk'), { childList: true, subtree: true, characterData: true })
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'a', bubbles: true }))
    }).catch(() => 9999)))
  }
  times.sort((a, b) => a - b)
  context.diagnostic(`median ${times[3].toFixed(0)} ms, slowest ${times[5].toFixed(0)} ms`)
  assert.ok(times[1] <= 150, `${times}`) // a quarter: neighbours on this machine only ever make it slower
  await page.context().close()
})

test('one-time codes come first where they are required; sessions end; the password is asked again', async () => {
  service.state.otpSetup = true
  const { page } = await signIn(DESK)
  await page.getByText('请先设置动态验证码').waitFor()
  await check(page)
  await page.getByRole('button', { name: '开始设置' }).click()
  await page.getByLabel('6 位数字').fill('000000')
  await page.keyboard.press('Enter')
  await page.getByText('动态验证码不对').waitFor()
  await page.screenshot({ path: `${SCREENS}console-otp-desk.png` })
  await page.getByLabel('6 位数字').fill('123456')
  await page.keyboard.press('Enter')
  await page.getByText('0123456789').waitFor()
  await check(page)
  await page.getByRole('button', { name: '我抄好了' }).click()
  await page.getByRole('link', { name: '账号' }).click()
  await page.getByRole('button', { name: /让它退出：/ }).click()
  await page.getByRole('button', { name: /让它退出：/ }).waitFor({ state: 'detached' })
  await page.screenshot({ path: `${SCREENS}console-account-desk.png` })
  await check(page)
  await page.context().close()

  service.state.signedIn = false
  const { page: admin } = await signIn(DESK, 'admin')
  await admin.getByRole('button', { name: '给 张老师 新链接' }).click()
  await admin.getByRole('dialog').getByLabel('密码').fill('wrong')
  await admin.keyboard.press('Enter')
  await admin.getByText('用户名或密码不对').waitFor()
  await admin.screenshot({ path: `${SCREENS}console-confirm-desk.png` })
  await check(admin)
  await admin.getByRole('dialog').getByLabel('密码').fill('right')
  await admin.keyboard.press('Enter')
  await admin.getByText('#invitation/def').waitFor()
  await admin.context().close()
})

test('an invitation: a password of the own choice', async () => {
  const page = await (await browser.newContext(PHONE)).newPage()
  await page.goto(`${service.url}/console#invitation/abc`)
  await page.getByLabel('密码').fill('a long enough password')
  await page.getByLabel('再输一次').fill('another password')
  await page.keyboard.press('Enter')
  await page.getByText('两次输的密码不一样').waitFor()
  await check(page)
  await page.getByLabel('再输一次').fill('a long enough password')
  await page.keyboard.press('Enter')
  await page.getByText('您的用户名是').waitFor()
  await page.screenshot({ path: `${SCREENS}console-invitation-phone.png` })
  await check(page)
  await page.context().close()
})

const CLIPS = process.env.FULL ? 100 : 40 // more than one page of the queue
test(`${CLIPS} clips by keyboard alone: few bytes each, the next one at once, no clip fetched`, async (context) => {
  service.state.queue = Array.from({ length: CLIPS }, (_, i) => ({ ...queuedWork(i), holder: undefined }))
  service.state.queue.forEach((work, i) => (work.contact_sheet = `/sheet/${i}.svg`, work.storyboard = `/board/${i}.svg`))
  const { page, errors } = await signIn(DESK)
  const network = await page.context().newCDPSession(page)
  const clips = []
  let bytes = 0
  await network.send('Network.enable')
  network.on('Network.loadingFinished', ({ encodedDataLength }) => (bytes += encodedDataLength))
  network.on('Network.requestWillBeSent', ({ request }) => request.url.includes('.mp4') && clips.push(request.url))
  await page.locator('.work').nth(29).waitFor()
  await page.locator('.overview').waitFor()
  // from the key to the next title with its picture on the screen
  await page.evaluate(() => {
    window.taken = []
    let start = 0
    let before = ''
    const state = () => `${document.querySelector('.stage h1')?.textContent} ${document.querySelector('.side .facts dd')?.textContent}`
    window.addEventListener('keydown', (event) => { if (event.key === 'a') { start = performance.now(); before = state() } }, true)
    new MutationObserver(() => {
      const picture = document.querySelector('.overview')
      if (start > 0 && state() !== before && picture !== null) {
        window.taken.push(performance.now() - start)
        start = 0
      }
    }).observe(document.querySelector('.desk'), { childList: true, subtree: true, attributes: true, characterData: true })
  })
  const spent = []
  for (let i = 0; i < CLIPS; i++) {
    const before = bytes
    await page.keyboard.press(i % 10 === 9 ? 'r' : 'a')
    if (i % 10 === 9) {
      await page.getByRole('dialog').waitFor()
      await page.getByText('画面模糊/抖动').waitFor()
      await page.keyboard.press('1')
      await page.keyboard.press('Control+Enter')
    }
    await page.waitForFunction((count) => document.querySelector('.side .facts dd')?.textContent !== count ||
      document.querySelector('.empty') !== null, `SD26-000${i}`)
    spent.push(bytes - before)
  }
  await page.getByText('这里都审完了').waitFor()
  assert.equal(service.state.decisions.length, CLIPS)
  const middle = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)]
  const quarter = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 4)] // neighbours only ever make it slower
  const taken = await page.evaluate(() => window.taken)
  const own = middle(spent)
  context.diagnostic(`${taken.length} timed: median ${middle(taken).toFixed(0)} ms, slowest ${taken.at(-1).toFixed(0)} ms; ${(own / 1024).toFixed(0)} KB each`)
  assert.ok(taken.length >= 0.85 * CLIPS)
  assert.ok(quarter(taken) <= 150, `${quarter(taken)} ms`)
  assert.ok(own <= 200 * 1024, `${own} bytes`)
  assert.deepEqual(clips, [])
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('a note at a moment, a message to the submitter, and how many wait behind a filter', async () => {
  const { page, errors } = await signIn(DESK)
  await page.locator('.work').nth(8).waitFor()
  await page.getByText('待审 9 件').waitFor()
  assert.match(await page.getByLabel('环节').innerText(), /待初审（9）/)
  await page.keyboard.press('n')
  await page.keyboard.type('露出了车牌')
  await page.getByRole('button', { name: '记下' }).click()
  await page.getByText('记录和留言（1）').waitFor()
  await page.getByLabel('写给').selectOption('message')
  await page.getByLabel('内容').fill('请把门牌遮一下')
  await page.getByRole('button', { name: '发送' }).click()
  await page.getByText('记录和留言（2）').waitFor()
  assert.deepEqual(service.state.queue[0].remarks.map((one) => [one.kind, one.text]),
    [['note', '露出了车牌'], ['message', '请把门牌遮一下']])
  await page.screenshot({ path: `${SCREENS}console-remarks-desk.png`, fullPage: true })
  await check(page)
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('a key of the own choice', async () => {
  const { page } = await signIn(DESK)
  await page.locator('.work').nth(8).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('button', { name: '换键：通过' }).click()
  await page.keyboard.press('j')
  await page.getByText('这个键已经有别的用处').waitFor()
  await page.getByRole('button', { name: '换键：通过' }).click()
  await page.keyboard.press('y')
  await page.getByText('换好了').waitFor()
  await page.screenshot({ path: `${SCREENS}console-keys-desk.png` })
  await check(page)
  await page.getByRole('button', { name: '知道了' }).click()
  await page.keyboard.press('a')
  await page.keyboard.press('y')
  await page.getByText('已通过：和奶奶一起读家书').waitFor()
  assert.equal(service.state.decisions.length, 1)
  await page.context().close()
})

test('machines and their tokens; reports of visitors', async () => {
  const { page, errors } = await signIn(DESK, 'admin')
  await page.getByRole('link', { name: '转码机' }).click()
  await page.getByText('node-1').waitFor()
  await page.getByLabel('机器的名字').fill('北楼二号机')
  await page.getByRole('button', { name: '发一个令牌' }).click()
  await page.getByText('a-token-told-once').waitFor()
  await page.screenshot({ path: `${SCREENS}console-workers-desk.png` })
  await check(page)
  await page.getByRole('button', { name: '收回 北楼二号机 的令牌' }).click()
  await page.getByText('已收回').waitFor()
  await page.getByRole('link', { name: '举报' }).click()
  await page.getByRole('button', { name: '下架 和奶奶一起读家书' }).waitFor()
  await page.screenshot({ path: `${SCREENS}console-reports-desk.png` })
  await check(page)
  await page.getByRole('button', { name: '下架 和奶奶一起读家书' }).click()
  await page.getByText('各处都看不到了').waitFor()
  await page.getByRole('button', { name: '保留 爸爸的木工课' }).click()
  await page.getByText('现在没有待处理的举报').waitFor()
  assert.deepEqual(service.state.taken, [{ id: 'w0', reason: '泄露隐私' }])
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('rules: who approves in a city, the reasons parents read, words to look at', async () => {
  const { page, errors } = await signIn(DESK, 'admin')
  await page.getByRole('link', { name: '规则' }).click()
  await page.getByRole('cell', { name: '初审 1 人 → 终审 1 人' }).waitFor()
  await check(page)
  await page.locator('form.card select').selectOption('370100')
  await page.getByRole('button', { name: '乙：市里审过就发布' }).click()
  await page.getByRole('button', { name: '存好流程' }).click()
  await page.getByRole('cell', { name: '初审 1 人', exact: true }).waitFor()
  assert.deepEqual(service.state.policies, { 370100: { first: 1, second: 0, final: 0 } })
  await page.screenshot({ path: `${SCREENS}console-rules-desk.png`, fullPage: true })
  await page.getByRole('button', { name: '取消 济南市 的另定' }).click()
  await page.getByText('已改回统一的流程').waitFor()
  assert.deepEqual(service.state.policies, {})
  await page.getByRole('button', { name: '加一条' }).click()
  await page.getByPlaceholder('审核员看到的').last().fill('光线太暗')
  await page.getByPlaceholder('家长看到的').last().fill('画面太暗了，请开灯再拍。')
  await page.getByRole('button', { name: '存好原因' }).click()
  await page.getByText('退回原因已存好').waitFor()
  assert.equal(service.state.reasons.at(-1).label, '光线太暗')
  await page.getByRole('button', { name: '加一个词' }).click()
  await page.getByLabel('第 1 个词', { exact: true }).fill('加薇')
  await page.getByLabel('第 1 个词，为什么').fill('像是广告')
  await page.getByRole('button', { name: '存好提醒词' }).click()
  await page.getByText('提醒词已存好').waitFor()
  assert.deepEqual(service.state.words, [{ word: '加薇', why: '像是广告' }])
  await page.setViewportSize({ width: 360, height: 740 })
  await check(page)
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling')
  await page.screenshot({ path: `${SCREENS}console-rules-phone.png`, fullPage: true })
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('figures are pictures with the table behind them', async () => {
  const { page, errors } = await signIn(DESK)
  await page.getByRole('link', { name: '数字' }).click()
  await page.getByText('31 小时').waitFor()
  assert.equal(await page.locator('.tiles dd').first().innerText(), '195 件')
  assert.equal(await page.locator('.tiles dd').last().innerText(), '85%')
  assert.equal(await page.locator('.map g').filter({ hasText: '济南' }).locator('.number').innerHTML(), '150')
  await page.screenshot({ path: `${SCREENS}console-figures-desk.png`, fullPage: true })
  for (const summary of await page.locator('summary').all()) await summary.click()
  await page.getByRole('cell', { name: '230（每小时 57.5 件）' }).waitFor()
  await check(page)
  await page.setViewportSize({ width: 360, height: 740 })
  await check(page)
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling')
  await page.screenshot({ path: `${SCREENS}console-figures-phone.png`, fullPage: true })
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('copies: the two lie side by side, and what may not be seen is only named', async () => {
  const { page, errors } = await signIn(DESK)
  await page.locator('.work').nth(8).waitFor()
  await page.keyboard.press('d')
  assert.equal(await page.locator('dialog[open]').count(), 0, 'no copies, no dialog')
  await page.keyboard.press('j')
  await page.getByText('声音相似 61%').waitFor()
  assert.equal(await page.getByRole('button', { name: '放在一起看' }).count(), 1)
  await page.keyboard.press('d')
  await page.getByRole('article', { name: '另一件' }).locator('img').waitFor()
  assert.equal(await page.locator('dialog[open] .pair img').count(), 2)
  await check(page)
  await page.screenshot({ path: `${SCREENS}console-copies-desk.png` })
  await page.keyboard.press('Escape')
  await page.keyboard.press('j')
  assert.equal(await page.getByText('可能是重复的').count(), 0)
  await page.keyboard.press('k')
  await page.setViewportSize({ width: 360, height: 740 })
  await page.getByRole('button', { name: '放在一起看' }).click()
  await page.locator('dialog[open] .pair img').nth(1).waitFor()
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'no sideways scrolling')
  await page.screenshot({ path: `${SCREENS}console-copies-phone.png` })
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('other sites: a key with its two lines, how often, and an end', async () => {
  const { page, errors } = await signIn(DESK, 'admin')
  await page.getByRole('link', { name: '别的网站' }).click()
  await page.getByText('还没有网站登记过。').waitFor()
  await page.getByLabel('名称').fill('济南社区教育网')
  await page.getByLabel('网址').fill('https://JN.example.cn/ https://www.jn.example.cn')
  await page.getByRole('button', { name: '登记' }).click()
  await page.getByText('embed.js?key=a-key').waitFor()
  assert.deepEqual(service.state.sites[0].origins, ['https://jn.example.cn', 'https://www.jn.example.cn'])
  await page.getByRole('cell', { name: '340' }).waitFor()
  await check(page)
  await page.screenshot({ path: `${SCREENS}console-sites-desk.png`, fullPage: true })
  await page.getByRole('button', { name: '停掉 济南社区教育网' }).click()
  await page.getByText('已停').waitFor()
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('other systems: an address or a token, told once; a trial, and an end', async () => {
  const { page, errors } = await signIn(DESK, 'admin')
  await page.getByRole('link', { name: '通知' }).click()
  await page.getByText('还没有登记过。').waitFor()
  await page.getByLabel('名称').fill('门户网站')
  await page.getByRole('textbox', { name: '地址' }).fill('https://www.example.cn/hook')
  await page.getByLabel('各档清晰度齐了').uncheck()
  await page.getByRole('button', { name: '登记' }).click()
  await page.getByText('签名密钥只显示这一次：told-once').waitFor()
  assert.deepEqual(service.state.receivers[0].kinds, ['work.published', 'work.revised', 'work.consents', 'work.withdrawn', 'work.taken_down'])
  await page.getByRole('cell', { name: '还有 3 条没送到' }).waitFor()
  await page.getByRole('button', { name: '试送 门户网站' }).click()
  await page.getByText('门户网站：没有回应').waitFor()
  await page.getByLabel('名称').fill('内网平台')
  await page.getByLabel('对方自己来取').check()
  await page.getByRole('button', { name: '登记' }).click()
  await page.getByText('取通知的令牌只显示这一次：told-once').waitFor()
  assert.equal(service.state.receivers[1].url, null)
  await check(page)
  await page.screenshot({ path: `${SCREENS}console-receivers-desk.png`, fullPage: true })
  await page.getByRole('button', { name: '停掉 门户网站' }).click()
  await page.getByText('已停').first().waitFor()
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('the programme of a city: its week, an activity that is added, changed and dropped', async () => {
  const { page, errors } = await signIn(DESK, 'admin')
  await page.getByRole('link', { name: '日程' }).click()
  await page.getByRole('cell', { name: '社区书法课：一横一竖', exact: true }).waitFor()
  assert.equal(await page.getByLabel('开始', { exact: true }).inputValue(), '2026-08-19')
  await page.getByLabel('结束', { exact: true }).fill('2026-08-26')
  await page.getByRole('button', { name: '存好' }).click()
  await page.getByText('活动周存好了').waitFor()
  assert.equal(service.state.week.last_day, '2026-08-26')
  await page.getByLabel('活动名称').fill('家书朗读会')
  await page.getByLabel('哪一天').fill('2026-08-21')
  await page.getByLabel('几点开始').fill('19:00')
  await page.getByLabel('特色亮点活动').check()
  await page.getByRole('button', { name: '加上' }).click()
  await page.getByRole('cell', { name: '家书朗读会（亮点）', exact: true }).waitFor()
  assert.deepEqual([service.state.activities[1].starts, service.state.activities[1].is_highlight], ['19:00', true])
  await check(page)
  await page.screenshot({ path: `${SCREENS}console-programme-desk.png`, fullPage: true })
  await page.getByRole('button', { name: '修改 家书朗读会' }).click()
  assert.equal(await page.getByLabel('活动名称').inputValue(), '家书朗读会')
  await page.getByRole('button', { name: '去掉 家书朗读会' }).click()
  await page.getByText('还没有登记活动。').waitFor()
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('collections: made, filled, put in order', async () => {
  const { page, errors } = await signIn(DESK, 'admin')
  await page.getByRole('link', { name: '专题' }).click()
  await page.getByText('还没有专题。').waitFor()
  await page.getByLabel('名称').fill('家书与家风')
  await page.getByLabel('公开', { exact: true }).check()
  await page.getByRole('button', { name: '存好' }).click()
  await page.getByRole('button', { name: '编辑 家书与家风' }).click()
  await page.getByLabel('找作品').fill('家书')
  await page.getByRole('button', { name: '找', exact: true }).click()
  await page.getByRole('button', { name: '加入 和奶奶一起读家书' }).click()
  await page.getByRole('button', { name: '加入 爸爸的木工课' }).click()
  await page.getByRole('button', { name: '上移 爸爸的木工课' }).click()
  await page.getByRole('button', { name: '上移 和奶奶一起读家书' }).waitFor()
  assert.deepEqual(service.state.chosen.map((one) => one.title), ['爸爸的木工课', '和奶奶一起读家书'])
  await check(page)
  await page.screenshot({ path: `${SCREENS}console-collections-desk.png`, fullPage: true })
  assert.deepEqual(errors, [])
  await page.context().close()
})
