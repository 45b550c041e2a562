// Debian's Chromium, as every browser test starts it.
import { existsSync, mkdirSync } from 'node:fs'
import { chromium } from 'playwright-core'

export const SCREENS = new URL('../../../build/screens/', import.meta.url).pathname
export const PHONE = { viewport: { width: 375, height: 812 }, hasTouch: true, isMobile: true, locale: 'zh-CN' }
export const DESK = { viewport: { width: 1280, height: 800 }, locale: 'zh-CN' }

mkdirSync(SCREENS, { recursive: true })

// The browser that people have, and the same without windows (chromium-headless-shell), which all tests use but those that are
// about the browser itself: a page costs it 0.2 s of CPU instead of 0.5. FULL=1: the whole browser everywhere.
const WHOLE = '/usr/bin/chromium'
const SHELL = '/usr/bin/chromium-headless-shell'

export function startBrowser({ whole = Boolean(process.env.FULL) } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROME_PATH ?? (whole || !existsSync(SHELL) ? WHOLE : SHELL),
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
