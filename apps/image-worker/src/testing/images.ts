import { crc32 } from 'node:zlib'
import sharp from 'sharp'

/** An image with the noise of a real photo, so that it compresses like one. */
export function photo(widthPx: number, heightPx: number) {
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const
  return sharp({ create: { width: widthPx, height: heightPx, channels: 3, background: '#888', noise } })
}

/** Left half red, right half blue, to recognize the orientation. */
export function redAndBlue(widthPx: number, heightPx: number) {
  const half = { width: widthPx / 2, height: heightPx, channels: 3, background: '#0000ff' } as const
  const picture = sharp({ create: { ...half, width: widthPx, background: '#ff0000' } })
  return picture.composite([{ input: { create: half }, left: widthPx / 2, top: 0 }])
}

/** The metadata of a phone: camera and location. */
export const gpsExif = {
  IFD0: { Make: 'Phone', Model: 'One', Copyright: 'Somebody' },
  IFD3: {
    GPSLatitudeRef: 'N',
    GPSLatitude: '48/1 51/1 30/1',
    GPSLongitudeRef: 'E',
    GPSLongitude: '2/1 17/1 40/1',
  },
}

export async function gpsPhoto(widthPx: number, heightPx: number, orientation = 1): Promise<Buffer> {
  return photo(widthPx, heightPx).jpeg({ quality: 92 }).withExif(gpsExif).withMetadata({ orientation }).toBuffer()
}

/** Frames of a moving square, each shown for `delayMs`. */
export async function animation(format: 'gif' | 'webp', options: { sizePx: number; frames: number; delayMs: number }) {
  const { sizePx, frames, delayMs } = options
  const pages = await Promise.all(
    Array.from({ length: frames }, (_, index) => {
      const wall = { width: sizePx, height: sizePx, channels: 3, background: '#205040' } as const
      const square = { width: 16, height: 16, channels: 3, background: '#ffffff' } as const
      const left = (index * 7) % (sizePx - 16)
      return sharp({ create: wall })
        .composite([{ input: { create: square }, left, top: (index * 11) % (sizePx - 16) }])
        .png()
        .toBuffer()
    }),
  )
  const delay = new Array<number>(frames).fill(delayMs)
  return sharp(pages, { join: { animated: true } })
    .toFormat(format, { delay, loop: 3 })
    .toBuffer()
}

/** An animated PNG (W3C PNG, third edition) of two frames with a text chunk. */
export async function animatedPng(sizePx: number, colours = ['#ff0000', '#0000ff']): Promise<Buffer> {
  const [first, second] = await Promise.all(
    colours.map(async (background) => {
      const create = { width: sizePx, height: sizePx, channels: 3, background } as const
      return pngChunksOf(await sharp({ create }).png().toBuffer())
    }),
  )
  if (!first || !second) throw new Error('two frames')
  const number = (value: number) => Buffer.from([value >> 24, value >> 16, value >> 8, value])
  const control = (sequence: number) =>
    pngChunk('fcTL', Buffer.concat([...[sequence, sizePx, sizePx, 0, 0].map(number), Buffer.from([0, 1, 0, 10, 0, 0])]))
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', first.header),
    pngChunk('acTL', Buffer.concat([number(2), number(0)])),
    pngChunk('tEXt', Buffer.from('Author\0Somebody')),
    control(0),
    pngChunk('IDAT', first.pixels),
    control(1),
    pngChunk('fdAT', Buffer.concat([number(2), second.pixels])),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

export function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const bytes = Buffer.alloc(body.length + 8)
  bytes.writeUInt32BE(data.length, 0)
  body.copy(bytes, 4)
  bytes.writeUInt32BE(crc32(body), body.length + 4)
  return bytes
}

function pngChunksOf(png: Buffer) {
  const dataOf = (type: string) => {
    const at = png.indexOf(type, 8, 'latin1')
    return png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4))
  }
  return { header: dataOf('IHDR'), pixels: dataOf('IDAT') }
}

/** A single-colour PNG whose pixels take far more memory than the file. */
export function bomb(widthPx: number, heightPx: number): Promise<Buffer> {
  return sharp({ create: { width: widthPx, height: heightPx, channels: 3, background: '#000' } })
    .png({ palette: true, colours: 2 })
    .toBuffer()
}

/** Pseudo-random black and white dots, one bit each, which no lossy encoding makes smaller. */
export function dots(widthPx: number, heightPx: number) {
  let seed = 1
  const grey = Buffer.from(
    Array.from({ length: widthPx * heightPx }, () => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed & 64 ? 255 : 0
    }),
  )
  const raw = { width: widthPx, height: heightPx, channels: 1 } as const
  return sharp(grey, { raw }).png({ palette: true, colours: 2, compressionLevel: 9 })
}

/** The colour of one pixel, as [red, green, blue] of 0 to 255. */
export async function pixelAt(image: Buffer, x: number, y: number): Promise<number[]> {
  const { data, info } = await sharp(image).autoOrient().removeAlpha().raw().toBuffer({ resolveWithObject: true })
  const at = (y * info.width + x) * info.channels
  return [...data.subarray(at, at + 3)]
}
