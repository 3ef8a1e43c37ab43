import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '@muster/devkit'
import { createStorage } from '@muster/storage'
import { type S3Server, startS3Server } from '@muster/storage/testing'
import { eventually, isLongForm } from '@muster/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { muster } from './system/muster-command.ts'
import { type System, startSystem } from './system/system.ts'
import { createTask, retryOn503 } from './users/fixtures.ts'
import type { User } from './users/user.ts'

let system: System
let server: S3Server
beforeAll(async () => {
  ;[system, server] = await Promise.all([startSystem(), startS3Server()])
})
afterAll(async () => {
  await system.close()
  await server.close()
})

/** Uploads texts to instances by turns, and deletes every third one again, until it is stopped. */
function startTraffic(user: User, taskId: string, instances: () => string[]) {
  const [kept, deleted] = [new Map<string, string>(), [] as string[]]
  const failures: number[] = []
  let isRunning = true
  const run = async (lane: number) => {
    for (let number = 0; isRunning; number++) {
      const content = `file ${number} of lane ${lane}`
      const form = new FormData()
      form.append('files', new Blob([content]), `f${lane}-${number}.txt`)
      const urls = instances()
      const at = urls[(lane + number) % urls.length] as string
      const { status, body } = await user.request('POST', `/tasks/${taskId}/attachments`, form, { at })
      const { attachments } = (body as { data?: { attachments?: { id: string }[] } }).data ?? {}
      const id = attachments?.[0]?.id
      if (status !== 201 || !id) failures.push(status)
      else if (number % 3 !== 0) kept.set(id, content)
      else if ((await user.request('DELETE', `/attachments/${id}`, undefined, { at })).status < 300) deleted.push(id)
    }
  }
  const lanes = Promise.all([0, 1].map(run))
  return {
    count: () => kept.size + deleted.length,
    async stop() {
      isRunning = false
      await lanes
      return { kept, deleted, failures }
    },
  }
}

test('a Muster whose bucket belongs to another one does not start, until it claims the files', {
  timeout: 120_000,
}, async () => {
  const env = server.env
  const { owner } = createStorage(server.config)
  await owner.claim('another-installation')
  for (const name of ['api', 'image-worker'] as const) {
    const { exit, output } = await system.runToExit(name, env)
    expect(exit).toEqual({ code: 1, signal: null })
    expect(output).toMatch(
      /prefix muster of the bucket muster-test has the files of another installation.*`muster files claim`/,
    )
    expect(output).not.toContain(env.S3_SECRET_ACCESS_KEY as string)
  }
  // Another prefix of the same bucket is free.
  const neighbour = await system.start('image-worker', { env: { ...env, S3_PREFIX: 'neighbour' } })
  expect((await muster(['files', 'claim', '--yes', 'another-installation'], system.env('api', env))).code).toBe(0)
  const worker = await system.start('image-worker', { env })
  await Promise.all([neighbour.terminate(), worker.terminate()])
})

test.runIf(isLongForm)(
  'files move to S3 under uploads and deletions: none is lost, none comes back',
  { timeout: 180_000 },
  async () => {
    const toS3 = { ...server.env, STORAGE_DRIVER: 's3', STORAGE_FALLBACK_DRIVER: 'local' }
    const toLocal = { ...toS3, STORAGE_DRIVER: 'local', STORAGE_FALLBACK_DRIVER: 's3' }
    const port = await freePort()
    // The state in the middle of the second step: one API writes to the folder still, the other one to S3 already.
    const [before, after] = await Promise.all([
      system.start('api', { env: toLocal }),
      system.start('api', { env: toS3, port }),
      system.start('image-worker', { env: toLocal }),
      system.start('email-worker'),
    ])
    const user = await system.registeredUser()
    const taskId = await createTask(user)
    let instances = [before.url, after.url]
    const traffic = startTraffic(user, taskId, () => instances)
    const more = async (count: number) => {
      const wanted = traffic.count() + count
      await eventually(() => expect(traffic.count()).toBeGreaterThan(wanted), { timeoutMs: 60_000 })
    }
    await more(20)
    instances = [after.url]
    await before.terminate()

    const copied = await muster(['files', 'copy', '--from', 'local', '--to', 's3'], system.env('api', toS3))
    expect([copied.code, copied.stderr]).toEqual([0, ''])
    expect(copied.stdout).toMatch(/^[1-9]\d* files? copied and verified.*, 0 failed; pass/)
    await more(5)
    const { kept, deleted, failures } = await traffic.stop()
    expect(failures).toEqual([])
    // No audit worker runs, so only jobs are waited for.
    await eventually(
      async () => expect(await system.inspector.query('select id from outbox where failed_at is null')).toEqual([]),
      { timeoutMs: 60_000 },
    )

    const compared = await muster(['files', 'compare', '--from', 'local', '--to', 's3'], system.env('api', toS3))
    expect([compared.code, compared.stdout]).toEqual([0, expect.stringContaining('0 missing, 0 different')])
    const idsInFolder = await readdir(join(system.env('api').STORAGE_LOCAL_DIR as string, 'attachments'))
    const stored = [...server.objects.keys()].join()
    for (const [id, content] of kept) {
      expect(server.objects.get(`muster/attachments/${id}/original`)?.bytes.toString()).toBe(content)
      expect(
        (await retryOn503(() => user.request('GET', `/attachments/${id}/content`, undefined, { at: after.url })))
          .status,
      ).toBe(200)
    }
    for (const id of deleted) expect([stored.includes(id), idsInFolder.includes(id)]).toEqual([false, false])
    expect([kept.size > 15, deleted.length > 5, idsInFolder.length > 3]).toEqual([true, true, true])
  },
)
