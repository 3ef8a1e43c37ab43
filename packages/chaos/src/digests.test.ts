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

/** Longer than a job's lock, its check and a mail's lease, twice, on a machine that has other work. */
const takenOverMs = 60_000

/** People with a task that is overdue. */
async function users(count: number): Promise<User[]> {
  const members: User[] = []
  for (let index = 0; index < count; index++) {
    const user = await system.registeredUser()
    const id = await createTask(user)
    await system.inspector.query(`update tasks set due_date = now() - interval '2 days' where id = $1`, [id])
    members.push(user)
  }
  return members
}

/** As if their five o'clock had been three hours ago and no worker had looked at them since. */
async function missedFive(members: User[]): Promise<void> {
  const offset = ((new Date().getUTCHours() + 24 - 8 + 14) % 24) - 14
  const timezone = `Etc/GMT${offset >= 0 ? '+' : ''}${offset}`
  const emails = members.map(({ email }) => email)
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

test('of three whose digest is due, the mail server refuses one: the other two have theirs', async () => {
  const [refused, ...others] = await users(3)
  system.smtp.behavior = { beforeAccept: async (to) => (to === refused?.email ? 'reject' : 'accept') }
  await missedFive([refused as User, ...others])
  for (const user of others) {
    await eventually(() => expect(digestsTo(user)).toHaveLength(1), { timeoutMs: takenOverMs })
  }
  const failed = () => rowsOf('email_messages', refused as User, `template = 'morning-digest' and status = 'failed'`)
  await eventually(async () => expect(await failed()).toHaveLength(1), { timeoutMs: takenOverMs })
})

test('kill -9 with a digest half written, twice, and Redis emptied in between: one line in the ledger, one mail', async () => {
  const [user] = (await users(1)) as [User]
  const pausePoint = await system.pausePoint('digest_deliveries', 'insert')
  await pausePoint.arm()
  await missedFive([user])
  for (let kills = 0; kills < 2; kills++) {
    await pausePoint.waitUntilReached({ timeoutMs: takenOverMs })
    await apps['reminder-worker'].kill()
    if (kills === 0) await system.redis.flush()
    await pausePoint.release()
    if (kills === 0) await pausePoint.arm()
    apps['reminder-worker'] = await system.start('reminder-worker')
  }
  await eventually(() => expect(digestsTo(user)).toHaveLength(1), { timeoutMs: takenOverMs })
  await system.inspector.waitUntilIdle()
  expect(digestsTo(user)).toHaveLength(1)
  expect(await rowsOf('digest_deliveries', user)).toHaveLength(1)
  expect(await rowsOf('email_messages', user, `template = 'morning-digest'`)).toHaveLength(1)
})
