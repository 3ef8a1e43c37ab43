import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startCloudinaryPeer } from '@muster/storage/testing'
import { eventually, startTestProcess } from '@muster/testing'
import sharp, { type Sharp } from 'sharp'
import { expect, type TestContext, test } from 'vitest'
import { stripMetadata } from './containers/index.ts'
import { orientationOnlyExif } from './containers/orientation.ts'
import { createHarness, type Harness, withImageQueue } from './testing/harness.ts'
import { animation, apngOf, pngChunk } from './testing/images.ts'
import { environmentOf, mainFile, startWorkerProcess } from './testing/worker-process.ts'

/** Generous, because the tests decode the largest images while other tests use all cores. */
const timeout = 300_000

/** A harness without a worker, which is closed when the test ends. */
async function setUp(context: TestContext): Promise<Harness> {
  const harness = await createHarness({ isWorking: false })
  context.onTestFinished(() => harness.close())
  return harness
}

/** An animation that takes long enough to process that a test can kill its worker meanwhile. */
const slowImage = () => animation('gif', { sizePx: 600, frames: 100, delayMs: 40 })

const untilActive = ({ redisUrl }: Harness) =>
  eventually(async () => expect(await withImageQueue(redisUrl, (queue) => queue.getActiveCount())).toBe(1), {
    timeoutMs: 60_000,
  })
const statusOf = ({ db }: Harness, id: string) =>
  db.selectFrom('attachments').select('status').where('id', '=', id).executeTakeFirst()
const auditOf = ({ db }: Harness, id: string) =>
  db.selectFrom('audit_pending').select('action').where('target_id', '=', id).execute()

/** One colour of 50 megapixels: a small file that needs the most memory that its format can need. */
const huge = (channels: 3 | 4): Sharp =>
  sharp({ create: { width: 8_660, height: 5_770, channels, background: '#886644' } }).withMetadata({ orientation: 6 })

const frames = (count: number, width: number, height: number): Promise<Buffer[]> =>
  Promise.all(
    Array.from({ length: count }, (_, index) =>
      sharp({ create: { width, height, channels: 4, background: { r: 9 * index, g: 99, b: 44, alpha: 0.5 } } })
        .png({ compressionLevel: 1 })
        .toBuffer(),
    ),
  )
const turnedApng = (pngs: Buffer[]) =>
  apngOf(
    pngs.map((png) => ({ png, blending: 1 })),
    { before: [pngChunk('eXIf', orientationOnlyExif(6) as Buffer)] },
  )
async function turnedWebp(pngs: Buffer[]): Promise<Buffer> {
  const webp = await sharp(pngs, { join: { animated: true } })
    .webp({ lossless: true, effort: 0 })
    .toBuffer()
  return stripMetadata('webp', webp, { orientation: 6, canvas: { widthPx: 0, heightPx: 0 } })
}

const heaviest: Record<string, () => Promise<Buffer>> = {
  'progressive JPEG': () => huge(3).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
  'interlaced PNG': () => huge(4).png({ progressive: true, compressionLevel: 1 }).toBuffer(),
  GIF: () => huge(4).gif({ effort: 1 }).toBuffer(),
  'animated PNG of large frames': async () => turnedApng(await frames(2, 4_990, 5_000)),
  'animated PNG of many frames': async () => turnedApng(await frames(16, 1_080, 1_900)),
  'animated WebP of large frames': async () => turnedWebp(await frames(2, 4_990, 5_000)),
  'animated WebP of many frames': async () => turnedWebp(await frames(16, 1_080, 1_900)),
}

test.runIf(process.platform === 'linux')(
  'the heaviest images of 50 megapixels stay under 512 MiB',
  { timeout },
  async (context) => {
    const harness = await setUp(context)
    const worker = await startWorkerProcess(harness, context)
    for (const [name, make] of Object.entries(heaviest)) {
      const id = await harness.upload(await make())
      expect(await harness.finished(id), name).toMatchObject({ status: 'ready', failure_reason: null })
      const peakMiB = (await worker.peakBytes()) / 1024 ** 2
      expect(peakMiB, name).toBeLessThan(512)
    }
    // 16 bits per channel need more memory than the limit, so the image is refused.
    const wide = await huge(4).toColourspace('rgb16').png({ progressive: true, compressionLevel: 1 }).toBuffer()
    const refused = await harness.finished(await harness.upload(wide))
    expect(refused).toMatchObject({ status: 'failed', failure_reason: expect.stringMatching(/382 MiB when opened/) })
    const many = await harness.finished(await harness.upload(await turnedApng(await frames(24, 1_080, 1_900))))
    expect(many).toMatchObject({ status: 'failed', failure_reason: expect.stringMatching(/188 MiB when opened/) })
    expect((await worker.peakBytes()) / 1024 ** 2).toBeLessThan(512)
    expect(await worker.stop('SIGTERM')).toBe(0)
  },
)

test('an image whose worker is killed is completed once, by another worker', { timeout }, async (context) => {
  const harness = await setUp(context)
  const first = await startWorkerProcess(harness, context)
  const id = await harness.upload(await slowImage())
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

test('SIGTERM lets the current image complete before the process ends', { timeout }, async (context) => {
  const harness = await setUp(context)
  const worker = await startWorkerProcess(harness, context)
  const id = await harness.upload(await slowImage())
  await untilActive(harness)
  expect(await worker.stop('SIGTERM')).toBe(0)
  expect(await statusOf(harness, id)).toEqual({ status: 'ready' })
})

test('with Cloudinary, an image whose worker is killed is completed once', { timeout }, async (context) => {
  const harness = await setUp(context)
  const peer = await startCloudinaryPeer()
  context.onTestFinished(() => peer.close())
  const first = await startWorkerProcess(harness, context, peer.env)
  const id = await harness.insert()
  const folder = `muster/attachments/${id}`
  peer.files.set(`${folder}/original`, { bytes: await slowImage(), createdAt: new Date() })
  await harness.enqueue(id)
  await eventually(() => expect(peer.requests.some((request) => request.startsWith('GET '))).toBe(true), {
    timeoutMs: 60_000,
  })
  await first.stop('SIGKILL')
  await startWorkerProcess(harness, context, peer.env)
  expect((await harness.finished(id)).status).toBe('ready')
  expect([...peer.files.keys()].sort()).toEqual([`${folder}/optimized`, `${folder}/thumbnail`])
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
