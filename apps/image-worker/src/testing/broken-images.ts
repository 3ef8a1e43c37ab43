import { deflateSync } from 'node:zlib'
import sharp from 'sharp'
import { photo, pngChunk } from './images.ts'

/** A PNG of 70 bytes whose header has this size. */
export function announcedPng(widthPx: number, heightPx: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(widthPx, 0)
  header.writeUInt32BE(heightPx, 4)
  header.set([8, 2], 8)
  return Buffer.concat([
    Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
    pngChunk('IHDR', header),
    pngChunk('IDAT', deflateSync(Buffer.alloc(100))),
    pngChunk('IEND', Buffer.alloc(0)),
  ])
}

/** A small JPEG whose frame header has this size. */
export async function announcedJpeg(widthPx: number, heightPx: number): Promise<Buffer> {
  const jpeg = await photo(64, 48).jpeg().toBuffer()
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
  jpeg.writeUInt16BE(heightPx, frame + 5)
  jpeg.writeUInt16BE(widthPx, frame + 7)
  return jpeg
}

/** A GIF with the same frame of 0.25 megapixels many times. */
export async function manyFrames(frames: number): Promise<Buffer> {
  const still = await sharp({ create: { width: 500, height: 500, channels: 3, background: '#111' } })
    .gif()
    .toBuffer()
  const headBytes = 13 + 3 * 2 ** (((still[10] ?? 0) & 7) + 1)
  const frame = still.subarray(headBytes, -1)
  return Buffer.concat([still.subarray(0, headBytes), ...new Array<Buffer>(frames).fill(frame), Buffer.from([0x3b])])
}

/** A PNG with a compressed text or colour profile of 200 MB after its header. */
export async function ladenPng(chunkType: 'zTXt' | 'iCCP'): Promise<Buffer> {
  const png = await photo(300, 300).png().toBuffer()
  const load = pngChunk(chunkType, Buffer.concat([Buffer.from('k\0\0'), deflateSync(Buffer.alloc(200_000_000))]))
  return Buffer.concat([png.subarray(0, 33), load, png.subarray(33)])
}

/** A GIF that is also a script: its size is the beginning of a comment, and the rest follows its end. */
export async function gifAndScript(): Promise<Buffer> {
  const gif = await photo(64, 64).gif().toBuffer()
  return Buffer.concat([gif, Buffer.from('*/=1;alert("polyglot")//')])
}

/** A JPEG with a PDF in its comment and a ZIP archive at its end. */
export async function jpegPdfAndZip(): Promise<Buffer> {
  const jpeg = await photo(200, 150).jpeg().toBuffer()
  const pdf = Buffer.from('%PDF-1.7 polyglot 1 0 obj <<>> endobj %%EOF')
  const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, pdf.length + 2]), pdf])
  return Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2), Buffer.from('PK\x03\x04polyglot PK\x05\x06')])
}

/** The beginning of a HEIC file. */
export const heic = Buffer.concat([
  Buffer.from([0, 0, 0, 24]),
  Buffer.from('ftypheic\0\0\0\0mif1heic'),
  Buffer.alloc(500),
])
