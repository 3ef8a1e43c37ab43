const upright = 1

/**
 * Builds the smallest EXIF block (TIFF 6.0, little-endian) with an orientation only; undefined when the image is upright.
 * @param orientation 1 to 8, as in EXIF tag 0x0112
 */
export function orientationOnlyExif(orientation: number): Buffer | undefined {
  if (orientation === upright) return undefined
  const exif = Buffer.alloc(26)
  exif.write('II*\0', 'latin1')
  exif.writeUInt32LE(8, 4) // the first directory begins right after this header
  exif.writeUInt16LE(1, 8) // … and has one entry:
  exif.writeUInt16LE(0x0112, 10) // Orientation,
  exif.writeUInt16LE(3, 12) // one SHORT
  exif.writeUInt32LE(1, 14)
  exif.writeUInt16LE(orientation, 18)
  return exif
}
