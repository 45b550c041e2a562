// Pictures of the real pages, for looking at them: every public page at three widths, as it is and in 大字版.
//   node tests/browser/screens.mjs ADDRESS [--keep] [--code=CODE] [PAGE...]     of these alone (names of public_pages.mjs)
// CODE is that of a published work (the demo tells them), for the page that says whether its certificate is real; on a service with the demo's data (make demo). They go to build/screens/pages; with --keep what docs/SCREENS.md shows is
// written anew too (WebP, docs/screens): a sheet of each page, which is its six pictures side by side, and some in full size.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DESK, SCREENS, startBrowser } from './support/browser.mjs'
import { publicPages } from './support/public_pages.mjs'

const WIDTHS = { 360: 740, 768: 1024, 1440: 900 } // width and height of a screen
const KEPT = new URL('../../docs/screens/', import.meta.url).pathname
const QUALITY = 62
const LONGEST_PX = 2200 // of a kept picture: what is below says nothing new
const SHEET = { scale: 0.42, width: 2220, height: 1000, quality: 45 } // all of 2380 pixels of a page

const url = process.argv[2].replace(/\/$/, '')
const keep = process.argv.includes('--keep')
const codes = process.argv.filter((word) => word.startsWith('--code=')).map((word) => ({ code: word.slice('--code='.length) }))
const names = process.argv.slice(3).filter((word) => !word.startsWith('--'))

// The few that docs/SCREENS.md shows: page, width, large print.
const SHOWN = [['home', 360], ['home', 360, true], ['home', 1440], ['works', 768], ['city', 360], ['city', 1440], ['calendar', 768], ['work-portrait', 360],
  ['work-landscape', 1440], ['photos', 768], ['work-portrait', 768, true], ['search', 360, true], ['collection', 1440], ['kiosk', 1440], ['submit', 360], ['help', 360, true], ['console', 1440]]

// A still picture of the player without its own wheel; lazy pictures are there.
async function settle(page) {
  await page.evaluate(async () => {
    for (const video of document.querySelectorAll('video:not([hidden])')) {
      video.muted = true
      await video.play().catch(() => {})
      video.pause()
    }
    for (const image of document.images) image.loading = 'eager'
    await Promise.all([...document.images].filter((image) => !image.hidden).map((image) => image.decode().catch(() => {})))
  })
}

async function shoot(context, name, path, width, elder) {
  const page = await context.newPage()
  await page.goto(url + path, { waitUntil: 'networkidle' })
  await keepPicture(page, name, width, elder)
  await page.close()
}

// The reviewers' desk, for the README.
async function desk(context) {
  const page = await context.newPage()
  await page.goto(`${url}/console`)
  await page.getByLabel('用户名').fill('jinan')
  await page.getByLabel('密码').fill('password of jinan')
  await page.keyboard.press('Enter')
  await page.locator('.frames svg image').first().waitFor({ state: 'attached' })
  await page.waitForLoadState('networkidle')
  await keepPicture(page, 'console', 1440, false)
}

const webp = async (page, quality, clip) => {
  const session = await page.context().newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality, captureBeyondViewport: true, clip: { x: 0, y: 0, scale: 1, ...clip } })
  return Buffer.from(data, 'base64')
}

// The six pictures of one page in one.
async function keepSheet(context, name) {
  const page = await context.newPage()
  const pictures = Object.keys(WIDTHS).flatMap((width) => ['', '-elder'].map((mode) => {
    const bytes = readFileSync(join(SCREENS, 'pages', `${name}-${width}${mode}.png`))
    return `<img width="${Math.round(width * SHEET.scale)}" src="data:image/png;base64,${bytes.toString('base64')}">`
  }))
  const { width, height } = SHEET
  await page.setContent(`<body style="margin:8px;display:flex;gap:8px;align-items:start;background:#777;height:${height}px;overflow:hidden">${pictures.join('')}</body>`)
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())))
  const tallest = await page.evaluate(() => Math.max(...[...document.images].map((image) => image.offsetHeight)))
  writeFileSync(join(KEPT, `sheet-${name}.webp`), await webp(page, SHEET.quality, { width, height: Math.min(height, tallest + 16) }))
  await page.close()
}

async function keepPicture(page, name, width, elder) {
  await settle(page)
  const file = `${name}-${width}${elder ? '-elder' : ''}`
  await page.screenshot({ path: join(SCREENS, 'pages', `${file}.png`), fullPage: true })
  if (keep && SHOWN.some((one) => one[0] === name && one[1] === width && (one[2] ?? false) === elder)) {
    const height = Math.min(LONGEST_PX, await page.evaluate(() => document.documentElement.scrollHeight))
    writeFileSync(join(KEPT, `${file}.webp`), await webp(page, QUALITY, { width, height }))
  }
}

mkdirSync(join(SCREENS, 'pages'), { recursive: true })
if (keep) mkdirSync(KEPT, { recursive: true })
const browser = await startBrowser()
const all = Object.entries(await publicPages(url, codes)).filter(([name]) => names.length === 0 || names.includes(name))
for (const [width, height] of Object.entries(WIDTHS)) {
  for (const elder of [false, true]) {
    const context = await browser.newContext({ ...DESK, viewport: { width: Number(width), height } })
    await context.addCookies([{ name: 'elder', value: elder ? '1' : '0', url }])
    for (const [name, path] of all) await shoot(context, name, path, Number(width), elder)
    if (width === '1440' && !elder && (names.length === 0 || names.includes('console'))) await desk(context)
    await context.close()
  }
}
if (keep) {
  const context = await browser.newContext({ viewport: { width: SHEET.width, height: SHEET.height } })
  for (const [name] of all) await keepSheet(context, name)
}
await browser.close()
