// The console for units and organisers, against the real service: a table with files, mended and sent again; a poster.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startService } from '../http/support/service.mjs'
import { api, clip, login } from '../support/stack.mjs'
import { violations } from './support/accessible.mjs'
import { collectErrors, DESK, SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'entry-'))
const HEAD = '类别,作品名称,介绍,县区,联系人,手机号,文件,同意展示'
let service
let browser

before(async () => {
  ;[service, browser] = await Promise.all([startService(), startBrowser()])
  const admin = await login(service.url, 'admin', 'a password for tests')
  for (const [username, role, scope] of [['lixia', 'unit', '370102'], ['jinan', 'organiser', '370100']]) {
    await api(service.url, '/api/v1/staff', { method: 'POST', session: admin, body: { username, name: username, role, scope, stages: [], password: `password of ${username}` } })
  }
  for (const name of ['a.mp4', 'b.mp4']) writeFileSync(join(FOLDER, name), Buffer.concat([clip({ name: 'road', seconds: 8, size: '1280x720' }), Buffer.from(name)]))
})
after(async () => {
  await browser?.close()
  await service?.stop()
  rmSync(FOLDER, { recursive: true })
})

async function enter(username, view) {
  const page = await (await browser.newContext(DESK)).newPage()
  const errors = collectErrors(page)
  await page.goto(`${service.url}/console#${view}`)
  await page.getByLabel('用户名').fill(username)
  await page.getByLabel('密码').fill(`password of ${username}`)
  await page.keyboard.press('Enter')
  return { page, errors }
}

async function assertAccessible(page) {
  assert.deepEqual(await violations(page), [])
}

const table = (name, text) => {
  const path = join(FOLDER, name)
  writeFileSync(path, text)
  return path
}

test('a unit: the table is checked before a byte goes, what failed is mended and sent again', async () => {
  const { page, errors } = await enter('lixia', 'batch')
  await page.getByRole('heading', { name: '机构上传' }).waitFor()
  const bad = `${HEAD}\r\n家庭教育短视频,读书,,历下区,张三,13800000001,a.mp4,是\r\n家庭教育短视频,跳绳,,历下区,李四,138,b.mp4,是\r\n`
  await page.locator('[data-table]').setInputFiles(table('works.csv', bad))
  await page.locator('td', { hasText: '没有选到这一行写的文件' }).first().waitFor()
  await page.locator('[data-files]').setInputFiles([join(FOLDER, 'a.mp4'), join(FOLDER, 'b.mp4')])
  const cells = page.locator('tbody tr')
  await cells.nth(0).getByText('可以交').waitFor()
  await cells.nth(1).getByText('手机号不对').waitFor()
  const created = () => api(service.url, '/metrics').then(({ text }) => Number(/xuepai_uploads_created_total (\d+)/.exec(text)?.[1] ?? 0))
  assert.equal(await created(), 0, 'nothing was sent yet')
  await page.getByRole('button', { name: '上传并提交' }).click()
  await cells.nth(0).getByText('交好了').waitFor({ timeout: 60000 })
  assert.match(await cells.nth(0).innerText(), /SD26-.*查询密码 \d{6}/)
  assert.equal(await created(), 1, 'only the file of the good row')
  await page.screenshot({ path: `${SCREENS}console-batch.png`, fullPage: true })
  await assertAccessible(page)

  const mended = new Uint8Array([...Buffer.from(`${HEAD}\r\n`), ...Buffer.from(bad.replace(',138,', ',13800000002,').split('\r\n').slice(1).join('\r\n'))])
  await page.locator('[data-table]').setInputFiles(table('mended.csv', mended))
  await cells.nth(1).getByText('可以交').waitFor()
  await page.getByRole('button', { name: /再交一次|上传并提交/ }).click()
  await cells.nth(1).getByText('交好了').waitFor({ timeout: 60000 })
  await cells.nth(0).getByText('以前交过').waitFor()
  assert.equal(await created(), 2)
  assert.equal(await page.locator('li').count(), 2)
  assert.deepEqual(errors, [])
  await page.context().close()
})

test('a table that Excel wrote in GB 18030 is read', async () => {
  const { page } = await enter('lixia', 'batch')
  // 类别,作品名称,县区,联系人,手机号,文件,同意展示 / 家庭教育短视频,读书,历下区,张三,13800000009,c.mp4,是
  const gb = 'c0e0b1f02cd7f7c6b7c3fbb3c62ccfd8c7f82cc1aacfb5c8cb2ccad6bbfabac52ccec4bcfe2ccdacd2e2d5b9cabe0d0abcd2cda5bdccd3fdb6ccca d3c6b52cb6c1cae92cc0facfc2c7f82cd5c5c8fd2c31333830303030303030392c632e6d70342ccac7'.replace(/ /g, '')
  await page.locator('[data-table]').setInputFiles(table('gb.csv', Buffer.from(gb, 'hex')))
  await page.locator('tbody tr', { hasText: '读书' }).waitFor()
  await page.context().close()
})

test('an organiser: a poster for a school, and how many came', async () => {
  const { page, errors } = await enter('jinan', 'links')
  await page.getByRole('heading', { name: '入口码' }).waitFor()
  await page.getByLabel('地方').selectOption('370102')
  await page.getByLabel('学校、社区或单位').fill('解放路第一小学')
  await page.getByRole('button', { name: '做好' }).click()
  const link = await page.locator('code').innerText()
  await fetch(link, { redirect: 'manual' })
  await page.reload()
  const row = page.locator('tbody tr', { hasText: '解放路第一小学' })
  await row.waitFor()
  assert.match(await row.innerText(), /历下区\s+解放路第一小学\s+1\s+0/)
  const png = await page.request.get(`${service.url}${await row.getByRole('link', { name: '图片' }).getAttribute('href')}`)
  writeFileSync(`${SCREENS}poster.png`, await png.body())
  await page.screenshot({ path: `${SCREENS}console-links.png`, fullPage: true })
  await assertAccessible(page)
  await row.getByRole('button', { name: /停掉/ }).click()
  await row.getByText('已停').waitFor()
  assert.deepEqual(errors, [])
  await page.context().close()
})
