import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gif, gifExtension } from '../testing/hand-made-images.ts'
import { createHarness, type Harness } from '../testing/harness.ts'
import { animation, apngOf, dots, photo, pngChunk } from '../testing/images.ts'

/*
 * An image is taken when it has all its pixels, whether its file has a proper end or not. The verdict does not depend on the size of the
 * file and on what becomes of it: a big one here becomes WebP, a small one keeps its own pixels.
 */

let worker: Harness

beforeAll(async () => {
  worker = await createHarness()
})
afterAll(() => worker.close())

type Format = 'jpeg' | 'png' | 'gif' | 'webp'
const formats: Format[] = ['jpeg', 'png', 'gif', 'webp']
const images: Record<'small' | 'big', (format: Format) => Promise<Buffer>> = {
  small: async (format) => {
    const picture = sharp(await dots(48, 48).toBuffer())
    const options = {
      jpeg: { quality: 1 },
      png: { palette: true, colours: 2 },
      gif: { colours: 2 },
      webp: { lossless: true },
    }
    return picture.toFormat(format, options[format]).toBuffer()
  },
  big: (format) =>
    photo(300, 200)
      .toFormat(format, format === 'webp' ? { quality: 95 } : {})
      .toBuffer(),
}
const sizes = ['small', 'big'] as const

const without = (bytes: number) => (image: Buffer) => image.subarray(0, image.length - bytes)
const changedAt = (image: Buffer, at: number) => {
  const changed = Buffer.from(image)
  changed[at] = (changed[at] ?? 0) ^ 0x55
  return changed
}
const insertedAfterHeader = (image: Buffer, part: Buffer) =>
  Buffer.concat([image.subarray(0, 33), part, image.subarray(33)])

const taken: [string, Format, (image: Buffer) => Buffer][] = [
  ['a JPEG without its end marker', 'jpeg', without(2)],
  ['a JPEG without half of its end marker', 'jpeg', without(1)],
  ['a JPEG with bytes after its end', 'jpeg', (image) => Buffer.concat([image, Buffer.alloc(99, 'x')])],
  ['a PNG without IEND', 'png', without(12)],
  ['a PNG without half of IEND', 'png', without(6)],
  ['a PNG without the checksum of its pixels', 'png', without(12 + 4)],
  ['a PNG without both checksums of its pixels', 'png', without(12 + 8)],
  ['a PNG with a wrong checksum of its pixels', 'png', (image) => changedAt(image, image.length - 13)],
  ['a PNG with a wrong checksum in its compressed data', 'png', (image) => changedAt(image, image.length - 17)],
  ['a PNG with a wrong checksum of its end', 'png', (image) => changedAt(image, image.length - 1)],
  [
    'a PNG with a wrong checksum of a text',
    'png',
    (image) => insertedAfterHeader(image, changedAt(pngChunk('tEXt', Buffer.from('a\0b')), 14)),
  ],
  ['a PNG with bytes after its end', 'png', (image) => Buffer.concat([image, Buffer.alloc(99, 'x')])],
  [
    'a PNG cut within a text after its pixels',
    'png',
    (image) => Buffer.concat([without(12)(image), Buffer.from('\0\0\0\x63tEXtab')]),
  ],
  ['a GIF without its trailer', 'gif', without(1)],
  ['a GIF without its last empty block', 'gif', without(2)],
  ['a GIF with zeros for a trailer', 'gif', (image) => Buffer.concat([without(1)(image), Buffer.alloc(9)])],
  ['a GIF with bytes after its trailer', 'gif', (image) => Buffer.concat([image, Buffer.alloc(99, 'x')])],
  [
    'a GIF cut within a comment',
    'gif',
    (image) => Buffer.concat([without(1)(image), Buffer.from([0x21, 0xfe, 9, 65])]),
  ],
  ['a WebP with bytes after its end', 'webp', (image) => Buffer.concat([image, Buffer.alloc(99, 'x')])],
]

describe('what decoders show is taken, small and big', () => {
  test.each(taken.flatMap((row) => sizes.map((size) => [...row, size] as const)))(
    '%s',
    async (_name, format, change, size) => {
      const original = changed(await images[size](format), change)
      const attachment = await worker.finished(await worker.upload(original))
      expect(attachment).toMatchObject({ status: 'ready', failure_reason: null })
      const content = await worker.read(attachment.storage_key)
      expect(content.length).toBeLessThanOrEqual(original.length + 12)
      const whole = await sharp(await images[size](format)).metadata()
      const shown = await sharp(content, { failOn: 'warning' }).stats()
      expect(shown.channels.length).toBeGreaterThan(0)
      expect(await sharp(content).metadata()).toMatchObject({ width: whole.width, height: whole.height })
    },
  )
})

const changed = (image: Buffer, change: (image: Buffer) => Buffer) => change(image)
const share = (part: number) => (image: Buffer) => image.subarray(0, Math.floor(image.length * part))

const cut: [string, (image: Buffer) => Buffer][] = [
  ['half', share(0.5)],
  ['nine tenths', share(0.9)],
]

describe('an image of which pixels are missing is damaged, small and big', () => {
  test.each(cut.flatMap((row) => formats.flatMap((format) => sizes.map((size) => [...row, format, size] as const))))(
    '%s of a file',
    async (_name, change, format, size) => {
      const attachment = await worker.finished(await worker.upload(change(await images[size](format))))
      expect(attachment).toMatchObject({ status: 'failed', failure_reason: 'The file is damaged or incomplete.' })
    },
  )

  test.each([
    [
      'a progressive JPEG without its last scans',
      async () => share(0.6)(await photo(300, 200).jpeg({ progressive: true }).toBuffer()),
    ],
    [
      'an animated GIF that breaks off within a frame',
      async () => share(0.5)(await animation('gif', { sizePx: 64, frames: 20, delayMs: 40 })),
    ],
    [
      'an animated WebP that breaks off',
      async () => share(0.5)(await animation('webp', { sizePx: 64, frames: 20, delayMs: 40 })),
    ],
    [
      'an animated PNG that breaks off',
      async () => share(0.7)(apngOf([{ png: await images.big('png') }, { png: await images.big('png') }])),
    ],
    [
      'an animated PNG without its last frame',
      async () =>
        share(0.5)(apngOf([{ png: await images.big('png') }, { png: await images.big('png') }]).subarray(0, -200)),
    ],
    [
      'a GIF with the control of a frame that is missing',
      async () =>
        Buffer.concat([
          gif({ widthPx: 8, heightPx: 8 }, [{ widthPx: 1, heightPx: 1 }]).subarray(0, -1),
          gifExtension(0xf9, Buffer.alloc(4)),
        ]),
    ],
    [
      'a PNG whose compressed data has too few pixels',
      async () =>
        Buffer.concat([
          (await images.big('png')).subarray(0, 33),
          pngChunk('IDAT', deflateSync(Buffer.alloc(500))),
          pngChunk('IEND', Buffer.alloc(0)),
        ]),
    ],
  ])('%s', async (_name, make) => {
    const attachment = await worker.finished(await worker.upload(await make()))
    expect(attachment).toMatchObject({ status: 'failed', failure_reason: 'The file is damaged or incomplete.' })
  })
})
