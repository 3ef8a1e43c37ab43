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
  const frames = colours.map(async (background) => {
    const create = { width: sizePx, height: sizePx, channels: 3, background } as const
    return { png: await sharp({ create }).png().toBuffer() }
  })
  return apngOf(await Promise.all(frames), { before: [pngChunk('tEXt', Buffer.from('Author\0Somebody'))] })
}

export type ApngFrameInput = {
  png: Buffer
  leftPx?: number
  topPx?: number
  delayMs?: number
  /** 0 keeps the frame, 1 clears its rectangle, 2 restores what was there. */
  disposal?: number
  /** 0 replaces what is below, 1 is drawn over it. */
  blending?: number
}

/** An animated PNG of still ones with the same kind of pixels. The first frame has the size of the canvas, or is hidden. */
export function apngOf(
  frames: ApngFrameInput[],
  {
    before = [],
    isFirstHidden = false,
    loops = 0,
  }: { before?: Buffer[]; isFirstHidden?: boolean; loops?: number } = {},
): Buffer {
  const number = (...values: number[]) =>
    Buffer.from(values.flatMap((value) => [value >> 24, value >> 16, value >> 8, value]))
  let sequence = 0
  const written = frames.flatMap((frame, index) => {
    const { header, pixels } = pngChunksOf(frame.png)
    const { leftPx = 0, topPx = 0, delayMs = 100, disposal = 0, blending = 0 } = frame
    const isStill = index === 0
    const end = Buffer.from([delayMs >> 8, delayMs, 1_000 >> 8, 1_000 & 255, disposal, blending])
    const control = () =>
      pngChunk('fcTL', Buffer.concat([number(sequence++), header.subarray(0, 8), number(leftPx, topPx), end]))
    return [
      ...(isStill && isFirstHidden ? [] : [control()]),
      isStill ? pngChunk('IDAT', pixels) : pngChunk('fdAT', Buffer.concat([number(sequence++), pixels])),
    ]
  })
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', pngChunksOf(frames[0]?.png as Buffer).header),
    ...before,
    pngChunk('acTL', number(frames.length - Number(isFirstHidden), loops)),
    ...written,
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

/** The data of the first header, and of all pixel chunks. */
function pngChunksOf(png: Buffer) {
  const [header] = dataOf(png, 'IHDR')
  return { header: header as Buffer, pixels: Buffer.concat(dataOf(png, 'IDAT')) }
}

function dataOf(png: Buffer, wanted: string): Buffer[] {
  const found: Buffer[] = []
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === wanted)
      found.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)))
  }
  return found
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

/** Four quarters: red and green above, blue and white below, to recognize how an image is turned. */
export function quarters(widthPx: number, heightPx: number) {
  const half = { width: widthPx / 2, height: heightPx / 2, channels: 3 } as const
  const quarter = (background: string, left: number, top: number) => ({
    input: { create: { ...half, background } },
    left,
    top,
  })
  const picture = sharp({ create: { ...half, width: widthPx, height: heightPx, background: '#ff0000' } })
  return picture.composite([
    quarter('#00ff00', half.width, 0),
    quarter('#0000ff', 0, half.height),
    quarter('#ffffff', half.width, half.height),
  ])
}

/** Names the colours of the quarters of each frame, row by row: `rgbw` for {@link quarters}. */
export async function quartersOf(image: Buffer): Promise<string[]> {
  const { pages = 1 } = await sharp(image, { animated: true }).metadata()
  return Promise.all(Array.from({ length: pages }, (_, page) => quartersOfFrame(image, page)))
}

async function quartersOfFrame(image: Buffer, page: number): Promise<string> {
  const picture = sharp(image, { page }).autoOrient().removeAlpha().toColourspace('srgb')
  const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true })
  const nameAt = (x: number, y: number) => {
    const at = (Math.floor(info.height * y) * info.width + Math.floor(info.width * x)) * info.channels
    const key = [...data.subarray(at, at + 3)].map((value) => (value > 127 ? 1 : 0)).join('')
    return { '100': 'r', '010': 'g', '001': 'b', '111': 'w' }[key] ?? '?'
  }
  return [nameAt(0.25, 0.25), nameAt(0.75, 0.25), nameAt(0.25, 0.75), nameAt(0.75, 0.75)].join('')
}

/** Turns an upright image to the pixels that a camera stores with this orientation. */
export async function turnBack(upright: Buffer, orientation: number): Promise<Buffer> {
  // 6 and 8 are the inverse of each other; the others are their own inverse.
  const inverse = new Map([
    [6, 8],
    [8, 6],
  ])
  const marked = await sharp(upright)
    .withMetadata({ orientation: inverse.get(orientation) ?? orientation })
    .toBuffer()
  return sharp(marked).autoOrient().png().toBuffer()
}
