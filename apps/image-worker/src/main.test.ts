import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCloudinaryPeer } from '@muster/storage/testing'
import { eventually, startTestProcess } from '@muster/testing'
import { beforeAll, expect, type TestContext, test } from 'vitest'
import { createHarness, type Harness, withImageQueue } from './testing/harness.ts'
import { animation } from './testing/images.ts'
import { environmentOf, mainFile, startWorkerProcess } from './testing/worker-process.ts'

/** Generous, because the tests process slow images while other tests use all cores. */
const timeout = 300_000

/** A harness without a worker, which is closed when the test ends. */
async function setUp(context: TestContext): Promise<Harness> {
  const harness = await createHarness({ isWorking: false })
  context.onTestFinished(() => harness.close())
  return harness
}

/** An animation that takes long enough to process that a test can kill its worker meanwhile. */
let slowImage: Buffer
beforeAll(async () => {
  slowImage = await animation('gif', { sizePx: 600, frames: 40, delayMs: 40 })
})

const untilActive = ({ redisSettings }: Harness) =>
  eventually(async () => expect(await withImageQueue(redisSettings, (queue) => queue.getActiveCount())).toBe(1), {
    timeoutMs: 60_000,
  })
const statusOf = ({ db }: Harness, id: string) =>
  db.selectFrom('attachments').select('status').where('id', '=', id).executeTakeFirst()
const auditOf = ({ db }: Harness, id: string) =>
  db.selectFrom('audit_pending').select('action').where('target_id', '=', id).execute()

// Side by side, since most of their time passes until a job counts as stalled.
test.concurrent('an image whose worker is killed is completed once, by another worker', {
  timeout,
}, async (context) => {
  const harness = await setUp(context)
  const first = await startWorkerProcess(harness, context)
  const id = await harness.upload(slowImage)
  await untilActive(harness)
  await first.stop('SIGKILL')
  expect(await statusOf(harness, id)).toEqual({ status: 'processing' })
  const second = await startWorkerProcess(harness, context)
  expect((await harness.finished(id)).status).toBe('ready')
  expect(await auditOf(harness, id)).toEqual([{ action: 'attachment.optimized' }])
  // A ready worker answers on its ops port.
  await eventually(async () => {
    const metrics = await (await fetch(`${second.opsUrl}/metrics`)).text()
    expect(metrics).toMatch(/muster_job_duration_seconds_count\{[^}]*name="optimize-image"[^}]*\} 1/)
  })
  expect(await second.stop('SIGTERM')).toBe(0)
})

test.concurrent('SIGTERM lets the current image complete before the process ends', { timeout }, async (context) => {
  const harness = await setUp(context)
  const worker = await startWorkerProcess(harness, context)
  const id = await harness.upload(slowImage)
  await untilActive(harness)
  expect(await worker.stop('SIGTERM')).toBe(0)
  expect(await statusOf(harness, id)).toEqual({ status: 'ready' })
})

test.concurrent('with Cloudinary, an image whose worker is killed is completed once', { timeout }, async (context) => {
  const harness = await setUp(context)
  const peer = await startCloudinaryPeer()
  context.onTestFinished(() => peer.close())
  const first = await startWorkerProcess(harness, context, peer.env)
  const id = await harness.insert()
  const folder = `muster/attachments/${id}`
  peer.files.set(`${folder}/original`, { bytes: slowImage, createdAt: new Date() })
  await harness.enqueue(id)
  await eventually(
    () => expect(peer.requests.some((request) => request.startsWith('GET ') && request.includes(id))).toBe(true),
    {
      timeoutMs: 60_000,
    },
  )
  await first.stop('SIGKILL')
  await startWorkerProcess(harness, context, peer.env)
  expect((await harness.finished(id)).status).toBe('ready')
  expect([...peer.files.keys()].filter((key) => key.startsWith(folder)).sort()).toEqual([
    `${folder}/optimized`,
    `${folder}/thumbnail`,
  ])
  expect(await auditOf(harness, id)).toEqual([{ action: 'attachment.optimized' }])
})

test('a start without writable folders is refused, and names each folder and its variable', async (context) => {
  const harness = await setUp(context)
  const folder = await mkdtemp(join(tmpdir(), 'muster-start-'))
  context.onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'file')
  await writeFile(file, '')
  const worker = startTestProcess(mainFile, {
    ...environmentOf(harness),
    STORAGE_LOCAL_DIR: join(file, 'files'),
    TMPDIR: join(folder, 'nowhere'),
  })
  expect(await worker.ended).toEqual({ code: 1, signal: null })
  for (const expected of [join(folder, 'nowhere'), 'set TMPDIR', join(file, 'files'), 'set STORAGE_LOCAL_DIR'])
    expect(worker.output()).toContain(expected)
})
