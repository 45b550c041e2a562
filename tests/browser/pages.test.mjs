// Every page, normal and 大字版, on a phone and on a desk: no accessibility violation, no sideways scrolling down to
// 320 px, nothing that the Content-Security-Policy had to stop. FULL=1: leaves a picture of each in build/screens/.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { violations } from './support/accessible.mjs'
import { collectErrors, DESK, PHONE, SCREENS, startBrowser } from './support/browser.mjs'
import { PAGE_PATHS, startService } from './support/fake_service.mjs'

const nameOf = (path) => path.replace(/\W+/g, '-').replace(/^-|-$/g, '') || 'home'

let service
let browser

before(async () => {
  service = await startService()
  browser = await startBrowser()
})
after(async () => {
  await browser.close()
  await service.stop()
})

const overflow = (page) =>
  page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)

for (const [device, options] of Object.entries({ phone: PHONE, desk: DESK })) {
  for (const elder of [false, true]) {
    describe(`${device}${elder ? ' 大字版' : ''}`, () => {
      let page // one for all: a browser spends more on a new one than on a page's test
      let errors
      before(async () => {
        const context = await browser.newContext(options)
        await context.addCookies([{ name: 'elder', value: elder ? '1' : '0', url: service.url }])
        page = await context.newPage()
        errors = collectErrors(page)
      })
      after(() => page.context().close())

      for (const path of PAGE_PATHS) {
        test(path, async () => {
          errors.length = 0
          await page.setViewportSize(options.viewport)
          // what a page does half a second after it has come is the same in all four
          await page.goto(service.url + path, { waitUntil: device === 'phone' && !elder ? 'networkidle' : 'load' })
          assert.equal(await page.evaluate(() => document.compatMode), 'CSS1Compat')
          if (process.env.FULL) await page.screenshot({ path: `${SCREENS}${nameOf(path)}-${device}${elder ? '-elder' : ''}.png`, fullPage: device === 'phone' })
          // each device and each size once: what axe finds goes with the one or the other
          if (process.env.FULL || elder === (device === 'phone')) assert.deepEqual(await violations(page), [])
          assert.ok((await overflow(page)) <= 0, 'wider than the screen')
          if (path.startsWith('/embed/')) assert.ok(await page.evaluate(() => document.documentElement.scrollHeight <= innerHeight), 'a frame that fits needs no scrolling')
          await page.setViewportSize({ width: 320, height: 640 })
          assert.ok((await overflow(page)) <= 0, 'wider than 320 px')
          assert.deepEqual(errors, [])
        })
      }
    })
  }
}

test('a city’s week on paper: the days, without what is for a screen, in black on white', async () => {
  const page = await (await browser.newContext(DESK)).newPage()
  await page.emulateMedia({ media: 'print' })
  await page.goto(`${service.url}/city/370100`)
  for (const gone of ['.header', '.footer', '.banner .buttons']) assert.equal(await page.locator(gone).first().isVisible(), false, gone)
  assert.equal(await page.locator('.agenda li').first().isVisible(), true)
  const { color, backgroundImage } = await page.locator('.banner').evaluate((banner) => { const { color: ink, backgroundImage: image } = getComputedStyle(banner); return { color: ink, backgroundImage: image } })
  assert.deepEqual([color, backgroundImage], ['rgb(31, 35, 40)', 'none'])
  assert.equal(await page.locator('.day').first().evaluate((day) => getComputedStyle(day).breakInside), 'avoid')
  await page.context().close()
})

test('大字版 is switched without a new page, stays, and works without scripts', async () => {
  const context = await browser.newContext(PHONE)
  const page = await context.newPage()

  await page.goto(service.url)
  await page.getByRole('link', { name: '大字版' }).click()
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).fontSize), '24px')
  await page.goto(`${service.url}/works`)
  assert.equal(await page.evaluate(() => document.documentElement.className), 'elder')
  await context.close()

  const plain = await browser.newContext({ ...PHONE, javaScriptEnabled: false })
  const still = await plain.newPage()
  await still.goto(`${service.url}/works`)
  await still.getByRole('link', { name: '大字版' }).click()
  assert.equal(new URL(still.url()).pathname, '/works')
  assert.equal(await still.locator('html.elder').count(), 1)
  await plain.close()
})

test('every target on a phone is at least 44 px high in the main flow, 60 px in 大字版', async () => {
  for (const [elder, least] of [['0', 44], ['1', 60]]) {
    const context = await browser.newContext(PHONE)
    await context.addCookies([{ name: 'elder', value: elder, url: service.url }])
    const page = await context.newPage()
    await page.goto(`${service.url}/submit`)
    const small = await page.evaluate((px) =>
      [...document.querySelectorAll('main .button, main .choice, main select, main .field input:not([type=file])')]
        .filter((one) => one.offsetParent !== null && one.getBoundingClientRect().height < px)
        .map((one) => one.outerHTML.slice(0, 60)), least)
    assert.deepEqual(small, [])
    await context.close()
  }
})

test('the upload form posts by itself without scripts', async () => {
  const context = await browser.newContext({ ...PHONE, javaScriptEnabled: false })
  const page = await context.newPage()
  await page.goto(`${service.url}/submit`)
  const form = page.locator('#form')
  assert.equal(await form.getAttribute('action'), '/api/v1/submissions/simple')
  assert.equal(await form.getAttribute('enctype'), 'multipart/form-data')
  assert.equal(await page.locator('select[name=region] option').count(), 1 + 16 * 9)
  assert.ok(await page.locator('input[name=video]').isVisible())
  await page.screenshot({ path: `${SCREENS}submit-phone-noscript.png`, fullPage: true })
  await context.close()
})

test('a frame of ours on another site, by its element', async () => {
  const page = await browser.newPage(DESK)
  await page.goto(`${service.url}/other-site`)
  const frame = page.locator('xuepai-video iframe')
  await frame.waitFor()
  assert.equal(await frame.getAttribute('src'), `${service.url}/embed/w0`)
  const box = await page.locator('xuepai-video').boundingBox()
  assert.ok(Math.abs(box.width / box.height - 9 / 16) < 0.01)
  await page.close()
})

test('a visitor reports a work and hears that it was taken', async () => {
  const page = await (await browser.newContext(PHONE)).newPage()
  await page.goto(`${service.url}/v/w0`)
  await page.getByText('举报', { exact: true }).click()
  await page.getByLabel('有什么问题？').selectOption('privacy')
  await page.getByLabel('请说一说').fill('露出了门牌')
  await page.screenshot({ path: `${SCREENS}report-phone.png`, fullPage: true })
  await page.getByRole('button', { name: '提交' }).click()
  await page.getByText('收到了，谢谢您。').waitFor()
  const { reason, text, contact } = service.state.reports.at(-1)
  assert.deepEqual({ reason, text, contact }, { reason: 'privacy', text: '露出了门牌', contact: '' })
  await page.context().close()
})
