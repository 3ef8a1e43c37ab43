import exifr from 'exifr'
import fc from 'fast-check'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { animation, gpsExif, photo, pngChunk } from '../testing/images.ts'
import { type ImageFormat, MalformedContainer, stripMetadata } from './index.ts'

const secret = 'Somebody-was-here'
const xmp = `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><!--${secret}--></x:xmpmeta>`

/** Strips an image whose container and decoder agree on the size. */
async function stripped(format: ImageFormat, image: Buffer, orientation = 1): Promise<Buffer> {
  const { width, height, pageHeight } = await sharp(image, { animated: true }).metadata()
  return stripMetadata(format, image, { orientation, canvas: { widthPx: width, heightPx: pageHeight ?? height } })
}

const pixelsOf = (image: Buffer) => sharp(image, { animated: true }).autoOrient().raw().toBuffer()
/** The pixels without the conversion of a colour profile. */
const codedPixelsOf = (image: Buffer) => sharp(image, { ignoreIcc: true }).autoOrient().raw().toBuffer()

/** An image with EXIF (place included), XMP and an ICC profile, as far as the format knows them. */
function laden(format: 'jpeg' | 'png' | 'webp', orientation: number): Promise<Buffer> {
  return photo(90, 60)
    .toFormat(format)
    .withExif({ ...gpsExif, IFD0: { ...gpsExif.IFD0, ImageDescription: secret } })
    .withXmp(xmp)
    .withIccProfile('p3')
    .withMetadata({ orientation })
    .toBuffer()
}

const cases = (['jpeg', 'png', 'webp'] as const).flatMap((format) =>
  [1, 3, 6, 8].map((turn) => [format, turn] as const),
)

test.each(cases)(
  'a %s of orientation %i keeps its coded pixels and orientation, and nothing else',
  async (format, orientation) => {
    const original = await laden(format, orientation)
    const bare = await stripped(format, original, orientation)

    expect(await codedPixelsOf(bare)).toEqual(await codedPixelsOf(original))
    const after = await sharp(bare).metadata()
    expect(after.orientation ?? 1).toBe(orientation)
    expect([after.xmp, after.icc]).toEqual([undefined, undefined])
    expect(bare.length).toBeLessThan(original.length)
    expect(bare.includes(secret)).toBe(false)
    expect(await exifr.gps(bare).catch(() => undefined)).toBeUndefined()
    if (orientation === 1) expect(after.exif).toBeUndefined()
  },
)

test('a progressive JPEG with restart markers keeps its pixels', async () => {
  const original = await photo(333, 222).jpeg({ progressive: true, optimiseScans: true }).withExif(gpsExif).toBuffer()
  expect(await pixelsOf(await stripped('jpeg', original))).toEqual(await pixelsOf(original))
})

test('a CMYK JPEG keeps the marker that decides whether its colours are inverted', async () => {
  const original = await photo(30, 20).toColourspace('cmyk').jpeg().withExif(gpsExif).toBuffer()
  expect(await pixelsOf(await stripped('jpeg', original))).toEqual(await pixelsOf(original))
})

test.each(['gif', 'webp'] as const)('an animated %s keeps frames, timing and repetition', async (format) => {
  const original = await animation(format, { sizePx: 48, frames: 12, delayMs: 70 })
  const bare = await stripped(format, original)
  expect(await pixelsOf(bare)).toEqual(await pixelsOf(original))
  expect(await sharp(bare, { animated: true }).metadata()).toMatchObject({
    pages: 12,
    loop: 3,
    delay: new Array(12).fill(70),
  })
})

test.each([
  [150, 100],
  [1, 1],
  [700, 3],
])('a GIF of %i×%i keeps every pixel, also after clear codes', async (widthPx, heightPx) => {
  const original = await photo(widthPx, heightPx).gif({ effort: 1 }).toBuffer()
  expect(await stripped('gif', original)).toEqual(original)
})

test('comments and application blocks of a GIF are removed', async () => {
  const original = await animation('gif', { sizePx: 32, frames: 2, delayMs: 70 })
  const blocks = Buffer.concat([
    Buffer.from([0x21, 0xfe, secret.length]),
    Buffer.from(secret),
    Buffer.from([0, 0x21, 0xff, 11]),
    Buffer.from('XMP DataXMP'),
    Buffer.from([secret.length]),
    Buffer.from(secret),
    Buffer.from([0]),
  ])
  const headBytes = 13 + ((original[10] ?? 0) & 0x80 ? 3 * 2 ** (((original[10] ?? 0) & 7) + 1) : 0)
  const commented = Buffer.concat([original.subarray(0, headBytes), blocks, original.subarray(headBytes)])
  expect(await stripped('gif', commented)).toEqual(await stripped('gif', original))
})

test('text, time and unknown chunks of a PNG are removed', async () => {
  const original = await photo(30, 20).png().toBuffer()
  const chunks = ['tEXt', 'zTXt', 'iTXt', 'tIME', 'prVt'].map((type) => pngChunk(type, Buffer.from(secret)))
  const end = original.length - 12
  const laden = Buffer.concat([
    original.subarray(0, 33),
    ...chunks,
    original.subarray(33, end),
    ...chunks,
    original.subarray(end),
  ])
  expect(await stripped('png', laden)).toEqual(await stripped('png', original))
})

const formats: ImageFormat[] = ['jpeg', 'png', 'gif', 'webp']

test.each(formats)('bytes after the end of a %s are removed', async (format) => {
  const original = await photo(30, 20).toFormat(format).toBuffer()
  const polyglot = Buffer.concat([original, Buffer.from(`PK\x03\x04<script>${secret}</script>`)])
  const bare = await stripped(format, polyglot)
  expect(bare.includes(secret)).toBe(false)
  expect(await pixelsOf(bare)).toEqual(await pixelsOf(original))
})

test.each(formats)(
  'a %s cut off or changed anywhere is refused or stripped, never looped over or read past',
  async (format) => {
    const original = await photo(24, 16).toFormat(format).toBuffer()
    const canvas = { widthPx: 24, heightPx: 16 }
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length), fc.nat(original.length - 1), fc.nat(255), async (end, at, byte) => {
        const broken = Buffer.from(original)
        broken[at] = byte
        try {
          const bare = await stripMetadata(format, broken.subarray(0, end), { orientation: 1, canvas })
          // The end of a file that breaks off within its last chunk is written anew.
          expect(bare.length).toBeLessThanOrEqual(original.length)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedContainer)
        }
      }),
      { numRuns: 500 },
    )
  },
)
