import { crc32 } from 'node:zlib'
import sharp from 'sharp'

/** Small files of the accepted types. */
export const pdf = '%PDF-1.7\n%âãÏÓ\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n'

export const picture = (format: 'jpeg' | 'png' | 'gif' | 'webp', side = 32) =>
  sharp({ create: { width: side, height: side, channels: 3, background: 'teal' } })
    .toFormat(format)
    .toBuffer()

/** Returns a ZIP archive with uncompressed entries. */
export function zip(entries: Record<string, string>): Buffer {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, text] of Object.entries(entries)) {
    const data = Buffer.from(text)
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt32LE(crc32(data), 10)
    fields.writeUInt32LE(data.length, 14)
    fields.writeUInt32LE(data.length, 18)
    fields.writeUInt16LE(name.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), data])
    const tail = Buffer.alloc(14)
    tail.writeUInt32LE(offset, 10)
    central.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, tail, Buffer.from(name)]))
    locals.push(local)
    offset += local.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(central.length, 8)
  end.writeUInt16LE(central.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...locals, directory, end])
}
export const office = (part: string, type: string) =>
  zip({
    '[Content_Types].xml': `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Override PartName="/${part}" ContentType="application/vnd.openxmlformats-officedocument.${type}.main+xml"/></Types>`,
    [part]: '<xml/>',
  })
export const docx = () => office('word/document.xml', 'wordprocessingml.document')

const endOfChain = 0xfffffffe
const noEntry = 0xffffffff

/** Returns a compound file (MS-CFB) with empty streams of these names; `inner` are streams of a document within it. */
export function compound(names: string[], inner: string[] = []): Buffer {
  const header = Buffer.alloc(512, 0xff)
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(header)
  header.fill(0, 8, 76)
  header.writeUInt16LE(3, 26)
  header.writeUInt16LE(0xfffe, 28)
  header.writeUInt16LE(9, 30)
  header.writeUInt16LE(6, 32)
  header.writeUInt32LE(1, 44)
  header.writeUInt32LE(1, 48)
  for (const at of [60, 68]) header.writeUInt32LE(endOfChain, at)
  header.writeUInt32LE(0, 76)
  const top = [...names, 'ObjectPool']
  const entries = ['Root Entry', ...top, ...inner].map((name, index) => {
    const isLast = index === 0 || index === top.length || index === top.length + inner.length
    const child = index === 0 ? 1 : index === top.length && inner.length > 0 ? index + 1 : noEntry
    return entryOf(name, isLast ? noEntry : index + 1, child)
  })
  const padding = Buffer.alloc(128 * ((4 - (entries.length % 4)) % 4))
  const directory = Buffer.concat([...entries, padding])
  const table = Buffer.alloc(512, 0xff)
  table.writeUInt32LE(0xfffffffd, 0)
  const sectors = directory.length / 512
  for (let sector = 1; sector <= sectors; sector++)
    table.writeUInt32LE(sector < sectors ? sector + 1 : endOfChain, 4 * sector)
  return Buffer.concat([header, table, directory])
}

function entryOf(name: string, right: number, child: number): Buffer {
  const bytes = Buffer.alloc(128)
  bytes.write(name, 'utf16le')
  bytes.writeUInt16LE(2 * (name.length + 1), 64)
  bytes.writeUInt32LE(noEntry, 68)
  bytes.writeUInt32LE(right, 72)
  bytes.writeUInt32LE(child, 76)
  return bytes
}

/** Returns a docx, xlsx or pptx with a password: a compound file whose stream has the encrypted document. */
export const protectedOffice = () => compound(['EncryptionInfo', 'EncryptedPackage', 'DataSpaces'])
