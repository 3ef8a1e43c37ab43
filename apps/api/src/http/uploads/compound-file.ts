import { type FileHandle, open } from 'node:fs/promises'

/** Places in the header, and marks in the table of sectors (MS-CFB 2.1 and 2.2). */
const headerBytes = 512
const tableInHeader = { at: 76, length: 109 }
const lastSector = 0xfffffffa
const entryBytes = 128
/** Documents have a few dozen entries; a sector has at least four. */
const maxDirectorySectors = 4_096

type Entry = { name: string; left: number; right: number; child: number }
type CompoundFile = { file: FileHandle; header: Buffer; sectorBytes: number }

/**
 * Reads the names of the streams at the top of a compound file, in lower case. Those of embedded documents are not among them.
 * @returns no names for a damaged file
 */
export async function topStreamsOf(path: string): Promise<Set<string>> {
  const file = await open(path)
  try {
    const header = await bytesAt(file, 0, headerBytes)
    const shift = header.readUInt16LE(30)
    if (shift !== 9 && shift !== 12) return new Set()
    return topNames(await readDirectory({ file, header, sectorBytes: 2 ** shift }))
  } finally {
    await file.close()
  }
}

async function readDirectory(compound: CompoundFile): Promise<Entry[]> {
  const entries: Entry[] = []
  let sector = compound.header.readUInt32LE(48)
  for (let count = 0; sector < lastSector && count < maxDirectorySectors; count++) {
    const bytes = await sectorOf(compound, sector)
    for (let at = 0; at < bytes.length; at += entryBytes) entries.push(entryOf(bytes.subarray(at, at + entryBytes)))
    sector = await sectorAfter(compound, sector)
  }
  return entries
}

const entryOf = (bytes: Buffer): Entry => ({
  name: bytes
    .subarray(0, Math.max(0, Math.min(64, bytes.readUInt16LE(64)) - 2))
    .toString('utf16le')
    .toLowerCase(),
  left: bytes.readUInt32LE(68),
  right: bytes.readUInt32LE(72),
  child: bytes.readUInt32LE(76),
})

/** Returns the names in the tree below the root, which is the first entry. */
function topNames(entries: readonly Entry[]): Set<string> {
  const names = new Set<string>()
  const seen = new Set<number>()
  const open = [entries[0]?.child]
  for (let index = open.pop(); index !== undefined; index = open.pop()) {
    const entry = entries[index]
    if (!entry || seen.has(index)) continue
    seen.add(index)
    names.add(entry.name)
    open.push(entry.left, entry.right)
  }
  return names
}

/** Returns the sector that follows in a chain, from the table of sectors. */
async function sectorAfter(compound: CompoundFile, sector: number): Promise<number> {
  const perSector = compound.sectorBytes / 4
  const part = await tablePart(compound, Math.floor(sector / perSector))
  return part < lastSector ? (await sectorOf(compound, part)).readUInt32LE(4 * (sector % perSector)) : lastSector
}

/** Returns the sector that has a part of the table: the header names the first ones, a chain of sectors the others. */
async function tablePart(compound: CompoundFile, index: number): Promise<number> {
  if (index < tableInHeader.length) return compound.header.readUInt32LE(tableInHeader.at + 4 * index)
  const perSector = compound.sectorBytes / 4 - 1
  let rest = index - tableInHeader.length
  let sector = compound.header.readUInt32LE(68)
  for (; sector < lastSector; rest -= perSector) {
    const bytes = await sectorOf(compound, sector)
    if (rest < perSector) return bytes.readUInt32LE(4 * rest)
    sector = bytes.readUInt32LE(4 * perSector)
  }
  return lastSector
}

const sectorOf = ({ file, sectorBytes }: CompoundFile, sector: number) =>
  bytesAt(file, (sector + 1) * sectorBytes, sectorBytes)

/** Reads bytes; those after the end of the file are marks of a last sector. */
async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length, 0xff)
  await file.read(bytes, 0, length, position)
  return bytes
}
