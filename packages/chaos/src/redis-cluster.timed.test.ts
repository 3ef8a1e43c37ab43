import { type Reaper, startReaper } from '@muster/devkit'
import { queuePrefix } from '@muster/jobs/queue'
import { eventually, isLongForm } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RedisTopology, startCluster } from './faults/redis-topology.ts'
import { type App, appNames } from './system/apps.ts'
import { type System, startSystem } from './system/system.ts'
import { failOver } from './users/fail-over.ts'
import { createReminder, createTask } from './users/fixtures.ts'
import { sendSignedInTraffic } from './users/signed-in-traffic.ts'
import type { User } from './users/user.ts'

let reaper: Reaper
let system: System
let cluster: RedisTopology
let apps: App[]
let user: User

const queueKey = (queue: Parameters<typeof queuePrefix>[0]) => `${queuePrefix(queue)}:any`
const patience = { timeoutMs: 60_000, intervalMs: 100 }

beforeAll(async () => {
  reaper = startReaper()
  ;[system, cluster] = await Promise.all([startSystem(), startCluster(reaper)])
  const env = { REDIS_URL: cluster.url }
  apps = await Promise.all(appNames.map((name) => system.start(name, { env })))
  user = await system.registeredUser()
})
afterAll(async () => {
  await system.close()
  await cluster.stop()
  reaper.dismiss()
})

test('a cluster whose master is killed loses and repeats nothing, and requests succeed', async () => {
  await failOver(system, cluster, user, queueKey('reminder'), 'kill')
  expect(apps.every((app) => app.isRunning())).toBe(true)
})

test('when one master of a cluster loses its data, its pending jobs are published again', async () => {
  const taskId = await createTask(user)
  const reminderId = await createReminder(user, taskId, 3_000)
  const isPublished = async () =>
    (await system.inspector.query(`select from outbox where queue = 'reminder' and published_at is null`)).length === 0
  await eventually(async () => expect(await isPublished()).toBe(true), patience)
  const { client } = await cluster.masterOf(queueKey('reminder'))
  await client.flushall()
  await eventually(async () => {
    const rows = await system.inspector.query(`select from reminders where id = $1 and status = 'sent'`, [reminderId])
    expect(rows).toHaveLength(1)
  }, patience)
  await system.inspector.waitUntilIdle()
})

test.runIf(isLongForm)(
  'killed and frozen masters of every queue, again and again, lose and repeat nothing',
  async () => {
    for (const fault of ['kill', 'freeze', 'kill', 'freeze'] as const)
      for (const queue of ['email', 'audit', 'reminder', 'image'] as const)
        await failOver(system, cluster, user, queueKey(queue), fault)
    expect(apps.every((app) => app.isRunning())).toBe(true)
  },
  900_000,
)

test.runIf(isLongForm)(
  'a slot that moves to another master under traffic loses and repeats nothing',
  async () => {
    for (const queue of ['reminder', 'email'] as const) {
      const key = queueKey(queue)
      const from = await cluster.masterOf(key)
      const to = await otherMaster(from.port)
      const traffic = sendSignedInTraffic(user, 5_000)
      await moveSlot(key, from, to)
      const { responses, taskIds } = await traffic
      expect(responses.filter(({ status }) => status >= 300)).toEqual([])
      await system.inspector.waitUntilIdle()
      expect(await system.inspector.auditCounts('task.created', taskIds)).toEqual(taskIds.map(() => 1))
    }
  },
  300_000,
)

type Node = RedisTopology['nodes'][number]

async function otherMaster(port: number): Promise<Node> {
  for (const node of cluster.nodes) {
    const [role] = (await node.client.role()) as [string]
    if (role === 'master' && node.port !== port) return node
  }
  throw new Error('The cluster has no other master.')
}

/** Moves the slot of a key as `redis-cli --cluster reshard` does. */
async function moveSlot(key: string, from: Node, to: Node): Promise<void> {
  const slot = await from.client.cluster('KEYSLOT', key)
  const [fromId, toId] = (await Promise.all([from, to].map(({ client }) => client.call('CLUSTER', 'MYID')))) as string[]
  await to.client.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId as string)
  await from.client.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId as string)
  for (;;) {
    const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', slot, 100)) as string[]
    if (keys.length === 0) break
    const auth = ['AUTH', from.client.options.password as string]
    await from.client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, ...auth, 'KEYS', ...keys)
  }
  for (const { client } of [to, from]) await client.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId as string)
}
