import { startCloudinaryPeer } from '@muster/storage/testing'
import { eventually } from '@muster/testing'
import sharp, { type Sharp } from 'sharp'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createHarness, type Harness, withImageQueue } from './testing/harness.ts'
import { animation, gpsPhoto } from './testing/images.ts'
import { startWorkerProcess, type WorkerProcess } from './testing/worker-process.ts'

let harness: Harness
let running: WorkerProcess[] = []

beforeEach(async () => {
  harness = await createHarness({ isWorking: false })
})
afterEach(async () => {
  await Promise.all(running.map((worker) => worker.stop('SIGKILL')))
  running = []
  await harness.close()
})

async function start(env?: Record<string, string>): Promise<WorkerProcess> {
  const worker = await startWorkerProcess(harness, env)
  running.push(worker)
  return worker
}

const activeJobs = () => withImageQueue(harness.redisUrl, (queue) => queue.getActiveCount())

/** One colour of 50 megapixels: a small file that takes all the memory that its format can take. */
const huge = (channels: 3 | 4): Sharp =>
  sharp({ create: { width: 8_660, height: 5_770, channels, background: '#886644' } }).withMetadata({ orientation: 6 })

const heaviest: Record<string, () => Promise<Buffer>> = {
  'progressive JPEG': () => huge(3).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
  'interlaced PNG': () => huge(4).png({ progressive: true, compressionLevel: 1 }).toBuffer(),
  GIF: () => huge(4).gif({ effort: 1 }).toBuffer(),
}

test.runIf(process.platform === 'linux')(
  'the heaviest images of 50 megapixels stay under 512 MiB',
  async () => {
    const worker = await start()
    for (const [name, make] of Object.entries(heaviest)) {
      const id = await harness.upload(await make())
      expect(await harness.finished(id), name).toMatchObject({ status: 'ready', failure_reason: null })
      const peakMiB = (await worker.peakBytes()) / 1024 ** 2
      expect(peakMiB, name).toBeLessThan(512)
    }
    // Too much for one process, and it says so.
    const wide = await huge(4).toColourspace('rgb16').png({ progressive: true, compressionLevel: 1 }).toBuffer()
    const refused = await harness.finished(await harness.upload(wide))
    expect(refused).toMatchObject({ status: 'failed', failure_reason: expect.stringMatching(/382 MiB when opened/) })
    expect((await worker.peakBytes()) / 1024 ** 2).toBeLessThan(512)
    expect(await worker.stop('SIGTERM')).toBe(0)
  },
  120_000,
)

test('a worker killed in the middle of an image loses and repeats nothing: another one finishes it', async () => {
  const first = await start()
  const id = await harness.upload(await animation('gif', { sizePx: 600, frames: 100, delayMs: 40 }))
  await eventually(async () => expect(await activeJobs()).toBe(1))
  await first.stop('SIGKILL')
  expect(await harness.db.selectFrom('attachments').select('status').where('id', '=', id).execute()).toEqual([
    { status: 'processing' },
  ])
  const second = await start()
  expect((await harness.finished(id)).status).toBe('ready')
  const audited = await harness.db.selectFrom('audit_pending').select('action').where('target_id', '=', id).execute()
  expect(audited).toEqual([{ action: 'attachment.optimized' }])
  expect(await second.stop('SIGTERM')).toBe(0)
}, 90_000)

test('SIGTERM ends the process only after the image that it works on', async () => {
  const worker = await start()
  const id = await harness.upload(await animation('gif', { sizePx: 600, frames: 100, delayMs: 40 }))
  await eventually(async () => expect(await activeJobs()).toBe(1))
  expect(await worker.stop('SIGTERM')).toBe(0)
  const row = harness.db.selectFrom('attachments').select('status').where('id', '=', id)
  expect(await row.executeTakeFirst()).toEqual({ status: 'ready' })
}, 60_000)

test('a worker whose environment names an account keeps its files there, and loses and repeats nothing when it is killed', async () => {
  const peer = await startCloudinaryPeer()
  const original = await animation('gif', { sizePx: 600, frames: 100, delayMs: 40 })
  const first = await start(peer.env)
  const id = await harness.insert()
  const folder = `muster/attachments/${id}`
  peer.files.set(`${folder}/original`, { bytes: original, createdAt: new Date() })
  await harness.enqueue(id)
  await eventually(() => expect(peer.requests.some((request) => request.startsWith('GET '))).toBe(true))
  await first.stop('SIGKILL')
  await start(peer.env)
  expect((await harness.finished(id)).status).toBe('ready')
  expect([...peer.files.keys()].sort()).toEqual([`${folder}/optimized`, `${folder}/thumbnail`])
  const audited = await harness.db.selectFrom('audit_pending').select('action').where('target_id', '=', id).execute()
  expect(audited).toEqual([{ action: 'attachment.optimized' }])
  await peer.close()
}, 90_000)

test('a worker answers on its ops port', async () => {
  const worker = await start()
  await harness.finished(await harness.upload(await gpsPhoto(300, 200)))
  const metrics = await (await fetch(`${worker.opsUrl}/metrics`)).text()
  expect(metrics).toMatch(/muster_job_duration_seconds_count\{[^}]*name="optimize-image"[^}]*\} 1/)
  expect(await worker.stop('SIGTERM')).toBe(0)
}, 60_000)
