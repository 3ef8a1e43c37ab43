import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stripMetadata } from '../containers/index.ts'
import { orientationOnlyExif } from '../containers/orientation.ts'
import { createHarness, type Harness } from '../testing/harness.ts'
import { apngOf, photo, pixelAt, pngChunk, quarters, quartersOf, turnBack } from '../testing/images.ts'

let worker: Harness

beforeAll(async () => {
  worker = await createHarness()
})
afterAll(() => worker.close())

/** Processes an image. @returns what the database says, and both files */
async function served(original: Buffer) {
  const attachment = await worker.finished(await worker.upload(original))
  expect(attachment).toMatchObject({ status: 'ready', failure_reason: null })
  const content = await worker.read(attachment.storage_key)
  return { attachment, content, thumbnail: await worker.read(attachment.thumbnail_key ?? '') }
}

const [widthPx, heightPx] = [40, 24]
const orientations = [1, 2, 3, 4, 5, 6, 7, 8]
const canvas = { widthPx, heightPx }
const stored = async (orientation: number) => turnBack(await quarters(widthPx, heightPx).png().toBuffer(), orientation)
const mirrored = async (orientation: number) =>
  turnBack(
    await sharp(await quarters(widthPx, heightPx).png().toBuffer())
      .flop()
      .png()
      .toBuffer(),
    orientation,
  )

/** Images so small that most of them do not shrink as WebP. */
const stills: [string, (orientation: number) => Promise<Buffer>][] = [
  [
    'a JPEG',
    async (orientation) =>
      sharp(await stored(orientation))
        .jpeg({ quality: 40 })
        .withMetadata({ orientation })
        .toBuffer(),
  ],
  [
    'a PNG',
    async (orientation) =>
      sharp(await stored(orientation))
        .png({ palette: true })
        .withMetadata({ orientation })
        .toBuffer(),
  ],
  [
    'a lossless WebP',
    async (orientation) =>
      sharp(await stored(orientation))
        .webp({ lossless: true })
        .withMetadata({ orientation })
        .toBuffer(),
  ],
  [
    'a WebP',
    async (orientation) =>
      sharp(await stored(orientation))
        .webp({ quality: 20 })
        .withMetadata({ orientation })
        .toBuffer(),
  ],
]
const moving: [string, (orientation: number) => Promise<Buffer>][] = [
  [
    'an animated WebP',
    async (orientation) => {
      const frames = [await stored(orientation), await mirrored(orientation)]
      const options = { lossless: true, delay: [130, 250], loop: 3 }
      const webp = await sharp(frames, { join: { animated: true } })
        .webp(options)
        .toBuffer()
      return stripMetadata('webp', webp, { orientation, canvas })
    },
  ],
  [
    'an animated PNG',
    async (orientation) => {
      const exif = orientationOnlyExif(orientation) ?? Buffer.alloc(0)
      const frames = [
        { png: await stored(orientation), delayMs: 130 },
        { png: await mirrored(orientation), delayMs: 250 },
      ]
      return apngOf(frames, { before: [pngChunk('eXIf', exif)], loops: 3 })
    },
  ],
]
const cross = <T>(kinds: [string, T][]) =>
  kinds.flatMap(([name, make]) => orientations.map((turn) => [name, turn, make] as const))

describe('content, thumbnail and size in the database agree, and browsers show them upright', () => {
  test.each(cross(stills))('%s of orientation %i', async (name, orientation, make) => {
    const original = await make(orientation)
    const { attachment, content, thumbnail } = await served(original)
    expect([await quartersOf(content), await quartersOf(thumbnail)]).toEqual([['rgbw'], ['rgbw']])
    expect(attachment).toMatchObject({ width_px: widthPx, height_px: heightPx })
    expect(await sharp(thumbnail).metadata()).toMatchObject({ width: widthPx, height: heightPx })
    const header = await sharp(content).metadata()
    expect(header.autoOrient).toEqual({ width: widthPx, height: heightPx })
    // Browsers apply the orientation of a JPEG, and not that of a WebP.
    if (header.format !== 'jpeg') expect(header.orientation ?? 1).toBe(1)
    expect(content.length, name).toBeLessThanOrEqual(original.length)
  })

  test.each(cross(moving))('%s of orientation %i, frame by frame', async (_name, orientation, make) => {
    const { attachment, content, thumbnail } = await served(await make(orientation))
    expect(attachment).toMatchObject({ width_px: widthPx, height_px: heightPx })
    expect(await quartersOf(thumbnail)).toEqual(['rgbw'])
    if (attachment.content_type === 'image/png') return expect(orientation).toBe(1)
    expect(await quartersOf(content)).toEqual(['rgbw', 'grwb'])
    const header = await sharp(content, { animated: true }).metadata()
    expect(header).toMatchObject({ pages: 2, delay: [130, 250], loop: 3, pageHeight: heightPx, width: widthPx })
    expect(header.orientation ?? 1).toBe(1)
  })

  test.each([0, 9, 255])('the impossible orientation %i is none', async (orientation) => {
    const turned = await sharp(await stored(1))
      .jpeg()
      .withMetadata({ orientation: 3 })
      .toBuffer()
    const entry = turned.indexOf(Buffer.from('120103000100000003', 'hex'))
    expect(entry).toBeGreaterThan(0)
    turned.writeUInt16LE(orientation, entry + 8)
    const { content, thumbnail } = await served(turned)
    expect([await quartersOf(content), await quartersOf(thumbnail)]).toEqual([['rgbw'], ['rgbw']])
  })
})

const big4 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index)
  return bytes
}
const displayP3 = pngChunk('cHRM', big4(31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000))
const gamma = (value: number) => pngChunk('gAMA', big4(value))

/** A PNG of one colour; with noise beside it, WebP makes it smaller. */
async function coloured(colour: number[], before: Buffer[], isNoisy: boolean): Promise<Buffer> {
  const background = { r: colour[0] ?? 0, g: colour[1] ?? 0, b: colour[2] ?? 0 }
  const noise = await photo(200, 200).png().toBuffer()
  const plain = sharp({ create: { width: isNoisy ? 400 : 16, height: isNoisy ? 200 : 16, channels: 3, background } })
  const picture = isNoisy ? plain.composite([{ input: noise, left: 200, top: 0 }]) : plain
  const png = await picture.png({ compressionLevel: 9 }).toBuffer()
  return Buffer.concat([png.subarray(0, 33), ...before, png.subarray(33)])
}

/** The colours that Chromium 150 shows. */
const colours: [string, number[], Buffer[], number[]][] = [
  ['gAMA of linear light', [128, 128, 128], [gamma(100_000)], [188, 188, 188]],
  ['gAMA of old Macintoshes', [128, 128, 128], [gamma(55_556)], [146, 146, 146]],
  ['a low gAMA', [128, 128, 128], [gamma(22_727)], [62, 62, 62]],
  [
    'gAMA beside sRGB, which wins',
    [128, 128, 128],
    [gamma(100_000), pngChunk('sRGB', Buffer.from([0]))],
    [128, 128, 128],
  ],
  ['the gAMA of sRGB', [10, 10, 10], [gamma(45_455)], [10, 10, 10]],
  ['gAMA and cHRM', [200, 40, 40], [gamma(45_455), displayP3], [220, 0, 18]],
  ['cHRM alone, which says nothing', [200, 40, 40], [displayP3], [200, 40, 40]],
  ['cICP', [200, 40, 40], [pngChunk('cICP', Buffer.from([12, 13, 0, 1]))], [218, 0, 26]],
  ['an impossible gAMA', [200, 40, 40], [gamma(0)], [200, 40, 40]],
]

describe('a PNG has the colours that browsers show', () => {
  test.each(colours.flatMap((row) => [[...row, false] as const, [...row, true] as const]))(
    'with %s',
    async (_name, colour, before, wanted, isNoisy) => {
      const { content, thumbnail } = await served(await coloured(colour, before, isNoisy))
      for (const image of [content, thumbnail]) {
        const shown = await pixelAt(image, 8, 8)
        for (const [channel, value] of wanted.entries())
          expect(Math.abs((shown[channel] ?? -99) - value)).toBeLessThan(5)
        for (const name of ['gAMA', 'cHRM', 'cICP', 'iCCP']) expect(image.includes(name)).toBe(false)
      }
    },
  )

  test('grey with a gamma', async () => {
    const rows = Buffer.concat(new Array<Buffer>(16).fill(Buffer.from([0, ...new Array<number>(16).fill(128)])))
    const header = pngChunk('IHDR', Buffer.from([0, 0, 0, 16, 0, 0, 0, 16, 8, 0, 0, 0, 0]))
    const [pixels, end] = [pngChunk('IDAT', deflateSync(rows)), pngChunk('IEND', Buffer.alloc(0))]
    const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
    const { content, thumbnail } = await served(Buffer.concat([signature, header, gamma(100_000), pixels, end]))
    for (const image of [content, thumbnail])
      expect(Math.abs(((await pixelAt(image, 8, 8))[0] ?? 0) - 188)).toBeLessThan(4)
  })
})

test('a CMYK JPEG that stays small has the colours of its thumbnail', async () => {
  const create = { width: 16, height: 16, channels: 3, background: '#c01818' } as const
  const { content, thumbnail } = await served(
    await sharp({ create }).toColourspace('cmyk').jpeg({ quality: 1 }).toBuffer(),
  )
  expect((await sharp(content).metadata()).space).toBe('srgb')
  const [shown, small] = [await pixelAt(content, 8, 8), await pixelAt(thumbnail, 8, 8)]
  for (const [channel, value] of shown.entries()) expect(Math.abs(value - (small[channel] ?? -99))).toBeLessThan(12)
})
