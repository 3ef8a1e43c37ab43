import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Multipart } from '@fastify/multipart'
import { DomainError } from '@muster/errors'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type AcceptedType, acceptedType, extensionsOf, type FileKind, isTextName, safeFilename } from './file-types.ts'
import { guardUpload } from './upload-guard.ts'

/** A file of the request, whole and checked, in the staging area. */
export type StagedFile = AcceptedType & { filename: string; path: string; sizeBytes: number }

/** What a route takes: the name of its field, and how many files of which kinds. */
export type UploadRules = { field: string; maxFiles: number; kinds: readonly FileKind[] }

const folderPrefix = 'upload-'
const stagingRetrySeconds = 10
const uploadLimits = { fileSizeBytes: 10 * 1024 * 1024, idleMs: 15_000, totalMs: 5 * 60_000 }
const multipartLimits = {
  fileSize: uploadLimits.fileSizeBytes,
  fields: 10,
  fieldSize: 1_024,
  headerPairs: 20,
  headerSize: 8 * 1_024,
}

/**
 * Streams the request's files into a folder of their own in the staging area, checks each of them there, and hands them
 * to `use`. The folder is gone afterwards, however it ends.
 * @throws DomainError FILE_TOO_LARGE, TOO_MANY_FILES, UNSUPPORTED_MEDIA_TYPE, VALIDATION_FAILED
 */
export async function withReceivedFiles<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  { stagingDir, ...rules }: UploadRules & { stagingDir: string },
  use: (files: StagedFile[]) => Promise<T>,
): Promise<T> {
  const folder = await makeFolder(stagingDir)
  try {
    return await use(await receive(request, reply, folder, rules))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Without a staging area nothing can be received, whatever the reason: that is for an operator to mend. */
async function makeFolder(stagingDir: string): Promise<string> {
  try {
    await mkdir(stagingDir, { recursive: true })
    return await mkdtemp(join(stagingDir, folderPrefix))
  } catch (cause) {
    throw new DomainError('DEPENDENCY_UNAVAILABLE', { retryAfterSeconds: stagingRetrySeconds, cause })
  }
}

async function receive(
  request: FastifyRequest,
  reply: FastifyReply,
  folder: string,
  rules: UploadRules,
): Promise<StagedFile[]> {
  const files: StagedFile[] = []
  const guard = guardUpload(request, uploadLimits)
  try {
    const parts = request.parts({ limits: { ...multipartLimits, files: rules.maxFiles } })
    for (;;) {
      const { done, value } = await guard.unlessStalled(parts.next())
      if (done) break
      files.push(await stage(value, join(folder, String(files.length)), rules, guard.signal))
    }
  } catch (error) {
    // What is still on its way is read and forgotten, so that the answer reaches a client that sends first and reads then.
    request.raw.unpipe()
    request.raw.resume()
    if (!guard.signal.aborted) throw readable(error)
    // Whoever sends nothing is not waited for.
    reply.header('connection', 'close')
    throw guard.signal.reason
  } finally {
    guard.end()
  }
  if (files.length === 0) throw refusal(rules.field, 'has no file')
  return files
}

async function stage(
  part: Multipart,
  path: string,
  { field, kinds }: UploadRules,
  signal: AbortSignal,
): Promise<StagedFile> {
  if (part.fieldname !== field) throw refusal(safeFilename(String(part.fieldname)), `is not known; send \`${field}\``)
  if (part.type !== 'file') throw refusal(field, 'is not a file')
  const filename = safeFilename(part.filename ?? '')
  const label = filename || 'a file without a name'
  await pipeline(part.file, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal })
  if (part.file.truncated) {
    const maxMiB = uploadLimits.fileSizeBytes / 1024 ** 2
    throw new DomainError('FILE_TOO_LARGE', { message: `${label} is larger than ${maxMiB} MiB.` })
  }
  const { size: sizeBytes } = await stat(path)
  if (sizeBytes === 0) throw refusal(field, `${label} is empty`)
  const type = await acceptedType(filename, path, kinds)
  if (type) return { ...type, filename, path, sizeBytes }
  throw new DomainError('UNSUPPORTED_MEDIA_TYPE', {
    message: `${label} is not of an accepted type (${extensionsOf(kinds).join(' ')}), or its content is not what its name says${
      isTextName(filename) ? '; text must be UTF-8' : ''
    }.`,
  })
}

const refusal = (field: string, message: string) =>
  new DomainError('VALIDATION_FAILED', { details: [{ path: `body.${field}`, message }] })

/** The parser's own complaints about the body are the caller's fault; what the disk says is not. */
function readable(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DomainError || 'code' in error) return error
  return new DomainError('VALIDATION_FAILED', { message: 'The multipart body could not be read.', cause: error })
}

/** Removes what uploads of a process that was killed have left: no upload takes as long as that. */
export async function clearOldUploads(stagingDir: string, now: Date): Promise<void> {
  const names = await readdir(stagingDir).catch(() => [])
  for (const name of names.filter((entry) => entry.startsWith(folderPrefix))) {
    const path = join(stagingDir, name)
    const age = await stat(path).then(
      ({ mtime }) => now.getTime() - mtime.getTime(),
      () => 0,
    )
    if (age > 2 * uploadLimits.totalMs) await rm(path, { recursive: true, force: true })
  }
}
