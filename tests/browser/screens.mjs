// Pictures of the real pages for the README and for looking at: `node tests/browser/screens.mjs ADDRESS`, on a service
// with the demo's data. They go to build/screens.
import { DESK, PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const url = process.argv[2].replace(/\/$/, '')
const browser = await startBrowser()

for (const [name, options] of [['phone', PHONE], ['desk', DESK]]) {
  const page = await (await browser.newContext(options)).newPage()
  const shot = (what) => page.screenshot({ path: `${SCREENS}real-${what}-${name}.png` })
  const watch = () => page.locator('video').evaluate(async (video) => { // a still picture without the player's own wheel
    video.muted = true
    await video.play()
    await new Promise((done) => setTimeout(done, 1500))
    video.pause()
  })

  await page.goto(url, { waitUntil: 'networkidle' })
  await shot('home')
  await page.evaluate(() => document.getElementById('works-title').scrollIntoView())
  await page.waitForLoadState('networkidle')
  await shot('home-works')
  await page.locator('.tile').first().click()
  await page.waitForLoadState('networkidle')
  await watch()
  await shot('work')
  await page.goto(`${url}/submit?c=370102`, { waitUntil: 'networkidle' })
  await shot('submit')
  await page.goto(`${url}/console`)
  await page.getByLabel('用户名').fill('jinan')
  await page.getByLabel('密码').fill('password of jinan')
  await page.keyboard.press('Enter')
  await page.locator('.work').nth(1).waitFor()
  await page.locator('.frames svg image').first().waitFor({ state: 'attached' })
  await page.waitForLoadState('networkidle')
  await watch()
  await shot('console')
}
await browser.close()
