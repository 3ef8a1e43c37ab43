/** The middle of the part of an image that is kept, as shares of its width and height, and how much it is enlarged. */
export type Crop = { x: number; y: number; zoom: number }
type Size = { width: number; height: number }

export const wholeMiddle: Crop = { x: 0.5, y: 0.5, zoom: 1 }
export const maxZoom = 4

/** Returns the edge of the square that is kept, in pixels of the image. */
export const edgeOf = ({ width, height }: Size, zoom: number): number => Math.min(width, height) / zoom

const clamp = (value: number, least: number, most: number) => Math.min(Math.max(value, least), most)

/** Returns the crop with its square moved into the image. */
export function keptInside(image: Size, { x, y, zoom }: Crop): Crop {
  const kept = clamp(zoom, 1, maxZoom)
  const half = edgeOf(image, kept) / 2
  const [marginX, marginY] = [half / image.width, half / image.height]
  return { x: clamp(x, marginX, 1 - marginX), y: clamp(y, marginY, 1 - marginY), zoom: kept }
}

/** Draws the part of an image that is kept over the whole of a square canvas. */
export function drawCrop(canvas: HTMLCanvasElement, image: ImageBitmap, { x, y, zoom }: Crop): void {
  const context = canvas.getContext('2d')
  if (!context) return
  const edge = edgeOf(image, zoom)
  context.clearRect(0, 0, canvas.width, canvas.height)
  context.imageSmoothingQuality = 'high'
  const [left, top] = [x * image.width - edge / 2, y * image.height - edge / 2]
  context.drawImage(image, left, top, edge, edge, 0, 0, canvas.width, canvas.height)
}
