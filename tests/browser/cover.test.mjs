// Another cover, chosen from the clip's own moments: by its submitter on a narrow phone, by a reviewer with the keyboard, and of a
// published work only after one more question.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { until } from '../http/support/service.mjs'
import { colourOf, coloursClip } from '../support/colours.mjs'
import { api, publish, queued, reviewers, startStack, startWorker, status, submit, upload, waitFor } from '../support/stack.mjs'
import { violations } from './support/accessible.mjs'
import { collectErrors, PHONE, SCREENS, startBrowser } from './support/browser.mjs'

let stack, url, browser, people, receipt, id

before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  url = stack.url
  people = await reviewers(url)
  receipt = await submit(url, [await upload(url, readFileSync(coloursClip('colours.mp4')))])
  await waitFor(url, receipt, 'in_review')
  ;({ id } = await queued(url, people.jinan, receipt.code))
})
after(async () => {
  await browser?.close()
  await stack?.stop()
})

async function check(page, name, width) {
  assert.deepEqual(await violations(page, name), [])
  assert.ok(await page.evaluate((most) => document.documentElement.scrollWidth <= most, width), `${name} scrolls sideways`)
  await page.screenshot({ path: join(SCREENS, `${name}.png`), fullPage: true })
}

const cover = async () => {
  const answer = await fetch(`${url}/api/v1/submissions/${receipt.code}/photos/1`, { headers: { 'X-Pin': receipt.pin } })
  return colourOf(Buffer.from(await answer.arrayBuffer()))
}
const is = (colour) => until(async () => (await status(url, receipt)).cover?.pending === false && (await cover()) === colour, `a ${colour} cover`)

async function statusPage(elder) {
  const context = await browser.newContext({ ...PHONE, viewport: { width: 360, height: 740 } })
  await context.addCookies([{ name: 'elder', value: elder, url }])
  const page = await context.newPage()
  page.errors = collectErrors(page)
  await page.goto(`${url}/status/${receipt.code}#${receipt.pin}`)
  await page.locator('[data-cover] summary').click()
  await page.getByRole('img', { name: '现在的封面' }).waitFor()
  return page
}

for (const [elder, moment, colour] of [['0', '用 0:02 的画面做封面', 'lime'], ['1', '用 0:05 的画面做封面', 'blue']]) {
  test(`status page, elder ${elder}: one press on a picture is all`, async () => {
    const page = await statusPage(elder)
    const tiles = page.locator('.covers button')
    assert.equal(await tiles.count(), 12)
    for (const box of await tiles.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().toJSON()))) {
      assert.ok(box.width >= 44 && box.height >= 44, `${box.width}x${box.height}`)
    }
    await page.waitForFunction(() => document.querySelector('img.cover').naturalWidth === 640)
    await check(page, `cover-status-elder${elder}`, 360)
    await page.getByRole('button', { name: moment }).last().click()
    await page.getByText('选好了，会重新审核').waitFor()
    await is(colour)
    await page.locator('[data-drawing]').waitFor({ state: 'hidden' })
    assert.equal(await page.locator('.covers [aria-pressed=true]').count(), 1)
    await page.getByRole('button', { name: '看更多画面' }).click()
    assert.ok(await tiles.count() > 12)
    assert.equal(await page.evaluate(() => document.activeElement.parentElement.previousElementSibling), null, 'the first picture has the focus')
    assert.deepEqual(page.errors, [])
    await page.context().close()
  })
}

async function desk(hash) {
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'zh-CN' })).newPage()
  page.errors = collectErrors(page)
  await page.goto(`${url}/console#${hash}`)
  await page.getByLabel('用户名').fill('jinan')
  await page.getByLabel('密码').fill('password of jinan')
  await page.keyboard.press('Enter')
  await page.locator('.bar').waitFor()
  return page
}

test('the desk: by keyboard, and no decision before the new cover is there', async () => {
  const page = await desk('review')
  const summary = page.locator('details.cover summary')
  await summary.focus()
  await page.keyboard.press('Enter')
  const tile = page.getByRole('button', { name: '用 0:00 的画面做封面' }).first()
  await tile.waitFor()
  await check(page, 'cover-desk', 1440)
  await stack.worker.stop()
  await tile.focus()
  await page.keyboard.press('Enter')
  await page.getByText('新封面正在做，看过再决定').waitFor()
  assert.equal(await page.getByRole('button', { name: '通过' }).count(), 0)
  stack.worker = startWorker(stack.service)
  await page.getByRole('button', { name: '通过' }).waitFor()
  assert.equal(await cover(), 'red')
  assert.deepEqual(page.errors, [])
  await page.context().close()
})

test('a published work: the family is asked once more, a reviewer finds it by its name', async () => {
  await publish(url, people, receipt)
  const page = await statusPage('0')
  await page.getByRole('button', { name: '用 0:02 的画面做封面' }).last().click()
  await page.getByRole('dialog').getByText('审核通过前先不展示').waitFor()
  await page.screenshot({ path: join(SCREENS, 'cover-confirm.png') })
  await page.keyboard.press('Enter') // the focus is on what does no harm
  assert.equal(await page.locator('dialog[open]').count(), 0)
  assert.equal((await api(url, `/v/${id}`)).status, 200)

  const reports = await desk('reports')
  await reports.getByLabel('作品名称里的字').fill('奶奶')
  await reports.getByRole('button', { name: '找' }).click()
  await reports.getByRole('button', { name: '更换封面：和奶奶一起读家书' }).click()
  await reports.getByRole('button', { name: '用 0:04 的画面做封面' }).last().waitFor()
  await check(reports, 'cover-reports', 1440)
  await reports.getByRole('button', { name: '用 0:04 的画面做封面' }).last().click()
  await reports.getByText('审核通过前先不展示').last().waitFor()
  await is('blue')
  assert.equal((await api(url, `/v/${id}`)).status, 404)

  assert.equal((await publish(url, people, receipt)), id)
  await reports.getByRole('button', { name: '找' }).click()
  await reports.getByRole('button', { name: '改文字：和奶奶一起读家书' }).click()
  await reports.getByRole('dialog').getByLabel('名称').fill('和奶奶读家书')
  await check(reports, 'text-reports', 1440)
  await reports.keyboard.press('Control+Enter')
  await reports.getByText('“和奶奶一起读家书”的文字改了，审核通过前先不展示。').waitFor()
  assert.equal((await api(url, `/v/${id}`)).status, 404)
  assert.equal((await publish(url, people, receipt)), id)
  await page.reload()
  await page.getByText('审核时把名称改成了“和奶奶读家书”').waitFor()
  await page.locator('[data-cover] summary').click()
  await page.getByRole('button', { name: '用 0:02 的画面做封面' }).last().click()
  await page.getByRole('dialog').getByRole('button', { name: '换', exact: true }).click()
  await is('lime')
  assert.equal((await api(url, `/v/${id}`)).status, 404)
  assert.deepEqual([page.errors, reports.errors], [[], []])
})
