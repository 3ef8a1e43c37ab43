import { verifyChain } from '@muster/audit'
import { newId } from '@muster/db'
import { anonymisePeople } from '@muster/jobs/definitions'
import { auditRow } from '@muster/jobs/outbox'
import {
  eventually,
  insertChatFile,
  insertGroup,
  insertMessage,
  insertOrganization,
  insertReminder,
  insertTask,
  insertUser,
  isLongForm,
  manualClock,
} from '@muster/testing'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness, insertPending, keys } from '../testing/harness.ts'

const dayMs = 86_400_000
const now = new Date('2026-11-21T03:47:00.000Z')
const longAgo = new Date(now.getTime() - 30 * dayMs)
const clock = manualClock(now)

let harness: Harness
beforeEach(async () => {
  harness = await createHarness()
})
afterEach(() => harness.close())

type User = Awaited<ReturnType<typeof insertUser>>

const leaving = (changes: Parameters<typeof insertUser>[1] = {}) =>
  insertUser(harness.db, { deletion_requested_at: longAgo, ...changes })
const userOf = ({ id }: { id: string }) =>
  harness.db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const countOf = async (table: string, where = sql<boolean>`true`) => {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)} where ${where}`.execute(
    harness.db,
  )
  return rows[0]?.n
}
const enqueuedFiles = async () =>
  (await harness.db.selectFrom('outbox').select('payload').where('name', '=', 'delete-files').execute()).flatMap(
    ({ payload }) => (payload as { keys: string[] }).keys,
  )

/** Runs the job with a worker in this process. */
async function run(end: 'completed' | 'failed' = 'completed') {
  const worker = harness.start({ clock })
  await harness.runJob(anonymisePeople, end)
  await worker.close()
}

/** Inserts a row in each table that holds data of a user. */
async function insertTraces(user: User, other: User) {
  const { db } = harness
  const user_id = user.id
  const at = { created_at: longAgo }
  const task = await insertTask(db, user)
  await insertReminder(db, task)
  const file = { id: newId(), task_id: task.id, organization_id: user.organization_id, uploader_id: user_id }
  await db
    .insertInto('attachments')
    .values({
      ...file,
      filename: 'a.jpg',
      content_type: 'image/webp',
      kind: 'image',
      status: 'ready',
      size_bytes: 1,
      original_size_bytes: 1,
      storage_key: `attachments/${file.id}/optimized`,
    })
    .execute()
  await db
    .insertInto('notifications')
    .values({ id: newId(), user_id, type: 'general', title: 'x', message: 'y' })
    .execute()
  await db
    .insertInto('sessions')
    .values({
      id: newId(),
      user_id,
      seed: Buffer.alloc(32),
      rotated_at: longAgo,
      created_at: longAgo,
      last_used_at: longAgo,
      expires_at: longAgo,
      ip: '192.0.2.7',
    })
    .execute()
  await db
    .insertInto('known_devices')
    .values({ user_id, browser: 'Firefox', network: '192.0.2.0/24', first_seen_at: longAgo, last_seen_at: longAgo })
    .execute()
  await db
    .insertInto('digest_deliveries')
    .values({
      id: newId(),
      user_id,
      local_date: longAgo,
      scheduled_at: longAgo,
      status: 'sent',
      late: false,
      created_at: longAgo,
    })
    .execute()
  await db.insertInto('user_preferences').values({ user_id, settings: '{}', updated_at: longAgo }).execute()
  await db
    .insertInto('totp_secrets')
    .values({ id: newId(), user_id, key_id: 'k1', sealed: Buffer.alloc(8), ...at })
    .execute()
  await db
    .insertInto('recovery_codes')
    .values({ user_id, code_hash: Buffer.alloc(32), ...at })
    .execute()
  await db
    .insertInto('password_resets')
    .values({ id: newId(), user_id, expires_at: longAgo, ...at })
    .execute()
  const pair = { id: newId(), requester_id: other.id, addressee_id: user_id, accepted_at: longAgo }
  await db
    .insertInto('friendships')
    .values({ ...pair, ...at })
    .execute()
  await db
    .insertInto('blocks')
    .values({ blocker_id: other.id, blocked_id: user_id, ...at })
    .execute()
  const mail = { template: 'welcome', data: JSON.stringify({ name: user.name }) }
  const mailId = newId()
  await db
    .insertInto('email_messages')
    .values([
      { id: mailId, ...mail, to_address: user.email, user_id, status: 'sent' },
      { id: newId(), ...mail, to_address: user.email, status: 'queued' },
      { id: newId(), ...mail, to_address: other.email, user_id: other.id, status: 'sent' },
    ])
    .execute()
  const times = { started_at: new Date(), ended_at: new Date() }
  await db
    .insertInto('email_attempts')
    .values({ email_id: mailId, attempt: 1, outcome: 'sent', smtp_answer: `250 ${user.email}`, ...times })
    .execute()
  await db.insertInto('email_suppressions').values({ address: user.email, reason: 'full' }).execute()
  return { task, file }
}

const ownTables = [
  'sessions',
  'notifications',
  'notification_changes',
  'reminders',
  'due_notices',
  'digest_deliveries',
  'known_devices',
  'user_preferences',
  'totp_secrets',
  'recovery_codes',
  'password_resets',
]

test('thirty days after the request the user has no personal data and no credentials left', async () => {
  const other = await insertUser(harness.db)
  const avatar = `avatars/x/${newId()}/picture`
  const user = await leaving({
    name: 'Real Name',
    username: 'real_name',
    bio: 'about me',
    password_hash: 'hash',
    google_id: 'google',
    avatar_key: avatar,
    timezone: 'Europe/Berlin',
    last_seen_at: longAgo,
    two_factor_method: 'totp',
  })
  const { file } = await insertTraces(user, other)
  await run()

  expect(await userOf(user)).toMatchObject({
    username: expect.stringMatching(/^deleted_[0-9a-f]{22}$/),
    name: 'Former member',
    email: `deleted-${user.id}@invalid`,
    password_hash: null,
    google_id: null,
    avatar_key: null,
    bio: null,
    timezone: 'UTC',
    last_seen_at: null,
    two_factor_method: 'none',
    is_active: false,
    organization_id: null,
    anonymised_at: now,
  })
  for (const table of ownTables) {
    expect([table, await countOf(table, sql`user_id = ${user.id}`)]).toEqual([table, 0])
  }
  for (const table of ['friendships', 'blocks', 'tasks', 'attachments', 'email_suppressions']) {
    expect([table, await countOf(table)]).toEqual([table, 0])
  }
  const mails = await harness.db
    .selectFrom('email_messages')
    .select(['to_address', 'data', 'status'])
    .orderBy('id')
    .execute()
  expect(mails).toEqual([
    { to_address: 'erased', data: {}, status: 'sent' },
    { to_address: 'erased', data: {}, status: 'dropped' },
    { to_address: other.email, data: { name: 'Real Name' }, status: 'sent' },
  ])
  const attempts = await harness.db.selectFrom('email_attempts').select(['outcome', 'smtp_answer', 'reason']).execute()
  expect(attempts).toEqual([{ outcome: 'sent', smtp_answer: null, reason: null }])
  expect(await enqueuedFiles()).toEqual(
    expect.arrayContaining([
      avatar,
      ...['original', 'optimized', 'thumbnail'].map((name) => `attachments/${file.id}/${name}`),
    ]),
  )
  expect(await countOf('organizations', sql`id = ${user.organization_id}`)).toBe(0)
  expect(await userOf(other)).toEqual(other)
})

test('invitations to the user lose the address, and pending ones are revoked', async () => {
  const [user, inviter] = [await leaving(), await insertUser(harness.db, { role: 'operator' })]
  const rest = { role: 'operator', inviter_id: inviter.id, expires_at: new Date(now.getTime() + dayMs) }
  const at = { created_at: longAgo, updated_at: longAgo }
  const invite = { ...rest, ...at, email: user.email }
  await harness.db
    .insertInto('invites')
    .values([
      { ...invite, id: newId(), email_id: newId(), status: 'accepted', accepted_by: user.id, accepted_at: longAgo },
      { ...invite, id: newId(), email_id: newId(), status: 'pending' },
      { ...invite, id: newId(), email_id: newId(), status: 'pending', email: 'other@example.test' },
    ])
    .execute()
  await run()
  const invites = harness.db.selectFrom('invites').select(['email', 'status']).orderBy('id')
  expect(await invites.execute()).toEqual([
    { email: `deleted-${user.id}@invalid`, status: 'accepted' },
    { email: `deleted-${user.id}@invalid`, status: 'revoked' },
    { email: 'other@example.test', status: 'pending' },
  ])
})

test('users within the thirty days, and users who cancelled, are not anonymised', async () => {
  const early = await leaving({ deletion_requested_at: new Date(longAgo.getTime() + 1) })
  const back = await insertUser(harness.db)
  const due = await leaving()
  await run()
  expect([await userOf(early), await userOf(back)]).toEqual([early, back])
  expect((await userOf(due)).anonymised_at).toEqual(now)
})

test('personal parts of pending and chained events are erased, and the chain stays valid', async () => {
  const [user, other] = [await leaving(), await insertUser(harness.db)]
  await insertPending(harness.db, 2_500, { actorId: user.id })
  await insertPending(harness.db, 10, { targetType: 'user', actorId: other.id })
  const onUser = auditRow({
    action: 'user.updated',
    actorId: other.id,
    targetType: 'user',
    targetId: user.id,
    after: { a: 1 },
  })
  await harness.db.insertInto('audit_pending').values(onUser).execute()
  const first = harness.start({ clock })
  await eventually(async () => expect(await countOf('audit_pending')).toBe(0), { timeoutMs: 30_000 })
  await first.close()
  await insertPending(harness.db, 5, { actorId: user.id })
  await run()
  harness.start({ clock })
  await eventually(async () => expect(await countOf('audit_pending')).toBe(0))

  const { rows } = await sql<{ kept: number }>`
    select count(*)::int as kept from audit_events e join audit_personal p on p.event_id = e.id
    where (actor_id = ${user.id} or target_id = ${user.id})
      and coalesce(p.ip, p.user_agent, p.request_id, p.before::text, p.after::text) is not null`.execute(harness.db)
  expect(rows[0]?.kept).toBe(0)
  expect(await countOf('audit_personal', sql`ip is not null`)).toBe(10)
  const report = await verifyChain(harness.db, keys)
  expect(report).toMatchObject({ ok: true, checkedRows: 2_518, faults: [] })
  expect(report.erasedRows).toBeGreaterThanOrEqual(2_501)
})

test('the chain stays valid when events are chained while they are erased', async () => {
  const users = await Promise.all(Array.from({ length: 10 }, () => leaving()))
  harness.start({ pollIntervalMs: 5 })
  let isDone = false
  const writing = (async () => {
    while (!isDone) for (const { id } of users) await insertPending(harness.db, 5, { actorId: id })
  })()
  await run()
  isDone = true
  await writing
  await eventually(async () => expect(await countOf('audit_pending')).toBe(0), { timeoutMs: 30_000 })
  const { ok, faults } = await verifyChain(harness.db, keys)
  expect({ ok, faults: faults.length }).toEqual({ ok: true, faults: 0 })
})

test('an organization without members is deleted, except for tasks of former members', async () => {
  const { db } = harness
  const team = await insertOrganization(db)
  await insertUser(db, { organization_id: team.id, role: 'client_user' })
  const member = await leaving({ organization_id: team.id, role: 'client_user' })
  const kept = await insertTask(db, member)

  const alone = await leaving()
  const gone = await insertTask(db, alone)
  const former = await insertUser(db, {
    organization_id: alone.organization_id,
    anonymised_at: longAgo,
    is_active: false,
  })
  const moved = await insertUser(db)
  const theirs = await insertTask(db, { id: moved.id, organization_id: alone.organization_id })
  const admin = await leaving({ role: 'super_admin' })
  const own = await insertTask(db, admin)
  await run()

  const tasks = await db.selectFrom('tasks').select(['id', 'organization_id']).orderBy('id').execute()
  expect(tasks).toEqual([
    { id: kept.id, organization_id: team.id },
    { id: theirs.id, organization_id: moved.organization_id },
  ])
  expect([gone.id, own.id]).not.toContain(tasks[0]?.id)
  expect(await userOf(member)).toMatchObject({ organization_id: team.id, anonymised_at: now })
  expect(await userOf(former)).toMatchObject({ organization_id: null })
  expect(await userOf(admin)).toMatchObject({ anonymised_at: now })
  const left = await db.selectFrom('organizations').select('id').execute()
  expect(left.map(({ id }) => id).sort()).toEqual([team.id, moved.organization_id].sort())
})

test('more tasks than one transaction deletes are deleted, and a second run changes nothing', async () => {
  const user = await leaving()
  const rows = Array.from({ length: 250 }, () => ({
    id: newId(),
    owner_id: user.id,
    organization_id: user.organization_id,
    title: 'Test task',
    due_date: now,
  }))
  await harness.db.insertInto('tasks').values(rows).execute()
  await run()
  expect(await countOf('tasks')).toBe(0)
  const first = await userOf(user)
  await run()
  expect(await userOf(user)).toEqual(first)
  const audited = sql<boolean>`target_id = ${user.id} and action = 'user.anonymised'`
  const events = ((await countOf('audit_pending', audited)) ?? 0) + ((await countOf('audit_events', audited)) ?? 0)
  expect(events).toBe(1)
})

test('a failure for one user stops no other, and the job is listed as failed', async () => {
  const [first, second] = [await leaving(), await leaving()]
  await insertTask(harness.db, first)
  await refuseDeletion('tasks')
  await run('failed')
  expect((await userOf(first)).anonymised_at).toBeNull()
  expect((await userOf(second)).anonymised_at).toEqual(now)
  await sql`drop trigger refuse on tasks`.execute(harness.db)
  await run()
  expect((await userOf(first)).anonymised_at).toEqual(now)
  expect(await countOf('tasks')).toBe(0)
})

async function refuseDeletion(table: string) {
  await sql`create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$`.execute(
    harness.db,
  )
  await sql`create trigger refuse before delete on ${sql.table(table)} for each row execute function refuse()`.execute(
    harness.db,
  )
}

/** Each kill takes seconds. All are tried in the long form, and here the one that leaves the most undone and the one that leaves the least. */
const killPoints = ['reminders', 'tasks', 'audit_personal', 'organizations']
const triedKillPoints = isLongForm ? killPoints : [killPoints[0], killPoints.at(-1)]

test.each(triedKillPoints as string[])(
  'after a kill before it deletes from %s, the next run completes the work',
  async (table) => {
    const [other, user] = [await insertUser(harness.db), await leaving({ deletion_requested_at: new Date(0) })]
    await insertTraces(user, other)
    await insertPending(harness.db, 20, { actorId: user.id })
    const pausePoint = await addPausePoint(table)
    const killed = await harness.startProcess()
    await harness.withQueue((queue) => queue.add(anonymisePeople.name, {}))
    await pausePoint.isReached()
    await killed.stop('SIGKILL')
    expect((await userOf(user)).name).toBe('Former member')
    expect((await userOf(user)).anonymised_at).toBeNull()
    await pausePoint.release()

    await run()
    expect((await userOf(user)).anonymised_at).toEqual(now)
    for (const own of [...ownTables, 'tasks', 'friendships']) expect([own, await countOf(own)]).toEqual([own, 0])
    harness.start()
    await eventually(async () => expect(await countOf('audit_pending')).toBe(0))
    expect(await countOf('audit_personal', sql`ip is not null`)).toBe(0)
    expect(await verifyChain(harness.db, keys)).toMatchObject({ ok: true })
  },
)

/** Adds a pause point: deletions from the table wait in Postgres until it is released. */
async function addPausePoint(table: string) {
  await sql`
    create function pause_point() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock_shared(71); return null; end $$`.execute(harness.db)
  await sql`create trigger pause_point before delete on ${sql.table(table)} for each statement execute function pause_point()`.execute(
    harness.db,
  )
  const held = Promise.withResolvers<void>()
  const holding = harness.db.connection().execute(async (own) => {
    await sql`select pg_advisory_lock(71)`.execute(own)
    await held.promise
    await sql`select pg_advisory_unlock(71)`.execute(own)
  })
  return {
    isReached: () =>
      eventually(
        async () => {
          const { rows } = await sql`select from pg_locks join pg_stat_activity using (pid)
              where datname = current_database() and locktype = 'advisory' and objid = 71 and not granted`.execute(
            harness.db,
          )
          expect(rows).not.toEqual([])
        },
        { timeoutMs: 30_000 },
      ),
    async release() {
      held.resolve()
      await holding
    },
  }
}

test('the job is scheduled once a day', async () => {
  harness.start()
  harness.start()
  const own = await eventually(async () => {
    const all = await harness.withQueue((queue) => queue.getJobSchedulers())
    const found = all.filter(({ name }) => name === anonymisePeople.name)
    expect(found).not.toEqual([])
    return found
  })
  expect(own).toMatchObject([{ pattern: '0 47 3 * * *', tz: 'Etc/UTC' }])
})

test('an anonymised user leaves all groups by a change, and the member of longest standing becomes admin', async () => {
  const { db } = harness
  const user = await leaving()
  const [second, third] = [await insertUser(db, { is_active: false }), await insertUser(db)]
  const chat = await insertGroup(db, [user, second, third])
  const alone = await insertGroup(db, [user])
  const message = await insertMessage(db, chat, user, { body: 'stays' })
  const file = await insertChatFile(db, chat, user, { message_id: message.id })
  const other = await insertMessage(db, chat, third)
  const reaction = { message_id: other.id, user_id: user.id, emoji: '👍', created_at: now }
  await db.insertInto('message_reactions').values(reaction).execute()
  const { change } = await db.selectFrom('chats').select('change').where('id', '=', chat.id).executeTakeFirstOrThrow()

  await run()

  const members = await db
    .selectFrom('chat_members')
    .select(['user_id', 'role', 'left_change', 'change'])
    .where('chat_id', '=', chat.id)
    .orderBy('joined_change')
    .execute()
  expect(members).toEqual([
    { user_id: user.id, role: 'admin', left_change: change + 1, change: change + 1 },
    { user_id: second.id, role: 'member', left_change: null, change: 3 },
    { user_id: third.id, role: 'admin', left_change: null, change: change + 2 },
  ])
  const rows = await db
    .selectFrom('messages')
    .select(['id', 'body', 'change'])
    .where('chat_id', '=', chat.id)
    .orderBy('seq')
    .execute()
  expect(rows).toEqual([
    { id: message.id, body: 'stays', change: message.change },
    { id: other.id, body: other.body, change: change + 3 },
  ])
  expect(await countOf('message_reactions')).toBe(0)
  const empty = await db.selectFrom('chat_members').select('left_at').where('chat_id', '=', alone.id).executeTakeFirst()
  expect(empty).toEqual({ left_at: now })
  // The organization of the user is gone; the file counts for that of the member of longest standing.
  const kept = await db.selectFrom('attachments').selectAll().where('id', '=', file.id).executeTakeFirst()
  expect(kept).toMatchObject({ message_id: message.id, organization_id: second.organization_id })
})

test('the other user of a direct chat learns of an anonymisation by a change, and keeps the chat', async () => {
  const { db } = harness
  const [user, other] = [await leaving(), await insertUser(db)]
  const [user_low_id, user_high_id] = [user.id, other.id].sort() as [string, string]
  const pair = { kind: 'direct', name: null, user_low_id, user_high_id }
  const chat = await insertGroup(db, [user, other], pair)
  await run()
  const member = await db
    .selectFrom('chat_members')
    .select(['change', 'left_at'])
    .where('chat_id', '=', chat.id)
    .where('user_id', '=', user.id)
    .executeTakeFirst()
  expect(member).toEqual({ change: chat.change + 1, left_at: null })
})
