// A member of staff in the console, signed in.
import { collectErrors } from './browser.mjs'

export async function signIn(browser, service, options, username = 'zhang') {
  const page = await (await browser.newContext(options)).newPage()
  const errors = collectErrors(page)

  await page.goto(`${service.url}/console`)
  await page.getByLabel('用户名').fill(username)
  await page.getByLabel('密码').fill('right')
  await page.keyboard.press('Enter')
  await page.locator('.bar').waitFor()
  return { page, errors }
}
