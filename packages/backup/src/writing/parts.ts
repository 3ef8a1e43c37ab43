import { createWriteStream } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Trx } from '@muster/db'
import type { KeyRing } from '@muster/security/key-ring'
import { checksumOfFile } from '@muster/storage'
import { type Manifest, partNames } from '../manifest/manifest.ts'
import { signManifest } from '../manifest/signature.ts'
import { flush } from './copy-files.ts'
import type { UnfinishedFolder } from './folder.ts'
import { listNamedFiles } from './named-files.ts'

/** The list of files that the snapshot names; removed when they are copied. */
export const namedList = 'named.jsonl'

/** Writes the list of files that a snapshot names, in whose transaction they are read. */
export async function writeNamedList(folder: UnfinishedFolder, trx: Trx, signal: AbortSignal): Promise<void> {
  const lines = async function* () {
    for await (const file of listNamedFiles(trx)) yield `${JSON.stringify(file)}\n`
  }
  await pipeline(Readable.from(lines()), createWriteStream(join(folder.path, namedList), { mode: 0o600 }), { signal })
}

/** Describes a part that is written, once it is on the disk. */
export async function describePart(folder: UnfinishedFolder, name: string) {
  const path = join(folder.path, name)
  await flush(path)
  return { sizeBytes: (await stat(path)).size, sha256: await checksumOfFile(path) }
}

/** Writes the manifest and its signature, by which the backup becomes complete. */
export async function writeManifest(folder: UnfinishedFolder, manifest: Manifest, ring: KeyRing): Promise<void> {
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
  const parts = { [partNames.manifest]: bytes, [partNames.signature]: `${signManifest(ring, bytes)}\n` }
  for (const [name, content] of Object.entries(parts))
    await writeFile(join(folder.path, name), content, { mode: 0o600, flush: true })
}
