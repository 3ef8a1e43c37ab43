import { eventually } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { App, AppName } from './apps.ts'
import type { Person } from './people.ts'
import { type System, startSystem } from './system.ts'
import { makeTask } from './work.ts'

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
async function people(count: number): Promise<Person[]> {
  const members: Person[] = []
  for (let index = 0; index < count; index++) {
    const person = await system.member()
    const id = await makeTask(person)
    await system.books.query(`update tasks set due_date = now() - interval '2 days' where id = $1`, [id])
    members.push(person)
  }
  return members
}

/** As if their five o'clock had been three hours ago and no worker had looked at them since. */
async function missedFive(members: Person[]): Promise<void> {
  const offset = ((new Date().getUTCHours() + 24 - 8 + 14) % 24) - 14
  const timezone = `Etc/GMT${offset >= 0 ? '+' : ''}${offset}`
  const emails = members.map(({ email }) => email)
  await system.books.query(
    `update users set timezone = $1, next_digest_at = now() - interval '6 hours' where email = any($2)`,
    [timezone, emails],
  )
}

const digestsTo = ({ email }: Person) => system.smtp.to(email).filter(({ subject }) => subject.includes('overdue'))
const rowsOf = (table: string, { email }: Person, where = 'true') =>
  system.books.query(`select from ${table} where user_id = (select id from users where email = $1) and ${where}`, [
    email,
  ])

test('of three whose digest is due, the mail server refuses one: the other two have theirs', async () => {
  const [refused, ...others] = await people(3)
  system.smtp.manners = { beforeTaking: async (to) => (to === refused?.email ? 'refuse' : 'take') }
  await missedFive([refused as Person, ...others])
  for (const person of others) {
    await eventually(() => expect(digestsTo(person)).toHaveLength(1), { timeoutMs: takenOverMs })
  }
  const failed = () => rowsOf('email_messages', refused as Person, `template = 'morning-digest' and status = 'failed'`)
  await eventually(async () => expect(await failed()).toHaveLength(1), { timeoutMs: takenOverMs })
})

test('kill -9 with a digest half written, twice, and Redis emptied in between: one line in the ledger, one mail', async () => {
  const [person] = (await people(1)) as [Person]
  const gate = await system.gate('digest_deliveries', 'insert')
  await gate.close()
  await missedFive([person])
  for (let kills = 0; kills < 2; kills++) {
    await gate.waitForOne({ timeoutMs: takenOverMs })
    await apps['reminder-worker'].kill()
    if (kills === 0) await system.redis.flush()
    await gate.open()
    if (kills === 0) await gate.close()
    apps['reminder-worker'] = await system.start('reminder-worker')
  }
  await eventually(() => expect(digestsTo(person)).toHaveLength(1), { timeoutMs: takenOverMs })
  await system.books.settled()
  expect(digestsTo(person)).toHaveLength(1)
  expect(await rowsOf('digest_deliveries', person)).toHaveLength(1)
  expect(await rowsOf('email_messages', person, `template = 'morning-digest'`)).toHaveLength(1)
})
