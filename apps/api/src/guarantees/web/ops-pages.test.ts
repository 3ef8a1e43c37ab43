import { once } from 'node:events'
import { formatHead, signHead } from '@muster/audit'
import { accessibilityFaults, findBrowser } from '@muster/browser'
import { newId } from '@muster/db'
import { createAnnouncements } from '@muster/jobs/processes'
import { failFastRedis } from '@muster/redis'
import type { Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventsOf } from '../../modules/admin/testing/admin-fixtures.ts'
import { chainEvents, tamper } from '../../modules/audit/testing/audit-fixtures.ts'
import { invited } from '../../modules/invites/testing/invites-fixtures.ts'
import { login, registered, templatesTo } from '../../modules/sign-in/testing/sign-in-fixtures.ts'
import { createTask } from '../../modules/tasks/testing/tasks-fixtures.ts'
import { openPages, type Pages, tabTo } from '../../testing/browser.ts'
import { succeeded } from '../../testing/succeeded.ts'
import type { TestUser } from '../../testing/test-app.ts'

const browserPath = findBrowser()
if (!browserPath) console.warn('No Chromium is on PATH: the pages for operators are not tested here.')

describe.skipIf(!browserPath)('an operator', () => {
  let pages: Pages
  let admin: TestUser
  let page: Page

  beforeAll(async () => {
    pages = await openPages()
    admin = await pages.api.signUp({ role: 'site_admin' })
    page = await pages.open({ as: admin })
  }, 240_000)
  afterAll(() => pages?.close())

  const go = async (path: string) => {
    await page.goto(pages.origin + path)
    await pages.untilSettled(page)
  }
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  // Messages of the page have that role too.
  const dialog = () => page.locator('[role=dialog]:not([data-type])')
  const press = async (control: Locator) => {
    await tabTo(control)
    await page.keyboard.press('Enter')
  }

  test('finds a person, sees what deactivating does before it is done, gives the reason, and takes it back', async () => {
    const person = await pages.api.signUp()
    await pages.api.signUp({ role: 'client_user', organizationId: person.organizationId as string })
    succeeded(await person.inject('PATCH', '/api/v1/users/me', { name: 'رنا <b>Rana</b>' }))
    await createTask(person)
    await invited(pages.api, person, 'client_user')

    await go('/ops/people')
    // A link that is followed before the typing pauses leads where it says, and the search does not call back.
    await page.getByRole('searchbox').fill('ran')
    await page.getByRole('link', { name: 'رنا <b>Rana</b>' }).dispatchEvent('click')
    await page.waitForURL(`**/ops/people/${person.userId}`)
    await page.getByText('Second factor', { exact: true }).waitFor()
    await page.goBack()
    await page.getByRole('searchbox').fill('rana')
    // The list is another one as soon as the address has the search.
    await page.waitForURL('**/ops/people?q=rana')
    await page.getByRole('link', { name: 'رنا <b>Rana</b>' }).click()
    await page.getByText('Second factor', { exact: true }).waitFor()
    await page.getByRole('tab', { name: 'Sessions' }).click()
    await page.getByText('This person is signed in nowhere.').waitFor({ state: 'detached' })
    await button('Deactivate').click()
    for (const effect of ['1 open session ends.', '1 open task stays theirs.', 'without an active administrator'])
      await dialog().getByText(effect).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog().getByRole('button', { name: 'Deactivate' }).click()
    await dialog().getByText('Fill this in.').waitFor()
    expect((await person.inject('GET', '/api/v1/users/me')).statusCode).toBe(200)
    await dialog().getByLabel('Why?').fill('Left the company.')
    await dialog().getByRole('button', { name: 'Deactivate' }).click()
    await dialog().waitFor({ state: 'detached' })
    await button('Reactivate').waitFor()
    expect((await person.inject('GET', '/api/v1/users/me')).statusCode).toBe(401)
    expect(await eventsOf(pages.api, 'user.deactivated', person.userId)).toMatchObject([
      { actor_id: admin.userId, after: { note: 'Left the company.' } },
    ])
    await page.getByText('This person is signed in nowhere.').waitFor()

    await button('Reactivate').click()
    await dialog().getByLabel('Why?').fill('Came back.')
    await dialog().getByRole('button', { name: 'Reactivate' }).click()
    await button('Deactivate').waitFor()
  })

  test('who decides by what is no longer so is told, and sees what is', async () => {
    const person = await pages.api.signUp()
    await go(`/ops/people/${person.userId}`)
    await button('Deactivate').click()
    await dialog().getByLabel('Why?').fill('Asked by phone.')
    const other = await pages.api.signUp({ role: 'super_admin' })
    succeeded(await other.inject('PATCH', `/api/v1/admin/users/${person.userId}`, { isActive: false }))
    await dialog().getByRole('button', { name: 'Deactivate' }).click()
    await dialog().getByRole('alert').waitFor()
    await page.keyboard.press('Escape')
    await button('Reactivate').waitFor()
    expect(await eventsOf(pages.api, 'user.deactivated', person.userId)).toHaveLength(1)
    expect(pages.refusals.splice(0)).toEqual([expect.stringMatching(/answered 412$/)])
  })

  test('ends one session of a person and leaves the other, then sends them a link for a new password', async () => {
    const person = await registered(pages.api)
    const lost = pages.api.connect()
    await login(lost, person.email, undefined, {
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0',
    })
    const isSignedIn = async (client: typeof lost) =>
      (await client.inject('GET', '/api/v1/users/me')).statusCode === 200
    await go(`/ops/people/${person.id}?view=sessions`)
    await button('End session: Firefox on Linux').click()
    await dialog().getByText('Other sessions stay.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog().getByLabel('Why?').fill('The laptop was stolen.')
    await dialog().getByRole('button', { name: 'End session' }).click()
    await dialog().waitFor({ state: 'detached' })
    await button('End session: Firefox on Linux').waitFor({ state: 'detached' })
    await page.getByText('Ended by an administrator').waitFor()
    expect([await isSignedIn(lost), await isSignedIn(person.client)]).toEqual([false, true])

    await button('Send a password link').click()
    await dialog().getByText(person.email).waitFor()
    await dialog().getByText('It works for one hour.').waitFor()
    await dialog().getByLabel('Why?').fill('Called the help desk.')
    await dialog().getByRole('button', { name: 'Send a password link' }).click()
    await page.getByText('The link is on its way').waitFor()
    expect(await templatesTo(pages.api, person.email)).toContain('password-reset')
    expect(await isSignedIn(person.client)).toBe(true)

    await pages.api.db
      .insertInto('email_suppressions')
      .values({ address: person.email, reason: 'no such user' })
      .execute()
    await button('Send a password link').click()
    await dialog().getByText('Mail to this address is suppressed').waitFor()
    expect(await dialog().getByLabel('Why?').count()).toBe(0)
    await page.keyboard.press('Escape')
  })

  test('finds an organization with its members, and revokes an invitation with the reason', async () => {
    const owner = await pages.api.signUp()
    succeeded(await owner.inject('PATCH', '/api/v1/organization', { name: 'Lighthouse Keepers' }))
    const { id } = await invited(pages.api, owner, 'client_user')
    await go('/ops/organizations?q=lighthouse')
    await page.getByRole('link', { name: 'Lighthouse Keepers' }).click()
    await page.getByRole('heading', { name: 'Storage' }).waitFor()
    await page.getByRole('list', { name: 'People' }).getByText(owner.email).waitFor()
    await page.getByRole('list', { name: 'Invitations' }).waitFor()
    // A client_admin invites members; the platform’s roles see it and cannot change it.
    expect(await button('Revoke').count()).toBe(0)

    const email = 'operator-to-be@example.test'
    succeeded(await admin.inject('POST', '/api/v1/invites', { email, role: 'operator' }))
    const { db } = pages.api
    await db.updateTable('email_messages').set({ status: 'failed' }).where('to_address', '=', email).execute()
    await go('/ops/invites?q=operator-to-be')
    await page.getByText('Not delivered', { exact: true }).waitFor()
    await button(`Resend the invitation to ${email}`).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await db.insertInto('email_suppressions').values({ address: email, reason: 'no such user' }).execute()
    await go('/ops/invites?q=operator-to-be')
    await page.getByText('The address refused the mail').waitFor()
    await page.getByRole('link', { name: 'Show the mail' }).waitFor()
    expect(await button(`Resend the invitation to ${email}`).count()).toBe(0)
    await button(`Revoke the invitation to ${email}`).click()
    await dialog().getByLabel('Why?').fill('Sent to the wrong address.')
    await dialog().getByRole('button', { name: 'Revoke' }).click()
    await dialog().waitFor({ state: 'detached' })
    await page.getByRole('heading', { name: 'No invitation found' }).waitFor()
    expect(id).toBeTruthy()
    expect((await eventsOf(pages.api, 'invite.revoked')).at(-1)).toMatchObject({
      actor_id: admin.userId,
      after: { note: 'Sent to the wrong address.' },
    })
  })

  test('finds why a mail was not sent, and follows it to the request that ordered it', async () => {
    const { db } = pages.api
    const [id, requestId] = [newId(), newId()]
    const at = new Date()
    await db
      .insertInto('email_messages')
      .values({
        ...{ id, request_id: requestId, template: 'welcome', to_address: 'refused@example.test', data: '{}' },
        ...{ status: 'failed', attempts: 1, error: '550 5.1.1 no such user', created_at: at },
      })
      .execute()
    await db
      .insertInto('email_attempts')
      .values({
        ...{ email_id: id, attempt: 1, outcome: 'failed', verdict: 'mailbox', smtp_answer: '550 5.1.1 no such user' },
        ...{ started_at: at, ended_at: at },
      })
      .execute()
    // A step of a worker has no actor and no address.
    await db
      .insertInto('audit_pending')
      .values({
        ...{ id: newId(), action: 'email.suppressed', target_type: 'email', target_id: id },
        ...{ request_id: requestId, after: JSON.stringify({ reason: 'no such user' }), created_at: at },
      })
      .execute()
    await go('/ops/mails?status=failed')
    const row = page.getByRole('row').filter({ hasText: 'refused@example.test' })
    await row.getByRole('link').first().click()
    await page.getByText('Why it was not sent').waitFor()
    await page.getByText('550 5.1.1 no such user').first().waitFor()
    await page.getByText('Send it again when the cause is mended').waitFor()
    await page.locator(`a[href*="/ops/trace/${requestId}"]`).first().click()
    await page.getByText('refused@example.test').or(page.getByText('welcome')).first().waitFor()
    await page.getByText('Muster itself').waitFor()
    expect(await page.getByText('Nobody signed in').count()).toBe(0)

    await db.updateTable('email_messages').set({ template: 'invite' }).where('id', '=', id).execute()
    await go(`/ops/mails/${id}`)
    await page.getByText('Whoever invited can send the invitation again').first().waitFor()
    await page.getByRole('link', { name: 'Show the invitation' }).waitFor()
  })

  test('is told which worker does not run and since when, and is not troubled by a process that another one replaced', async () => {
    const redis = failFastRedis(pages.api.deps.config.redis)
    try {
      await redis.ping().catch(() => once(redis, 'ready'))
      const frozen = createAnnouncements(redis, 'reminder-worker', () => Date.now() - 600_000)
      await frozen.announce()
      await go('/ops')
      await page.getByRole('link', { name: 'No reminder-worker runs' }).click()
      await page.getByText('was heard of 10 minutes ago').waitFor()
      await page.getByText('these pages start no process').waitFor()

      const next = createAnnouncements(redis, 'reminder-worker', () => Date.now())
      await next.announce()
      await go('/ops')
      const rows = page
        .getByRole('table', { name: 'Processes' })
        .getByRole('row')
        .filter({ hasText: 'reminder-worker' })
      await rows.getByText('replaced').waitFor()
      await rows.getByText('runs', { exact: true }).waitFor()
      expect(await page.getByText('No reminder-worker runs').count()).toBe(0)
      await Promise.all([frozen.withdraw(), next.withdraw()])
    } finally {
      redis.disconnect()
    }
  })

  test('retries the failed jobs of one reason by the keyboard alone, and leaves the others', async () => {
    const failed = (error: string) => ({
      ...{ id: newId(), queue: 'email', name: 'send-email', payload: JSON.stringify({ emailId: newId() }), error },
      ...{ published_at: new Date(), failed_at: new Date() },
    })
    const rows = [failed('the relay was away'), failed('the relay was away'), failed('another reason')]
    await pages.api.db.insertInto('outbox').values(rows).execute()
    await go('/ops/queues/email')
    const row = page.getByRole('row').filter({ hasText: 'the relay was away' })
    await press(row.getByRole('button', { name: 'Retry', exact: true }))
    await dialog().getByText('2 jobs are concerned.').waitFor()
    await dialog().getByText('No worker of this queue runs: the jobs wait').waitFor()
    await tabTo(dialog().getByRole('textbox'))
    await page.keyboard.type('The relay is back.')
    await press(dialog().getByRole('button', { name: 'Retry 2 jobs' }))
    await dialog().getByText('2 jobs wait to run again.').waitFor()
    await dialog().getByText('how many of them are done and how many fail again').waitFor()
    const left = await pages.api.db.selectFrom('outbox').select('error').where('failed_at', 'is not', null).execute()
    expect(left).toEqual([{ error: 'another reason' }])
    await press(dialog().getByRole('button', { name: 'Done' }))
    await dialog().waitFor({ state: 'detached' })
    const retried = page.getByRole('list', { name: 'Retried in the last 24 hours' }).getByRole('listitem')
    await retried.getByText('2 wait or run').waitFor()
    await retried.getByText('The relay is back.').waitFor()
    // One of them fails again, and the other one runs.
    const { db } = pages.api
    const [first, second] = await db
      .selectFrom('outbox')
      .select('id')
      .where(
        'payload',
        'in',
        rows.slice(0, 2).map(({ payload }) => payload),
      )
      .execute()
    await db
      .updateTable('outbox')
      .set({ failed_at: new Date(), error: 'the relay was away again' })
      .where('id', '=', first?.id as string)
      .execute()
    await db
      .deleteFrom('outbox')
      .where('id', '=', second?.id as string)
      .execute()
    await retried.getByText('1 done').waitFor()
    await retried.getByText('1 failed again').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await press(retried.getByRole('button', { name: 'Show' }))
    await page.getByText('the relay was away again').last().waitFor()
    await db.deleteFrom('outbox').where('error', '=', 'the relay was away again').execute()
    await go('/ops/queues/email')
    await press(button('Retry all…'))
    await dialog().getByText('1 job is concerned.').waitFor()
    await dialog().getByText('Failed runs of schedules are not among them').waitFor()
    await page.keyboard.press('Escape')
    await dialog().waitFor({ state: 'detached' })
  })

  test('sees how Muster is, and has it examined', async () => {
    await go('/ops')
    const queues = page.getByRole('table', { name: 'Queues' })
    await queues.getByRole('row').filter({ hasText: 'email' }).getByText('1 failed').waitFor()
    await page.getByText('1 job failed for good').waitFor()
    await button('Examine').click()
    const checks = page.getByText(/^All \d+ checks/)
    await checks.click()
    await page
      .getByText(/^migrations/)
      .first()
      .waitFor()
    await button('Copy the report').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(await eventsOf(pages.api, 'admin.doctor_run')).toMatchObject([{ actor_id: admin.userId }])
  })

  test('pauses a queue with the reason and resumes it; who is second is told so, also in Hindi', async () => {
    const second = await pages.open({ as: await pages.api.signUp({ role: 'super_admin' }), locale: 'hi-IN' })
    await second.goto(`${pages.origin}/ops/queues/image`)
    await second.getByRole('button', { name: 'रोकें', exact: true }).click()
    await second.getByLabel('क्यों?').fill('रखरखाव')

    await go('/ops/queues/image')
    await button('Pause').click()
    await dialog().getByText('Others wait, and none is lost').waitFor()
    await dialog().getByLabel('Why?').fill('The disk is being replaced.')
    await dialog().getByRole('button', { name: 'Pause' }).click()
    await dialog().waitFor({ state: 'detached' })
    await page.getByText('The disk is being replaced.').waitFor()

    await second.locator('[role=dialog]').getByRole('button', { name: 'रोकें', exact: true }).click()
    await second.getByText('किसी ने यह क़तार पहले ही रोक दी है।').waitFor()
    await second.getByText('The disk is being replaced.').waitFor()
    await second.context().close()
    expect(pages.refusals.splice(0)).toEqual([expect.stringMatching(/pause answered 409$/)])

    await button('Resume').click()
    await dialog().getByLabel('Why?').fill('The new one is there.')
    await dialog().getByRole('button', { name: 'Resume' }).click()
    await button('Pause').waitFor()
    expect((await eventsOf(pages.api, 'queue.resumed', 'image')).at(-1)).toMatchObject({
      actor_id: admin.userId,
      before: { note: 'The disk is being replaced.' },
      after: { note: 'The new one is there.' },
    })
  })

  test('verifies the audit log, and is shown the row that was changed behind the back of Muster', async () => {
    await chainEvents(pages.api, 5)
    await tamper(pages.api.db, `update audit_events set action = 'task.deleted' where seq = 3`)
    await go('/ops/audit')
    await button('Verify the chain').click()
    await page.getByText('The chain is broken').waitFor()
    await page.getByText('Event 3 was changed after it was chained.').waitFor()
  })

  test('finds the names of actions to choose from in the filter', async () => {
    await page.getByRole('searchbox', { name: 'Action' }).focus()
    await page.locator('datalist option[value="task.deleted"]').waitFor({ state: 'attached' })
  })

  test('is told of a pasted head that is none, that nobody here has signed, or that names another event', async () => {
    await page.getByText('Compare with a signed head').click()
    const field = page.getByLabel('Signed head, or lines of the audit worker’s log')
    const compare = async (text: string, answer: string) => {
      await field.fill(text)
      await button('Compare').click()
      await page.getByText(answer).waitFor()
    }
    await compare('4.abc', 'There is no signed head in this text.')
    const other = formatHead(signHead(pages.api.deps.config.keys.audit, { seq: 4, hash: 'ab'.repeat(32) }))
    await compare(other, 'The log has another event with the number 4 than when this head was signed.')
    await compare(other.replace(/.{64}$/, 'cd'.repeat(32)), 'The head for event 4 is not signed by this installation.')
  })

  test('who loses the role while the page is open is told, and sees nothing more', async () => {
    const other = await pages.api.signUp({ role: 'operator' })
    const window = await pages.open({ as: other })
    await window.goto(`${pages.origin}/ops/people`)
    await pages.untilSettled(window)
    succeeded(
      await (await pages.api.signUp({ role: 'super_admin' })).inject('PATCH', `/api/v1/admin/users/${other.userId}`, {
        role: 'client_admin',
      }),
    )
    await window.getByRole('searchbox').fill('somebody')
    await window.getByRole('heading', { name: 'This is not open to you' }).waitFor()
    expect(await window.getByRole('list', { name: 'People' }).count()).toBe(0)
    await window.context().close()
    expect(pages.refusals.splice(0)).not.toEqual([])
  })

  test('no page broke the Content-Security-Policy, threw, or asked for something that failed', () => {
    expect(pages.faults).toEqual([])
    expect(pages.refusals).toEqual([])
  })
})
