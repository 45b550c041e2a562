// What the media program makes is played by the three engines that Debian has: each rung as a plain file, the playlists
// through hls.js, AV1 where an engine knows it. "Played" is: pictures of the right size come, and time goes on.
import { test, before, after } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { once } from 'node:events'
import { ENGINES, hasEngine, openEngine } from './support/engines.mjs'
import { SCREENS } from './support/browser.mjs'

const root = resolve(import.meta.dirname, '../..')
const worker = join(root, process.env.XUEPAI_BUILD ?? 'build', 'xuepai-worker')
const TYPES = { mp4: 'video/mp4', m3u8: 'application/vnd.apple.mpegurl', mjs: 'text/javascript', html: 'text/html; charset=utf-8' }
const HLS = join(root, 'web/node_modules/hls.js/dist/hls.light.mjs')
const PAGE = `<!doctype html><html lang="zh-CN"><title>放一放</title><video id="video" muted playsinline controls width="320"></video>
<script type="module">
import Hls from '/hls.mjs'
window.play = async (src) => {
  const video = document.querySelector('#video')
  if (src.endsWith('.m3u8')) {
    window.hls = new Hls({ enableWorker: false })
    window.hls.on(Hls.Events.ERROR, (_, data) => { if (data.fatal) window.failed = data.details })
    window.hls.loadSource(src)
    window.hls.attachMedia(video)
  } else {
    video.src = src
  }
  await video.play()
}
window.ready = true
</script></html>`

let folder, server, origin, files
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'xuepai-play-'))
  execFileSync(join(root, 'scripts/fixtures'), { stdio: 'ignore' })
  const clip = join(folder, 'clip.mp4') // three seconds: AV1 costs most of this test
  execFileSync('ffmpeg', ['-v', 'error', '-ss', '4', '-t', '3', '-i', join(root, 'build/fixtures/shots.mp4'), '-c:v', 'libx264', '-preset', 'ultrafast', '-qp', '10', clip])
  const run = (kind, into, facts) => {
    const answer = execFileSync(worker, ['--once', kind, clip, join(folder, into), '--limits', '{"min_ms":0,"max_ms":60000}',
      ...(facts ? ['--facts', facts, '--review', join(folder, 'made/480p.mp4')] : [])])
    writeFileSync(join(folder, `${into}.json`), answer)
    return JSON.parse(answer)
  }
  const prepared = run('prepare', 'made')
  const facts = join(folder, 'facts.json')
  writeFileSync(facts, JSON.stringify(prepared.facts))
  const ladder = run('ladder', 'ladder', facts)
  const av1 = run('av1', 'av1', facts)
  files = new Map([['hls.mjs', HLS]])
  for (const [into, { outputs }] of [['made', prepared], ['ladder', ladder], ['av1', av1]]) {
    for (const { name } of outputs) {
      files.set(into === 'av1' && name === 'master.m3u8' ? 'av1.m3u8' : name, join(folder, into, name))
    }
  }
  server = createServer((request, response) => {
    const name = basename(new URL(request.url, 'http://x').pathname)
    if (name === '' || !files.has(name)) {
      response.writeHead(name === '' ? 200 : 404, { 'Content-Type': TYPES.html }).end(name === '' ? PAGE : '')
      return
    }
    const bytes = readFileSync(files.get(name))
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '')
    const [from, to] = range ? [Number(range[1]), range[2] === '' ? bytes.length - 1 : Math.min(Number(range[2]), bytes.length - 1)] : [0, bytes.length - 1]
    response.writeHead(range ? 206 : 200, { 'Content-Type': TYPES[name.split('.').pop()], 'Accept-Ranges': 'bytes',
      'Content-Length': to - from + 1, ...(range && { 'Content-Range': `bytes ${from}-${to}/${bytes.length}` }) })
    response.end(bytes.subarray(from, to + 1))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `http://127.0.0.1:${server.address().port}/`
})
after(() => {
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function played(page, name) {
  await page.goto(origin)
  await page.until(() => window.ready)
  await page.evaluate((src) => { window.play(src).catch((error) => { window.failed = String(error) }) }, `/${name}`)
  return page.until(() => {
    const video = document.querySelector('#video')
    const error = window.failed ?? (video.error ? `${video.error.code} ${video.error.message}` : null)
    return error !== null && !/Abort/.test(error) ? { error } : video.currentTime > 0.6 && { width: video.videoWidth, height: video.videoHeight }
  }, [], 40_000)
}

// Asked of the engine itself, so that a player without AV1 is no failure; Chromium and Firefox of Debian have it.
const KNOWS_AV1 = () => document.querySelector('#video').canPlayType('video/mp4; codecs="av01.0.05M.08"') !== ''

for (const name of ENGINES) {
  test(`${name} plays every rung, as a file and by the playlist`, { skip: !hasEngine(name) && 'not installed', timeout: 300_000 }, async () => {
    const page = await openEngine(name)
    try {
      const rungs = [...files.keys()].filter((file) => /^\d+p\.mp4$/.test(file))
      assert.deepEqual(rungs.sort(), ['360p.mp4', '480p.mp4', '720p.mp4'])
      for (const file of rungs) {
        const { height, error } = await played(page, file)
        assert.equal(error, undefined, file)
        assert.equal(height, parseInt(file, 10), file)
      }
      const plain = await played(page, 'master.m3u8')
      assert.equal(plain.error, undefined, 'playlist')
      assert.ok(plain.height >= 360)
      await page.screenshot(join(SCREENS, `play-${name}.png`))
      if (await page.evaluate(KNOWS_AV1)) {
        assert.equal((await played(page, '720p-av1.mp4')).height, 720)
        assert.equal((await played(page, 'av1.m3u8')).height, 720)
      } else {
        assert.equal(name, 'webkit', 'the others know AV1')
      }
    } finally {
      await page.close()
    }
  })
}
