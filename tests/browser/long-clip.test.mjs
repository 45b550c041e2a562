// A long clip on a work's page, by its list of segments: what the media program makes of it is a list without a fault for another
// program too, and hls.js light plays it: segment by segment, the small rung on a thin line, the large one when the line gets
// better, and from another moment at once when somebody turns there.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, test } from 'node:test'
import HLS from 'hls-parser'
import { build } from '../support/stack.mjs'
import { collectErrors, DESK, SCREENS, startBrowser } from './support/browser.mjs'
import { startService } from './support/fake_service.mjs'

const SECONDS = 64 // hls.js keeps 30 s ahead
const THIN_BYTES_S = 60e3 // carries the small rung and not the large one
const LIMITS = JSON.stringify({ min_ms: 0, max_ms: 90000 })
const folder = mkdtempSync(join(tmpdir(), 'long-clip-'))
const files = new Map()
let service, browser

function make(kind, clip, facts) {
  const into = join(folder, kind)
  const { outputs, ...rest } = JSON.parse(execFileSync(join(build, 'xuepai-worker'), ['--once', kind, clip, into, '--limits', LIMITS, ...(facts ? ['--facts', facts, '--review', join(folder, 'prepare/480p.mp4')] : [])]))
  for (const { name } of outputs) files.set(name, readFileSync(join(into, name)))
  return rest.facts
}

before(async () => {
  const clip = join(folder, 'clip.mp4')
  execFileSync('ffmpeg', ['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc2=size=640x480:rate=8:duration=${SECONDS}`, '-f', 'lavfi', '-i', `sine=duration=${SECONDS}`,
    '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', clip])
  const facts = join(folder, 'facts.json')
  writeFileSync(facts, JSON.stringify(make('prepare', clip)))
  make('ladder', clip, facts)
  ;[service, browser] = await Promise.all([startService(), startBrowser()])
})
after(async () => {
  await browser?.close()
  await service?.stop()
  rmSync(folder, { recursive: true })
})

test('the lists hold by hls-parser’s strict rules: rungs, parts of one file, no part longer than it says', () => {
  HLS.setOptions({ strictMode: true })
  const master = HLS.parse(files.get('master.m3u8').toString())
  assert.ok(master.isMasterPlaylist && master.independentSegments)
  assert.deepEqual(master.variants.map(({ resolution }) => resolution.height).sort(), [360, 480])
  for (const { uri, codecs, bandwidth, averageBandwidth } of master.variants) {
    assert.match(codecs, /^avc1\.\w{6},mp4a\.40\.2$/)
    const list = HLS.parse(files.get(uri).toString())
    assert.deepEqual([list.isMasterPlaylist, list.playlistType, list.endlist, list.independentSegments], [false, 'VOD', true, true])
    assert.ok(list.segments.length > 10 && list.segments.every(({ duration }) => Math.round(duration) <= list.targetDuration))
    const length = list.segments.reduce((sum, { duration }) => sum + duration, 0)
    assert.ok(Math.abs(length - SECONDS) < 0.5, `${length} s`)
    let end = null
    for (const { byterange, uri: file, duration } of list.segments) {
      assert.ok(end === null || byterange.offset === end, 'one behind the other')
      end = byterange.offset + byterange.length
      assert.ok(end <= files.get(file).length && byterange.length * 8 / duration <= bandwidth * 1.01, 'within the file, and no faster than is said')
    }
    assert.ok(averageBandwidth <= bandwidth)
  }
})

// The files by parts, over a line of `line.bytes_s`; what was asked for is in `line.parts`.
async function serve(page, line) {
  await page.route('**/long/*', async (route) => {
    const name = basename(new URL(route.request().url()).pathname)
    const bytes = files.get(name)
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(route.request().headers().range ?? '') ?? []
    const part = from === undefined ? bytes : bytes.subarray(Number(from), Number(to) + 1)
    if (from !== undefined) line.parts.push({ name, from: Number(from) })
    await new Promise((done) => setTimeout(done, 1000 * part.length / line.bytes_s))
    await route.fulfill({ status: from === undefined ? 200 : 206, body: part, contentType: name.endsWith('.mp4') ? 'video/mp4' : 'application/vnd.apple.mpegurl',
      headers: from === undefined ? {} : { 'Content-Range': `bytes ${from}-${to}/${bytes.length}` } }).catch(() => undefined) // given up by the player
  })
}

test('it plays: part by part, small on a thin line, large on a better one, and from another moment', { timeout: 180_000 }, async () => {
  const page = await (await browser.newContext(DESK)).newPage()
  const errors = collectErrors(page)
  const line = { bytes_s: THIN_BYTES_S, parts: [] }
  await page.route('**/v/w0', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, body: (await answer.text()).replace(' data-work=', ' data-hls="/long/master.m3u8" data-work=') })
  })
  await serve(page, line)
  await page.goto(`${service.url}/v/w0`, { waitUntil: 'networkidle' })
  await page.locator('video').focus()
  await page.getByLabel('快慢').waitFor()
  const state = () => page.evaluate(() => { const { currentTime, videoHeight, duration, error, currentSrc } = document.querySelector('video'); return { currentTime, videoHeight, duration, error: error?.message, currentSrc } })
  const plays = (seconds, height) => page.waitForFunction(([wanted, lines]) => { const video = document.querySelector('video'); return video.currentTime > wanted && video.videoHeight === lines },
    [seconds, height], { timeout: 60_000 }).catch(async (problem) => assert.fail(`${problem.message}: ${JSON.stringify([await state(), line.parts])}`))
  await page.evaluate(() => { const video = document.querySelector('video'); video.muted = true; void video.play().catch(() => undefined) })
  await plays(5, 360)
  assert.ok((await state()).currentSrc.startsWith('blob:') && Math.abs((await state()).duration - SECONDS) < 0.5)
  assert.ok(new Set(line.parts.map(({ from }) => from)).size >= 3, 'the head and more than one part')
  line.bytes_s = Infinity
  const before = line.parts.length
  await page.evaluate(() => { document.querySelector('video').currentTime = 28 })
  await plays(29, 480)
  const after = line.parts.slice(before)
  assert.ok(after.some(({ name }) => name === '480p.mp4'), 'the larger rung')
  const asked = new Set(line.parts.map(({ name, from }) => `${name} ${from}`)).size
  assert.ok(asked < 30, `${asked} parts: not all of both files`)
  await page.screenshot({ path: `${SCREENS}long-clip.png` })
  assert.deepEqual(errors, [])
  await page.context().close()
})
