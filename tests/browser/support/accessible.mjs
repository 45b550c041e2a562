// What axe finds wrong on a page as it stands: WCAG 2.2 to AA, and what axe calls best practice.
import { readFileSync } from 'node:fs'

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

// One line a rule: the page's name, where the test has several, the rule's, and the elements. Of what is well it is asked for
// nothing: that took half of its time.
export async function violations(page, name = '') {
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(AXE)
  const found = await page.evaluate((tags) => globalThis.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), TAGS)
  return found.violations.map((one) => `${name} ${one.id}: ${one.nodes.map((node) => node.html).join(' ')}`)
}
