import { eventually } from '@muster/testing'
import { expect } from 'vitest'
import type { RedisTopology } from '../faults/redis-topology.ts'
import type { System } from '../system/system.ts'
import { createReminder } from './fixtures.ts'
import { sendSignedInTraffic, type TrafficReport } from './signed-in-traffic.ts'
import type { User } from './user.ts'

/** The time that a fail-over may add to a response: no request waits for Redis for longer than 150 ms. */
const addedMs = 300
const patience = { timeoutMs: 60_000, intervalMs: 100 }

/**
 * Takes the master of a key away while users work, and brings it back as a replica.
 * @param fault `kill`, or `freeze`: connections to it stay open
 */
export async function failOver(
  system: System,
  redis: RedisTopology,
  user: User,
  key: string,
  fault: 'kill' | 'freeze',
) {
  const before = await sendSignedInTraffic(user, 300)
  const master = await redis.masterOf(key)
  // Two reminders become due meanwhile.
  const [taskId] = before.taskIds as [string]
  const reminderIds = [await createReminder(user, taskId, 500), await createReminder(user, taskId, 2_500)]
  const { faults } = system.recorder
  const name = `a master of Redis is ${fault === 'kill' ? 'killed' : 'frozen'}`
  faults.began(name)
  await (fault === 'kill' ? master.kill() : master.freeze())
  const during = await sendSignedInTraffic(user, 4_000)
  await eventually(async () => expect((await redis.masterOf(key)).port).not.toBe(master.port), patience)
  // From the moment at which another one takes over, everything can go on.
  faults.ended(name)
  await (fault === 'kill' ? master.start() : master.thaw())

  expect(during.responses.filter(({ status }) => status >= 300)).toEqual([])
  expect(during.slowestMs).toBeLessThan(before.slowestMs + addedMs)
  const later = system.newUser()
  await eventually(async () => expect((await later.register()).status).toBe(202), patience)
  await assertLedger(system, [before, during], { reminderIds, recipients: [later.email] })
}

/** Checks that each acknowledged effect took place once: audit events, reminders and mails. */
async function assertLedger(
  system: System,
  traffic: TrafficReport[],
  { reminderIds, recipients }: { reminderIds: string[]; recipients: string[] },
): Promise<void> {
  const sent = async () =>
    (await system.inspector.query(`select id from reminders where id = any($1) and status = 'sent'`, [reminderIds]))
      .length
  await eventually(async () => expect(await sent()).toBe(reminderIds.length), patience)
  await system.inspector.waitUntilIdle()
  const deliveries = await system.inspector.query(
    `select reminder_id from reminder_deliveries where reminder_id = any($1)`,
    [reminderIds],
  )
  expect(deliveries).toHaveLength(reminderIds.length)
  for (const email of recipients) expect(system.smtp.mailsTo(email)).toHaveLength(1)
  const taskIds = traffic.flatMap((report) => report.taskIds)
  expect(await system.inspector.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
  expect(await system.inspector.isAuditChainIntact()).toBe(true)
}
