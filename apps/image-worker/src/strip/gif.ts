import { MalformedContainer } from './malformed.ts'

const extension = 0x21
const image = 0x2c
const trailer = 0x3b
const graphicControl = 0xf9
const application = 0xff
/** Application extensions that say how often to repeat. */
const loopers = new Set(['NETSCAPE2.0', 'ANIMEXTS1.0'])

/**
 * A GIF (GIF89a specification) without comments, plain text, XMP and other application blocks, and without what follows
 * its trailer. Frames, timing, transparency and repetition stay.
 * @throws MalformedContainer
 */
export function stripGif(gif: Buffer): Buffer {
  if (gif.length < 13 || !/^GIF8[79]a$/.test(gif.toString('latin1', 0, 6))) throw new MalformedContainer('GIF')
  let at = 13 + colourTableBytes(gif[10] ?? 0)
  const kept = [gif.subarray(0, at)]
  while (at < gif.length) {
    const start = at
    switch (gif[at]) {
      case trailer:
        return Buffer.concat([...kept, gif.subarray(at, at + 1)])
      case image:
        at = endOfSubBlocks(gif, at + 10 + colourTableBytes(gif[at + 9] ?? 0) + 1)
        kept.push(gif.subarray(start, at))
        break
      case extension:
        at = endOfSubBlocks(gif, at + 2)
        if (isKept(gif.subarray(start, at))) kept.push(gif.subarray(start, at))
        break
      default:
        throw new MalformedContainer('GIF')
    }
  }
  throw new MalformedContainer('GIF')
}

function isKept(block: Buffer): boolean {
  if (block[1] === graphicControl) return true
  return block[1] === application && loopers.has(block.toString('latin1', 3, 14))
}

function colourTableBytes(flags: number): number {
  return flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0
}

function endOfSubBlocks(gif: Buffer, start: number): number {
  let at = start
  for (let size = gif[at]; size !== 0; size = gif[at]) {
    if (size === undefined) throw new MalformedContainer('GIF')
    at += 1 + size
  }
  return at + 1
}
