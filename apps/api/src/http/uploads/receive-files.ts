import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Multipart } from '@fastify/multipart'
import { DomainError, invalid } from '@muster/errors'
import { safeFilename } from '@muster/text'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type AcceptedType, checkType, type FileKind } from './file-types.ts'
import { enforceUploadTimeouts } from './upload-timeouts.ts'

/** A complete and checked file of the request, in the staging folder. */
export type StagedFile = AcceptedType & { filename: string; path: string; sizeBytes: number }

/** The files that a route accepts: name of the form field, maximum number, kinds. */
export type UploadRules = { field: string; maxFiles: number; kinds: readonly FileKind[] }

const folderPrefix = 'upload-'
const stagingRetrySeconds = 10
/** The size that a file may have. */
export const maxFileBytes = 10 * 1024 * 1024
const uploadLimits = { fileSizeBytes: maxFileBytes, idleMs: 15_000, totalMs: 5 * 60_000 }
const multipartLimits = {
  fileSize: uploadLimits.fileSizeBytes,
  fields: 10,
  fieldSize: 1_024,
  headerPairs: 20,
  headerSize: 8 * 1_024,
}

/**
 * Streams the request's files into a new folder of the staging folder, checks them, and calls `use` with them. Removes the
 * folder afterwards, also after an error.
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

/**
 * Creates a folder for one upload.
 * @throws DomainError DEPENDENCY_UNAVAILABLE when the staging folder is not writable, which an operator must fix
 */
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
  const timeouts = enforceUploadTimeouts(request, uploadLimits)
  try {
    const parts = request.parts({ limits: { ...multipartLimits, files: rules.maxFiles } })
    for (;;) {
      const { done, value } = await timeouts.unlessStalled(parts.next())
      if (done) break
      files.push(await stage(value, join(folder, String(files.length)), rules, timeouts.signal))
    }
  } catch (error) {
    // The rest of the body is discarded, so that the response reaches a client that reads only after it has sent everything.
    request.raw.unpipe()
    request.raw.resume()
    if (!timeouts.signal.aborted) throw toUploadError(error)
    // A client that sends nothing is not waited for.
    reply.header('connection', 'close')
    throw timeouts.signal.reason
  } finally {
    timeouts.end()
  }
  if (files.length === 0) throw invalid(`body.${rules.field}`, 'REQUIRED', {}, 'has no file')
  return files
}

async function stage(
  part: Multipart,
  path: string,
  { field, kinds }: UploadRules,
  signal: AbortSignal,
): Promise<StagedFile> {
  if (part.fieldname !== field)
    throw invalid(
      `body.${safeFilename(String(part.fieldname))}`,
      'UNKNOWN_KEY',
      {},
      `is not known here; send \`${field}\``,
    )
  if (part.type !== 'file') throw invalid(`body.${field}`, 'INVALID_FILE', {}, 'is not a file')
  const filename = safeFilename(part.filename ?? '')
  const label = filename || 'a file without a name'
  await pipeline(part.file, createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal })
  if (part.file.truncated) {
    const maxMiB = uploadLimits.fileSizeBytes / 1024 ** 2
    throw new DomainError('FILE_TOO_LARGE', { message: `${label} is larger than ${maxMiB} MiB.` })
  }
  const { size: sizeBytes } = await stat(path)
  if (sizeBytes === 0) throw invalid(`body.${field}`, 'INVALID_FILE', { name: filename }, `${label} is empty`)
  const type = await checkType(filename, path, kinds)
  if ('refusal' in type) throw new DomainError('UNSUPPORTED_MEDIA_TYPE', { message: type.refusal })
  return { ...type, filename, path, sizeBytes }
}

/** Maps an error of the multipart parser to VALIDATION_FAILED; errors with a code (of the disk, of Fastify) stay. */
function toUploadError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof DomainError || 'code' in error) return error
  return new DomainError('VALIDATION_FAILED', { message: 'The multipart body could not be read.', cause: error })
}

/** Removes staging folders that a killed process left: those older than twice the longest upload. */
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
