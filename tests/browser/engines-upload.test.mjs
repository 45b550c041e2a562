// The upload page in the three engines that Debian has, against the real service: a clip is picked, sent before it has
// arrived, "已收到", and its status page opens by code and PIN; with FULL=1 beside a worker, until it is in review. Chromium
// poses as the browser inside WeChat on a phone.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startService } from '../http/support/service.mjs'
import { api, clip, startStack } from '../support/stack.mjs'
import { PHONE, SCREENS } from './support/browser.mjs'
import { ENGINES, hasEngine, openEngine } from './support/engines.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'engines-upload-'))
const WECHAT = { ...PHONE, userAgent: 'Mozilla/5.0 (Linux; Android 12; TAS-AN00; wv) AppleWebKit/537.36 (KHTML, like Gecko) ' +
  'Version/4.0 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160117 MMWEBSDK/20231202 MicroMessenger/8.0.47.2560 Language/zh_CN' }
const CLIP = join(FOLDER, 'reading.mp4') // WebKitGTK's driver takes no other letters in a path

let stack
before(async () => {
  writeFileSync(CLIP, clip({ name: 'several', seconds: 4, size: '480x270' }))
  stack = await (process.env.FULL ? startStack() : startService())
})
after(async () => {
  await stack?.stop()
  rmSync(FOLDER, { recursive: true })
})

const textOf = (selector) => document.querySelector(selector)?.innerText ?? ''

for (const name of ENGINES) {
  test(`${name}: from the QR code's address to "已收到"`, { skip: !hasEngine(name) }, async () => {
    const page = await openEngine(name, { context: WECHAT })
    try {
      if (name === 'chromium') {
        assert.match(await page.evaluate(() => navigator.userAgent), /MicroMessenger/)
      }
      await page.goto(`${stack.url}/submit?c=370102`)
      await page.until(() => document.querySelector('#form.live') !== null)
      assert.equal(await page.evaluate(() => document.querySelector('[name=region]').value), '370102')
      await page.setFiles('input[name=video]', [CLIP])
      await page.fill('[name=title]', `和奶奶一起读家书 ${name}`)
      await page.fill('[name=name]', '李小梅')
      await page.fill('[name=phone]', '138 0000 1234')
      for (const selector of ['[name=children][value="1"]', '[name=guardian]', '[name=licence]']) {
        await page.click(selector)
      }
      await page.click('#send')
      await page.until(() => !document.querySelector('#receipt').hidden, [], 60000)
      assert.match(await page.evaluate(textOf, '#receipt-title'), /已收到/)
      const code = await page.evaluate(textOf, '#receipt [data-code]')
      const pin = (await page.evaluate(textOf, '#receipt [data-pin]')).replace(' ', '')
      await page.until(() => !document.querySelector('[data-picture]').hidden)
      await page.screenshot(`${SCREENS}engine-${name}-receipt.png`)

      const work = (await api(stack.url, `/api/v1/submissions/${code}`, { headers: { 'X-Pin': pin } })).json
      assert.equal(work.title, `和奶奶一起读家书 ${name}`)
      assert.ok(['received', 'processing', 'in_review'].includes(work.status), work.status)
      await page.goto(`${stack.url}/status/${code}#${pin}`)
      await page.until((words) => document.body.innerText.includes(words), [process.env.FULL ? '正在审核' : '已收到，正在排队处理'], 60000)
      await page.screenshot(`${SCREENS}engine-${name}-status.png`)
    } finally {
      await page.close()
    }
  })
}
