// The pack of an exhibition: only what may be exhibited, whole, and playing from the folder alone.
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ADMIN_PASSWORD, api, build, clip, login, publish, reviewers, root, startStack, submit, upload } from '../support/stack.mjs'
import { SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'exhibition-'))
let stack
let browser
const receipts = {}
const pack = (place) => spawnSync(join(build, 'xuepai-service'), ['--exhibition', place], { cwd: root, env: { ...process.env, ...stack.service.settings } })

before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  const people = await reviewers(stack.url)
  const photo = join(FOLDER, 'a.jpg')
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc=size=1200x900', '-frames:v', '1', photo])
  const send = async (name, files, more) => (receipts[name] = await submit(stack.url, files, { title: name, ...more }))
  const may = (...scopes) => ({ consents: { licence: true, guardian: false, scopes: ['site', ...scopes] } })
  await send('可以展', [await upload(stack.url, clip({ seconds: 3 }))], may('exhibition'))
  await send('不可以展', [await upload(stack.url, clip({ seconds: 3 }))], may())
  await send('照片', [await upload(stack.url, readFileSync(photo), { track: 'life-photo', filename: 'a.jpg' })], { track: 'life-photo', ...may('exhibition') })
  for (const receipt of Object.values(receipts)) await publish(stack.url, people, receipt)
})
after(async () => {
  await browser?.close()
  await stack?.stop()
  rmSync(FOLDER, { recursive: true })
})

test('a folder that plays without a network, of what may be exhibited', async () => {
  const place = join(FOLDER, 'pack')
  const made = pack(`370100:${place}`)
  assert.equal(made.status, 0, made.stderr.toString())
  assert.match(made.stdout.toString(), /2 works in /)
  execFileSync('sha256sum', ['--check', '--quiet', '--strict', 'SHA256SUMS'], { cwd: place })
  const list = JSON.parse(readFileSync(join(place, 'list.js'), 'utf8').replace(/^window\.XUEPAI_WORKS = |;\n$/g, ''))
  assert.deepEqual(list.map((one) => one.title).sort(), ['可以展', '照片'])
  assert.ok(list.every((one) => one.place === '济南市 历下区'))
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 }, offline: true })
  const page = await context.newPage()
  const seen = new Set()
  await page.goto(`file://${place}/index.html`)
  for (let n = 0; n < 60 && seen.size < 2; n++) {
    seen.add(await page.locator('[data-title]').textContent())
    if (await page.locator('video').isVisible()) {
      const size = await page.evaluate(() => document.querySelector('video').videoWidth)
      if (size > 0 && seen.size === 1) await page.screenshot({ path: `${SCREENS}exhibition.png` })
    }
    await page.waitForTimeout(250)
  }
  assert.deepEqual([...seen].sort(), ['可以展', '照片'], 'one after the other')
  await context.close()
  assert.notEqual(pack(`370100:${place}`).status, 0, 'not over an old one')
  assert.notEqual(pack('999999:/nowhere').status, 0)
})

// The pack's list, from a zip that another program finds whole.
function unpacked(zip) {
  const place = mkdtempSync(join(FOLDER, 'zip-'))
  execFileSync('unzip', ['-q', zip, '-d', place])
  execFileSync('sha256sum', ['--check', '--quiet', '--strict', 'SHA256SUMS'], { cwd: place })
  return JSON.parse(readFileSync(join(place, 'list.js'), 'utf8').replace(/^window\.XUEPAI_WORKS = |;\n$/g, '')).map((one) => one.title)
}

test('the same in one zip file, of a place, a collection or the list of a round, for organisers', async () => {
  const session = await login(stack.url, 'admin', ADMIN_PASSWORD)
  const get = (query, cookie = session.cookie) => fetch(`${stack.url}/api/v1/exhibition.zip?${query}`, { headers: { Cookie: cookie } })
  const titles = async (query) => {
    const answer = await get(query)
    assert.equal(answer.status, 200, query)
    assert.equal(answer.headers.get('content-type'), 'application/zip')
    const zip = join(FOLDER, 'pack.zip')
    writeFileSync(zip, Buffer.from(await answer.arrayBuffer()))
    return unpacked(zip)
  }
  assert.deepEqual((await titles('region=370100')).sort(), ['可以展', '照片'])
  assert.deepEqual(await titles('region=370200'), [])
  const works = (await api(stack.url, '/api/v1/works')).json.items
  const { id } = (await api(stack.url, '/api/v1/editor/collections', { method: 'POST', session, body: { title: '展', words: '', is_featured: false, is_public: true } })).json
  const order = ['照片', '不可以展', '可以展'].map((title) => works.find((one) => one.title === title).id)
  await api(stack.url, `/api/v1/editor/collections/${id}/works`, { method: 'PUT', session, body: { works: order } })
  assert.deepEqual(await titles(`collection=${id}`), ['照片', '可以展'], 'in its order, without what may not be exhibited')
  const zip = join(FOLDER, 'command.zip')
  assert.equal(pack(`collection=${id}:${zip}`).status, 0)
  assert.deepEqual(unpacked(zip), ['照片', '可以展'])
  assert.equal((await get('region=370100&collection=x')).status, 400)
  assert.equal((await get('region=370100', '')).status, 401)
  const ledger = (await api(stack.url, `/api/v1/ledger?work=${id}`, { session })).json.items
  assert.deepEqual(ledger.filter((one) => one.action === 'exhibition.packed').map((one) => one.detail.works), [2])
})

// A round by its real steps, with one judge who likes later numbers better.
test('of the list of a round: by place, from its notice on, without what may not be exhibited', async () => {
  const admin = await login(stack.url, 'admin', ADMIN_PASSWORD)
  const call = async (session, method, path, body) => {
    const answer = await api(stack.url, path, { method, session, body })
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json
  }
  const person = async (username, role) => {
    const { id } = await call(admin, 'POST', '/api/v1/staff', { username, name: username, role, scope: '370000', password: `password of ${username}` })
    return { id, session: await login(stack.url, username, `password of ${username}`) }
  }
  const organiser = (await person('organiser', 'organiser')).session
  const judge = await person('judge', 'unit')
  receipts['第二件'] = await submit(stack.url, [await upload(stack.url, clip({ seconds: 3 }))],
    { title: '第二件', consents: { licence: true, guardian: false, scopes: ['site', 'exhibition'] } })
  await publish(stack.url, await reviewers(stack.url), receipts['第二件'])
  const works = (await api(stack.url, '/api/v1/works?track=family-video')).json.items
  const { id } = await call(organiser, 'POST', '/api/v1/selections', { name: '择优', track: 'family-video', region: '370000', quota: 9, judges_each: 1, places: 3, is_levelled: false,
    criteria: [{ name: '主题', weight: 100 }], quotas: {}, judges: [judge.id] })
  for (const work of works) await call(organiser, 'PUT', `/api/v1/selections/${id}/entries/${work.id}`)
  const step = (body) => call(organiser, 'POST', `/api/v1/selections/${id}/steps`, body)
  const get = () => fetch(`${stack.url}/api/v1/exhibition.zip?selection=${id}`, { headers: { Cookie: organiser.cookie } })
  const titles = async () => {
    const answer = await get()
    const zip = join(FOLDER, 'round.zip')
    writeFileSync(zip, Buffer.from(await answer.arrayBuffer()))
    return unpacked(zip)
  }
  await step({ step: 'judge' })
  const { tasks } = (await call(judge.session, 'GET', '/api/v1/judging')).items[0]
  for (const { number } of tasks) await call(judge.session, 'PUT', `/api/v1/judging/${id}/${number}`, { points: [10 * number] })
  await step({ step: 'close' })
  assert.equal((await get()).status, 404, 'not before the list is public')
  await step({ step: 'announce', days: 3 })
  const { entries } = await call(organiser, 'GET', `/api/v1/selections/${id}`)
  const wanted = entries.sort((a, b) => b.number - a.number).map(({ title }) => title).filter((title) => title !== '不可以展')
  assert.deepEqual([...wanted].sort(), ['可以展', '第二件'].sort())
  assert.deepEqual(await titles(), wanted)
  assert.equal(pack(`selection=${id}:${join(FOLDER, 'round')}`).status, 0)
  assert.match(readFileSync(join(FOLDER, 'round', 'list.js'), 'utf8'), new RegExp(wanted.join('[^]+')))
})

test('what was withdrawn is not in the next one', async () => {
  const gone = await api(stack.url, `/api/v1/submissions/${receipts['可以展'].code}`, { method: 'DELETE', headers: { 'X-Pin': receipts['可以展'].pin } })
  assert.equal(gone.status, 200)
  const place = join(FOLDER, 'next')
  assert.equal(pack(`370000:${place}`).status, 0)
  assert.match(readFileSync(join(place, 'list.js'), 'utf8'), /照片/)
  assert.doesNotMatch(readFileSync(join(place, 'list.js'), 'utf8'), /可以展/)
})
