import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { checksumOfFile } from '@muster/storage'
import type { Progress } from '../progress.ts'
import { BackupRefusal } from '../refusal.ts'
import { readDataList } from '../stopped/data-folder.ts'
import { type FileEntry, fileEntrySchema, type Manifest, partNames } from './manifest.ts'

/** Reads every part of a backup and compares it with the manifest. @throws BackupRefusal naming the first part that differs */
export async function checkParts(
  folder: string,
  manifest: Manifest,
  { signal, report }: { signal: AbortSignal; report: Progress },
): Promise<void> {
  await checkDatabase(folder, manifest)
  await checkPart(folder, partNames.files, manifest.files)
  let count = 0
  let bytes = 0
  for await (const { key, ...expected } of readFileList(folder)) {
    signal.throwIfAborted()
    await checkPart(folder, `${partNames.filesFolder}/${key}`, expected)
    count++
    bytes += expected.sizeBytes
    report(() => `Checked ${count} of ${manifest.files.count} files.`)
  }
  if (count !== manifest.files.count || bytes !== manifest.files.totalBytes)
    throw changed(folder, partNames.files, 'it lists other files than the manifest counted')
}

async function checkDatabase(folder: string, { database }: Manifest): Promise<void> {
  if (database.kind === 'dump') return checkPart(folder, partNames.database, database)
  await checkPart(folder, partNames.dataList, database)
  for await (const entry of readDataList(folder))
    if ('key' in entry) await checkPart(folder, `${partNames.dataFolder}/${entry.key}`, entry)
}

/** Reads the list of the files of a backup. */
export async function* readFileList(folder: string): AsyncGenerator<FileEntry> {
  const lines = createInterface({ input: createReadStream(join(folder, partNames.files)), crlfDelay: Infinity })
  for await (const line of lines) if (line) yield fileEntrySchema.parse(JSON.parse(line))
}

async function checkPart(folder: string, name: string, expected: { sizeBytes: number; sha256: string }): Promise<void> {
  const path = join(folder, name)
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) throw changed(folder, name, 'it is missing')
  if (found.size !== expected.sizeBytes)
    throw changed(folder, name, `it has ${found.size} bytes instead of ${expected.sizeBytes}`)
  if ((await checksumOfFile(path)) !== expected.sha256) throw changed(folder, name, 'its checksum differs')
}

const changed = (folder: string, name: string, how: string) =>
  new BackupRefusal(
    `The backup in ${folder} was changed or damaged: ${name}: ${how}. Restore an older backup, or a copy of this one.`,
  )
