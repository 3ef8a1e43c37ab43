import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { constants, createDeflate, createInflate, createInflateRaw } from 'node:zlib'
import type { Canvas } from './layout.ts'
import { MalformedContainer } from './malformed.ts'

/** Start and spacing of the seven passes of Adam7. */
const adam7 = [
  { left: 0, top: 0, dx: 8, dy: 8 },
  { left: 4, top: 0, dx: 8, dy: 8 },
  { left: 0, top: 4, dx: 4, dy: 8 },
  { left: 2, top: 0, dx: 4, dy: 4 },
  { left: 0, top: 2, dx: 2, dy: 4 },
  { left: 1, top: 0, dx: 2, dy: 2 },
  { left: 0, top: 1, dx: 1, dy: 2 },
]
const chunkSize = 256 * 1024
const singlePass = [{ left: 0, top: 0, dx: 1, dy: 1 }]
/** Channels by the header's colour type: grey, RGB, palette, grey with alpha, RGB with alpha. */
const channelsOf: ReadonlyMap<number | undefined, number> = new Map([
  [0, 1],
  [2, 3],
  [3, 1],
  [4, 2],
  [6, 4],
])

/** Computes the uncompressed size of a frame in bytes, including the filter byte of each row. */
export function frameBytes(header: Buffer, { widthPx, heightPx }: Canvas): number {
  const bitsPerPixel = (header[8] ?? 0) * (channelsOf.get(header[9]) ?? 0)
  const passes = header[12] === 1 ? adam7 : singlePass
  return passes
    .map(({ left, top, dx, dy }) => {
      const [columns, rows] = [Math.ceil((widthPx - left) / dx), Math.ceil((heightPx - top) / dy)]
      return columns > 0 && rows > 0 ? rows * (1 + Math.ceil((columns * bitsPerPixel) / 8)) : 0
    })
    .reduce((sum, bytes) => sum + bytes, 0)
}

/**
 * Joins the parts of a zlib stream (RFC 1950) without bytes after its end. Inflates it once to find the end.
 * @throws MalformedContainer when its uncompressed size is not `expectedBytes`
 */
export async function wholeStream(parts: readonly Buffer[], expectedBytes: number): Promise<Buffer> {
  const stream = Buffer.concat(parts)
  const { unpackedBytes, readBytes } = await inflated(stream, expectedBytes)
  if (unpackedBytes !== expectedBytes) throw new MalformedContainer('PNG')
  return stream.subarray(0, readBytes)
}

/** Returns whether a zlib stream has its end and its checksum, and at least `expectedBytes`. */
export async function isIntactStream(parts: readonly Buffer[], expectedBytes: number): Promise<boolean> {
  try {
    return (await inflated(Buffer.concat(parts), expectedBytes)).unpackedBytes >= expectedBytes
  } catch (error) {
    if (error instanceof MalformedContainer) return false
    throw error
  }
}

/** Inflates a stream, at most some more than `expectedBytes` of it. @throws MalformedContainer when it is damaged or breaks off */
async function inflated(stream: Buffer, expectedBytes: number) {
  const inflate = createInflate({ chunkSize })
  let unpackedBytes = 0
  try {
    for await (const bytes of Readable.from([stream]).pipe(inflate)) {
      unpackedBytes += (bytes as Buffer).length
      if (unpackedBytes > expectedBytes) break
    }
  } catch (cause) {
    throw asMalformed(cause)
  }
  return { unpackedBytes, readBytes: inflate.bytesWritten }
}

/**
 * Deflates the pixels of a stream again that breaks off after them, or whose checksum is wrong.
 * @throws MalformedContainer when pixels are missing
 */
export async function deflatedAgain(parts: readonly Buffer[], expectedBytes: number): Promise<Buffer> {
  // Behind the two bytes of zlib's header follows raw data, whose end may be missing here.
  const raw = Buffer.concat(parts).subarray(2)
  let missingBytes = expectedBytes
  async function* pixels(source: AsyncIterable<Buffer>) {
    for await (const bytes of source) {
      yield bytes.subarray(0, missingBytes)
      missingBytes -= Math.min(missingBytes, bytes.length)
      if (missingBytes === 0) return
    }
  }
  try {
    const inflate = createInflateRaw({ chunkSize, finishFlush: constants.Z_SYNC_FLUSH })
    const packed = await pipeline(Readable.from([raw]), inflate, pixels, createDeflate(), buffer)
    if (missingBytes === 0) return packed
  } catch (cause) {
    throw asMalformed(cause)
  }
  throw new MalformedContainer('PNG')
}

const asMalformed = (cause: unknown) =>
  cause instanceof Error && 'code' in cause ? new MalformedContainer('PNG') : cause
