import { MalformedContainer } from './malformed.ts'
import { orientationOnlyExif } from './orientation.ts'

const soi = 0xd8
const eoi = 0xd9
const sos = 0xda
const app0 = 0xe0
const app1 = 0xe1
const app2 = 0xe2
const app14 = 0xee
const app15 = 0xef
const comment = 0xfe

/**
 * A JPEG (ITU-T T.81) without its metadata; the coded pixels stay as they are. What the pixels mean stays too: JFIF
 * density, ICC profile, Adobe's colour transform, orientation. Whatever follows the end marker goes.
 * @throws MalformedContainer
 */
export function stripJpeg(jpeg: Buffer, orientation: number): Buffer {
  if (jpeg[0] !== 0xff || jpeg[1] !== soi) throw new MalformedContainer('JPEG')
  const kept = [jpeg.subarray(0, 2)]
  const exif = exifSegment(orientation)
  let at = 2
  while (at + 4 <= jpeg.length) {
    if (jpeg[at] !== 0xff) throw new MalformedContainer('JPEG')
    const marker = jpeg[at + 1] ?? 0
    if (marker === 0xff) {
      at++ // a fill byte
    } else if (isAlone(marker)) {
      at += 2
    } else {
      const end = at + 2 + jpeg.readUInt16BE(at + 2)
      if (end > jpeg.length) break
      // JFIF wants to be the first segment.
      if (marker !== app0) kept.push(...exif.splice(0))
      kept.push(...keptOf(marker, jpeg.subarray(at, end)))
      at = marker === sos ? endOfScan(jpeg, end) : end
      if (marker === sos) kept.push(jpeg.subarray(end, at))
    }
    if (jpeg[at] === 0xff && jpeg[at + 1] === eoi) return Buffer.concat([...kept, jpeg.subarray(at, at + 2)])
  }
  throw new MalformedContainer('JPEG')
}

function keptOf(marker: number, segment: Buffer): Buffer[] {
  if (marker === comment) return []
  if (marker < app0 || marker > app15) return [segment]
  const begins = (name: string) => segment.toString('latin1', 4, 4 + name.length) === name
  if (marker === app0 && begins('JFIF\0') && segment.length >= 18) return [jfifWithoutThumbnail(segment)]
  const isKept = (marker === app2 && begins('ICC_PROFILE\0')) || (marker === app14 && begins('Adobe'))
  return isKept ? [segment] : []
}

function jfifWithoutThumbnail(segment: Buffer): Buffer {
  const bare = Buffer.from(segment.subarray(0, 18))
  bare.writeUInt16BE(16, 2)
  bare.writeUInt16BE(0, 16)
  return bare
}

/** Coded data ends at the first marker that is neither a stuffed zero nor a restart. */
function endOfScan(jpeg: Buffer, start: number): number {
  for (let at = jpeg.indexOf(0xff, start); at >= 0 && at + 1 < jpeg.length; at = jpeg.indexOf(0xff, at + 1)) {
    const next = jpeg[at + 1] ?? 0
    if (next !== 0 && next !== 0xff && !isAlone(next)) return at
  }
  throw new MalformedContainer('JPEG')
}

/** RST0–RST7 and TEM have no length. */
const isAlone = (marker: number) => (marker >= 0xd0 && marker <= 0xd7) || marker === 0x01

function exifSegment(orientation: number): Buffer[] {
  const exif = orientationOnlyExif(orientation)
  if (!exif) return []
  const head = Buffer.from([0xff, app1, 0, 0, ...Buffer.from('Exif\0\0', 'latin1')])
  head.writeUInt16BE(head.length - 2 + exif.length, 2)
  return [head, exif]
}
