import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '@muster/devkit'
import { eventually } from '@muster/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { debianPrograms, type ReplicatedPostgres } from './faults/standby.ts'
import type { App } from './system/apps.ts'
import { type System, startSystemWithStandby } from './system/system.ts'
import { startWriters } from './users/read-your-writes.ts'

const isFull = process.env.CHAOS_FULL === '1'
const programs = debianPrograms()

describe.skipIf(!programs)('with a read replica (needs Debian’s postgresql)', () => {
  let system: System<ReplicatedPostgres>
  let apis: [App, App]
  beforeAll(async () => {
    system = await startSystemWithStandby(programs as string)
    const env = { DATABASE_REPLICA_URL: system.postgres.standby.url }
    const started = await Promise.all([
      system.start('api', { env }),
      system.start('api', { env, port: await freePort() }),
      system.start('email-worker'),
    ])
    apis = [started[0], started[1]]
  }, 120_000)
  afterAll(() => system?.close())

  test('a client sees what it wrote in lists, search and analytics, whatever the replica does', async () => {
    const { standby } = system.postgres
    const writers = await startWriters(system, { count: isFull ? 12 : 4, urls: apis.map(({ url }) => url) })
    for (let round = 0; round < (isFull ? 20 : 1); round++) {
      await sleep(500)
      await standby.pauseReplay()
      await sleep(1_500)
      await standby.resumeReplay()
      await standby.delayReplay(300)
      await sleep(1_500)
      await standby.delayReplay(0)
      standby.freeze()
      await sleep(1_000)
      standby.thaw()
      await sleep(500)
      await standby.kill()
      await sleep(500)
      await standby.restart()
      await eventually(async () => expect(await replicaOf(apis[0])).toMatchObject({ status: 'up' }))
      await sleep(500)
    }
    const { checks, failures } = await writers.stop()
    const reads = await readsOf(apis)
    console.log({ checks, reads })
    expect(failures).toEqual([])
    expect(reads).toMatchObject({ replica: expect.any(Number), writes_overlap: expect.any(Number) })
    for (const reason of ['not_replayed', 'behind', 'unavailable']) expect(reads[reason]).toBeGreaterThan(0)
  }, 900_000)
})

type Reads = Record<string, number>

/** Sums the reads by the reason of the primary; those of the replica are `replica`. */
async function readsOf(apis: readonly App[]): Promise<Reads> {
  const sums: Reads = {}
  for (const { opsUrl } of apis) {
    const text = await (await fetch(`${opsUrl}/metrics`)).text()
    for (const [, server, reason, count] of text.matchAll(
      /^muster_replica_reads_total\{server="(\w+)",reason="(\w+)"\} (\d+)/gm,
    )) {
      const key = server === 'replica' ? server : (reason as string)
      sums[key] = (sums[key] ?? 0) + Number(count)
    }
  }
  return sums
}

async function replicaOf({ url }: App): Promise<unknown> {
  const { checks } = (await (await fetch(`${url}/health`)).json()) as { checks: { replica?: unknown } }
  return checks.replica
}
