import { isDatabaseUnavailable, newId } from '@muster/db'
import { DomainError } from '@muster/errors'
import { deleteFiles, optimizeImage } from '@muster/jobs/definitions'
import type { TransactContext } from '@muster/jobs/outbox'
import { canDeleteTask } from '@muster/policy'
import { attachmentKeys, everyKeyOf } from '@muster/storage'
import type { Deps } from '../../deps.ts'
import type { Actor, Origin } from '../../http/actor.ts'
import type { StagedFile } from '../../http/uploads/receive-files.ts'
import { findVisibleTask, lockVisibleTask } from '../task-access/task-access.queries.ts'
import { type AttachmentRow, toAttachment } from './attachment-view.ts'
import * as queries from './attachments.queries.ts'
import type { Attachment } from './attachments.schema.ts'

type UploadDeps = Pick<Deps, 'db' | 'transact' | 'storage' | 'config' | 'clock' | 'log'>
type NewFile = StagedFile & { id: string }

const keysPerJob = 300
const processingRetrySeconds = 2

/** @throws DomainError NOT_FOUND when the actor may not see the task */
export async function assertSeesTask({ db }: Pick<Deps, 'db'>, actor: Actor, taskId: string): Promise<void> {
  if (!(await findVisibleTask(db, taskId, actor))) throw new DomainError('NOT_FOUND')
}

/**
 * Keeps staged files as attachments of a task: bytes first, then rows, jobs and audit events in one transaction, all or
 * none. Images are `processing` until the image worker is done.
 * @throws DomainError NOT_FOUND, and CONFLICT when the organization's quota has no room for them
 */
export async function addAttachments(
  deps: UploadDeps,
  actor: Actor,
  taskId: string,
  staged: StagedFile[],
  { origin }: { origin: Origin },
): Promise<Attachment[]> {
  const files = staged.map((file) => ({ ...file, id: newId() }))
  const task = await findVisibleTask(deps.db, taskId, actor)
  if (!task) throw new DomainError('NOT_FOUND')
  // Tells before anything is written; the check that counts is the one under the lock.
  assertRoom(deps, await queries.usedBytes(deps.db, task.organization_id), files)
  try {
    for (const { id, path } of files) await deps.storage.put(attachmentKeys(id).original, path)
    return await insertAll(deps, actor, taskId, files, origin)
  } catch (error) {
    await forgetBytes(deps, files, error)
    throw error
  }
}

/** The files of a task, the oldest first. @throws DomainError NOT_FOUND */
export async function listAttachments({ db }: Pick<Deps, 'db'>, actor: Actor, taskId: string): Promise<Attachment[]> {
  await assertSeesTask({ db }, actor, taskId)
  return (await queries.listOfTask(db, taskId)).map(toAttachment)
}

/** @throws DomainError NOT_FOUND, also for a file of a task that the actor may not see */
export async function getAttachment({ lookups }: Pick<Deps, 'lookups'>, actor: Actor, id: string): Promise<Attachment> {
  return toAttachment(await findOrThrow(lookups, actor, id))
}

/**
 * Where the bytes to serve lie. Until an image was processed nobody gets it: it may still tell where it was taken.
 * @throws DomainError NOT_FOUND, and CONFLICT for a file that is not ready
 */
export async function locateContent(
  { lookups }: Pick<Deps, 'lookups'>,
  actor: Actor,
  id: string,
  variant: 'content' | 'thumbnail',
): Promise<{ key: string; filename: string; contentType: string; isImage: boolean }> {
  const row = await findOrThrow(lookups, actor, id)
  if (row.status === 'processing') {
    const message = 'This file is still being processed.'
    throw new DomainError('CONFLICT', { message, retryAfterSeconds: processingRetrySeconds })
  }
  if (row.status === 'failed') throw new DomainError('CONFLICT', { message: 'This file could not be processed.' })
  const key = variant === 'content' ? row.storage_key : row.thumbnail_key
  if (!key) throw new DomainError('NOT_FOUND', { message: 'This file has no thumbnail.' })
  const contentType = variant === 'content' ? row.content_type : 'image/webp'
  return { key, filename: row.filename, contentType, isImage: row.kind === 'image' }
}

/**
 * Removes a file; its bytes go by a job. @returns the file as it was
 * @throws DomainError NOT_FOUND, and FORBIDDEN for who neither uploaded it nor rules the task
 */
export function deleteAttachment(
  { transact }: Pick<Deps, 'transact'>,
  actor: Actor,
  id: string,
  { origin }: { origin: Origin },
): Promise<Attachment> {
  return transact(async ({ trx, enqueue, audit }) => {
    const found = await findOrThrow(trx, actor, id)
    const task = { owner_id: found.owner_id, organization_id: found.task_organization_id }
    if (found.uploader_id !== actor.userId && !canDeleteTask(task, actor)) {
      throw new DomainError('FORBIDDEN', {
        message: 'Only its uploader and the owner of the task can delete this file.',
      })
    }
    const row = await queries.deleteAttachment(trx, id)
    if (!row) throw new DomainError('NOT_FOUND')
    enqueue(deleteFiles, { keys: everyKeyOf(row) })
    audit({ ...eventOn(row, actor, origin), action: 'attachment.deleted', before: summaryOf(row) })
    return toAttachment(row)
  })
}

/** Removes every file of a task that is about to go. */
export async function removeFilesOfTask(
  { trx, enqueue }: Pick<TransactContext, 'trx' | 'enqueue'>,
  taskId: string,
): Promise<void> {
  const keys = (await queries.deleteOfTask(trx, taskId)).flatMap(everyKeyOf)
  for (let start = 0; start < keys.length; start += keysPerJob) {
    enqueue(deleteFiles, { keys: keys.slice(start, start + keysPerJob) })
  }
}

function insertAll(deps: UploadDeps, actor: Actor, taskId: string, files: NewFile[], origin: Origin) {
  return deps.transact(async ({ trx, enqueue, audit }) => {
    const task = await lockVisibleTask(trx, taskId, actor)
    if (!task) throw new DomainError('NOT_FOUND')
    await queries.lockQuota(trx, task.organization_id)
    assertRoom(deps, await queries.usedBytes(trx, task.organization_id), files)
    const now = deps.clock.now()
    const target = { task_id: taskId, organization_id: task.organization_id, uploader_id: actor.userId }
    const values = files.map((file) => ({ ...toRow(file), ...target, created_at: now, updated_at: now }))
    const rows = await queries.insertAttachments(trx, values)
    for (const row of rows) {
      if (row.kind === 'image') enqueue(optimizeImage, { attachmentId: row.id })
      audit({ ...eventOn(row, actor, origin), action: 'attachment.created', after: summaryOf(row) })
    }
    return rows.map(toAttachment)
  })
}

const toRow = (file: NewFile) => ({
  id: file.id,
  filename: file.filename,
  content_type: file.contentType,
  kind: file.kind,
  status: file.kind === 'image' ? 'processing' : 'ready',
  size_bytes: file.sizeBytes,
  original_size_bytes: file.sizeBytes,
  storage_key: attachmentKeys(file.id).original,
})

/** Nothing refused leaves bytes. When Postgres went away nobody knows what it holds: then the daily sweep decides. */
async function forgetBytes({ storage, log }: UploadDeps, files: NewFile[], error: unknown): Promise<void> {
  if (isDatabaseUnavailable(error)) return
  await storage
    .remove(files.map(({ id }) => attachmentKeys(id).original))
    .catch((cause: unknown) => log.warn({ err: cause }, 'bytes of a refused upload are left to the sweep'))
}

function assertRoom({ config }: Pick<Deps, 'config'>, used: number, files: { sizeBytes: number }[]): void {
  const wanted = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  if (used + wanted <= config.storageQuotaBytes) return
  throw new DomainError('CONFLICT', { message: 'Your organization has no storage left for these files.' })
}

async function findOrThrow(db: Parameters<typeof queries.findAttachment>[0], actor: Actor, id: string) {
  const row = await queries.findAttachment(db, id, actor)
  if (!row) throw new DomainError('NOT_FOUND')
  return row
}

const eventOn = ({ id }: AttachmentRow, actor: Actor, origin: Origin) => ({
  actorId: actor.userId,
  targetType: 'attachment',
  targetId: id,
  context: origin,
})

const summaryOf = (row: AttachmentRow) => ({
  taskId: row.task_id,
  filename: row.filename,
  contentType: row.content_type,
  sizeBytes: row.size_bytes,
  status: row.status,
})
