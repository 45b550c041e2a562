// The hooks on the pages: a number shown by a code in the form, and what a link shared from WeChat looks like.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startService } from '../http/support/service.mjs'
import { publishMany, titleOf } from '../support/published.mjs'
import { clip } from '../support/stack.mjs'
import { collectErrors, PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'hooks-'))
const CLIP = join(FOLDER, '家书.mp4')
const WECHAT = { ...PHONE, userAgent: 'Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/116 Mobile Safari/537.36 MicroMessenger/8.0.47' }
const codes = []
let double
let service
let browser

before(async () => {
  writeFileSync(CLIP, clip({ name: 'road', seconds: 8, size: '1280x720' }))
  double = createServer((request, response) => {
    let body = ''
    request.on('data', (bytes) => (body += bytes))
    request.on('end', () => {
      if (request.url === '/sms') codes.push(JSON.parse(body).params.code)
      response.setHeader('Content-Type', 'application/json')
      response.end(JSON.stringify({ access_token: 'a-token', ticket: 'a-ticket', expires_in: 7200 }))
    })
  })
  await new Promise((done) => double.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${double.address().port}`
  ;[service, browser] = await Promise.all([startService({ environment: { XUEPAI_SMS_URL: `${url}/sms`, XUEPAI_SMS_SECRET: 'x', XUEPAI_SMS_STATUS: 'false',
    XUEPAI_WECHAT_APPID: 'wxtest', XUEPAI_WECHAT_SECRET: 'x', XUEPAI_WECHAT_API: url } }), startBrowser()])
})
after(async () => {
  await browser?.close()
  await service?.stop()
  double?.close()
  rmSync(FOLDER, { recursive: true })
})

test('the form asks for the code of the number, and says what is wrong with it', async () => {
  const context = await browser.newContext(PHONE)
  const page = await context.newPage()
  const errors = collectErrors(page)
  await page.goto(`${service.url}/submit?c=370102`)
  await page.locator('#form.live').waitFor()
  await page.locator('input[name=video]').setInputFiles(CLIP)
  await page.locator('[name=title]').fill('和奶奶一起读家书')
  await page.locator('[name=name]').fill('李小梅')
  await page.locator('[name=phone]').fill('138 0000 1234')
  await page.locator('[name=children][value="0"]').check()
  await page.locator('[name=licence]').check()
  await page.locator('#send').click()
  await page.getByText('请先获取短信验证码').first().waitFor()
  await page.locator('#code-send').click()
  await page.getByText('验证码已发到您的手机').waitFor()
  assert.ok(await page.locator('[name=phone_code]').evaluate((one) => one === document.activeElement && one.autocomplete === 'one-time-code'))
  await page.locator('#code-send').click()
  await page.getByText('请等一分钟再获取').waitFor()
  await page.screenshot({ path: `${SCREENS}submit-phone-code.png`, fullPage: true })
  await page.locator('[name=phone_code]').fill(codes[0] === '000000' ? '111111' : '000000')
  await page.locator('#send').click()
  await page.getByText('验证码不对').first().waitFor()
  await page.locator('[name=phone_code]').fill(codes[0])
  await page.locator('#send').click()
  await page.getByRole('heading', { name: '已收到，谢谢您！' }).waitFor({ timeout: 60000 })
  assert.equal(codes.length, 1)
  assert.deepEqual(errors, [])
  await context.close()
})

test('a page of a work tells WeChat its title and picture; other browsers load nothing of it', async () => {
  publishMany(service, 1)
  const address = `${service.url}/v/w${'1'.padStart(25, '0')}`
  const SDK = `window.wx = { said: [], config: (one) => wx.said.push(['config', one]), ready: (call) => call(),
    updateAppMessageShareData: (one) => wx.said.push(['friend', one]), updateTimelineShareData: (one) => wx.said.push(['circle', one]) }`
  for (const [options, count] of [[WECHAT, 3], [PHONE, 0]]) {
    const context = await browser.newContext(options)
    const asked = []
    await context.route('https://res.wx.qq.com/**', (route) => { asked.push(route.request().url()); return route.fulfill({ contentType: 'text/javascript', body: SDK }) })
    const page = await context.newPage()
    const errors = collectErrors(page)
    await page.goto(address, { waitUntil: 'networkidle' })
    const said = await page.evaluate(() => window.wx?.said ?? [])
    assert.equal(said.length, count)
    assert.equal(asked.length, count === 0 ? 0 : 1)
    if (count > 0) {
      const [[, config], [, friend]] = said
      assert.match(config.signature, /^[0-9a-f]{40}$/)
      assert.deepEqual([config.appId, config.jsApiList.length], ['wxtest', 2])
      assert.match(friend.title, new RegExp(titleOf(1)))
      assert.match(friend.imgUrl, /^http/)
      assert.equal(friend.link, address)
    }
    assert.deepEqual(errors, [])
    await context.close()
  }
})
