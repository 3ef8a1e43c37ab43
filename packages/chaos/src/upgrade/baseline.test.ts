import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { totpCode } from '@muster/security/totp'
import { createTestDatabase, eventually } from '@muster/testing'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SystemDatabase } from '../system/database.ts'
import { muster } from '../system/muster-command.ts'
import { root } from '../system/programs.ts'
import { type System, startSystemOn } from '../system/system.ts'
import { entityOf } from '../users/fixtures.ts'
import { createUser, type User } from '../users/user.ts'
import { type Baseline, baselineFiles, readBaseline, restoreFiles, ringsByApp } from './baseline.ts'
import { fromBase32 } from './fill-release.ts'
import { migrateBy, releases } from './releases.ts'

const generous = { timeoutMs: 60_000 }

describe.each(releases)('an installation of $version', ({ version }) => {
  let system: System
  let baseline: Baseline

  beforeAll(async () => {
    const { dump, ...facts } = readBaseline(version)
    baseline = facts
    system = await startSystemOn(() => restoreDump(dump), ringsByApp(baseline.keyRings))
    await restoreFiles(version, system.home)
    // The dump grows older, and a reminder that is more than a day late fails as missed.
    const late = `update reminders set scheduled_at = now() - interval '1 hour' where id = any($1)`
    await system.inspector.query(late, [baseline.reminders.overdue])
    await migrateBy(root, system.postgres.url)
    await system.startAll()
  })
  afterAll(() => system?.close())

  const userNamed = (username: string): User => createUser({ ...system, username, password: baseline.password })
  const dataOf = async <T>(user: User, path: string) => (await user.request('GET', path)).body.data as T

  /** Signs in, with the code of the app where the user has one. */
  async function signedIn(username: string): Promise<User> {
    const user = userNamed(username)
    const { challengeToken } = (await user.login()).body.data as { challengeToken?: string }
    if (!challengeToken) return user
    const code = totpCode(fromBase32(baseline.totpSecret), new Date())
    const { status } = await user.request('POST', '/auth/two-factor/verify', { challengeToken, code })
    expect(status).toBe(200)
    return user
  }

  test('its pending work is done by the new release: mails, images, late reminders, audit events', async () => {
    const { attachments, reminders, pendingMails, auditHead } = baseline
    await system.inspector.waitUntilIdle(generous)
    expect(await system.inspector.query('select id from outbox')).toEqual([])
    for (const [template, address] of Object.entries(pendingMails)) {
      const rows = await system.inspector.query<{ status: string; isExpired: boolean }>(
        `select status, coalesce(expires_at < now(), false) as "isExpired" from email_messages
         where template = $1 and to_address = $2 order by created_at desc limit 1`,
        [template, address],
      )
      expect(rows).toEqual([{ status: rows[0]?.isExpired ? 'dropped' : 'sent', isExpired: expect.any(Boolean) }])
      expect(system.smtp.mailsTo(address)).toHaveLength(rows[0]?.isExpired ? 0 : 1)
    }
    const linus = await signedIn('linus')
    for (const id of attachments.pending)
      expect(entityOf(await linus.request('GET', `/attachments/${id}`), 'attachment').status).toBe('ready')
    // Those that are due later than this test runs stay.
    const states = (ids: string[]) =>
      system.inspector.query(`select status from reminders where id = any($1) and scheduled_at < now()`, [ids])
    await eventually(async () => {
      for (const { status } of await states(reminders.overdue)) expect(status).toBe('sent')
    }, generous)
    expect(await states(reminders.future)).toEqual([])
    const head = `select seq::int, encode(hash, 'hex') as hash from audit_events where seq = $1`
    expect(await system.inspector.query(head, [auditHead.seq])).toEqual([auditHead])
    expect(await system.inspector.isAuditChainIntact()).toBe(true)
    expect(await verifyAudit()).toMatchObject({ ok: true, isComplete: true })
  })

  test('its users sign in with their passwords and find tasks, files, friends and notifications', async () => {
    const [ada, grace, linus] = [await signedIn('ada'), await signedIn('grace'), await signedIn('linus')]
    const { users } = await dataOf<{ users: { username: string; role: string }[] }>(ada, '/admin/users')
    expect(Object.fromEntries(users.map(({ username, role }) => [username, role]))).toEqual(baseline.roles)
    expect((await userNamed('sita').login()).body).toMatchObject({ error: { code: 'ACCOUNT_INACTIVE' } })

    const { tasks } = await dataOf<{ tasks: { title: string; owner: { username: string } }[] }>(
      grace,
      '/tasks?limit=50',
    )
    for (const [owner, titles] of Object.entries(baseline.tasks))
      expect(
        tasks
          .filter((task) => task.owner.username === owner)
          .map(({ title }) => title)
          .sort(),
      ).toEqual(titles)
    const found = await dataOf<{ tasks: unknown[] }>(grace, '/tasks?q=final')
    expect(found.tasks).toHaveLength(tasks.length)

    const [photo = '', notes = ''] = baseline.attachments.ready
    const content = async (user: User, id: string) => {
      const headers = { cookie: user.cookieHeader() }
      return Buffer.from(
        await (await fetch(`${system.apiUrl}/api/v1/attachments/${id}/content`, { headers })).arrayBuffer(),
      )
    }
    const stored = (path: string) => readFile(join(baselineFiles(version).files, 'attachments', path))
    expect(await content(grace, photo)).toEqual(await stored(`${photo}/optimized`))
    expect(await content(linus, notes)).toEqual(await stored(`${notes}/original`))

    const { friends } = await dataOf<{ friends: { username: string }[] }>(linus, '/friends')
    expect(friends.map(({ username }) => username)).toEqual(['grace'])
    const { notifications } = await dataOf<{ notifications: unknown[] }>(grace, '/notifications')
    expect(notifications.length).toBeGreaterThan(0)
  })

  async function verifyAudit(): Promise<object> {
    return JSON.parse((await muster(['audit', 'verify', '--json'], system.env('api'))).stdout)
  }
})

/** Creates a database with the rows of a dump, in the Postgres that all tests share. */
async function restoreDump(dump: string): Promise<SystemDatabase> {
  const { url, drop, db } = await createTestDatabase({ poolMax: 1, isMigrated: false })
  await db.destroy()
  // The dump changes settings of its connection.
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(dump)
  await client.end()
  return { url, drop }
}
