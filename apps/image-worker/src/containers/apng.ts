import { chunk, chunksOf, signature, uint32 } from './png-chunks.ts'
import { type PngFrame, type PngParts, readParts } from './png-parts.ts'

export type ApngFrame = {
  /** The frame as a still PNG. */
  png: Buffer
  leftPx: number
  topPx: number
  widthPx: number
  heightPx: number
  delayMs: number
  /** The treatment of its rectangle before the next frame is drawn. */
  disposal: 'keep' | 'clear' | 'restore'
  /** Whether it replaces what is below it, and not only where it is opaque. */
  isReplacing: boolean
}

export type Apng = {
  widthPx: number
  heightPx: number
  /** 0 for endless. */
  loops: number
  frames: ApngFrame[]
  /** Whether the still image is no frame, so that viewers with animation never show it. */
  isStillHidden: boolean
}

const disposals = ['keep', 'clear', 'restore'] as const

/** Splits an animated PNG (W3C PNG, third edition) into its frames, each as a PNG with the colours of the file. @throws MalformedContainer */
export function readApng(png: Buffer): Apng {
  const parts = readParts(chunksOf(png))
  const { animation, still, frames } = parts
  return {
    widthPx: parts.header.readUInt32BE(0),
    heightPx: parts.header.readUInt32BE(4),
    loops: animation?.loops ?? 0,
    frames: frames.flatMap((frame) => (frame.control ? [frameOf(parts, frame, frame.control)] : [])),
    isStillHidden: !frames.includes(still),
  }
}

function frameOf(parts: PngParts, frame: PngFrame, control: Buffer): ApngFrame {
  const { widthPx, heightPx } = frame
  return {
    png: asStill(parts, frame),
    leftPx: control.readUInt32BE(12),
    topPx: control.readUInt32BE(16),
    widthPx,
    heightPx,
    delayMs: Math.round((1_000 * control.readUInt16BE(20)) / (control.readUInt16BE(22) || 100)),
    disposal: disposals[control[24] ?? 0] ?? 'keep',
    isReplacing: control[25] === 0,
  }
}

const asStill = ({ header, colours, meaning }: PngParts, { widthPx, heightPx, pixels }: PngFrame) =>
  Buffer.concat([
    signature,
    chunk('IHDR', Buffer.concat([uint32(widthPx, heightPx), header.subarray(8)])),
    ...[...colours, ...meaning].map(({ type, data }) => chunk(type, data)),
    chunk('IDAT', Buffer.concat(pixels)),
    chunk('IEND', Buffer.alloc(0)),
  ])
