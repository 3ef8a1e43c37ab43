import { stripGif } from './gif.ts'
import { stripJpeg } from './jpeg.ts'
import { stripPng } from './png.ts'
import { stripWebp } from './webp.ts'

export { gifBreaksOff } from './gif.ts'
export { MalformedContainer } from './malformed.ts'
export { pngFrames } from './png.ts'

export type ImageFormat = 'jpeg' | 'png' | 'gif' | 'webp'

/**
 * The same pixels without the metadata: nothing is decoded or coded anew. Only the orientation is written back, alone,
 * because the pixels would stand wrong without it.
 * @param orientation EXIF orientation, 1 to 8
 * @throws MalformedContainer
 */
export function stripMetadata(format: ImageFormat, bytes: Buffer, orientation: number): Buffer {
  switch (format) {
    case 'jpeg':
      return stripJpeg(bytes, orientation)
    case 'png':
      return stripPng(bytes, orientation)
    case 'gif':
      return stripGif(bytes)
    case 'webp':
      return stripWebp(bytes, orientation)
  }
}
