import { eventually } from '@muster/testing'
import sharp, { type Metadata } from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  announcedJpeg,
  announcedPng,
  gifAndScript,
  heic,
  jpegPdfAndZip,
  ladenPng,
  manyFrames,
} from '../testing/broken-images.ts'
import { createHarness, type Harness } from '../testing/harness.ts'
import { animation, bomb, gpsExif, photo, pixelAt } from '../testing/images.ts'

let worker: Harness

beforeAll(async () => {
  worker = await createHarness()
})
afterAll(() => worker.close())

const cut = async (image: Promise<Buffer>, share: number) => {
  const bytes = await image
  return bytes.subarray(0, Math.floor(bytes.length * share))
}
const half = (format: 'jpeg' | 'png' | 'gif' | 'webp') => cut(photo(300, 200).toFormat(format).toBuffer(), 0.5)
const halfAnimation = (format: 'gif' | 'webp') => cut(animation(format, { sizePx: 64, frames: 20, delayMs: 40 }), 0.5)
const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'

const damaged = 'The file is damaged or incomplete.'
const noImage = 'The file is not a JPEG, PNG, GIF or WebP image.'
const tooMany = /^The image has \d+\.\d megapixels over all its frames; at most 50 are accepted\.$/

const refused: [string, () => Promise<Buffer>, string | RegExp][] = [
  ['text that calls itself a photo', async () => Buffer.from('hello'), noImage],
  ['an empty file', async () => Buffer.alloc(0), noImage],
  ['an SVG with a script', async () => Buffer.from(svg), noImage],
  ['a TIFF', () => photo(10, 10).tiff().toBuffer(), noImage],
  ['an AVIF', () => photo(64, 64).avif().toBuffer(), noImage],
  ['a HEIC', async () => heic, noImage],
  ['half a JPEG', () => half('jpeg'), damaged],
  ['half a PNG', () => half('png'), damaged],
  ['half a GIF', () => half('gif'), damaged],
  ['half a WebP', () => half('webp'), damaged],
  ['half an animated GIF, whose first frames are whole', () => halfAnimation('gif'), damaged],
  ['half an animated WebP', () => halfAnimation('webp'), damaged],
  ['a JPEG without its last bytes', () => cut(photo(300, 200).jpeg().toBuffer(), 0.999), damaged],
  ['a PNG without its last bytes', () => cut(photo(300, 200).png().toBuffer(), 0.999), damaged],
  ['a PNG of no width', async () => announcedPng(0, 10), damaged],
  ['a JPEG of no size', () => announcedJpeg(0, 0), damaged],
  ['a PNG that is more than PNG can be', async () => announcedPng(0xffffffff, 1), damaged],
  ['a JPEG that says it is 65,535 × 65,535', () => announcedJpeg(65_535, 65_535), damaged],
  ['a JPEG that says it is 60,000 × 60,000', () => announcedJpeg(60_000, 60_000), tooMany],
  ['70 bytes that say they are a PNG of 65,535 × 65,535', async () => announcedPng(65_535, 65_535), tooMany],
  ['a bomb of a small PNG', () => bomb(9_000, 6_000), tooMany],
  ['a GIF of 210 frames that together have too many pixels', () => manyFrames(210), tooMany],
]

describe('refused', () => {
  test.each(refused)('%s: failed with a reason, and no file of it stays', async (_name, make, reason) => {
    const attachment = await worker.finished(await worker.upload(await make()))
    expect(attachment).toMatchObject({ status: 'failed', size_bytes: 0, optimized_size_bytes: null })
    expect(attachment.failure_reason).toEqual(typeof reason === 'string' ? reason : expect.stringMatching(reason))
    const events = worker.db.selectFrom('audit_pending').select(['action', 'after'])
    expect(await events.where('target_id', '=', attachment.id).execute()).toEqual([
      { action: 'attachment.failed', after: { status: 'failed', failureReason: attachment.failure_reason } },
    ])
    await eventually(async () => expect((await worker.keys()).join()).not.toContain(attachment.id))
  })
})

const transparent = { r: 200, g: 0, b: 0, alpha: 0.25 }
const kept: [string, () => Promise<Buffer>, Partial<Metadata>][] = [
  ['a CMYK JPEG', () => photo(400, 300).toColourspace('cmyk').jpeg().toBuffer(), { width: 400, hasAlpha: false }],
  ['a grey JPEG', () => photo(400, 300).toColourspace('b-w').jpeg().toBuffer(), { width: 400 }],
  ['a progressive JPEG', () => photo(400, 300).jpeg({ progressive: true }).toBuffer(), { width: 400 }],
  ['a PNG of 16 bits a channel', () => photo(400, 300).toColourspace('rgb16').png().toBuffer(), { depth: 'uchar' }],
  ['a PNG with a palette and alpha', () => square(transparent).png({ palette: true }).toBuffer(), { hasAlpha: true }],
  ['a WebP with alpha', () => square(transparent).webp().toBuffer(), { hasAlpha: true }],
  ['a GIF with transparency', () => square({ r: 0, g: 0, b: 0, alpha: 0 }).gif().toBuffer(), { hasAlpha: true }],
  ['a JPEG of one pixel', () => photo(1, 1).jpeg().toBuffer(), { width: 1, height: 1 }],
  ['a PNG of one pixel', () => photo(1, 1).png().toBuffer(), { width: 1, height: 1 }],
  ['a GIF of one pixel', () => photo(1, 1).gif().toBuffer(), { width: 1, height: 1 }],
  ['a WebP of one pixel', () => photo(1, 1).webp().toBuffer(), { width: 1, height: 1 }],
  ['a line of 60,000 × 1', () => photo(60_000, 1).png().toBuffer(), { width: 1_920, height: 1 }],
  ['a line of 2 × 60,000', () => photo(2, 60_000).jpeg().toBuffer(), { width: 1, height: 1_080 }],
  ['a GIF of a hundred frames', () => animation('gif', { sizePx: 300, frames: 100, delayMs: 40 }), { pages: 100 }],
  ['a GIF that is a script too', gifAndScript, { width: 64 }],
  ['a JPEG that is a PDF and a ZIP archive too', jpegPdfAndZip, { width: 200 }],
  ['a PNG with a text that unpacks to 200 MB', () => ladenPng('zTXt'), { width: 300 }],
  ['a PNG with a colour profile that unpacks to 200 MB', () => ladenPng('iCCP'), { width: 300 }],
]

function square(background: { r: number; g: number; b: number; alpha: number }) {
  return sharp({ create: { width: 120, height: 120, channels: 4, background } })
}

describe('kept', () => {
  test.each(kept)('%s: ready, not bigger than the original, without metadata', async (_name, make, header) => {
    const original = await make()
    const attachment = await worker.finished(await worker.upload(original))
    expect(attachment).toMatchObject({ status: 'ready', failure_reason: null })
    const content = await worker.read(attachment.storage_key)
    expect(content.length).toBeLessThanOrEqual(original.length)
    expect(attachment.size_bytes).toBe(content.length)
    const found = await sharp(content, { animated: true }).metadata()
    expect(found).toMatchObject(header)
    expect([found.exif, found.xmp, found.icc]).toEqual([undefined, undefined, undefined])
    expect(content.includes('polyglot')).toBe(false)
    const thumbnail = await sharp(await worker.read(attachment.thumbnail_key ?? '')).metadata()
    expect(Math.max(thumbnail.width, thumbnail.height)).toBeLessThanOrEqual(320)
  })

  test.each(['jpeg', 'png', 'webp'] as const)('a %s contains neither camera nor place', async (format) => {
    const original = await photo(500, 400).toFormat(format).withExif(gpsExif).toBuffer()
    expect(original.includes('Somebody')).toBe(true)
    const { storage_key, thumbnail_key } = await worker.finished(await worker.upload(original))
    for (const key of [storage_key, thumbnail_key ?? '']) {
      const bytes = await worker.read(key)
      expect(bytes.includes('Somebody')).toBe(false)
      expect((await sharp(bytes).metadata()).exif).toBeUndefined()
    }
  })

  test('a CMYK JPEG keeps its colours', async () => {
    const create = { width: 64, height: 64, channels: 3, background: '#c01818' } as const
    const cmyk = await sharp({ create }).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer()
    const attachment = await worker.finished(await worker.upload(cmyk))
    const [shown, wanted] = await Promise.all(
      [worker.read(attachment.storage_key), cmyk].map(async (image) =>
        pixelAt(
          await sharp(await image)
            .toColourspace('srgb')
            .png()
            .toBuffer(),
          30,
          30,
        ),
      ),
    )
    for (const [index, value] of (shown ?? []).entries())
      expect(Math.abs(value - (wanted?.[index] ?? -99))).toBeLessThan(16)
  })
})
