import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { accessibilityFaults, failCalls, findBrowser } from '@muster/browser'
import { pageLinks } from '@muster/mail'
import { leadsTo, type PageRoute, pageRoutes, readRelease } from '@muster/pages'
import { insertReminder } from '@muster/testing'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { putTask } from '../../modules/analytics/testing/analytics-fixtures.ts'
import { logPendingEvents } from '../../modules/audit/testing/audit-fixtures.ts'
import { createDirect, createGroup, makeFriends, send } from '../../modules/chats/testing/chat-fixtures.ts'
import { invited } from '../../modules/invites/testing/invites-fixtures.ts'
import { notify } from '../../modules/notifications/testing/notifications-fixtures.ts'
import { newUser } from '../../modules/sign-in/testing/sign-in-fixtures.ts'
import { createTask, signUpColleague } from '../../modules/tasks/testing/tasks-fixtures.ts'
import { follow, openPages, type Pages } from '../../testing/browser.ts'
import { succeeded } from '../../testing/succeeded.ts'
import type { TestApp, TestUser } from '../../testing/test-app.ts'

const browserPath = findBrowser()
if (!browserPath) console.warn('No Chromium is on PATH: the links of mails and the pages are not opened here.')

const dayMs = 86_400_000

const routes = pageRoutes()

describe.skipIf(!browserPath)('the pages', () => {
  let pages: Pages
  let member: Page
  let visitor: Page
  let operator: Page
  /** Values of the parameters of links (`:name`) and routes (`$name`). */
  let values: Record<string, string>
  let user: TestUser
  let administrator: TestUser

  beforeAll(async () => {
    pages = await openPages()
    const filled = await fill(pages)
    values = filled.values
    administrator = await pages.api.signUp({ role: 'site_admin' })
    user = filled.user
    const windows = [pages.open({ as: user }), pages.open(), pages.open({ as: administrator })] as const
    ;[member, visitor, operator] = await Promise.all(windows)
    // No mail leads to the pages for operators, to which `follow` goes from here.
    await operator.goto(pages.origin)
  }, 240_000)
  afterAll(() => pages?.close())

  /** Puts values for the names of an address. */
  const filledIn = (address: string) =>
    address.replace(/[:$](\w+)/g, (_, name: string) => {
      const value = values[name]
      if (value === undefined) throw new Error(`Give ${name} a value, for the page ${address}.`)
      return value
    })

  /** The window for a page. */
  const windowFor = (path: string) => {
    if (path.startsWith('/ops')) return operator
    return routes.some((route) => route.isPublic && route.path === path) ? visitor : member
  }

  const opened = new Map<string, Promise<string>>()
  /** Opens an address, once. @returns the path where it led */
  function openOnce(address: string): Promise<string> {
    const known = opened.get(address)
    if (known) return known
    const begun = open(windowFor(address.split('?')[0] as string), filledIn(address))
    opened.set(address, begun)
    return begun
  }
  async function open(page: Page, address: string): Promise<string> {
    await page.goto(pages.origin + address)
    await pages.untilSettled(page)
    await assertIsPage(page)
    return new URL(page.url()).pathname
  }
  const notFound = (page: Page) => page.getByRole('heading', { name: 'There is no such page' })
  async function assertIsPage(page: Page): Promise<void> {
    expect(await notFound(page).count(), `${page.url()} is no page`).toBe(0)
    expect(await page.getByRole('alert').allTextContents()).toEqual([])
    expect(await page.locator('h1').count(), `titles of ${page.url()}`).toBe(1)
  }

  test('an address without a page is told, and a picture without a text is found', async () => {
    for (const page of [visitor, member]) {
      await page.goto(`${pages.origin}/no-such-page`)
      await notFound(page).waitFor()
      expect(await page.locator('h1').count()).toBe(1)
      await expect(assertIsPage(page)).rejects.toThrow('is no page')
    }
    await member.evaluate(`document.body.append(document.createElement('img'))`)
    expect(await accessibilityFaults(member)).toEqual([expect.stringMatching(/^light: image-alt at .*img/)])
  })

  test.each(Object.entries(pageLinks).filter(([, links]) => links.length > 0))(
    'the links of the mail %s open their pages',
    async (_, links) => {
      for (const link of links) expect(await openOnce(link)).toBe(filledIn(link).split('?')[0])
    },
  )

  test.each(routes)('$path opens, and axe finds nothing wrong in light and dark', async ({ path }) => {
    const page = windowFor(path)
    await follow(page, filledIn(path))
    await pages.untilSettled(page)
    expect(new URL(page.url()).pathname).toBe(leadsTo[path] ?? filledIn(path))
    await assertIsPage(page)
    expect(await accessibilityFaults(page)).toEqual([])
  })

  const mostRequests = 15
  const mostBytesOf = ({ path, isPublic }: PageRoute) =>
    isPublic || path === '/setup-factor' ? 150_000 : path === '/' ? 190_000 : Number.POSITIVE_INFINITY
  /** Returns the size of a file as browsers get it, compressed by gzip. */
  const gzippedBytes = (path: string) => {
    const file = join(pages.folder, path)
    return statSync(existsSync(`${file}.gz`) ? `${file}.gz` : file).size
  }
  /** Their addresses without a token are pages that ask for one. */
  const needToken = ['/accept-invite', '/reset-password']
  /** They show all that they have without an answer of the API. */
  const needNoAnswer = [
    ...['/account/data', '/forgot-password', '/login', '/login/code', '/ops/trace', '/register/code', '/setup-factor'],
  ]
  const phone = { viewport: { width: 412, height: 823 } }

  test.each(routes.filter(({ path }) => !(path in leadsTo)))(
    'a first visit of $path on a phone takes few requests; where the API fails, the page says so, and tries again',
    async (route) => {
      const { path, isPublic } = route
      const page = await pages.open({
        ...phone,
        ...(!isPublic && { as: path.startsWith('/ops') ? administrator : user }),
      })
      const requests: string[] = []
      page.on('request', (request) => requests.push(new URL(request.url()).pathname))
      page.on('websocket', () => requests.push('socket'))
      // The last that the frame of signed-in users asks for.
      const notifications = isPublic || path === '/setup-factor' ? null : page.waitForResponse(/\/notifications(\?|$)/)
      await page.goto(pages.origin + filledIn(needToken.includes(path) ? `${path}?token=:token` : path))
      await notifications
      await pages.untilSettled(page)
      const scripts = requests.filter((request) => request.endsWith('.js'))
      const bytes = scripts.reduce((sum, script) => sum + gzippedBytes(script), 0)
      console.info(`${path}: ${requests.length} requests, ${bytes} bytes of scripts in ${scripts.length} files`)
      expect.soft(requests.length, requests.join('\n')).toBeLessThanOrEqual(mostRequests)
      expect.soft(bytes).toBeLessThanOrEqual(mostBytesOf(route))

      const mendCalls = await failCalls(page)
      await page.reload()
      await pages.untilSettled(page)
      const alerts = page.getByRole('alert')
      const retry = page.getByRole('button', { name: 'Try again' })
      if (needNoAnswer.includes(path)) expect(await alerts.count()).toBe(0)
      else {
        await alerts.filter({ hasText: 'Request id' }).filter({ has: retry }).first().waitFor()
        expect(await alerts.filter({ hasNot: retry }).allTextContents()).toEqual([])
      }
      await mendCalls()
      // A part that another one contains shows its error only after the other was read.
      const tryAgain = async () => {
        await retry.evaluateAll((buttons) => {
          for (const button of buttons as unknown as { click(): void }[]) button.click()
        })
        return alerts.count()
      }
      await expect.poll(tryAgain, { timeout: 20_000 }).toBe(0)
      await pages.untilSettled(page)
      await assertIsPage(page)
      await page.context().close()
      expect(pages.faults.splice(0).filter((fault) => !fault.includes(' answered 500 '))).toEqual([])
    },
  )

  test('no route adds more than 45 kB of its own, and the style sheet has at most 15 kB', () => {
    const sizes = (readRelease(pages.folder)?.files ?? [])
      .filter((name) => /\.(js|css)$/.test(name) && !/^(index|app)-.*js$/.test(name))
      .map((name) => ({ name, bytes: gzippedBytes(`assets/${name}`) }))
    expect(sizes.length).toBeGreaterThan(50)
    expect(sizes.filter(({ name, bytes }) => bytes > (name.endsWith('.css') ? 15_000 : 45_000))).toEqual([])
  })

  test('no page breaks the Content-Security-Policy, throws, asks for something that fails, or is refused', () => {
    expect(pages.faults).toEqual([])
    expect(pages.refusals).toEqual([])
  })
})

/** Fills an account with something of everything. */
async function fill({ api }: Pages): Promise<{ user: TestUser; values: Record<string, string> }> {
  const user = await api.signUp({ timezone: 'Europe/Berlin' })
  // As most users have one.
  await api.db.updateTable('users').set({ password_hash: 'of some password' }).where('id', '=', user.userId).execute()
  const [colleague, friend, asking] = await Promise.all([signUpColleague(api, user), api.signUp(), api.signUp()])
  const nowMs = Date.now()
  const dueDate = new Date(nowMs + dayMs).toISOString()
  const task = await createTask(user, { dueDate, category: 'Garden', description: 'All but the cactus' })
  await insertReminder(api.db, { id: task.id, owner_id: user.userId })
  for (const daysAgo of [0, 1, 2, 9, 40])
    await putTask(api, user, new Date(nowMs - daysAgo * dayMs), { category: 'House' })
  await putTask(api, user, null, { due_date: new Date(nowMs - dayMs) })
  await makeFriends(api, user, friend)
  succeeded(await asking.inject('POST', '/api/v1/friends/requests', { userId: user.userId }))
  const chat = await createGroup(user, [colleague])
  await send(colleague, chat.id, 'Who has the key of the shed?')
  await send(user, chat.id)
  await createDirect(user, friend)
  await invited(api, user, 'client_user')
  const invitation = await invited(api, user, 'client_user', newUser().email)
  await notify(api, [{ userId: user.userId, type: 'reminder', title: 'Reminder', message: 'Water', taskId: task.id }])
  const values = { taskId: task.id, chatId: chat.id, token: invitation.token, queue: 'email' }
  const ofAccount = { userId: user.userId, organizationId: user.organizationId as string }
  return { user, values: { ...values, ...ofAccount, ...(await fillForOperators(api)) } }
}

/** Leaves a mail that was tried, of a request, and events in the audit log. */
async function fillForOperators(api: TestApp): Promise<{ emailId: string; requestId: string }> {
  const mail = await api.db
    .selectFrom('email_messages')
    .selectAll()
    .where('template', '=', 'invite')
    .executeTakeFirstOrThrow()
  const at = { started_at: mail.created_at, ended_at: mail.created_at, next_attempt_at: mail.created_at }
  const answer = { verdict: 'busy', smtp_answer: '451 4.7.1 try again later (RCPT TO)' }
  await api.db
    .insertInto('email_attempts')
    .values({ email_id: mail.id, attempt: 1, outcome: 'retried', ...answer, ...at })
    .execute()
  await api.db
    .insertInto('email_suppressions')
    .values({ address: mail.to_address, reason: 'No such mailbox.', email_id: mail.id })
    .execute()
  await logPendingEvents(api)
  return { emailId: mail.id, requestId: mail.request_id as string }
}
