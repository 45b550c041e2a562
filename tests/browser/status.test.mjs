// The receipt's page against the real service: a work comes back with its reason, is replaced, renamed, taken from other
// sites again, and withdrawn.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { api, clip, decide, publish, queued, reviewers, startStack, status, submit, upload, waitFor } from '../support/stack.mjs'
import { violations } from './support/accessible.mjs'
import { collectErrors, PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'status-'))
const CLIP = join(FOLDER, '重拍.mp4')
let stack
let browser
let people

before(async () => {
  writeFileSync(CLIP, clip({ name: 'again', seconds: 4, size: '1280x720' }))
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  people = await reviewers(stack.url)
})
after(async () => {
  await browser?.close()
  await stack?.stop()
  rmSync(FOLDER, { recursive: true })
})

async function checkAxe(page, name) {
  assert.deepEqual(await violations(page, name), [])
}

test('returned: the reason, another file, another name; then other sites are forbidden again', async () => {
  const receipt = await submit(stack.url, [await upload(stack.url, clip())])
  await waitFor(stack.url, receipt, 'in_review')
  const item = await queued(stack.url, people.jinan, receipt.code)
  assert.equal((await decide(stack.url, people.jinan, item.id, 'return', ['no-sound'])).status, 200)
  await waitFor(stack.url, receipt, 'returned')

  for (const elder of ['0', '1']) {
    const context = await browser.newContext({ ...PHONE, viewport: { width: 320, height: 640 } })
    await context.addCookies([{ name: 'elder', value: elder, url: stack.url }])
    const page = await context.newPage()
    await page.goto(`${stack.url}/status/${receipt.code}#${receipt.pin}`)
    await page.locator('[data-reason]:visible').waitFor()
    for (const name of ['edit', 'scopes']) await page.locator(`[data-${name}] summary`).click()
    await checkAxe(page, `elder=${elder}`)
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= 320), 'no scrolling sideways at 320 px')
    await page.screenshot({ path: join(SCREENS, `status-returned-elder${elder}.png`), fullPage: true })
    await context.close()
  }

  const page = await (await browser.newContext(PHONE)).newPage()
  const errors = collectErrors(page)
  await page.goto(`${stack.url}/status/${receipt.code}#${receipt.pin}`)
  await page.locator('[data-replace] input[type=file]').setInputFiles(CLIP)
  await page.getByText('新的文件收到了').waitFor()
  await waitFor(stack.url, receipt, 'in_review')
  assert.equal((await status(stack.url, receipt)).revision, 2)

  await page.reload()
  await page.locator('[data-edit] summary').click()
  await page.locator('[name=title]').fill('和奶奶读家书（新）')
  await page.getByRole('button', { name: '保存修改' }).click()
  await page.getByText('改好了，会重新审核').waitFor()
  const id = await publish(stack.url, people, receipt)

  await page.reload()
  await page.getByRole('button', { name: '领证书' }).click()
  await page.locator('[data-award] img:visible').waitFor()
  assert.equal(await page.evaluate(() => document.querySelector('[data-award] img').naturalWidth), 840)
  await page.screenshot({ path: join(SCREENS, 'status-certificate.png'), fullPage: true })
  const sheet = (name, headers = { 'X-Pin': receipt.pin }) => fetch(`${stack.url}/api/v1/submissions/${receipt.code}/${name}`, { headers })
  assert.match(Buffer.from(await (await sheet('certificate.pdf')).arrayBuffer()).toString('latin1'), /^%PDF-1/)
  assert.equal((await sheet('certificate.pdf', {})).status, 403)
  assert.equal((await sheet('receipt.png', {})).status, 403)
  writeFileSync(join(SCREENS, 'receipt-sheet.png'), Buffer.from(await (await sheet('receipt.png')).arrayBuffer()))
  const proof = await api(stack.url, `/c/${receipt.code}`)
  assert.match(proof.text, /这份证书是真的/)
  assert.doesNotMatch(proof.text, /李小梅|138/)

  const embed = async () => (await api(stack.url, `/oembed?url=${encodeURIComponent(`${stack.url}/v/${id}`)}`)).status
  assert.equal(await embed(), 200)
  await page.reload()
  await page.locator('[data-scopes] summary').click()
  assert.equal(await page.locator('[name=scope][value=embed]').isChecked(), true)
  await page.locator('[name=scope][value=embed]').uncheck()
  await page.getByRole('button', { name: '保存', exact: true }).click()
  await page.getByText('记下了，马上生效').waitFor()
  assert.equal(await embed(), 403)
  assert.equal((await api(stack.url, `/v/${id}`)).status, 200)
  await page.screenshot({ path: join(SCREENS, 'status-published.png'), fullPage: true })

  await page.getByRole('button', { name: '撤回这件作品' }).click()
  await page.locator('#confirm').getByRole('button', { name: '撤回', exact: true }).click()
  await page.getByText('已按您的要求撤回').waitFor()
  assert.equal((await api(stack.url, `/v/${id}`)).status, 404)
  assert.equal((await api(stack.url, `/c/${receipt.code}`)).status, 404)
  assert.equal((await sheet('certificate.png')).status, 409)
  assert.deepEqual(errors, [])
})

test('messages go both ways on the page; every reason is shown with how to mend it', async () => {
  const receipt = await submit(stack.url, [await upload(stack.url, clip())])
  await waitFor(stack.url, receipt, 'in_review')
  const item = await queued(stack.url, people.jinan, receipt.code)
  const say = (text) => api(stack.url, `/api/v1/queue/${item.id}/remarks`, { method: 'POST', session: people.jinan, body: { kind: 'message', text } })
  assert.equal((await say('门牌能遮一下吗？')).status, 204)

  const page = await (await browser.newContext(PHONE)).newPage()
  const errors = collectErrors(page)
  await page.goto(`${stack.url}/status/${receipt.code}#${receipt.pin}`)
  await page.locator('.talk li').first().waitFor()
  assert.match(await page.innerText('.talk'), /工作人员[^张]*门牌能遮一下吗/)
  await page.getByRole('button', { name: '发送' }).click()
  assert.equal(await page.evaluate(() => document.activeElement.name), 'text', 'the empty box is gone to')
  await page.locator('#messages textarea').fill('好的，我重新拍 <b>一段</b>')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await page.getByText('发出去了').waitFor()
  await page.getByText('好的，我重新拍 <b>一段</b>').waitFor()
  assert.equal(await page.locator('.talk li.own').count(), 1)
  const told = await queued(stack.url, people.jinan, receipt.code)
  assert.equal(told.remarks.at(-1).text, '好的，我重新拍 <b>一段</b>')

  const work = await api(stack.url, `/api/v1/queue/${item.id}`, { session: people.jinan })
  const decided = await api(stack.url, `/api/v1/queue/${item.id}/decision`, { method: 'POST', session: people.jinan,
    headers: { 'If-Match': `"${work.json.version}"` }, body: { action: 'return', reasons: ['no-sound', 'privacy'], note: '重拍时请开窗' } })
  assert.equal(decided.status, 200)
  await waitFor(stack.url, receipt, 'returned')
  await page.locator('[data-reason]:visible').waitFor({ timeout: 60000 })
  assert.match(await page.innerText('[data-reason]'), /离人近一点再拍[^]*请遮住后再传[^]*工作人员的话：重拍时请开窗/)
  assert.equal(await page.locator('[data-replace]').getAttribute('open'), '')
  await checkAxe(page, 'messages')
  await page.screenshot({ path: join(SCREENS, 'status-messages.png'), fullPage: true })
  assert.deepEqual(errors, [])
})

test('messages of one work are limited, others go on', async () => {
  const [one, other] = await Promise.all([1, 2].map(async () => submit(stack.url, [await upload(stack.url, clip())])))
  const send = async (receipt) => (await api(stack.url, `/api/v1/submissions/${receipt.code}/messages`, { method: 'POST', headers: { 'X-Pin': receipt.pin }, body: { text: '你好' } })).status
  const answers = []
  for (let i = 0; i < 22; i++) answers.push(await send(one))
  assert.equal(answers.filter((status) => status === 204).length, 20)
  assert.equal(answers.at(-1), 429)
  assert.equal(await send(other), 204)
})

test('a clip that one phone began goes on at the next byte on another, by code and PIN; another file is refused', async () => {
  const bytes = clip({ name: 'resume', seconds: 6, size: '1280x720' })
  const file = join(FOLDER, 'again.mp4')
  const other = join(FOLDER, 'other.mp4')
  const half = bytes.length >> 1
  writeFileSync(file, bytes)
  writeFileSync(other, clip())
  const first = await (await browser.newContext(PHONE)).newPage()
  await first.goto(`${stack.url}/submit?c=370102`)
  const fingerprint = await first.evaluate(async (text) => {
    const all = Uint8Array.from(atob(text), (one) => one.charCodeAt(0))
    const ends = new Blob([all.slice(0, 65536), all.slice(-65536)])
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await ends.arrayBuffer()))
    return `${all.length}-${[...digest].map((one) => one.toString(16).padStart(2, '0')).join('')}`
  }, bytes.toString('base64'))
  const tus = { 'Tus-Resumable': '1.0.0' }
  const base64 = (text) => Buffer.from(text).toString('base64')
  const made = await fetch(`${stack.url}/files`, { method: 'POST', headers: { ...tus, 'Upload-Length': String(bytes.length),
    'Upload-Metadata': `track ${base64('family-video')},fingerprint ${base64(fingerprint)}` } })
  const address = new URL(made.headers.get('location'), stack.url)
  await fetch(address, { method: 'PATCH', headers: { ...tus, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' }, body: bytes.subarray(0, half) })
  const receipt = await submit(stack.url, [address.pathname.split('/').pop()])
  assert.equal(receipt.status, 'uploading')

  const page = await (await browser.newContext(PHONE)).newPage()
  const sent = []
  page.on('request', (one) => one.method() === 'PATCH' && sent.push(Number(one.headers()['upload-offset'])))
  await page.goto(`${stack.url}/status/${receipt.code}#${receipt.pin}`)
  await page.locator('[data-resume]:visible').waitFor()
  await checkAxe(page, 'resume')
  await page.screenshot({ path: join(SCREENS, 'status-resume.png'), fullPage: true })
  await page.locator('[data-resume] input').setInputFiles(other)
  await page.getByText('不是同一个文件').waitFor()
  await page.locator('[data-resume] input').setInputFiles(file)
  await page.getByText('传好了').waitFor()
  assert.equal(sent[0], half, 'no byte twice')
  await waitFor(stack.url, receipt, 'in_review')
  assert.deepEqual((await status(stack.url, receipt)).uploads, [])
})

test('how many works stand before mine: of my city at the first stage, of all at the last', async () => {
  const send = async (region) => {
    const receipt = await submit(stack.url, [await upload(stack.url, clip())], { region })
    await waitFor(stack.url, receipt, 'in_review')
    return receipt
  }
  const first = await send('370302')
  const other = await send('370602')
  const second = await send('370303')
  const ahead = async (receipt) => (await status(stack.url, receipt)).ahead
  assert.deepEqual([await ahead(first), await ahead(second), await ahead(other)], [0, 1, 0])
  const page = await (await browser.newContext(PHONE)).newPage()
  await page.goto(`${stack.url}/status/${second.code}#${second.pin}`)
  await page.getByText('前面还有 1 件').waitFor()
  const { id } = await queued(stack.url, people.sheng, first.code)
  assert.equal((await decide(stack.url, people.sheng, id)).status, 200)
  await page.getByText('马上就轮到您').waitFor({ timeout: 60000 })
  await api(stack.url, `/api/v1/submissions/${second.code}`, { method: 'DELETE', headers: { 'X-Pin': second.pin } })
  assert.equal(await ahead(second), undefined)
})

test('consents: only uses of ours, never without the site, not after the end, each change in the ledger', async () => {
  const receipt = await submit(stack.url, [await upload(stack.url, clip())])
  const put = (scopes, pin = receipt.pin) => api(stack.url, `/api/v1/submissions/${receipt.code}/consents`, {
    method: 'PUT', headers: { 'X-Pin': pin }, body: { scopes } })
  assert.deepEqual((await put(['site', 'media'])).json.scopes, ['site', 'media'])
  for (const scopes of [['embed'], ['site', 'moon'], 'site', undefined]) assert.equal((await put(scopes)).status, 400)
  assert.equal((await put(['site'], receipt.pin === '000000' ? '111111' : '000000')).status, 403)
  assert.deepEqual((await status(stack.url, receipt)).scopes, ['site', 'media'])
  const admin = (await api(stack.url, '/api/v1/ledger', { session: people.admin })).text
  assert.match(admin, /consent\.changed/)
  await api(stack.url, `/api/v1/submissions/${receipt.code}`, { method: 'DELETE', headers: { 'X-Pin': receipt.pin } })
  assert.equal((await put(['site'])).status, 409)
})
