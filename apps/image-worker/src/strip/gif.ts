import { MalformedContainer } from './malformed.ts'

/** Of our own: the file's beginning is no block. */
const head = -1
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
  const kept: Buffer[] = []
  for (const { kind, bytes } of blocksOf(gif)) {
    if (kind === undefined) break
    if (kind !== extension || isKept(bytes)) kept.push(bytes)
    if (kind === trailer) return Buffer.concat(kept)
  }
  throw new MalformedContainer('GIF')
}

/** Whether the file ends in the middle of a block. A missing trailer alone, which some programs forget, does no harm. */
export function gifBreaksOff(gif: Buffer): boolean {
  try {
    for (const _ of blocksOf(gif));
    return false
  } catch (error) {
    if (error instanceof MalformedContainer) return true
    throw error
  }
}

/** The head, then block by block up to the trailer; what is none of these has no kind, and nothing follows it. */
function* blocksOf(gif: Buffer): Generator<{ kind: number | undefined; bytes: Buffer }> {
  if (gif.length < 13 || !/^GIF8[79]a$/.test(gif.toString('latin1', 0, 6))) throw new MalformedContainer('GIF')
  let at = 13 + colourTableBytes(gif[10] ?? 0)
  yield { kind: head, bytes: gif.subarray(0, at) }
  while (at < gif.length) {
    const start = at
    const kind = gif[at]
    if (kind === image) at = endOfSubBlocks(gif, at + 10 + colourTableBytes(gif[at + 9] ?? 0) + 1)
    else if (kind === extension) at = endOfSubBlocks(gif, at + 2)
    else if (kind === trailer) at++
    const isKnown = at > start
    yield { kind: isKnown ? kind : undefined, bytes: gif.subarray(start, at) }
    if (kind === trailer || !isKnown) return
  }
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
