import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHarness, type Harness } from '../testing/harness.ts'
import { type ApngFrameInput, apngOf, pixelAt, quarters, quartersOf } from '../testing/images.ts'
import { drawApng } from './frames.ts'

let worker: Harness

beforeAll(async () => {
  worker = await createHarness()
})
afterAll(() => worker.close())

async function served(original: Buffer) {
  const attachment = await worker.finished(await worker.upload(original))
  expect(attachment).toMatchObject({ status: 'ready', failure_reason: null })
  return {
    attachment,
    content: await worker.read(attachment.storage_key),
    thumbnail: await worker.read(attachment.thumbnail_key ?? ''),
  }
}

const plain = (background: string, side = 16) =>
  sharp({ create: { width: side, height: side, channels: 4, background } })
    .png()
    .toBuffer()

test('an animated PNG larger than the box keeps its animation, as WebP', async () => {
  const right = await quarters(2_400, 1_500).png().toBuffer()
  const wrong = await sharp(right).flop().png().toBuffer()
  const frames = [right, wrong, right].map((png) => ({ png, delayMs: 150 }))
  const { attachment, content } = await served(apngOf(frames, { loops: 4 }))
  expect(attachment).toMatchObject({ content_type: 'image/webp', width_px: 1_728, height_px: 1_080 })
  expect(await sharp(content, { animated: true }).metadata()).toMatchObject({
    pages: 3,
    delay: [150, 150, 150],
    loop: 4,
    pageHeight: 1_080,
  })
  expect(await quartersOf(content)).toEqual(['rgbw', 'grwb', 'rgbw'])
})

test('the thumbnail shows the first frame, not a still image that browsers hide', async () => {
  const [hidden, first, second] = await Promise.all(['#00ff00', '#ff0000', '#0000ff'].map((colour) => plain(colour)))
  const frames = [hidden, first, second].map((png) => ({ png: png as Buffer }))
  for (const shown of [frames, frames.slice(0, 2)]) {
    const { thumbnail } = await served(apngOf(shown, { isFirstHidden: true }))
    const [red = 0, green = 0] = await pixelAt(thumbnail, 8, 8)
    expect([red > 200, green > 60]).toEqual([true, false])
  }
})

/** The colours in the middle of each frame and at its corner. */
async function coloursOf(frames: ApngFrameInput[]): Promise<string[]> {
  const { pixels, widthPx, heightPx } = await drawApng(apngOf(frames), {})
  const frameBytes = widthPx * heightPx * 4
  return frames.map((_, index) =>
    [8 * widthPx + 8, 0]
      .map((at) => pixels.subarray(index * frameBytes + 4 * at, index * frameBytes + 4 * at + 4).toString('hex'))
      .join(' '),
  )
}

test('frames are drawn over or in place of others, kept, cleared and taken back', async () => {
  const [wall, half, red] = await Promise.all([plain('#0000ff'), plain('rgba(255,0,0,0.5)', 8), plain('#ff0000', 8)])
  const at = { leftPx: 4, topPx: 4 }
  expect(
    await coloursOf([{ png: wall }, { png: half, ...at, blending: 1 }, { png: half, ...at, blending: 0 }]),
  ).toEqual(['0000ffff 0000ffff', '80007fff 0000ffff', 'ff000080 0000ffff'])
  const cleared = [{ png: wall }, { png: red, ...at, disposal: 1 }, { png: red, leftPx: 0, topPx: 0 }]
  expect((await coloursOf(cleared))[2]).toBe('00000000 ff0000ff')
  const takenBack = [
    { png: wall },
    { png: red, ...at, disposal: 2 },
    { png: red, leftPx: 0, topPx: 0, disposal: 2 },
    { png: half, ...at },
  ]
  expect((await coloursOf(takenBack)).slice(2)).toEqual(['0000ffff ff0000ff', 'ff000080 0000ffff'])
})
