import { readFile } from 'node:fs/promises'
import type { ResizeOptions, Sharp, WebpOptions } from 'sharp'
import { readApng } from '../containers/index.ts'
import { pipelineOf } from './engine.ts'
import { decodeFrames, drawApng, pipelineOfFrames, turnUpright } from './frames.ts'
import { type ImageFacts, isLying } from './inspect.ts'
import { UnusableImage } from './unusable-image.ts'

type Box = ResizeOptions & { width: number; height: number }

/** Frames that are drawn one by one lie in memory together, beside those of the image before, which may not be freed yet. */
const maxDrawnBytes = 128 * 1024 ** 2

/** The decoded image, upright. */
export type Source = {
  /** Creates a pipeline with all frames. */
  pipeline(): Sharp
  /** The settings that the encoder does not get from the decoder. */
  timing: Pick<WebpOptions, 'delay' | 'loop'>
}

/**
 * Opens an image with its animation, upright and inside a box. The decoder joins the frames of an animation to one picture, which can't be
 * turned, and reads only the still image of an animated PNG: these are opened frame by frame.
 * @throws UnusableImage when this needs too much memory
 */
export async function openFrames(path: string, facts: ImageFacts, box: Box): Promise<Source> {
  const { isAnimatedPng, orientation } = facts
  const isTurned = facts.frames > 1 && orientation !== 1
  if (!isAnimatedPng && !isTurned) {
    return { pipeline: () => pipelineOf(path, { animated: true }).autoOrient().resize(box), timing: {} }
  }
  refuseTooMuchMemory(facts, box)
  const storedBox = isLying(orientation) ? { ...box, width: box.height, height: box.width } : box
  const stored = isAnimatedPng ? await drawApng(await readFile(path), storedBox) : await decodeFrames(path, storedBox)
  const frames = await turnUpright(stored, orientation)
  return { pipeline: () => pipelineOfFrames(frames), timing: { delay: frames.delaysMs, loop: frames.loops } }
}

/** Returns whether the frames can be opened one by one. */
export const canBeDrawn = (facts: ImageFacts, box: Box): boolean => drawnBytes(facts, box) <= maxDrawnBytes

function drawnBytes({ widthPx, heightPx, frames }: ImageFacts, box: Box): number {
  const scale = Math.min(1, box.width / widthPx, box.height / heightPx)
  return 4 * frames * Math.ceil(widthPx * scale) * Math.ceil(heightPx * scale)
}

function refuseTooMuchMemory(facts: ImageFacts, box: Box): void {
  if (canBeDrawn(facts, box)) return
  const [neededMiB, maxMiB] = [drawnBytes(facts, box), maxDrawnBytes].map((value) => Math.ceil(value / 1024 ** 2))
  throw new UnusableImage(
    `The animation is turned or has a colour profile, and needs ${neededMiB} MiB when opened; at most ${maxMiB} MiB are accepted. Save it upright and in sRGB, or with fewer frames.`,
  )
}

/** Creates a pipeline with the picture that viewers show first, upright. */
export async function openStill(path: string, { isAnimatedPng, orientation }: ImageFacts): Promise<Sharp> {
  const png = isAnimatedPng ? await readFile(path) : undefined
  if (!png || !readApng(png).isStillHidden) return pipelineOf(path).autoOrient()
  return pipelineOfFrames(await turnUpright(await drawApng(png, {}, 1), orientation))
}
