import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ImageFormat, readApng, readLayout, stripMetadata } from '../containers/index.ts'
import {
  anim,
  anmf,
  apng,
  frameHeader,
  gif,
  gifExtension,
  jpegBeforeEnd,
  jpegSegment,
  jpegWith,
  manyScans,
  vp8,
  vp8x,
  webpChunk,
  webpOf,
} from '../testing/hand-made-images.ts'
import { createHarness, type Harness } from '../testing/harness.ts'
import { animatedPng, dots, photo, pixelAt, pngChunk } from '../testing/images.ts'

/*
 * A decoder may report another size than the one for which viewers reserve memory: the canvas of the container, once
 * for each frame.
 */

let worker: Harness

beforeAll(async () => {
  worker = await createHarness()
})
afterAll(() => worker.close())

const finished = async (bytes: Buffer) => worker.finished(await worker.upload(bytes))
const size = (widthPx: number, heightPx: number, left = 0, top = 0) => ({ widthPx, heightPx, left, top })
const times = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value)
const [dot, small, huge] = [size(1, 1), size(8, 8), size(20_000, 20_000)]

const damaged = 'The file is damaged or incomplete.'
const megapixels = (count: string, canvas?: string) =>
  `The image has ${count} megapixels over all its frames; at most 50 are accepted.${
    canvas ? ` Its canvas is ${canvas} pixels.` : ''
  }`
const frameCount = (frames: number) => `The image has ${frames} frames; at most 5000 are accepted. Save it with fewer.`
const animation = 0x02
/** Hides an animation's header from programs that read only the beginning of a file. */
const ballast = pngChunk('prVt', Buffer.alloc(2 * 1024 ** 2))

const refused: [string, () => Buffer | Promise<Buffer>, string][] = [
  ['a GIF of 43 bytes with a screen of 20000×20000', () => gif(huge, [dot]), megapixels('400.0', '20000×20000')],
  [
    'a GIF with a screen of 1 and a frame far outside',
    () => gif(dot, [size(1, 1, 60_000, 60_000)]),
    megapixels('3600.1'),
  ],
  ['a GIF whose last frame alone is large', () => gif(dot, [dot, dot, huge]), megapixels('1200.0', '20000×20000')],
  [
    'a GIF of few frames on a large screen',
    () => gif(size(4_000, 4_000), times(4, dot)),
    megapixels('64.0', '4000×4000'),
  ],
  [
    'an animated PNG that announces too many frames',
    () => apng(size(999, 999), { announced: 60, frames: [size(999, 999)] }),
    megapixels('59.9'),
  ],
  [
    'one that has more frames than it announces',
    () => apng(size(990, 990), { announced: 1, frames: times(60, size(990, 990)) }),
    megapixels('58.8'),
  ],
  [
    'one whose animation begins late in the file',
    () => apng(size(990, 990), { announced: 60, before: [ballast] }),
    megapixels('58.8'),
  ],
  ['a GIF of too many frames, however small', () => gif(dot, times(5_001, dot)), frameCount(5_001)],
  [
    'an animated PNG of too many frames',
    () => apng(dot, { announced: 1, frames: times(5_001, dot) }),
    frameCount(5_001),
  ],
  ['one that announces too many frames', () => apng(dot, { announced: 5_001, frames: [dot] }), frameCount(5_001)],
  [
    'a WebP of too many frames',
    async () => webpOf(vp8x(animation, dot), anim(), ...times(5_001, anmf(dot, await vp8(1, 1)))),
    frameCount(5_001),
  ],
  ['one with a frame beyond its canvas', () => apng(small, { frames: [small, size(8, 8, 4, 0)] }), damaged],
  ['one with a frame of 20000×20000 on a small canvas', () => apng(small, { frames: [small, huge] }), damaged],
  ['a PNG with a second header', () => apng(small, { before: [pngChunk('IHDR', Buffer.alloc(13, 1))] }), damaged],
  ['a still WebP on a canvas of 20000×20000', async () => webpOf(vp8x(0, huge), await vp8(8, 8)), damaged],
  [
    'an animated WebP on a canvas of 20000×20000',
    async () => webpOf(vp8x(animation, size(16_000, 16_000)), anim(), anmf(small, await vp8(8, 8))),
    megapixels('256.0'),
  ],
  [
    'an animated WebP with a frame beyond its canvas',
    async () =>
      webpOf(vp8x(animation, small), anim(), anmf(small, await vp8(8, 8)), anmf(size(8, 8, 4), await vp8(8, 8))),
    damaged,
  ],
  [
    'an animated WebP with pixels larger than their frame',
    async () => webpOf(vp8x(animation, small), anim(), anmf(small, await vp8(400, 400))),
    damaged,
  ],
  ['a JPEG with a second frame', () => jpegWith(frameHeader(20_000, 20_000)), damaged],
  ['a JPEG with a second frame behind its pixels', () => jpegBeforeEnd(frameHeader(20_000, 20_000)), damaged],
  [
    'a JPEG of a thousand scans',
    () => manyScans(1_000),
    'The image is a JPEG of 1010 scans; at most 100 are accepted. Save it again.',
  ],
]

describe('refused before a viewer opens it', () => {
  test.each(refused)('%s', async (_name, make, reason) => {
    const attachment = await finished(await make())
    expect(attachment).toMatchObject({ status: 'failed', failure_reason: reason })
  })
})

const secret = 'Somebody-was-here'
const hidden = Buffer.from(secret)
const still = (compressed: Buffer, ...more: Buffer[]) =>
  Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', Buffer.from([0, 0, 0, 8, 0, 0, 0, 8, 8, 0, 0, 0, 0])),
    pngChunk('IDAT', compressed),
    ...more,
  ])
const grey = deflateSync(Buffer.alloc(72))
const end = pngChunk('IEND', Buffer.alloc(0))

/** Places in a container for bytes that no viewer shows. */
const hiding: [string, ImageFormat, () => Buffer | Promise<Buffer>][] = [
  [
    'a PNG’s profile',
    'png',
    () => apng(small, { before: [pngChunk('iCCP', Buffer.concat([Buffer.from('p\0\0'), hidden]))] }),
  ],
  ['a too long chunk of a PNG', 'png', () => apng(small, { before: [pngChunk('gAMA', hidden)] })],
  [
    'chunks behind the pixels of a PNG',
    'png',
    () => still(grey, pngChunk('pHYs', hidden.subarray(0, 9)), pngChunk('tEXt', hidden), end),
  ],
  ['more compressed data of a PNG', 'png', () => still(grey, pngChunk('IDAT', hidden), end)],
  ['the end of the compressed data of a PNG', 'png', () => still(Buffer.concat([grey, hidden]), end)],
  ['the end of the compressed data of each frame', 'png', () => apng(small, { slack: hidden })],
  ['the end chunk of a PNG', 'png', () => still(grey, pngChunk('IEND', hidden))],
  [
    'frames of a PNG that is not animated',
    'png',
    () => still(grey, pngChunk('fdAT', Buffer.concat([Buffer.alloc(4), hidden])), end),
  ],
  ['a GIF’s comment', 'gif', () => gif(small, [small], { before: gifExtension(0xfe, secret) })],
  ['a GIF’s text', 'gif', () => gif(small, [small], { before: gifExtension(1, Buffer.alloc(12), secret) })],
  [
    'the block that repeats a GIF',
    'gif',
    () => gif(small, [small], { before: gifExtension(0xff, 'NETSCAPE2.0', Buffer.from([1, 3, 0]), secret) }),
  ],
  [
    'a second block that repeats a GIF',
    'gif',
    () => gif(small, [small], { before: gifExtension(0xff, 'NETSCAPE2.0', Buffer.from([3, 0, 0]), secret) }),
  ],
  ['a frame’s control', 'gif', () => gif(small, [small], { before: gifExtension(0xf9, Buffer.alloc(4), secret) })],
  ['the end of a GIF’s pixels', 'gif', () => gif(small, [small], { slack: hidden })],
  ['an unknown extension', 'gif', () => gif(small, [small], { before: gifExtension(0x77, secret) })],
  ['a WebP’s head', 'webp', async () => webpOf(vp8x(0, small, secret), await vp8(8, 8))],
  ['a WebP’s profile', 'webp', async () => webpOf(vp8x(0x20, small), webpChunk('ICCP', hidden), await vp8(8, 8))],
  ['an unknown chunk', 'webp', async () => webpOf(vp8x(0, small), await vp8(8, 8), webpChunk('HIDE', hidden))],
  ['the animation of a still WebP', 'webp', async () => webpOf(await vp8(8, 8, true), anim(secret))],
  [
    'a frame of a WebP',
    'webp',
    async () => webpOf(vp8x(animation, small), anim(secret), anmf(small, await vp8(8, 8), webpChunk('HIDE', hidden))),
  ],
  ['a JPEG’s profile', 'jpeg', () => jpegWith(jpegSegment(0xe2, `ICC_PROFILE\0\x01\x01${secret}`))],
  ['other pictures of a JPEG', 'jpeg', () => jpegWith(jpegSegment(0xe2, `MPF\0${secret}`))],
  ['the colour transform of a JPEG', 'jpeg', () => jpegWith(jpegSegment(0xee, `Adobe\0\x64\0\0\0\0\x01${secret}`))],
  ['a thumbnail of a JPEG', 'jpeg', () => jpegWith(jpegSegment(0xe0, `JFXX\0\x10${secret}`))],
  ['a comment of a JPEG', 'jpeg', () => jpegBeforeEnd(jpegSegment(0xfe, secret))],
  ['a late number of lines', 'jpeg', () => jpegBeforeEnd(jpegSegment(0xdc, secret))],
  ['an undefined segment of a JPEG', 'jpeg', () => jpegBeforeEnd(jpegSegment(0xf5, secret))],
  ['the gap between two segments', 'jpeg', () => jpegWith(hidden)],
]

describe('stripping removes bytes hidden in', () => {
  test.each(hiding)('%s', async (_name, format, make) => {
    const original = await make()
    expect(original.includes(secret)).toBe(true)
    const canvas = readLayout(format, original)
    const bare = await stripMetadata(format, original, { orientation: 1, canvas })
    expect(bare.includes(secret)).toBe(false)
    const [before, after] = await Promise.all(
      [original, bare].map((image) =>
        sharp(image, { animated: true, ignoreIcc: true, failOn: 'error' }).raw().toBuffer(),
      ),
    )
    expect(after).toEqual(before)
    expect(readLayout(format, bare)).toEqual({ ...canvas, isWhole: true })
  })
})

describe('a file whose own pixels are served', () => {
  test('a GIF has the stated size in all viewers', async () => {
    // Decoders that distrust a screen as large as a monitor take its frames alone.
    const attachment = await finished(gif(size(640, 480), [size(1, 1, 3, 2)]))
    const content = await worker.read(attachment.storage_key)
    expect(attachment).toMatchObject({ status: 'ready', content_type: 'image/gif', width_px: 4, height_px: 3 })
    expect([content.readUInt16LE(6), content.readUInt16LE(8)]).toEqual([4, 3])
  })

  test('a PNG with a wide gamut becomes sRGB and looks the same', async () => {
    const original = await dots(320, 240).withIccProfile('p3').toBuffer()
    const red = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#e02010' } })
      .png({ palette: true })
      .withIccProfile('p3')
      .toBuffer()
    for (const image of [original, red]) {
      const attachment = await finished(image)
      const content = await worker.read(attachment.storage_key)
      expect(attachment).toMatchObject({ status: 'ready' })
      expect(content.length).toBeLessThanOrEqual(image.length)
      expect((await sharp(content).metadata()).icc).toBeUndefined()
      const [before, after] = await Promise.all([image, content].map((each) => pixelAt(each, 4, 4)))
      for (const [index, value] of (after ?? []).entries())
        expect(Math.abs(value - (before?.[index] ?? -99))).toBeLessThan(4)
    }
  })

  test('each frame of an animated PNG with a wide gamut becomes sRGB', async () => {
    const wide = await photo(8, 8).png().withIccProfile('p3').toBuffer()
    const at = wide.indexOf('iCCP') - 4
    const profile = wide.subarray(at, at + 12 + wide.readUInt32BE(at))
    const bare = await animatedPng(64, ['#c04020', '#2040c0'])
    const original = Buffer.concat([bare.subarray(0, 33), profile, bare.subarray(33)])
    const attachment = await finished(original)
    const content = await worker.read(attachment.storage_key)
    expect(attachment).toMatchObject({ status: 'ready', content_type: 'image/webp' })
    const header = await sharp(content, { animated: true }).metadata()
    expect([header.pages, header.icc]).toEqual([2, undefined])
    const frames = await Promise.all([0, 1].map((page) => sharp(content, { page }).png().toBuffer()))
    const shown = await Promise.all(frames.map((frame) => pixelAt(frame, 4, 4)))
    const wanted = readApng(original).frames.map(({ png }) => pixelAt(png, 4, 4))
    for (const [index, colour] of (await Promise.all(wanted)).entries())
      for (const [channel, value] of colour.entries())
        expect(Math.abs(value - (shown[index]?.[channel] ?? -99))).toBeLessThan(6)
  })

  test('a PNG with bytes after its compressed pixels is encoded again', async () => {
    const image = await dots(64, 64).toBuffer()
    const { data } = await sharp(image).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true })
    const rows = Array.from({ length: 64 }, (_, row) => {
      const bits = Buffer.alloc(9)
      for (let x = 0; x < 64; x++)
        if ((data[row * 64 + x] ?? 0) > 127) bits[1 + (x >> 3)] = (bits[1 + (x >> 3)] ?? 0) | (128 >> (x & 7))
      return bits
    })
    const surplus = Buffer.concat([
      Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
      pngChunk('IHDR', Buffer.from([0, 0, 0, 64, 0, 0, 0, 64, 1, 0, 0, 0, 0])),
      pngChunk('IDAT', deflateSync(Buffer.concat([...rows, Buffer.from(secret.repeat(9))]), { level: 0 })),
      end,
    ])
    const attachment = await finished(surplus)
    expect(attachment).toMatchObject({ status: 'ready', width_px: 64, height_px: 64 })
    const content = await worker.read(attachment.storage_key)
    expect(content.includes(secret)).toBe(false)
    expect(await pixelAt(content, 9, 9)).toEqual(await pixelAt(surplus, 9, 9))
  })

  test('a PNG with an orientation is encoded upright, because some viewers do not turn it', async () => {
    const original = await dots(320, 240).withMetadata({ orientation: 6 }).toBuffer()
    const attachment = await finished(original)
    const content = await worker.read(attachment.storage_key)
    expect(attachment).toMatchObject({ status: 'ready', width_px: 240, height_px: 320 })
    expect(await sharp(content).metadata()).toMatchObject({ width: 240, height: 320 })
  })

  test('a small JPEG with a profile becomes sRGB', async () => {
    const original = await photo(16, 16).jpeg({ quality: 1 }).withIccProfile('p3').toBuffer()
    const attachment = await finished(original)
    const header = await sharp(await worker.read(attachment.storage_key)).metadata()
    expect([attachment.status, header.icc]).toEqual(['ready', undefined])
  })
})
