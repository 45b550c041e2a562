// The submitter's pages on a bad line and under the thumb, against the real service: the largest paint within 2 s at
// 400 kbit/s and 300 ms, no violation axe knows of, no scrolling sideways at 320 px, targets of 48 and 64 px.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join } from 'node:path'
import { startService } from '../http/support/service.mjs'
import { form, api, upload } from '../support/stack.mjs'
import { violations } from './support/accessible.mjs'
import { PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const LCP_MS = 2000
const LINE = { offline: false, latency: 300, downloadThroughput: 400e3 / 8, uploadThroughput: 400e3 / 8 }
let service
let browser
let receipt
let family
let hooked // with an SMS gateway: the form has one field more

before(async () => {
  ;[service, browser] = await Promise.all([startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent' } }), startBrowser()])
  const made = await api(service.url, '/api/v1/submissions', { method: 'POST', body: form([await upload(service.url, Buffer.alloc(900, 7))]) })
  receipt = made.json
  const shown = await api(service.url, `/api/v1/submissions/${receipt.code}`, { headers: { 'X-Pin': receipt.pin } })
  family = shown.json.family_url
  hooked = await startService({ environment: { XUEPAI_MEDIA_PROGRAM: '/nonexistent', XUEPAI_SMS_URL: 'http://127.0.0.1:9/' } })
})
after(async () => {
  await browser?.close()
  await service?.stop()
  await hooked?.stop()
})

async function largestPaint(path) {
  const context = await browser.newContext(PHONE)
  const page = await context.newPage()
  const line = await context.newCDPSession(page)
  await line.send('Network.enable')
  await line.send('Network.emulateNetworkConditions', LINE)
  await page.goto(service.url + path, { waitUntil: 'load' })
  const ms = await page.evaluate(() => new Promise((done) => {
    new PerformanceObserver((list) => done(list.getEntries().at(-1).startTime)).observe({ type: 'largest-contentful-paint', buffered: true })
  }))
  await context.close()
  return ms
}

// The best of three: neighbours on this machine only ever make it slower.
for (const path of ['/submit?c=370102', '/status']) {
  test(`largest paint within 2 s on a bad line: ${path}`, async (context) => {
    const found = []
    for (let i = 0; i < 3; i++) found.push(await largestPaint(path))
    context.diagnostic(`LCP ${path} ${found.map((ms) => Math.round(ms)).join(' ')} ms at 400 kbit/s, 300 ms`)
    assert.ok(Math.min(...found) <= LCP_MS, `${Math.min(...found)} ms`)
  })
}

// What is pressed alone; words inside a sentence are excepted (WCAG 2.5.8).
const smallTargets = (least) => {
  const wanted = 'main button, main .button, main input:not([type=hidden]):not([type=checkbox]):not([type=radio]):not([type=file]), main select, main textarea, main .choice, main label.pick, main summary'
  return [...document.querySelectorAll(wanted)].filter((one) => {
    const { width, height } = one.getBoundingClientRect()
    return width > 1 && height > 1 && height < least - 0.5 && !one.closest('.hush')
  }).map((one) => `${one.outerHTML.slice(0, 90)} ${Math.round(one.getBoundingClientRect().height)}`)
}

for (const elder of [0, 1]) {
  test(`every submitter page: axe, 320 px, targets; large print ${elder}`, async () => {
    const context = await browser.newContext({ ...PHONE, viewport: { width: 320, height: 640 } })
    const page = await context.newPage()
    const found = []
    for (const { url } of [service, hooked]) await context.addCookies([{ name: 'elder', value: String(elder), url }])
    for (const [name, path, other] of [['submit', '/submit'], ['lookup', '/status'], ['pin', `/status/${receipt.code}`], ['status', `/status/${receipt.code}#${receipt.pin}`],
      ['certificate', `/c/${receipt.code}`], ['family', family], ['phone', '/phone', hooked], ['submit-code', '/submit', hooked], ['help', '/help'], ['licence', '/licence'], ['privacy', '/privacy']]) {
      await page.goto('about:blank') // another document: a fragment alone loads nothing anew
      await page.goto((other ?? service).url + path)
      if (name === 'status') await page.locator('#card:visible').waitFor()
      found.push(...await violations(page, name))
      found.push(...(await page.evaluate(smallTargets, elder === 1 ? 64 : 48)).map((one) => `${name}: small ${one}`))
      if (await page.evaluate(() => document.documentElement.scrollWidth > 320)) found.push(`${name}: wider than 320 px`)
      if (process.env.FULL) await page.screenshot({ path: join(SCREENS, `narrow-${name}-elder${elder}.png`), fullPage: true })
    }
    assert.deepEqual(found, [])
    await context.close()
  })
}
