import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { photo, pngChunk } from './images.ts'

// Builders for unusual images that no program writes and that decoders interpret differently.

type Rectangle = { left?: number; top?: number; widthPx: number; heightPx: number }

const little = (...values: number[]) => Buffer.from(values.flatMap((value) => [value & 255, value >> 8]))
const big = (...values: number[]) =>
  Buffer.from(values.flatMap((value) => [value >>> 24, value >> 16, value >> 8, value]))
const text = (value: string) => Buffer.from(value, 'latin1')

export type GifOptions = {
  /** Between the head and the first frame. */
  before?: Buffer
  /** After the code that ends the pixels of each frame. */
  slack?: Buffer
}

const nothing = Buffer.alloc(0)

/** A GIF whose frames contain one pixel each; 43 bytes with one frame. */
export function gif(screen: Rectangle, frames: Rectangle[], { before = nothing, slack = nothing }: GifOptions = {}) {
  const palette = Buffer.from([0, 0, 0, 255, 255, 255])
  const pixels = Buffer.concat([Buffer.from([2, 2 + slack.length, 0x44, 1]), slack, Buffer.from([0])])
  return Buffer.concat([
    text('GIF89a'),
    little(screen.widthPx, screen.heightPx),
    Buffer.from([0x80, 0, 0]),
    palette,
    before,
    ...frames.map(({ left = 0, top = 0, widthPx, heightPx }) =>
      Buffer.concat([
        Buffer.from([0x21, 0xf9, 4, 0, 10, 0, 0, 0, 0x2c]),
        little(left, top, widthPx, heightPx),
        Buffer.from([0]),
        pixels,
      ]),
    ),
    Buffer.from([0x3b]),
  ])
}

/** An extension block of a GIF with these sub-blocks. */
export const gifExtension = (label: number, ...blocks: (string | Buffer)[]): Buffer =>
  Buffer.concat([
    Buffer.from([0x21, label]),
    ...blocks.map((block) => Buffer.concat([Buffer.from([block.length]), Buffer.from(block as string, 'latin1')])),
    Buffer.from([0]),
  ])

export type ApngOptions = {
  /** The number of frames in the animation's header. */
  announced?: number
  frames?: Rectangle[]
  /** Chunks between the header and the animation. */
  before?: Buffer[]
  /** Added to the compressed pixels of each frame. */
  slack?: Buffer
}

/** A grey animated PNG whose first frame is its still image. */
export function apng(
  canvas: Rectangle,
  { announced, frames = [canvas, canvas], before = [], slack }: ApngOptions = {},
) {
  const header = Buffer.concat([big(canvas.widthPx, canvas.heightPx), Buffer.from([8, 0, 0, 0, 0])])
  let sequence = 0
  const parts = frames.flatMap(({ left = 0, top = 0, widthPx, heightPx }, index) => {
    const control = Buffer.concat([big(sequence++, widthPx, heightPx, left, top), Buffer.from([0, 1, 0, 10, 0, 0])])
    const isSmall = widthPx * heightPx < 1_000_000
    const rows = isSmall ? Buffer.alloc(heightPx * (widthPx + 1), index * 40) : Buffer.alloc(1)
    for (let row = 0; isSmall && row < heightPx; row++) rows[row * (widthPx + 1)] = 0
    const pixels = Buffer.concat([deflateSync(rows), slack ?? Buffer.alloc(0)])
    const isStill = index === 0
    return [
      pngChunk('fcTL', control),
      isStill ? pngChunk('IDAT', pixels) : pngChunk('fdAT', Buffer.concat([big(sequence++), pixels])),
    ]
  })
  return Buffer.concat([
    text('\x89PNG\r\n\x1a\n'),
    pngChunk('IHDR', header),
    ...before,
    pngChunk('acTL', big(announced ?? frames.length, 0)),
    ...parts,
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

export function webpChunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32LE(data.length)
  return Buffer.concat([text(type), length, data, Buffer.alloc(data.length % 2)])
}

export const webpOf = (...chunks: Buffer[]): Buffer => {
  const body = Buffer.concat(chunks)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(4 + body.length)
  return Buffer.concat([text('RIFF'), length, text('WEBP'), body])
}

const little24 = (value: number) => Buffer.from([value, value >> 8, value >> 16])
export const vp8x = (flags: number, { widthPx, heightPx }: Rectangle, more = '') =>
  webpChunk(
    'VP8X',
    Buffer.concat([Buffer.from([flags, 0, 0, 0]), little24(widthPx - 1), little24(heightPx - 1), text(more)]),
  )

/** The chunk with the pixels of a single-colour image. */
export async function vp8(widthPx: number, heightPx: number, isLossless = false): Promise<Buffer> {
  const create = { width: widthPx, height: heightPx, channels: 3, background: '#345' } as const
  const file = await sharp({ create }).webp({ lossless: isLossless }).toBuffer()
  return file.subarray(12)
}

/** A frame of an animated WebP with this size and position. */
export const anmf = ({ left = 0, top = 0, widthPx, heightPx }: Rectangle, ...chunks: Buffer[]) =>
  webpChunk(
    'ANMF',
    Buffer.concat([...[left / 2, top / 2, widthPx - 1, heightPx - 1, 100].map(little24), Buffer.from([0]), ...chunks]),
  )
export const anim = (more = '') => webpChunk('ANIM', Buffer.concat([Buffer.alloc(6), text(more)]))

/** A progressive JPEG with many copies of its last scan. */
export async function manyScans(scans: number): Promise<Buffer> {
  const jpeg = await photo(64, 64).jpeg({ progressive: true }).toBuffer()
  const scan = jpeg.subarray(jpeg.lastIndexOf(Buffer.from([0xff, 0xda])), -2)
  return Buffer.concat([jpeg.subarray(0, -2), ...new Array<Buffer>(scans).fill(scan), jpeg.subarray(-2)])
}

/** A JPEG with bytes before its first quantization table. */
export async function jpegWith(part: Buffer): Promise<Buffer> {
  const jpeg = await photo(64, 48).jpeg().toBuffer()
  const at = jpeg.indexOf(Buffer.from([0xff, 0xdb]))
  return Buffer.concat([jpeg.subarray(0, at), part, jpeg.subarray(at)])
}

/** A JPEG with bytes between its last scan and its end. */
export async function jpegBeforeEnd(part: Buffer): Promise<Buffer> {
  const jpeg = await photo(64, 48).jpeg().toBuffer()
  return Buffer.concat([jpeg.subarray(0, -2), part, jpeg.subarray(-2)])
}

export const jpegSegment = (marker: number, data: string | Buffer): Buffer =>
  Buffer.concat([
    Buffer.from([0xff, marker, (data.length + 2) >> 8, data.length + 2]),
    Buffer.from(data as string, 'latin1'),
  ])

/** A JPEG frame header of one grey component. */
export const frameHeader = (widthPx: number, heightPx: number): Buffer =>
  jpegSegment(0xc0, Buffer.from([8, heightPx >> 8, heightPx, widthPx >> 8, widthPx, 1, 1, 0x11, 0]))
