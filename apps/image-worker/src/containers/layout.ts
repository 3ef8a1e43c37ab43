/** Layout of an image as its container states it, before it is turned by its orientation. */
export type Layout = {
  /** The canvas for which viewers reserve memory; all frames fit on it. */
  widthPx: number
  heightPx: number
  frames: number
  /** Whether viewers show frames. The decoder shows the still image of an animated PNG, which may be another picture. */
  isAnimated: boolean
  /** Passes over the image, each as expensive for a decoder as a whole image. Only a JPEG has more than 1. */
  scans: number
  /** False when the file ends within a part. */
  isWhole: boolean
}

/** Width and height of the canvas on which all frames are drawn. */
export type Canvas = Pick<Layout, 'widthPx' | 'heightPx'>
