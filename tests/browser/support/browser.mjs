// Debian's Chromium, as every browser test starts it.
import { mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'

export const SCREENS = new URL('../../../build/screens/', import.meta.url).pathname
export const PHONE = { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true, locale: 'zh-CN' }
export const DESK = { viewport: { width: 1280, height: 800 }, locale: 'zh-CN' }

mkdirSync(SCREENS, { recursive: true })

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROME_PATH ?? '/usr/bin/chromium',
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  })
}

// Every error a page reports; a test ends by looking that there was none.
export function collectErrors(page) {
  const errors = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    const isExpected = /Failed to load resource|net::ERR_/.test(message.text())
    if (message.type() === 'error' && !isExpected) {
      errors.push(message.text())
    }
  })
  return errors
}
