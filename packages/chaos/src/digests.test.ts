import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App, AppName } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { createTask } from './users/fixtures.ts'
import type { User } from './users/user.ts'

let system: System
let apps: Record<AppName, App>

beforeAll(async () => {
  system = await startSystem()
  apps = await system.startAll()
})
afterAll(() => system.close())

/** Twice the time until a stalled job is retried (its lock, the stalled check, a mail's lease), on a busy machine. */
const retried = { timeoutMs: 60_000 }

test('a digest that the mail server rejects does not keep others from getting theirs', async () => {
  const [rejected, ...others] = (await usersWithOverdueTask(3)) as [User, ...User[]]
  system.smtp.behavior = { beforeAccept: async (to) => (to === rejected.email ? 'reject' : 'accept') }
  await makeDigestsDue([rejected, ...others])
  for (const user of others) await eventually(() => expect(digestsTo(user)).toHaveLength(1), retried)
  const failed = () => rowsOf('email_messages', rejected, `template = 'morning-digest' and status = 'failed'`)
  await eventually(async () => expect(await failed()).toHaveLength(1), retried)
})

test('a digest is sent once when its worker is killed twice and Redis is flushed', async () => {
  const [user] = (await usersWithOverdueTask(1)) as [User]
  const pausePoint = await system.pausePoint('digest_deliveries', 'insert')
  await pausePoint.arm()
  await makeDigestsDue([user])
  for (let kills = 0; kills < 2; kills++) {
    await pausePoint.waitUntilReached(retried)
    await apps['reminder-worker'].kill()
    if (kills === 0) await system.redis.flush()
    await pausePoint.release()
    if (kills === 0) await pausePoint.arm()
    apps['reminder-worker'] = await system.start('reminder-worker')
  }
  await eventually(() => expect(digestsTo(user)).toHaveLength(1), retried)
  await system.inspector.waitUntilIdle()
  expect(digestsTo(user)).toHaveLength(1)
  expect(await rowsOf('digest_deliveries', user)).toHaveLength(1)
  expect(await rowsOf('email_messages', user, `template = 'morning-digest'`)).toHaveLength(1)
})

async function usersWithOverdueTask(count: number): Promise<User[]> {
  const users: User[] = []
  for (let index = 0; index < count; index++) {
    const user = await system.registeredUser()
    const id = await createTask(user)
    await system.inspector.query(`update tasks set due_date = now() - interval '2 days' where id = $1`, [id])
    users.push(user)
  }
  return users
}

/** Makes digests due as if no worker had run since 5:00 in the users' time zone, where it is 8:00 now. */
async function makeDigestsDue(users: User[]): Promise<void> {
  const offset = ((new Date().getUTCHours() + 24 - 8 + 14) % 24) - 14
  const timezone = `Etc/GMT${offset >= 0 ? '+' : ''}${offset}`
  const emails = users.map(({ email }) => email)
  await system.inspector.query(
    `update users set timezone = $1, next_digest_at = now() - interval '6 hours' where email = any($2)`,
    [timezone, emails],
  )
}

const digestsTo = ({ email }: User) => system.smtp.mailsTo(email).filter(({ subject }) => subject.includes('overdue'))

const rowsOf = (table: string, { email }: User, where = 'true') =>
  system.inspector.query(`select from ${table} where user_id = (select id from users where email = $1) and ${where}`, [
    email,
  ])
