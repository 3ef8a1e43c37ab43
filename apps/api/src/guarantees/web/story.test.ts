import { cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { accessibilityFaults, findBrowser } from '@muster/browser'
import { builtPages } from '@muster/pages'
import { eventually } from '@muster/testing'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { picture } from '../../http/uploads/testing/sample-files.ts'
import { createDirect, makeFriends, messagesOf } from '../../modules/chats/testing/chat-fixtures.ts'
import { send } from '../../modules/invites/testing/invites-fixtures.ts'
import { mailedCode, newUser } from '../../modules/sign-in/testing/sign-in-fixtures.ts'
import { createTask } from '../../modules/tasks/testing/tasks-fixtures.ts'
import { openPages, type Pages, tabTo } from '../../testing/browser.ts'
import { startWorker } from '../../testing/start-worker.ts'
import { dataOf, succeeded } from '../../testing/succeeded.ts'

const browserPath = findBrowser()
if (!browserPath) console.warn('No Chromium is on PATH: the story of a new user is not told here.')

/** How somebody uses a page. */
type Hands = {
  press(control: Locator): Promise<void>
  type(field: Locator, text: string): Promise<void>
}
const mouse: Hands = { press: (control) => control.click(), type: (field, text) => field.fill(text) }

const keyboard: Hands = {
  async press(control) {
    await tabTo(control)
    await control.page().keyboard.press('Enter')
  },
  async type(field, text) {
    await tabTo(field)
    await field.page().keyboard.type(text)
  },
}

/** Returns a time zone in which today has some hours left. */
const zoneWithDayLeft = () => (new Date().getUTCHours() < 12 ? 'UTC' : 'Pacific/Honolulu')

/** Runs in the page: its pauses between tries are short. */
const timePassesQuicker = `(() => {
  const wait = setTimeout
  setTimeout = (act, ms, ...rest) => wait(act, ms / 20, ...rest)
})()`

/** Pages are slow while other tests use all cores. */
const slow = { timeout: 180_000 }

describe.skipIf(!browserPath)('in a browser', slow, () => {
  let pages: Pages
  let folder: string
  const ends: (() => unknown)[] = []
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'muster-pages-'))
    cpSync(await builtPages(), folder, { recursive: true })
    pages = await openPages({ root: folder })
    const context = { onTestFinished: (end: () => unknown) => void ends.push(end) }
    await Promise.all([
      startWorker(pages.api, 'image-worker', context as never),
      startWorker(pages.api, 'reminder-worker', context as never),
    ])
  }, 240_000)
  afterAll(async () => {
    for (const end of ends) end()
    await pages?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name, exact: true })
  const link = (page: Page, name: string) => page.getByRole('link', { name, exact: true })
  const field = (page: Page, name: string) => page.getByLabel(name, { exact: true })

  test.each([
    { name: 'the mouse', hands: mouse },
    { name: 'the keyboard alone', hands: keyboard },
  ])('a visitor becomes a user who is reminded of a task with a photo, by $name', async ({ hands }) => {
    const { press, type } = hands
    const user = newUser()
    const page = await pages.open()
    await page.goto(pages.origin)
    await press(link(page, 'Create one'))
    await type(field(page, 'Name'), user.name)
    await type(field(page, 'E-mail'), user.email)
    await type(field(page, 'Username'), user.username)
    await type(field(page, 'Password'), user.password)
    await press(button(page, 'Go on'))
    await page.getByRole('heading', { name: 'Look into your mail' }).waitFor()
    await type(field(page, 'Code of the mail'), await mailedCode(pages.api, user.email))

    await press(link(page, 'Tasks'))
    await page.getByRole('heading', { name: 'No open tasks' }).waitFor()
    if (hands === mouse) expect(await accessibilityFaults(page)).toEqual([])
    await type(field(page, 'Title of the new task'), 'Paint the shed tomorrow 9am')
    await page.keyboard.press('Enter')
    await press(page.getByRole('link', { name: /^Paint the shed/ }))
    const choosing = page.waitForEvent('filechooser')
    await press(button(page, 'Add files'))
    const buffer = await picture('jpeg', 400)
    await (await choosing).setFiles({ name: 'shed.jpg', mimeType: 'image/jpeg', buffer })
    const file = page.getByRole('listitem').filter({ hasText: 'shed.jpg' })
    await file.getByText(/ → /).waitFor()
    await file.locator('img').waitFor()
    await press(file.getByRole('button', { name: /^Open .*shed\.jpg/ }))
    const large = page.getByRole('dialog', { name: 'shed.jpg' })
    await large.getByRole('img', { name: /^Picture .*shed\.jpg/ }).waitFor()
    if (hands === mouse) expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await large.waitFor({ state: 'detached' })
    expect(await page.locator(':focus').getAttribute('aria-label')).toMatch(/^Open .*shed\.jpg/)

    await press(button(page, 'Add a reminder'))
    const reminder = page.locator('form').filter({ hasText: 'When' })
    await press(reminder.getByRole('button', { name: 'Save' }))
    await page.getByRole('listitem').filter({ hasText: '1 hour before' }).waitFor()
    if (hands === mouse) {
      await page.setViewportSize({ width: 360, height: 740 })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360)
      expect(await accessibilityFaults(page)).toEqual([])
      await page.setViewportSize({ width: 1280, height: 720 })
    }
    await press(link(page, 'Inbox'))
    await page.getByRole('heading', { name: 'Nothing in the inbox' }).waitFor()
    // The hour comes.
    await pages.api.db
      .updateTable('reminders')
      .set({ scheduled_at: new Date() })
      .where('user_id', '=', (query) => query.selectFrom('users').select('id').where('email', '=', user.email))
      .execute()
    const told = page.getByRole('button', { name: /Paint the shed/ }).first()
    await told.waitFor({ timeout: 60_000 })
    await press(told)
    await page.getByRole('heading', { name: 'My reminders' }).waitFor()
    await page.getByText('Sent', { exact: true }).waitFor()
    await page.context().close()
  })

  test('a reminder is told on whichever page is open, with a link to its task, until it is read', async () => {
    const user = await pages.api.signUp()
    const task = await createTask(user, { title: 'Feed the owl' })
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString()
    dataOf(await user.inject('POST', '/api/v1/reminders', { taskId: task.id, scheduledAt, type: 'push' }))
    const windows = await Promise.all([pages.open({ as: user }), pages.open({ as: user })])
    const [page, other] = windows
    for (const window of windows) {
      await window.goto(`${pages.origin}/people`)
      await pages.untilSettled(window)
    }
    expect(await page.title()).toBe('People · Muster')
    await pages.api.db
      .updateTable('reminders')
      .set({ scheduled_at: new Date() })
      .where('task_id', '=', task.id)
      .execute()
    const messages = page.getByRole('region', { name: 'Messages' })
    await messages.getByText('Reminder: Feed the owl').waitFor({ timeout: 60_000 })
    await other.getByText('Reminder: Feed the owl').waitFor()
    await expect.poll(() => page.title()).toBe('(1) People · Muster')
    expect(await accessibilityFaults(page)).toEqual([])
    await link(page, 'Open the task').click()
    await page.getByRole('heading', { name: 'Feed the owl', level: 1 }).waitFor()
    // Long before it would go by itself.
    for (const window of windows) {
      await window.getByText('Reminder: Feed the owl').waitFor({ state: 'detached', timeout: 10_000 })
      await expect.poll(() => window.title()).not.toContain('(')
    }
    await Promise.all(windows.map((window) => window.context().close()))
  })

  test('completing a task is taken back with its status and its reminder', async () => {
    const user = await pages.api.signUp()
    const task = await createTask(user, { title: 'Fold the map', status: 'in-progress' })
    const scheduledAt = new Date(Date.now() + 3_600_000).toISOString()
    dataOf(
      await user.inject('POST', '/api/v1/reminders', { taskId: task.id, scheduledAt, message: 'Along the creases' }),
    )
    const read = async () => dataOf(await user.inject('GET', `/api/v1/tasks/${task.id}`)).task
    const page = await pages.open({ as: user })
    await page.goto(`${pages.origin}/tasks`)
    await button(page, 'Complete “Fold the map”').click()
    await page.getByText('“Fold the map” is completed').waitFor()
    expect(await read()).toMatchObject({ status: 'completed', reminders: [{ status: 'completed' }] })
    await button(page, 'Undo').click()
    const reminders = [{ status: 'pending', scheduledAt, message: 'Along the creases' }]
    await eventually(async () => expect(await read()).toMatchObject({ status: 'in-progress', reminders }))
    await button(page, 'Complete “Fold the map”').waitFor()
    await page.context().close()
  })

  test('a task that is written on Today is due today; one that is not is told, with a link to it', async () => {
    const page = await pages.open({ as: await pages.api.signUp({ timezone: zoneWithDayLeft() }) })
    await page.goto(pages.origin)
    const line = field(page, 'Title of the new task')
    await line.fill('Sweep the porch')
    await button(page, 'No due date').waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('listitem').getByText('Sweep the porch').waitFor()
    await line.fill('Rake the leaves')
    await button(page, 'No due date').click()
    await page.keyboard.press('Enter')
    await page.getByText('“Rake the leaves” is added to Tasks').waitFor()
    await line.fill('Oil the gate tomorrow 9am')
    await page.keyboard.press('Enter')
    const told = page.getByRole('dialog').filter({ hasText: '“Oil the gate” is added to Tasks' })
    await told.getByText('Tomorrow, 9:00').waitFor()
    await told.getByRole('link').click()
    await page.getByRole('heading', { name: 'Oil the gate', level: 1 }).waitFor()
    await page.context().close()
  })

  test('a reminder is set by a quick choice, and by a time of today alone', async () => {
    const timezone = zoneWithDayLeft()
    const user = await pages.api.signUp({ timezone })
    const task = await createTask(user, { title: 'Turn the compost', dueDate: undefined })
    const page = await pages.open({ as: user })
    await page.goto(`${pages.origin}/tasks/${task.id}`)
    const form = page.locator('form').filter({ hasText: 'When' })
    const save = async () => {
      await form.getByRole('button', { name: 'Save' }).click()
      await form.waitFor({ state: 'detached' })
      const { reminders } = dataOf(await user.inject('GET', `/api/v1/tasks/${task.id}`)).task
      return reminders.map(({ scheduledAt }: { scheduledAt: string }) => scheduledAt)
    }
    await button(page, 'Add a reminder').click()
    const before = Date.now() + 3_600_000
    await button(page, 'In 1 hour').click()
    const [inOneHour] = await save()
    expect(Date.parse(inOneHour)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(inOneHour)).toBeLessThanOrEqual(Date.now() + 3_660_000)
    await button(page, 'Add a reminder').click()
    await form.getByLabel('Time').click()
    await page.getByRole('dialog').getByLabel('Time').fill('23:59')
    await button(page, 'Done').click()
    const today = Temporal.Now.plainDateISO(timezone)
    const at = today.toZonedDateTime({ timeZone: timezone, plainTime: '23:59' })
    expect(await save()).toContain(new Date(at.epochMilliseconds).toISOString())
    await page.context().close()
  })

  test.each([
    { locale: 'en-GB', first: 'Mon', at: '8:00', date: '5 Mar 2031, 18:00' },
    { locale: 'en-US', first: 'Sun', at: '8:00 AM', date: 'Mar 5, 2031, 6:00 PM' },
  ])(
    'weeks begin with $first for $locale in calendar and charts, and dates read as $date; the entries of a day stand in the order of their times',
    async ({ locale, first, at, date }) => {
      const user = await pages.api.signUp()
      const day = '2031-03-05'
      const late = await createTask(user, { title: 'Close the shop', dueDate: `${day}T18:00:00Z` })
      await createTask(user, { title: 'Open the shop', dueDate: `${day}T08:00:00Z` })
      const scheduledAt = `${day}T12:00:00.000Z`
      dataOf(
        await user.inject('POST', '/api/v1/reminders', { taskId: late.id, scheduledAt, message: 'Count the cash' }),
      )
      const page = await pages.open({ as: user, locale })
      await page.goto(`${pages.origin}/calendar?view=week&day=${day}`)
      const cell = page.getByRole('listitem').filter({ has: page.locator(`time[datetime="${day}"]`) })
      await cell.getByText('Count the cash').waitFor()
      expect(await cell.locator('bdi').allTextContents()).toEqual(['Open the shop', 'Count the cash', 'Close the shop'])
      await cell.getByText('Open the shop').hover()
      await page.getByRole('tooltip', { name: `${at} Open the shop`, exact: true }).waitFor()
      expect(await page.locator('main [aria-hidden=true] > span').first().textContent()).toBe(first)
      await page.goto(`${pages.origin}/tasks/${late.id}`)
      await page.getByText(date, { exact: true }).waitFor()
      await page.goto(`${pages.origin}/analytics`)
      const year = page.getByRole('group', { name: /^The last 53 weeks/ })
      await year.waitFor()
      expect(
        await year
          .getByText(/^(Mon|Sun)$/)
          .first()
          .textContent(),
      ).toBe(first)
      await page.context().close()
    },
  )

  test('an open invitation stands with the members, and tells when its mail failed; the dialog begins at its first field', async () => {
    const admin = await pages.api.signUp()
    const { email } = newUser()
    const page = await pages.open({ as: admin })
    await page.goto(`${pages.origin}/organization`)
    await button(page, 'Invite somebody').first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('E-mail').and(page.locator(':focus')).waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    succeeded(await send(admin, { email, role: 'client_user' }))
    await pages.api.db.updateTable('email_messages').set({ status: 'failed' }).where('to_address', '=', email).execute()
    await page.reload()
    const open = page.getByRole('region', { name: '1 open invitation' })
    const row = open.getByRole('listitem').filter({ hasText: email })
    await row.getByText('Invited', { exact: true }).waitFor()
    await row.getByText('Not delivered').waitFor()
    await row.getByText(/^Member of an organization · Sent by you/).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await open.getByRole('link', { name: 'Resend or revoke' }).click()
    await button(page, `Revoke the invitation to ${email}`).waitFor()
    await page.context().close()
  })

  test('the filters of the tasks are one row at 1280 pixels, also when one is set', async () => {
    const page = await pages.open({ as: await pages.api.signUp() })
    await page.setViewportSize({ width: 1280, height: 720 })
    await page.goto(`${pages.origin}/tasks?priority=high&assignee=none&due=overdue`)
    const middleOf = async (locator: Locator) => {
      const box = await locator.boundingBox()
      return box && Math.round(box.y + box.height / 2)
    }
    const search = field(page, 'Search tasks')
    const clear = page.getByRole('search').getByRole('button', { name: 'Clear filters' })
    await clear.waitFor()
    expect(await middleOf(clear)).toBe(await middleOf(search))
    expect(await middleOf(field(page, 'Order'))).toBe(await middleOf(field(page, 'Priority')))
    await page.context().close()
  })

  test('messages of a chat arrive once and in their order, also those of a time without a connection', async () => {
    const [ana, ben] = await Promise.all([pages.api.signUp(), pages.api.signUp()])
    await makeFriends(pages.api, ana, ben)
    const { id } = await createDirect(ana, ben)
    const windows = await Promise.all([ana, ben].map((as) => pages.open({ as })))
    const [ofAna, ofBen] = windows as [Page, Page]
    const write = async (page: Page, text: string) => {
      await page.getByRole('textbox', { name: /^Message to/ }).fill(text)
      await page.keyboard.press('Enter')
    }
    for (const page of windows) {
      await page.goto(`${pages.origin}/chats/${id}`)
      await page.getByRole('textbox', { name: /^Message to/ }).waitFor()
    }
    await write(ofAna, 'one')
    await ofBen.getByRole('log').getByText('one').waitFor()
    await ofAna.context().setOffline(true)
    for (const text of ['two', 'three', 'four']) await write(ofAna, text)
    await ofAna.getByRole('article').filter({ hasText: 'four' }).getByText('waiting').waitFor()
    await write(ofBen, 'while you were away')
    await ofBen.getByRole('log').getByText('while you were away').waitFor()
    await ofAna.context().setOffline(false)
    const said = ['one', 'two', 'three', 'four', 'while you were away']
    /** The messages of a page, in their order. */
    const shownBy = async (page: Page) => {
      const texts = await page.getByRole('log').locator('[data-message]').allInnerTexts()
      return texts.map((text) => said.find((one) => text.includes(one)))
    }
    await eventually(
      async () => {
        const [shown, ofOther] = [await shownBy(ofAna), await shownBy(ofBen)]
        expect(shown.filter((text) => text !== 'while you were away')).toEqual(said.slice(0, 4))
        expect(shown.toSorted()).toEqual(said.toSorted())
        expect(ofOther).toEqual(shown)
      },
      { timeoutMs: 60_000 },
    )
    expect((await messagesOf(ben, id)).map(({ body }) => body).toSorted()).toEqual(said.toSorted())
    await Promise.all(windows.map((page) => page.context().close()))
  })

  test('of two tabs that change one task, the later one chooses, and loses nothing that was typed', async () => {
    const user = await pages.api.signUp()
    const task = await createTask(user, { title: 'Water the ferns' })
    const windows = await Promise.all([pages.open({ as: user }), pages.open({ as: user })])
    for (const page of windows) {
      await page.goto(`${pages.origin}/tasks/${task.id}`)
      await field(page, 'Title').waitFor()
    }
    const [first, second] = windows
    await field(second, 'Title').fill('Water the ferns twice')
    await field(second, 'Description').fill('The small one too')
    await field(first, 'Title').fill('Water the cactus')
    await button(first, 'Save').click()
    await button(first, 'Save').and(first.locator(':disabled')).waitFor()
    await button(second, 'Save').click()
    const merge = second.getByRole('alertdialog', { name: 'Another change came first' })
    await merge.getByText('Water the cactus').waitFor()
    await merge.getByText('Water the ferns twice').waitFor()
    expect(await field(second, 'Description').inputValue()).toBe('The small one too')
    await merge.getByRole('button', { name: 'Save this' }).click()
    await merge.waitFor({ state: 'detached' })
    const read = async () => dataOf(await user.inject('GET', `/api/v1/tasks/${task.id}`)).task
    await eventually(async () =>
      expect(await read()).toMatchObject({ title: 'Water the ferns twice', description: 'The small one too' }),
    )
    await Promise.all(windows.map((page) => page.context().close()))
  })

  test('a part that is missing after a deploy is asked for again, and then the page is loaded once', async () => {
    const page = await pages.open({ as: await pages.api.signUp() })
    const types = new Set<string>()
    let loads = 0
    page.on('load', () => loads++)
    page.on('response', (answer) => {
      if (/\.js$/.test(new URL(answer.url()).pathname))
        types.add(`${answer.status()} ${answer.headers()['content-type']}`)
    })
    await page.goto(pages.origin)
    await page.getByRole('heading', { name: 'Today', exact: true }).waitFor()
    const assets = join(pages.folder, 'assets')
    const away = join(pages.folder, '.away')
    /** Lists the scripts that a page needs besides those of the start page. */
    async function partsOf(name: string): Promise<string[]> {
      // A browser of its own: a cache would have them afterwards.
      const other = await pages.open({ as: await pages.api.signUp() })
      await other.goto(pages.origin)
      await other.getByRole('heading', { name: 'Today', exact: true }).waitFor()
      await other.waitForLoadState('networkidle')
      const found: string[] = []
      other.on('request', (request) => found.push(/assets\/(.*\.js)$/.exec(request.url())?.[1] ?? ''))
      await link(other, name).click()
      await other.getByRole('heading', { name, level: 1 }).waitFor()
      await other.context().close()
      return found.filter(Boolean)
    }
    const missing = () => page.waitForResponse((answer) => answer.url().includes('/assets/') && answer.status() === 404)

    // Another process has it: the page asks again.
    renameSync(assets, away)
    const once = missing()
    await link(page, 'Analytics').click()
    await once
    renameSync(away, assets)
    await page.getByRole('heading', { name: 'Analytics', level: 1 }).waitFor()
    expect(loads).toBe(1)

    // No process has it: a newer release has other parts, and its page names them.
    renameSync(assets, away)
    const reloaded = page.waitForEvent('load')
    await link(page, 'People').click()
    await page.waitForEvent('framenavigated')
    renameSync(away, assets)
    await reloaded
    await page.getByRole('heading', { name: 'People', level: 1 }).waitFor()
    expect(loads).toBe(2)

    // It stays missing: after one load of the page, words say so, and a button tries again.
    const names = await partsOf('Inbox')
    const parts = readdirSync(assets).filter((name) => names.some((one) => name.startsWith(one)))
    const moveParts = (from: string, to: string) => {
      for (const name of parts) renameSync(join(from, name), join(to, name))
    }
    mkdirSync(away)
    moveParts(assets, away)
    await page.addInitScript(timePassesQuicker)
    await page.reload()
    await link(page, 'Inbox').click()
    await page.getByText('The server does not have a part of this page at the moment.').waitFor()
    expect(loads).toBe(4)
    expect(await page.locator('h1').count()).toBe(1)
    expect(await accessibilityFaults(page)).toEqual([])
    moveParts(away, assets)
    rmSync(away, { recursive: true })
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('heading', { name: 'Inbox', level: 1 }).waitFor()
    expect([...types].filter((type) => /html/.test(type))).toEqual([])
    expect([...types].some((type) => type.startsWith('404'))).toBe(true)
    await page.context().close()
  })

  test('what is not there is told in words, and the pages speak Hindi; axe finds nothing wrong', async () => {
    const member = await pages.open({ as: await pages.api.signUp() })
    await member.goto(`${pages.origin}/tasks/00000000-0000-7000-8000-000000000000`)
    await member.getByRole('alert').getByRole('heading').waitFor()
    expect(await member.locator('h1').count()).toBe(1)
    expect(await accessibilityFaults(member)).toEqual([])
    const visitor = await pages.open({ locale: 'hi-IN' })
    await visitor.goto(`${pages.origin}/login`)
    await visitor.getByRole('heading', { level: 1 }).waitFor()
    expect(await visitor.locator('html').getAttribute('lang')).toBe('hi')
    expect(await visitor.locator('h1').textContent()).toMatch(/[\u0900-\u097f]/)
    expect(await accessibilityFaults(visitor)).toEqual([])
  })

  test('no page breaks the Content-Security-Policy or throws', () => {
    // Requests that this test cuts off or whose file it takes away.
    const expected =
      /ERR_INTERNET_DISCONNECTED|ERR_NETWORK_CHANGED|assets\/[\w$-]+\.js answered 404|A part of the page cannot be loaded/
    expect(pages.faults.filter((fault) => !expected.test(fault))).toEqual([])
  })
})
