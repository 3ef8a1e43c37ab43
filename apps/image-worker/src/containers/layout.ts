/** How a container lays its image out, before turning by its orientation; nothing is decoded to know it. */
export type Layout = {
  /** The canvas that viewers reserve memory for, large enough for every frame. */
  widthPx: number
  heightPx: number
  frames: number
  /** Passes over the picture; each costs a decoder about as much as a whole picture. More than 1 in JPEG alone. */
  scans: number
  /** False when the file ends in the middle of a part. */
  isWhole: boolean
}

/** Width and height of the canvas on which all frames are drawn. */
export type Canvas = Pick<Layout, 'widthPx' | 'heightPx'>
