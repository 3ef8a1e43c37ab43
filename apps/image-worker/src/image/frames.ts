import sharp, { type ResizeOptions } from 'sharp'
import { type ApngFrame, readApng } from '../containers/index.ts'
import { pipelineOf, run } from './engine.ts'

/** The frames of an animation, one below the other, in sRGB with alpha, 8 bits per channel. */
export type Frames = {
  pixels: Buffer
  widthPx: number
  /** Of one frame. */
  heightPx: number
  delaysMs: number[]
  /** 0 for endless. */
  loops: number
}

const channels = 4
/** Turns by EXIF orientation: degrees clockwise, then whether the picture is mirrored. */
const turns: ReadonlyMap<number, readonly [angle: number, isMirrored: boolean]> = new Map([
  [2, [0, true]],
  [3, [180, false]],
  [4, [180, true]],
  [5, [270, true]],
  [6, [90, false]],
  [7, [90, true]],
  [8, [270, false]],
])

/** Decodes the frames of an animated GIF or WebP as they are stored, fitted into a box. */
export async function decodeFrames(path: string, box: ResizeOptions): Promise<Frames> {
  const { delay, loop } = await sharp(path, { animated: true }).metadata()
  const pipeline = pipelineOf(path, { animated: true }).resize(box).toColourspace('srgb').ensureAlpha()
  const { data, info } = await run(pipeline.raw())
  const heightPx = info.pageHeight ?? info.height
  return { pixels: data, widthPx: info.width, heightPx, delaysMs: delay ?? [], loops: loop ?? 0 }
}

/**
 * Draws the frames of an animated PNG, each on what the one before leaves (W3C PNG, third edition, 13.6), and fits them into a box.
 * @param maxFrames draws only the first ones
 */
export async function drawApng(png: Buffer, box: ResizeOptions, maxFrames?: number): Promise<Frames> {
  const apng = readApng(png)
  const frames = apng.frames.slice(0, maxFrames)
  const canvas = Buffer.alloc(apng.widthPx * apng.heightPx * channels)
  const raw = { width: apng.widthPx, height: apng.heightPx, channels } as const
  let [pixels, size, written] = [Buffer.alloc(0), { width: 0, height: 0 }, 0]
  for (const frame of frames) {
    const before = frame.disposal === 'restore' ? Buffer.from(canvas) : undefined
    await draw(canvas, apng.widthPx, frame)
    const { data, info } = await run(pipelineOf(canvas, { raw }).resize(box).raw())
    if (written === 0) [pixels, size] = [Buffer.alloc(frames.length * data.length), info]
    written += data.copy(pixels, written)
    before?.copy(canvas)
    if (frame.disposal === 'clear') for (const [start, end] of rowsOf(frame, apng.widthPx)) canvas.fill(0, start, end)
  }
  const delaysMs = frames.map(({ delayMs }) => delayMs)
  return { pixels, widthPx: size.width, heightPx: size.height, delaysMs, loops: apng.loops }
}

async function draw(canvas: Buffer, canvasWidthPx: number, frame: ApngFrame): Promise<void> {
  const { data: pixels } = await run(pipelineOf(frame.png).toColourspace('srgb').ensureAlpha().raw())
  let at = 0
  for (const [start, end] of rowsOf(frame, canvasWidthPx)) {
    const row = pixels.subarray(at, at + end - start)
    if (frame.isReplacing) row.copy(canvas, start)
    else drawOver(canvas.subarray(start, end), row)
    at += row.length
  }
}

/** Draws pixels over others by the operator "over", without premultiplied alpha. */
function drawOver(below: Buffer, above: Buffer): void {
  for (let at = 0; at < above.length; at += channels) {
    const [alpha, alphaBelow] = [above[at + 3] ?? 0, below[at + 3] ?? 0]
    if (alpha === 0) continue
    const rest = (alphaBelow * (255 - alpha)) / 255
    for (let channel = at; channel < at + 3; channel++) {
      below[channel] = Math.round(((above[channel] ?? 0) * alpha + (below[channel] ?? 0) * rest) / (alpha + rest))
    }
    below[at + 3] = Math.round(alpha + rest)
  }
}

/** Yields where the rows of a frame begin and end on the canvas, in bytes. */
function* rowsOf({ leftPx, topPx, widthPx, heightPx }: ApngFrame, canvasWidthPx: number): Generator<[number, number]> {
  for (let row = topPx; row < topPx + heightPx; row++) {
    const start = (row * canvasWidthPx + leftPx) * channels
    yield [start, start + widthPx * channels]
  }
}

/** Turns each frame upright. Overwrites the pixels that it is given, to use no more memory. */
export async function turnUpright(frames: Frames, orientation: number): Promise<Frames> {
  const [angle, isMirrored] = turns.get(orientation) ?? [0, false]
  const { pixels, widthPx: width, heightPx: height } = frames
  const frameBytes = width * height * channels
  let turned = { width, height }
  for (let at = 0; at < pixels.length; at += frameBytes) {
    const frame = pipelineOf(pixels.subarray(at, at + frameBytes), { raw: { width, height, channels } })
    const { data, info } = await run(frame.rotate(angle).flop(isMirrored).raw())
    data.copy(pixels, at)
    turned = info
  }
  return { ...frames, widthPx: turned.width, heightPx: turned.height }
}

/** Creates a pipeline with frames. Only with a single one it can change the size. */
export function pipelineOfFrames({ pixels, widthPx, heightPx }: Frames) {
  const height = pixels.length / widthPx / channels
  const pages = height > heightPx ? { pageHeight: heightPx } : {}
  return pipelineOf(pixels, { raw: { width: widthPx, height, channels, ...pages } })
}
