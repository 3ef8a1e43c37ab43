import { isLongForm } from '@muster/testing'
import sharp, { type Sharp } from 'sharp'
import { expect, test } from 'vitest'
import { stripMetadata } from './containers/index.ts'
import { orientationOnlyExif } from './containers/orientation.ts'
import { createHarness } from './testing/harness.ts'
import { apngOf, pngChunk } from './testing/images.ts'
import { startWorkerProcess } from './testing/worker-process.ts'

/** Generous, because the test decodes the largest images while other tests use all cores. */
const timeout = 300_000

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

let interlaced: Promise<Buffer> | undefined
/** Takes three seconds of a core, so it is made once. */
const interlacedPng = () => {
  interlaced ??= huge(4).png({ progressive: true, compressionLevel: 1 }).toBuffer()
  return interlaced
}

/** Changes the bit depth that a PNG declares, and none of its pixels: the worker refuses it by what it declares. */
function withBitDepth(png: Buffer, depth: number): Buffer {
  const [signatureBytes, headerBytes] = [8, 25]
  const header = Buffer.from(png.subarray(signatureBytes + 8, signatureBytes + headerBytes - 4))
  header[8] = depth
  return Buffer.concat([
    png.subarray(0, signatureBytes),
    pngChunk('IHDR', header),
    png.subarray(signatureBytes + headerBytes),
  ])
}

const images: Record<string, () => Promise<Buffer>> = { 'interlaced PNG': interlacedPng }
/** Images of the long form: each takes up to ten seconds of all cores. */
const slowImages: typeof images = {
  'progressive JPEG': () => huge(3).jpeg({ progressive: true, chromaSubsampling: '4:4:4' }).toBuffer(),
  'animated PNG of large frames': async () => turnedApng(await frames(2, 4_990, 5_000)),
  GIF: () => huge(4).gif({ effort: 1 }).toBuffer(),
  'animated PNG of many frames': async () => turnedApng(await frames(16, 1_080, 1_900)),
  'animated WebP of large frames': async () => turnedWebp(await frames(2, 4_990, 5_000)),
  'animated WebP of many frames': async () => turnedWebp(await frames(16, 1_080, 1_900)),
}

test.runIf(process.platform === 'linux')(
  'the heaviest images of 50 megapixels stay under 512 MiB',
  { timeout },
  async (context) => {
    const harness = await createHarness({ isWorking: false })
    context.onTestFinished(() => harness.close())
    const worker = await startWorkerProcess(harness, context)
    for (const [name, make] of Object.entries({ ...images, ...(isLongForm && slowImages) })) {
      const id = await harness.upload(await make())
      expect(await harness.finished(id), name).toMatchObject({ status: 'ready', failure_reason: null })
      const peakMiB = (await worker.peakBytes()) / 1024 ** 2
      expect(peakMiB, name).toBeLessThan(512)
    }
    // 16 bits per channel need more memory than the limit, so the image is refused.
    const wide = withBitDepth(await interlacedPng(), 16)
    const refused = await harness.finished(await harness.upload(wide))
    expect(refused).toMatchObject({ status: 'failed', failure_reason: expect.stringMatching(/382 MiB when opened/) })
    const many = await harness.finished(await harness.upload(await turnedApng(await frames(24, 1_080, 1_900))))
    expect(many).toMatchObject({ status: 'failed', failure_reason: expect.stringMatching(/188 MiB when opened/) })
    expect((await worker.peakBytes()) / 1024 ** 2).toBeLessThan(512)
    expect(await worker.stop('SIGTERM')).toBe(0)
  },
)
