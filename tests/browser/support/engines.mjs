// The three browser engines that Debian has, behind the few verbs that the tests of "works everywhere" need:
//   chromium  playwright-core      firefox  puppeteer-core over WebDriver BiDi      webkit  WebKitGTK over WebDriver
// WebKitGTK is the nearest to iOS that runs here. Its driver and Firefox are left out, with a line that says so, where
// they are not installed.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startBrowser } from './browser.mjs'

export const ENGINES = ['chromium', 'webkit', 'firefox']

const FIREFOX = '/usr/bin/firefox-esr'
const WEBKIT_DRIVER = '/usr/bin/WebKitWebDriver'
const XVFB = '/usr/bin/Xvfb'

export function hasEngine(name) {
  const there = { chromium: true, firefox: existsSync(FIREFOX), webkit: existsSync(WEBKIT_DRIVER) && existsSync(XVFB) }[name]
  if (!there) {
    console.log(`left out: ${name} is not installed`)
  }
  return there
}

// What a test gets, of any engine:
//   goto(url)                      until the page's load event
//   evaluate(function, ...values)  in the page; values and answer are JSON, a promise is waited for
//   click(selector), fill(selector, text), setFiles(selector, [path])
//   until(function, values, ms)    until it answers something true in the page, and that
//   screenshot(path)               of what is visible
//   close()
// context: more for Chromium's page, as the PHONE of browser.mjs.
export async function openEngine(name, { width = 390, height = 844, context = {} } = {}) {
  const page = await { chromium: openChromium, firefox: openFirefox, webkit: openWebkit }[name](width, height, context)
  page.name = name
  page.until = async (check, values = [], ms = 20_000) => {
    const end = Date.now() + ms
    for (let last; ; await pause(100)) {
      const answer = await page.evaluate(check, ...values).catch((error) => { last = error; return null })
      if (answer) {
        return answer
      }
      if (Date.now() > end) {
        throw new Error(`${name}: ${check} did not become true in ${ms} ms${last ? ` (${last.message})` : ''}`)
      }
    }
  }
  return page
}

async function openChromium(width, height, context) {
  const browser = await startBrowser({ whole: true })
  const page = await browser.newPage({ viewport: { width, height }, locale: 'zh-CN', ...context })
  return {
    goto: (url) => page.goto(url),
    evaluate: (call, ...values) => page.evaluate(`(${call})(...${JSON.stringify(values)})`),
    click: (selector) => page.click(selector),
    fill: (selector, text) => page.fill(selector, text),
    setFiles: (selector, paths) => page.setInputFiles(selector, paths),
    screenshot: (path) => page.screenshot({ path }),
    close: () => browser.close(),
  }
}

async function openFirefox(width, height) {
  const { default: puppeteer } = await import('puppeteer-core')
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    args: [`--width=${width}`, `--height=${height}`],
    extraPrefsFirefox: {
      'intl.accept_languages': 'zh-CN',
      'media.autoplay.default': 0,
      'network.captive-portal-service.enabled': false,
      'network.connectivity-service.enabled': false,
    },
  })
  const page = await browser.newPage()
  await page.setViewport({ width, height })
  return {
    goto: (url) => page.goto(url, { waitUntil: 'load' }),
    evaluate: (call, ...values) => page.evaluate(`(${call})(...${JSON.stringify(values)})`),
    click: (selector) => page.click(selector),
    fill: (selector, text) => page.evaluate(`(${typeInto})(...${JSON.stringify([selector, text])})`),
    setFiles: async (selector, paths) => (await page.$(selector)).uploadFile(...paths),
    screenshot: (path) => page.screenshot({ path }),
    close: () => browser.close(),
  }
}

function typeInto(selector, text) {
  const field = document.querySelector(selector)
  field.focus()
  field.value = text
  field.dispatchEvent(new Event('input', { bubbles: true }))
  field.dispatchEvent(new Event('change', { bubbles: true }))
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

// A screen of its own for a browser that has no headless mode; its number comes on descriptor 3.
async function startScreen(width, height) {
  const screen = spawn(XVFB, ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp', '-ac'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const [number] = await once(screen.stdio[3], 'data')
  return { display: `:${String(number).trim()}`, stop: () => stop(screen) }
}

async function stop(child, id = child.pid, signal = 'SIGTERM') {
  if (child.exitCode === null && child.signalCode === null) {
    const gone = once(child, 'exit')
    process.kill(id, signal)
    await gone
  }
}

// W3C WebDriver by plain requests: no npm package drives WebKitGTK without a browser of its own.
async function openWebkit(width, height) {
  const home = mkdtempSync(join(tmpdir(), 'xuepai-webkit-'))
  const port = await freePort()
  const screen = await startScreen(width, height)
  const driver = spawn(WEBKIT_DRIVER, [`--port=${port}`, '--host=127.0.0.1'], {
    detached: true, // a group of its own: the browser ends with it
    stdio: 'ignore',
    env: { ...process.env, DISPLAY: screen.display, HOME: home, XDG_RUNTIME_DIR: home, LANG: 'zh_CN.UTF-8', NO_AT_BRIDGE: '1',
      LIBGL_ALWAYS_SOFTWARE: '1' },
  })
  const base = `http://127.0.0.1:${port}`
  const ask = async (method, path, body) => {
    const answer = await fetch(base + path, { method, body: body && JSON.stringify(body) })
    const { value } = await answer.json()
    if (!answer.ok) {
      throw new Error(`webkit: ${value.error}: ${value.message}`)
    }
    return value
  }
  const end = async () => {
    await stop(driver, -driver.pid, 'SIGKILL') // it keeps nothing, and a busy page holds anything milder up
    await screen.stop()
    rmSync(home, { recursive: true, force: true, maxRetries: 10 })
  }
  try {
    for (let tries = 0; ; tries++) {
      const status = await fetch(`${base}/status`).catch(() => null)
      if (status?.ok) {
        break
      }
      if (tries > 150) {
        throw new Error('webkit: the driver does not answer')
      }
      await pause(100)
    }
    const { sessionId } = await ask('POST', '/session', { capabilities: { alwaysMatch: {} } })
    const path = `/session/${sessionId}`
    await ask('POST', `${path}/timeouts`, { script: 60_000, pageLoad: 60_000 })
    const find = async (selector) =>
      Object.values(await ask('POST', `${path}/element`, { using: 'css selector', value: selector }))[0]
    const evaluate = async (call, ...values) => {
      const script = `const done = arguments[arguments.length - 1];
        Promise.resolve().then(() => (${call})(...arguments[0])).then((value) => done({ value }), (error) => done({ error: String(error) }))`
      const answer = await ask('POST', `${path}/execute/async`, { script, args: [values] })
      if (answer.error) {
        throw new Error(answer.error)
      }
      return answer.value
    }
    // What a click before it has just uncovered has no place on the page until it was laid out: the other drivers wait for that by themselves.
    const click = async (selector) => {
      for (let tries = 0; ; tries++) {
        try {
          return await ask('POST', `${path}/element/${await find(selector)}/click`, {})
        } catch (error) {
          if (!error.message.includes('element not interactable') || tries === 50) {
            throw error
          }
          await pause(100)
        }
      }
    }
    return {
      goto: (url) => ask('POST', `${path}/url`, { url }),
      evaluate,
      click,
      fill: (selector, text) => evaluate(typeInto, selector, text),
      setFiles: async (selector, paths) =>
        ask('POST', `${path}/element/${await find(selector)}/value`, { text: paths.join('\n') }),
      screenshot: async (file) => writeFileSync(file, Buffer.from(await ask('GET', `${path}/screenshot`), 'base64')),
      close: end,
    }
  } catch (error) {
    await end()
    throw error
  }
}
