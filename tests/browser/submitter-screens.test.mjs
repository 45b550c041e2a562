// Every screen that a submitter meets, on a phone, normal and 大字版, from the real service: pictures to be looked at in
// build/screens/submitter-*, without an accessibility violation and without sideways scrolling, also at 320 px. What stands
// at an address of its own is in pages.test.mjs too; so 大字版 has only the others here, and all of them with FULL=1.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sql, startService } from '../http/support/service.mjs'
import { clip } from '../support/stack.mjs'
import { violations } from './support/accessible.mjs'
import { collectErrors, PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'submitter-screens-'))
const CLIP = join(FOLDER, '家书.mp4')

const NEW = ['registered', 'status-uploading', 'come-back'] // no address of their own

let service
let browser
before(async () => {
  writeFileSync(CLIP, clip({ name: 'several', seconds: 4, size: '480x270' }))
  ;[service, browser] = await Promise.all([startService(), startBrowser()])
})
after(async () => {
  await browser?.close()
  await service?.stop()
  rmSync(FOLDER, { recursive: true })
})

for (const elder of [false, true]) {
  test(`every screen${elder ? ', 大字版' : ''}`, async () => {
    const context = await browser.newContext(PHONE)
    await context.addCookies([{ name: 'elder', value: elder ? '1' : '0', url: service.url }])
    const page = await context.newPage()
    const errors = collectErrors(page)
    let number = 10

    const isBrief = elder && !process.env.FULL
    const screen = async (name, { isAlike = false } = {}) => {
      const at = number++
      if (isBrief && !NEW.includes(name)) {
        return
      }
      await page.evaluate(() => document.activeElement?.scrollIntoView({ block: 'nearest' }))
      await page.screenshot({ path: `${SCREENS}submitter-${elder ? 'elder' : 'normal'}-${at}-${name}.png`, fullPage: true })
      if (isAlike || (elder && !NEW.includes(name))) {
        return // as the one before but for its words; or judged in pages.test.mjs in both modes
      }
      assert.deepEqual(await violations(page, name), [])
      await page.setViewportSize({ width: 320, height: 640 })
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${name}: wider than 320 px`)
      await page.setViewportSize(PHONE.viewport)
    }

    await page.goto(`${service.url}/submit?c=370102`)
    await page.locator('#form.live').waitFor()
    await screen('form')
    await page.locator('#send').click()
    await page.getByText('请给作品起个名字。').waitFor()
    await screen('missing')

    let release
    const held = new Promise((done) => (release = done))
    await page.route('**/files/*', async (route) => {
      if (route.request().method() === 'PATCH') await held
      await route.continue()
    })
    await page.locator('input[name=video]').setInputFiles(CLIP)
    await page.locator('#files [data-state]', { hasText: /开始传了|已传/ }).waitFor()
    await screen('picked')
    await page.locator('[name=title]').fill('和奶奶一起读家书')
    await page.locator('[name=name]').fill('李小梅')
    await page.locator('[name=phone]').fill('138 0000 1234')
    await page.locator('[name=children][value="1"]').check()
    await page.locator('[name=guardian]').check()
    await page.locator('[name=licence]').check()
    await screen('filled')
    await page.locator('#send').click()
    await page.getByRole('heading', { name: '作品已登记，文件还在传' }).waitFor()
    await screen('registered')
    const early = await page.locator('#sent [data-registered]').innerText()
    await page.goto(`${service.url}/status/${early}`) // leaving may be asked about: a headless page leaves
    await page.locator('[data-resume]').waitFor()
    await screen('status-uploading')

    await page.goto(`${service.url}/submit`)
    await page.getByRole('heading', { name: '上次没传完' }).waitFor()
    await screen('come-back')
    release()
    await page.getByRole('heading', { name: '已收到，谢谢您！' }).waitFor()
    await page.waitForFunction(() => !document.querySelector('#receipt [data-picture]').hidden)
    await screen('receipt')
    const code = await page.locator('[data-code]').innerText()
    const pin = (await page.locator('#receipt [data-pin]').innerText()).replace(' ', '')
    assert.equal(code, early, 'one work, although the page was left between')

    for (const [state, more, words] of isBrief ? [] : [['received', '', /收到/], ['processing', '', /处理/], ['in_review', ", stage = 1", /审核/],
      ['failed', ", failure = 'too-short'", /至少拍 3 秒/], ['declined', '', /./], ['taken_down', '', /./], ['withdrawn', '', /撤回/]]) {
      sql(service, `UPDATE submission SET state = '${state}'${more} WHERE code = '${code}'`)
      await page.goto(`${service.url}/status`) // another document: a fragment alone loads nothing anew
      await page.goto(`${service.url}/status/${code}#${pin}`)
      await page.locator('[data-text]', { hasText: words }).or(page.locator('[data-reasons]', { hasText: words })).first().waitFor()
      await screen(`status-${state}`, { isAlike: !['received', 'failed', 'withdrawn'].includes(state) })
    }
    if (isBrief) {
      assert.deepEqual(errors, [])
      await context.close()
      return
    }
    await page.goto(`${service.url}/status`)
    await screen('my-works')
    await context.clearCookies({ name: /device/ })
    await page.goto(`${service.url}/status/${code}`)
    await page.locator('#pin-form [name=pin]').fill('000000')
    await page.locator('#pin-form button').click()
    await page.locator('#pin-error', { hasText: /./ }).waitFor()
    await screen('wrong-pin')
    assert.deepEqual(errors, [])
    await context.close()
  })
}
