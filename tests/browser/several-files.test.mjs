// A case of a city: two clips and a photo in one work, from a unit's link on a phone to the desk, the public page and the
// frame; and a table with several files a row, one of them larger than 4 GB with FULL=1.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { sql } from '../http/support/service.mjs'
import { api, build, clip, login, publish, queued, reviewers, root, startStack, upload, waitFor } from '../support/stack.mjs'
import { violations } from './support/accessible.mjs'
import { collectErrors, DESK, PHONE, SCREENS, startBrowser } from './support/browser.mjs'

const FOLDER = mkdtempSync(join(tmpdir(), 'several-'))
const fileOf = (name) => join(FOLDER, name)
let stack
let browser
let people

before(async () => {
  ;[stack, browser] = await Promise.all([startStack(), startBrowser()])
  people = await reviewers(stack.url)
  for (const [username, role, scope] of [['lixia', 'unit', '370102'], ['zuzhi', 'organiser', '370100']]) {
    await api(stack.url, '/api/v1/staff', { method: 'POST', session: people.admin, body: { username, name: username, role, scope, stages: [], password: `password of ${username}` } })
    people[username] = await login(stack.url, username, `password of ${username}`)
  }
  writeFileSync(fileOf('one.mp4'), clip({ name: 'several', seconds: 4, size: '480x270' }))
  writeFileSync(fileOf('two.mp4'), clip({ name: 'several', seconds: 5, size: '270x480' }))
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', 'color=green:size=1200x900,format=yuvj420p', '-frames:v', '1', fileOf('three.jpg')])
})
after(async () => {
  await browser?.close()
  await stack?.stop()
  rmSync(FOLDER, { recursive: true })
})

const shot = (page, name) => page.screenshot({ path: join(SCREENS, `several-${name}.png`), fullPage: true })

// The rungs that a clip's master playlist leads to, fetched as a player would.
async function rungsOf(hls) {
  const master = await (await fetch(hls)).text()
  const lists = master.split('\n').filter((line) => line.endsWith('.m3u8'))
  const files = []
  for (const list of lists) {
    const text = await (await fetch(new URL(list, hls))).text()
    const [, name] = /#EXT-X-MAP:URI="([^"]+)"/.exec(text)
    assert.equal((await fetch(new URL(name, hls), { method: 'HEAD' })).status, 200, `${list} leads to ${name}`)
    files.push(name)
  }
  return files
}

test('from a unit link on a phone to the desk, the page, the frame and the status page', async () => {
  const link = (await api(stack.url, '/api/v1/entry-links', { method: 'POST', session: people.zuzhi, body: { region: '370102', name: '区教育局', track: 'case' } })).json
  const context = await browser.newContext(PHONE)
  const page = await context.newPage()
  const errors = collectErrors(page)
  await page.goto(link.url)
  assert.deepEqual(await page.locator('input[name=track]').evaluateAll((all) => all.map((one) => one.value)), ['case'])
  await page.locator('input[name=video]').setInputFiles([fileOf('one.mp4'), fileOf('two.mp4')])
  await page.locator('#files li').nth(1).waitFor()
  await page.locator('input[name=photo]').setInputFiles(fileOf('three.jpg'))
  await page.locator('#files li').nth(2).waitFor()
  await page.getByRole('button', { name: '第 3 个，往前移' }).click()
  await page.getByRole('textbox', { name: '第 1 个，说明' }).fill('开班第一课')
  await page.locator('input[name=title]').fill('社区学堂')
  await page.locator('input[name=name]').fill('张老师')
  await page.locator('input[name=phone]').fill('13800000061')
  await page.locator('input[name=children][value="0"]').check()
  await page.locator('input[name=scope][value=embed]').check() // also where no child is in the picture
  await page.locator('input[name=scope][value=exhibition]').check()
  await page.locator('input[name=licence]').check()
  await shot(page, 'form')
  assert.deepEqual(await violations(page), [])
  await page.locator('#send').click()
  await page.locator('#receipt').waitFor({ timeout: 60000 })
  const receipt = { code: await page.locator('[data-code]').innerText(), pin: (await page.locator('[data-pin]').innerText()).replace(/\D/g, '') }
  await waitFor(stack.url, receipt, 'in_review')

  const item = await queued(stack.url, people.jinan, receipt.code)
  const review = (await api(stack.url, `/api/v1/queue/${item.id}`, { session: people.jinan })).json
  assert.deepEqual(review.clips.map((one) => [one.position, one.caption, Math.round(one.duration_ms / 1000)]), [[1, '开班第一课', 4], [3, '', 5]])
  assert.deepEqual(review.photos.map((one) => one.position), [2])
  assert.equal(review.review_mp4.split('?')[0], review.clips[0].review_mp4.split('?')[0], 'the work is shown by its first clip')
  assert.match(await (await fetch(stack.url + review.clips[1].storyboard_vtt, { headers: { Cookie: people.jinan.cookie } })).text(), /^3-storyboard\.jpg#xywh/m)

  const desk = await (await browser.newContext(DESK)).newPage()
  const deskErrors = collectErrors(desk)
  await desk.goto(`${stack.url}/console`)
  await desk.getByLabel('用户名').fill('jinan')
  await desk.getByLabel('密码').fill('password of jinan')
  await desk.keyboard.press('Enter')
  await desk.getByText('社区学堂').first().click()
  await desk.waitForFunction(() => document.querySelectorAll('article video').length === 2 && document.querySelectorAll('article img.overview').length === 2)
  assert.equal(await desk.locator('article .photos img').count(), 1)
  await shot(desk, 'desk')
  assert.deepEqual(await violations(desk), [])
  assert.deepEqual(deskErrors, [])
  await desk.context().close()

  const id = await publish(stack.url, people, receipt)
  let work
  for (;;) { // every clip gets its ladder
    work = (await api(stack.url, `/api/v1/works/${id}`)).json
    if (work.clips.every((one) => one.hls)) break
    await new Promise((settle) => setTimeout(settle, 100))
  }
  assert.deepEqual(work.clips.map((one) => [one.position, one.width > one.height]), [[1, true], [3, false]])
  assert.equal(work.hls, work.clips[0].hls)
  assert.ok((await rungsOf(work.clips[0].hls)).every((name) => !/^\d-/.test(name)))
  assert.ok((await rungsOf(work.clips[1].hls)).every((name) => name.startsWith('3-')))

  // subtitles are of a clip
  const VTT = 'WEBVTT\n\n00:00.500 --> 00:02.000\n开班了\n'
  const put = (name) => api(stack.url, `/api/v1/queue/${id}/subtitles/${name}`, { method: 'PUT', session: people.jinan, body: { vtt: VTT } })
  assert.equal((await put('3-zh')).status, 204)
  assert.equal((await put('4-zh')).status, 404, 'no such file')
  assert.deepEqual(await Promise.all(['zh', '1-zh', '3-zh'].map(async (name) => (await fetch(`${stack.url}/subtitles/${id}/${name}.vtt`)).status)), [404, 404, 200])
  assert.deepEqual((await api(stack.url, `/api/v1/works/${id}`)).json.clips.map((one) => one.subtitles.length), [0, 1])

  for (const [name, address] of [['page', `/v/${id}`], ['frame', `/embed/${id}`]]) {
    await page.goto(stack.url + address)
    assert.deepEqual(await page.locator('.photos > figure').evaluateAll((all) => all.map((one) => one.querySelector('video, img').tagName)), ['VIDEO', 'IMG', 'VIDEO'], name)
    assert.equal(await page.locator('.photos figcaption').first().innerText(), '开班第一课')
    const last = page.locator('video').nth(1)
    await last.evaluate((video) => { video.muted = true; return video.play() })
    await page.waitForFunction(() => document.querySelectorAll('video')[1].currentTime > 0.3)
    assert.deepEqual(await page.locator('video').evaluateAll((all) => all.map((one) => one.textTracks.length)), [0, 1])
    if (name === 'page') { // moments of each clip, and what is watched of the second counts for the work
      await page.waitForFunction(() => document.querySelectorAll('.moments').length === 2)
      await page.locator('.moments').nth(1).getByRole('button').nth(1).click()
      await page.waitForFunction(() => document.querySelectorAll('video')[1].currentTime > 2.5)
      const { seconds, parts } = await last.evaluate((video) => new Promise((done) => {
        const send = navigator.sendBeacon.bind(navigator)
        navigator.sendBeacon = (address, body) => {
          void body.text().then((text) => done(JSON.parse(text)))
          return send(address, body)
        }
        video.pause()
      }))
      assert.ok(seconds >= 1 && parts >> 8 > 0 && (parts & 0xff) === 0, `${seconds} s in twentieths ${parts.toString(2)}: behind four of nine seconds`)
    }
    await shot(page, name)
    assert.deepEqual(await violations(page), [])
  }

  // the screen in a hall and the pack for a hall without a network have all of it, in its order
  const { items: [entry] } = (await api(stack.url, '/kiosk/370102/playlist')).json
  assert.deepEqual(entry.files.map((one) => [one.is_clip, one.width > one.height]), [[true, true], [false, true], [true, false]])
  assert.ok(entry.files.every((one) => one.src.startsWith(`${stack.url}/media/${id}/`)))
  await page.goto(`${stack.url}/kiosk/370102`)
  await page.waitForFunction(() => document.querySelector('video').currentTime > 0.3)
  await page.waitForFunction(() => !document.querySelector('img.screen').hidden)
  await page.waitForFunction(() => document.querySelector('video').videoHeight > document.querySelector('video').videoWidth && document.querySelector('video').currentTime > 0.3)
  await shot(page, 'kiosk')
  const pack = fileOf('pack')
  execFileSync(join(build, 'xuepai-service'), ['--exhibition', `370102:${pack}`], { cwd: root, env: { ...process.env, ...stack.service.settings } })
  const list = JSON.parse(readFileSync(join(pack, 'list.js'), 'utf8').replace(/^window\.XUEPAI_WORKS = |;\n$/g, ''))
  assert.deepEqual(list[0].files.map((one) => [one.is_clip, /-(\d)-[^/]*$/.exec(one.src)?.[1]]), [[true, undefined], [false, '2'], [true, '3']])
  assert.ok(list[0].files.every((one) => statSync(join(pack, one.src)).size > 1000))

  assert.deepEqual(errors, [])
  await context.close()
})

test('on the status page the files of a returned work are put in another order, one is left out', async () => {
  const page = await (await browser.newContext(PHONE)).newPage()
  const ids = []
  for (const name of ['one.mp4', 'three.jpg', 'two.mp4']) {
    ids.push(await sendFile(name))
  }
  const made = await api(stack.url, '/api/v1/batches', { method: 'POST', session: people.lixia, body: { csv: row('case', '一条街的书房', 'one.mp4;three.jpg;two.mp4'), files: { 'one.mp4': ids[0], 'three.jpg': ids[1], 'two.mp4': ids[2] } } })
  const receipt = made.json.items[0]
  assert.equal(receipt.status, 'created', made.text)
  await waitFor(stack.url, receipt, 'in_review')
  await page.goto(`${stack.url}/status/${receipt.code}#${receipt.pin}`)
  await page.locator('[data-subtitles] summary').click()
  await page.getByLabel('第 1 个：选字幕文件').setInputFiles({ name: 'a.vtt', mimeType: 'text/vtt', buffer: Buffer.from('WEBVTT\n\n00:00.500 --> 00:02.000\n一条街\n') })
  await page.getByText('第 1 个：字幕收到了').waitFor()
  assert.ok(await page.getByText('第 3 个：还没有字幕').isVisible(), 'each clip has its own')
  await page.locator('[data-photos] summary').click()
  await page.waitForFunction(() => [...document.querySelectorAll('[data-photo-list] img')].filter((one) => one.naturalWidth > 0).length === 3)
  await page.getByRole('button', { name: '第 2 个，往前移' }).click()
  await page.getByRole('button', { name: '第 3 个，去掉' }).click()
  await shot(page, 'status')
  await page.getByRole('button', { name: '保存顺序和说明' }).click()
  await page.locator('[data-done]', { hasText: '改好了' }).waitFor()
  await waitFor(stack.url, receipt, 'in_review')
  const { id } = await queued(stack.url, people.jinan, receipt.code)
  const review = (await api(stack.url, `/api/v1/queue/${id}`, { session: people.jinan })).json
  assert.deepEqual([review.revision, review.photos.map((one) => one.position), review.clips.map((one) => one.position)], [2, [1], [2]])
  assert.equal(Math.round(review.duration_ms / 1000), 4, 'the work is as long as its first clip')
  const subtitles = (await api(stack.url, `/api/v1/queue/${id}/subtitles`, { session: people.jinan })).json
  assert.deepEqual([subtitles.clips, subtitles.items.map((one) => one.name)], [[2], ['2-zh']], 'they went with their clip')
  await page.context().close()
})

test('the status page says which of several files could not be used, and takes just that one anew', async () => {
  const page = await (await browser.newContext(PHONE)).newPage()
  const errors = collectErrors(page)
  writeFileSync(fileOf('short.mp4'), clip({ name: 'several', seconds: 1, size: '480x270' }))
  const ids = []
  for (const name of ['one.mp4', 'short.mp4', 'three.jpg']) {
    ids.push(await sendFile(name))
  }
  const made = await api(stack.url, '/api/v1/batches', { method: 'POST', session: people.lixia, body: { csv: row('case', '一座老院子', 'one.mp4;short.mp4;three.jpg'), files: { 'one.mp4': ids[0], 'short.mp4': ids[1], 'three.jpg': ids[2] } } })
  const receipt = made.json.items[0]
  await waitFor(stack.url, receipt, 'failed')
  await page.goto(`${stack.url}/status/${receipt.code}#${receipt.pin}`)
  await page.getByText('第 2 个文件没能处理（short.mp4）').waitFor()
  await shot(page, 'refused')
  assert.deepEqual(await violations(page), [])
  await page.getByLabel('换第 2 个文件').setInputFiles(fileOf('two.mp4'))
  await page.locator('[data-done]', { hasText: '会重新审核' }).waitFor()
  await waitFor(stack.url, receipt, 'in_review')
  assert.equal(sql(stack.service, `SELECT COUNT(*) FROM upload u JOIN submission s ON s.id = u.submission WHERE s.code = '${receipt.code}'`), '4', 'three, and the one that was sent anew')

  await page.reload() // one of the files of a work that is well so far
  await page.locator('[data-photos] summary').click()
  await page.getByLabel('换掉第 3 个').setInputFiles(fileOf('one.mp4'))
  await page.locator('[data-done]', { hasText: '会重新审核' }).waitFor()
  await waitFor(stack.url, receipt, 'in_review')
  const { id } = await queued(stack.url, people.jinan, receipt.code)
  const review = (await api(stack.url, `/api/v1/queue/${id}`, { session: people.jinan })).json
  assert.deepEqual(review.clips.map((one) => [one.position, Math.round(one.duration_ms / 1000)]), [[1, 4], [2, 5], [3, 4]])
  assert.deepEqual(errors, [])
  await page.context().close()
})

const HEAD = '类别,作品名称,介绍,县区,联系人,手机号,文件,同意展示'
const row = (track, title, files) => `${HEAD}\r\n${track},${title},,历下区,张三,13800000071,${files},是\r\n`

async function sendFile(name) {
  return upload(stack.url, readFileSync(fileOf(name)), { track: 'case', filename: name })
}

// A whole clip, and behind it an empty box of `bytes`: a file of that size that takes no room.
function largeClip(name, bytes) {
  const fd = openSync(fileOf(name), 'w')
  const head = clip({ name: 'several', seconds: 4, size: '480x270' })
  const box = Buffer.alloc(16)
  box.writeUInt32BE(1, 0) // the size stands behind the type, in 64 bits
  box.write('free', 4)
  box.writeBigUInt64BE(BigInt(bytes - head.length), 8)
  writeSync(fd, Buffer.concat([head, box]))
  ftruncateSync(fd, bytes)
  closeSync(fd)
}

test('a table: several files in a row, each by tus, and a cut line goes on where it stood', { timeout: 900000 }, async () => {
  const bytes = process.env.FULL ? 4e9 : 24e6
  largeClip('film.mp4', bytes)
  const context = await browser.newContext(DESK)
  const page = await context.newPage()
  await page.goto(`${stack.url}/console#batch`)
  await page.getByLabel('用户名').fill('lixia')
  await page.getByLabel('密码').fill('password of lixia')
  await page.keyboard.press('Enter')
  writeFileSync(fileOf('works.csv'), row('城市成果宣传片', '泉城', 'film.mp4；two.mp4'))
  await page.locator('[data-table]').setInputFiles(fileOf('works.csv'))
  await page.locator('[data-files]').setInputFiles([fileOf('film.mp4'), fileOf('two.mp4')])
  await page.locator('tbody tr', { hasText: '可以交' }).waitFor()
  const methods = []
  let sent = 0
  await page.route('**/files/*', async (route) => { // until the cut alone: every body would go by the debugger's line
    if (route.request().method() === 'PATCH' && ++sent === 3) {
      await route.abort()
      return page.unroute('**/files/*')
    }
    return route.continue()
  })
  page.on('request', (one) => /\/files\/./.test(one.url()) && methods.push(one.method()))
  await page.getByRole('button', { name: '上传并提交' }).click()
  await page.locator('tbody tr', { hasText: '交好了' }).waitFor({ timeout: 880000 })
  assert.ok(sent === 3 && methods.filter((one) => one === 'PATCH').length > 4, methods.join())
  assert.ok(methods.includes('HEAD'), 'it asked where it stood')
  const code = /SD26-[A-Z0-9]{4}-[A-Z0-9]{2}/.exec(await page.locator('tbody tr').innerText())[0]
  assert.equal(sql(stack.service, `SELECT SUM(bytes) || ' ' || COUNT(*) FROM original o JOIN submission s ON s.id = o.submission WHERE s.code = '${code}'`),
    `${bytes + clip({ name: 'several', seconds: 5, size: '270x480' }).length} 2`)
  await context.close()
})
