import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findBrowser } from '@muster/browser'
import { newId } from '@muster/db'
import { pageRoutes } from '@muster/pages'
import { eventually } from '@muster/testing'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { registered } from '../../modules/sign-in/testing/sign-in-fixtures.ts'
import { createTask } from '../../modules/tasks/testing/tasks-fixtures.ts'
import { openPages, type Pages } from '../../testing/browser.ts'
import { dataOf } from '../../testing/succeeded.ts'
import type { TestUser } from '../../testing/test-app.ts'

const browserPath = findBrowser()
if (!browserPath) console.warn('No Chromium is on PATH: the first paint of the pages is not tested here.')

const h1 = (page: Page) => page.getByRole('heading', { level: 1 })

describe.skipIf(!browserPath)('before the scripts of a page have loaded', () => {
  let pages: Pages
  beforeAll(async () => {
    pages = await openPages()
  }, 240_000)
  afterAll(() => pages?.close())

  /** Lets scripts of the pages wait until they are released. */
  async function holdScripts(page: Page): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    await page.route('**/assets/*.js', async (route) => {
      await promise
      await route.continue()
    })
    return resolve
  }

  /** The English templates of the page, of which the first paint is made. */
  async function frames() {
    const html = await readFile(join(pages.folder, 'index.html'), 'utf8')
    return [...html.matchAll(/<template id="([^"]*)" lang="en">(.*?)<\/template>/gs)].map(
      ([, id = '', content = '']) => {
        const textOf = (shape: RegExp) => shape.exec(content)?.[1] ?? ''
        return { id, title: textOf(/<h1[^>]*>([^<]*)<\/h1>/), text: textOf(/<p [^>]*>([^<]*)<\/p>/) }
      },
    )
  }

  test.each([
    ['en-GB', 'en', 'Sign in'],
    ['hi-IN', 'hi', 'साइन इन करें'],
    ['fr-FR', 'en', 'Sign in'],
  ])('a visitor with %s sees the card of the sign-in', async (locale, lang, title) => {
    const page = await pages.open({ locale })
    const release = await holdScripts(page)
    await page.goto(`${pages.origin}/login`, { waitUntil: 'commit' })
    await h1(page).getByText(title).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe(lang)
    release()
    await page.locator('input[type=email]').waitFor()
    expect(await h1(page).allTextContents()).toEqual([title])
    await page.context().close()
  })

  test('every page for visitors shows a card', async () => {
    const paths = ['/setup-factor', ...pageRoutes().flatMap(({ path, isPublic }) => (isPublic ? [path] : []))]
    expect((await frames()).flatMap(({ id }) => (id.startsWith('/') ? [id] : [])).toSorted()).toEqual(paths.toSorted())
  })

  test('the titles and texts of the frames are those of the pages', async () => {
    const operator = await pages.api.signUp({ role: 'operator' })
    const page = await pages.open({ as: operator })
    const framesOfApp = (await frames()).filter(({ id, title }) => id.startsWith('app/') && title !== '')
    expect(framesOfApp.length).toBeGreaterThan(15)
    for (const { id, title, text } of framesOfApp) {
      await page.goto(pages.origin + id.slice('app'.length))
      await pages.untilSettled(page)
      expect([id, await h1(page).textContent()]).toEqual([id, title])
      if (text) await page.locator('header p').getByText(text, { exact: true }).waitFor()
    }
    await page.context().close()
  })

  test('who was signed in sees the navigation, with the page in it that loads and its title', async () => {
    const user = await registered(pages.api)
    const page = await pages.open({ as: user.client })
    await page.goto(`${pages.origin}/tasks`)
    await page.getByRole('heading', { level: 1, name: 'Tasks' }).waitFor()
    const release = await holdScripts(page)
    await page.reload({ waitUntil: 'commit' })
    const link = page.getByRole('navigation', { name: 'Main navigation' }).getByRole('link', { name: 'Tasks' })
    await link.waitFor()
    expect(await link.getAttribute('data-status')).toBe('active')
    expect(await h1(page).allTextContents()).toEqual(['Tasks'])
    release()
    await page.getByRole('heading', { level: 1, name: 'Tasks' }).waitFor()
    expect(await page.getByRole('navigation', { name: 'Main navigation' }).count()).toBe(1)
    await page.context().close()
  })

  describe('what the API names as read first', () => {
    let member: TestUser
    let operator: TestUser
    let values: Record<string, string>
    beforeAll(async () => {
      ;[member, operator] = await Promise.all([pages.api.signUp(), pages.api.signUp({ role: 'operator' })])
      const friend = await pages.api.signUp({ role: 'client_user', organizationId: member.organizationId as string })
      const chat = await member.inject('POST', '/api/v1/chats', { type: 'direct', userId: friend.userId })
      values = {
        $chatId: dataOf(chat).chat.id,
        $taskId: (await createTask(member)).id,
        $emailId: newId(),
        $organizationId: member.organizationId as string,
        $queue: 'email',
        $userId: member.userId,
      }
    })

    const loads = () =>
      JSON.parse(readFileSync(join(pages.folder, 'first-loads.json'), 'utf8')) as Record<string, { reads: string[] }>
    const paths = pageRoutes().flatMap(({ path, isPublic }) => (isPublic || path === '/setup-factor' ? [] : [path]))
    const filled = (path: string) => path.replace(/\$\w+/g, (name) => values[name] as string)

    test.each(paths)('is read by %s, and not twice for that', async (path) => {
      const { reads } = loads()[path] as { reads: string[] }
      const page = await pages.open({ as: path.startsWith('/ops') ? operator : member })
      const asked: string[] = []
      page.on('request', (request) => void asked.push(request.url().replace(`${pages.origin}/`, '')))
      const counts = () => reads.map((read) => asked.filter((one) => one === filled(read)).length)
      await page.route(pages.origin + filled(path), async (route) => {
        const answer = await route.fetch()
        const { link: _, ...headers } = answer.headers()
        await route.fulfill({ response: answer, headers })
      })
      await page.goto(pages.origin + filled(path))
      await eventually(() => expect(Math.min(1, ...counts())).toBe(1))
      await pages.untilSettled(page)
      const byPageAlone = counts()

      await page.unrouteAll()
      asked.length = 0
      await page.reload()
      await pages.untilSettled(page)
      await eventually(() => expect(counts()).toEqual(byPageAlone))
      await page.context().close()
    })
  })

  test('a page loads no lists of languages for names and texts of plain letters', async () => {
    const user = await registered(pages.api)
    const page = await pages.open({ as: user.client })
    await page.addInitScript(`{
      globalThis.asked = []
      for (const name of ['Segmenter', 'DisplayNames', 'Collator'])
        Intl[name] = new Proxy(Intl[name], { construct: (to, given) => (asked.push(name), Reflect.construct(to, given)) })
      const compare = String.prototype.localeCompare
      String.prototype.localeCompare = function (...given) { asked.push('localeCompare'); return compare.apply(this, given) }
    }`)
    for (const path of ['/', '/tasks', '/chats', '/calendar', '/account/sessions']) {
      await page.goto(pages.origin + path)
      await pages.untilSettled(page)
      expect([path, await page.evaluate('asked')]).toEqual([path, []])
    }
    await page.context().close()
  })

  test('after signing out nothing of the app is shown', async () => {
    const user = await registered(pages.api)
    const page = await pages.open({ as: user.client })
    await page.goto(`${pages.origin}/account/sessions`)
    await page.getByRole('button', { name: user.name }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByLabel('E-mail', { exact: true }).waitFor()
    expect(await page.evaluate("localStorage.getItem('muster-signed-in')")).toBeNull()
    await page.context().close()
  })
})
