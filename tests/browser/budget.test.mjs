// What a page weighs on the line (KB gz), page by page: the limits of the design, measured over web/dist and the
// templates as the fake service fills them.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { startService } from './support/fake_service.mjs'

const DIST = new URL('../../web/dist/', import.meta.url).pathname
const LIMITS = [
  // page, HTML, CSS, scripts at once, scripts later
  ['/', 12, 6, 3, 0],
  ['/works', 12, 6, 3, 0],
  ['/city/370100', 12, 6, 3, 0],
  ['/calendar', 12, 6, 3, 0],
  ['/collections', 12, 6, 3, 0],
  ['/collections/k0', 12, 6, 3, 0],
  ['/tracks/family-video', 12, 6, 3, 0],
  ['/archive', 12, 6, 3, 0],
  ['/a11y', 12, 6, 3, 0],
  ['/submit', 5, 4, 8, 24],
  ['/v/w0', 6, 4, 2, 120],
  ['/embed/w0', 6, 4, 2, 120],
  ['/status/SD26-7KQ4-M9', 5, 4, 5, 24],
  ['/console', 5, 10, 60, 50],
]

const manifest = JSON.parse(readFileSync(join(DIST, '.vite/manifest.json'), 'utf8'))
const kb = (bytes) => gzipSync(bytes, { level: 9 }).length / 1024
const sizeOf = (file) => kb(readFileSync(join(DIST, file)))
const entryOf = (file) => Object.values(manifest).find((one) => one.file === file)

// A script with what it imports at once; `lazy` with what it imports later.
function filesOf(entry, lazy, seen = new Set()) {
  if (entry !== undefined && !seen.has(entry.file)) {
    seen.add(entry.file)
    for (const key of [...(entry.imports ?? []), ...(lazy ? (entry.dynamicImports ?? []) : [])]) {
      filesOf(manifest[key], lazy, seen)
    }
  }
  return seen
}

let service
before(async () => (service = await startService()))
after(() => service.stop())

for (const [path, html, css, now, later] of LIMITS) {
  test(path, async (context) => {
    const text = await (await fetch(service.url + path)).text()
    const links = [...text.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((one) => one[1])
    assert.ok(links.length > 0)
    const scripts = links.filter((file) => file.endsWith('.js')).map(entryOf)
    const named = [...text.matchAll(/data-extras="\/(assets\/[^"]+)"/g)].map((one) => entryOf(one[1])) // fetched by a script, later
    const atOnce = new Set(scripts.flatMap((entry) => [...filesOf(entry, false)]))
    const all = new Set([...scripts, ...named].flatMap((entry) => [...filesOf(entry, true)]))
    const sum = (files) => [...files].reduce((total, file) => total + sizeOf(file), 0)
    const found = {
      html: kb(text), css: sum(links.filter((file) => file.endsWith('.css'))), now: sum(atOnce),
      later: sum([...all].filter((file) => !atOnce.has(file))),
    }
    context.diagnostic(`${path} ${Object.entries(found).map(([name, size]) => `${name} ${size.toFixed(1)}`).join('  ')}`)
    for (const [name, limit] of Object.entries({ html, css, now, later })) {
      assert.ok(found[name] <= limit, `${name}: ${found[name].toFixed(1)} KB, limit ${limit}`)
    }
  })
}
